import json
import shutil

import numpy as np
import pytest
import soundfile

from gansynth_tf.config import Config
from gansynth_tf.data import nsynth, prepare, prepared_notes

AUDIO_LENGTH = 2048


def tone(pitch, num_samples=AUDIO_LENGTH):
    """int16 [num_samples]: a sine whose samples differ from pitch to pitch."""
    seconds = np.arange(num_samples) / 16000
    return np.round(20000 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)).astype(np.int16)


def index_entry(name, **changes):
    """What NSynth's examples.json says of a note that is named in NSynth's way: instrument-pitch-velocity."""
    instrument, pitch, velocity = name.rsplit('-', 2)
    family, origin, _ = instrument.rsplit('_', 2)
    return {'note_str': name, 'instrument_str': instrument, 'instrument_family_str': family,
            'instrument_source_str': origin, 'pitch': int(pitch), 'velocity': int(velocity), 'sample_rate': 16000,
            'qualities_str': [], **changes}


def _write_nsynth(directory, notes, *, entries=None, suffix='.wav'):
    (directory / 'audio').mkdir(parents=True)
    index = {name: index_entry(name) for name in notes} | (entries or {})
    (directory / 'examples.json').write_text(json.dumps(index))
    for name, samples in notes.items():
        if samples is not None:
            soundfile.write(directory / 'audio' / f'{name}{suffix}', samples, 16000, subtype='PCM_16')
    return directory


@pytest.fixture
def write_nsynth(tmp_path):
    """Writes a raw NSynth directory: notes by name, each with its int16 samples or None for no audio file."""
    def write(notes, *, directory='nsynth', **options):
        return _write_nsynth(tmp_path / directory, notes, **options)
    return write


@pytest.fixture(scope='session')
def prepared_directory(tmp_path_factory):
    """Eleven notes of as many pitches, prepared; the last one is shorter than the others. Only to be read."""
    directory = tmp_path_factory.mktemp('notes')
    notes = {f'brass_acoustic_000-{pitch:03d}-100': tone(pitch) for pitch in range(40, 50)}
    notes['flute_acoustic_001-060-075'] = tone(60, 1000)
    source = nsynth.read_source(_write_nsynth(directory / 'nsynth', notes))
    prepare.prepare(source, directory / 'prepared', audio_length=AUDIO_LENGTH)
    return directory / 'prepared'


@pytest.fixture(scope='session')
def prepared(prepared_directory):
    """The notes of `prepared_directory`, opened."""
    return prepared_notes.open_notes(prepared_directory)


@pytest.fixture
def prepared_copy(prepared_directory, tmp_path):
    """A copy of `prepared_directory` to be spoilt."""
    return shutil.copytree(prepared_directory, tmp_path / 'prepared')


@pytest.fixture(scope='session')
def config():
    """Spectrograms of 64 frames and 64 bins."""
    return Config(data_type='linear', audio_length=AUDIO_LENGTH, num_resolutions=3, start_height=16, start_width=16)
