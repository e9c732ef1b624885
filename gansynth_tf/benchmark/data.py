"""Speed of the training data: waves to full-size spectrograms, and batches for stages from memory and from disk."""

import functools
import itertools
import pathlib
import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, prepare
from gansynth_tf.data.sources.note_source import NoteSource, SourceNote
from gansynth_tf.spectral import representations
from gansynth_tf.spectral.pitch import midi_to_hz
from gansynth_tf.spectral.resolutions import all_resolutions

_BATCH_SIZE = 8
_NUM_PITCHES = 61


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of the data feed; the original's counterpart is the job 'data', at every stage the same.

    Args:
      config: of the spectrograms.
      tfds_data_dir: prepared notes; by default synthetic tones of 61 pitches.
    """
    with tempfile.TemporaryDirectory() as temporary:
        directory = tfds_data_dir or _write_tones(config, pathlib.Path(temporary) / 'notes')
        yield Case('waves to spectrograms in tf.data', 'notes', functools.partial(_take, _from_tones(config), 24),
                   original='data')
        notes = pipeline.open_notes(directory)
        full = _feed(notes, config, config.spec_shape, cache_bytes=0)
        yield Case('prepared notes to full-size batches', 'notes', functools.partial(_take, full, 24), original='data')
        first = all_resolutions(config)[0]
        yield Case('first stage, notes in memory', 'notes',
                   functools.partial(_take, _feed(notes, config, first), 1000), original='data')
        cached = pipeline.open_notes(directory, cache_dir=pathlib.Path(temporary) / 'cache')
        yield Case('first stage, notes on disk', 'notes',
                   functools.partial(_take, _feed(cached, config, first), 1000), original='data')
        yield Case('last stage, notes on disk', 'notes',
                   functools.partial(_take, _feed(cached, config, config.spec_shape), 100), original='data')


def _feed(notes: pipeline.PreparedNotes, config: Config, resolution: tuple[int, int], **options):
    """An iterator over batches, the first of which have been taken."""
    batches = iter(pipeline.specgram_batches(notes, config, resolution=resolution, batch_size=_BATCH_SIZE, seed=0,
                                             **options))
    _take(batches, 3)
    return batches


def _from_tones(config: Config):
    """Batches converted on the graph from waves of a generator, as in the measurement of the original."""
    representation = representations.from_config(config)
    tones = np.stack([_tone(config, pitch) for pitch in range(24, 24 + _NUM_PITCHES)])

    def waves():
        rng = np.random.default_rng(1234)
        while True:
            yield tones[rng.integers(len(tones))] * np.float32(rng.uniform(0.3, 1))
    signature = tf.TensorSpec([config.audio_length, 1], tf.float32)
    batches = tf.data.Dataset.from_generator(waves, output_signature=signature).batch(_BATCH_SIZE)
    specgrams = iter(batches.map(representation.waves_to_specgrams, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2))
    _take(specgrams, 3)
    return specgrams


def _take(batches, num_batches: int) -> int:
    for _ in itertools.islice(batches, num_batches):
        pass
    return num_batches * _BATCH_SIZE


def _tone(config: Config, pitch: int) -> np.ndarray:
    """float32 [audio_length, 1]: a decaying tone with ten harmonics."""
    seconds = np.arange(config.audio_length) / config.sample_rate
    hz = midi_to_hz(pitch)
    harmonics = [k for k in range(1, 11) if k * hz < 0.475 * config.sample_rate] or [1]
    wave = sum(np.sin(2 * np.pi * k * hz * seconds) / k for k in harmonics) * np.exp(-1.5 * seconds)
    return (0.25 * wave).astype(np.float32)[:, np.newaxis]


def _write_tones(config: Config, directory: pathlib.Path) -> pathlib.Path:
    def read(pitch):
        return _tone(config, pitch), config.sample_rate
    notes = tuple(
        SourceNote(name=f'tone-{pitch:03d}', pitch=pitch, velocity=100, instrument='tone', family='tone',
                   origin='synthetic', read_audio=functools.partial(read, pitch), may_be_tested=False)
        for pitch in range(24, 24 + _NUM_PITCHES))
    source = NoteSource(kind='tones', description='', homepage='', citation='', license='', notes=notes)
    prepare.prepare(source, directory, sample_rate=config.sample_rate, audio_length=config.audio_length)
    return directory
