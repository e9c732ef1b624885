import json
import pathlib

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, prepare
from gansynth_tf.data.sources import nsynth

GOLDEN = pathlib.Path(__file__).parent / 'golden'


@pytest.fixture(scope='session')
def tiny_config():
    """What the goldens of training were computed with: 8x64 images in three blocks."""
    return Config(num_resolutions=3, audio_length=320, latent_vector_size=8, fmap_base=64, fmap_max=16,
                  stable_stage_num_images=32, transition_stage_num_images=32, total_num_images=160)


@pytest.fixture
def eagerly():
    """Runs functions without tracing them first, which takes longer than one or two calls."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope='session')
def golden():
    """The golden arrays of stage 1 or 3, by name."""
    archives = {stage: dict(np.load(GOLDEN / f'training_tiny_stage{stage}.npz')) for stage in (1, 3)}
    return archives.__getitem__


@pytest.fixture(scope='session')
def prepare_notes(tmp_path_factory):
    """Prepares notes of 0.02 s unless told, given as pairs of pitch and wave; their names count from 0."""
    def prepare_them(pitches_and_waves, *, audio_length=320):
        directory = tmp_path_factory.mktemp('notes')
        (directory / 'nsynth' / 'audio').mkdir(parents=True)
        index = {}
        for number, (pitch, wave) in enumerate(pitches_and_waves):
            name = f'mallet_acoustic_{number:03d}-{pitch:03d}-100'
            soundfile.write(directory / 'nsynth' / 'audio' / f'{name}.wav', wave, 16000)
            index[name] = dict(note_str=name, instrument_str=name.rsplit('-', 2)[0], instrument_family_str='mallet',
                               instrument_source_str='acoustic', pitch=pitch, velocity=100, sample_rate=16000,
                               qualities_str=[])
        (directory / 'nsynth' / 'examples.json').write_text(json.dumps(index))
        prepare.prepare(nsynth.read_source(directory / 'nsynth'), directory / 'prepared', audio_length=audio_length)
        return pipeline.open_notes(directory / 'prepared')
    return prepare_them


@pytest.fixture(scope='session')
def notes(prepare_notes):
    """Twelve sine tones of 0.02 s at three pitches, prepared; at least one of each in the train split."""
    def tone(number, pitch):
        return 0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(320) / 16000 + number)
    return prepare_notes((60 + number % 3, tone(number, 60 + number % 3)) for number in range(12))
