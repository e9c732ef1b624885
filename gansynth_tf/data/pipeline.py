"""Prepared notes on disk -> tf.data of spectrograms and pitch labels, at the resolution that a stage trains at."""

import functools
import os
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tqdm

from gansynth_tf.config import Config
from gansynth_tf.data.note_source import TRAIN
from gansynth_tf.data.records import RecordFiles
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import representations

CACHE_BYTES = 4 * 2**30

_FADE_SECONDS = 0.02  # long enough not to click, too short to be heard as a fade
_NOTES_AT_ONCE = 16  # converted in one go while the cache is filled


class PreparedNotes:
    """Notes in a TFDS directory, with NSynth's feature names.

    Attributes:
      sample_rate: in Hz.
      audio_length: samples of the longest note.
      vocabulary: pitches and counts of the train split.
    """

    def __init__(self, builder: tfds.core.DatasetBuilder):
        self._builder = builder
        metadata = builder.info.metadata or {}
        audio = builder.info.features['audio']
        self.sample_rate = int(getattr(audio, 'sample_rate', None) or metadata['sample_rate'])
        self.audio_length = int(audio.shape[0] or metadata['audio_length'])

    @functools.cached_property
    def vocabulary(self) -> PitchVocabulary:
        pitches, counts = np.unique(self.pitches(TRAIN), return_counts=True)
        return PitchVocabulary(dict(zip(pitches.tolist(), counts.tolist())))

    def num_notes(self, split: str) -> int:
        return self._split_info(split).num_examples if self._split_info(split).num_shards else 0

    @functools.lru_cache(maxsize=None)
    def pitches(self, split: str) -> np.ndarray:
        """int32 [num_notes]: MIDI pitches in the order of the records."""
        self._split_info(split)
        known = (self._builder.info.metadata or {}).get('pitches')
        if known is None:
            known = {split: [int(note['pitch']) for note in tfds.as_numpy(self._dataset(split, 'pitch'))]}
        return np.array(known[split], np.int32)

    def waves(self, split: str, limit: int | None = None, *, audio_length: int | None = None) -> tf.data.Dataset:
        """The first `limit` notes (or all) in the order of the records, once.

        Returns:
          Dicts of 'wave' (float32 [audio_length, 1], full scale 1), 'pitch' (int32) and 'id' (string).
        """
        if not self.num_notes(split):
            return tf.data.Dataset.from_generator(lambda: iter(()), output_signature={
                'wave': tf.TensorSpec([audio_length or self.audio_length, 1]), 'pitch': tf.TensorSpec([], tf.int32),
                'id': tf.TensorSpec([], tf.string)})
        notes = self._dataset(split, 'audio', 'pitch', 'id').take(-1 if limit is None else limit)
        return notes.map(lambda note: {'wave': self._wave(note['audio'], audio_length or self.audio_length),
                                       'pitch': tf.cast(note['pitch'], tf.int32), 'id': note['id']})

    def waves_at(self, split: str, indices: tf.data.Dataset, *, audio_length: int) -> tf.data.Dataset:
        """float32 [audio_length, 1] waves of the notes whose record numbers `indices` yields."""
        records = RecordFiles(self._split_info(split).filepaths)
        features = tfds.decode.PartialDecoding({'audio': True}).extract_features(self._builder.info.features)

        def wave(index):
            record = tf.numpy_function(records.read, [index], tf.string)
            return self._wave(features.deserialize_example(tf.ensure_shape(record, []))['audio'], audio_length)
        return indices.map(wave, num_parallel_calls=tf.data.AUTOTUNE)

    def _wave(self, audio: tf.Tensor, audio_length: int) -> tf.Tensor:
        full_scale = 32768.0 if audio.dtype == tf.int16 else 1.0
        return fit_length(tf.cast(audio, tf.float32) / full_scale, audio_length,
                          fade_samples=round(_FADE_SECONDS * self.sample_rate))[:, tf.newaxis]

    def _dataset(self, split: str, *names: str) -> tf.data.Dataset:
        return self._builder.as_dataset(
            split=split, decoders=tfds.decode.PartialDecoding({name: True for name in names}),
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False))

    def _split_info(self, split: str):
        splits = self._builder.info.splits
        if split not in splits:
            raise InputError(f'Unknown split: expected one of {", ".join(splits)}. Received: {split!r}')
        return splits[split]


def open_notes(data_dir: str | os.PathLike) -> PreparedNotes:
    """Opens the one TFDS data set at or below `data_dir`.

    Raises:
      InputError: if there is none, or more than one.
    """
    directory = pathlib.Path(data_dir).expanduser()
    found = sorted({path.parent for depth in range(4)
                    for path in directory.glob('*/' * depth + 'dataset_info.json') if not _hidden(path, directory)})
    if len(found) != 1:
        received = ', '.join(map(str, found)) or repr(str(data_dir))
        raise InputError(f'Cannot tell which notes to read: expected a directory that gansynth_prepare_data wrote, with '
                         f'one data set in it. Received: {received}')
    try:
        return PreparedNotes(tfds.builder_from_directory(found[0]))
    except Exception as error:  # TFDS lets errors of every kind through
        raise InputError(f'Cannot read the prepared notes: expected a TFDS directory ({error}). '
                         f'Received: {str(found[0])!r}') from error


def _hidden(path: pathlib.Path, directory: pathlib.Path) -> bool:
    """An unfinished run's directory begins with a dot."""
    return any(part.startswith('.') for part in path.relative_to(directory).parts)


def fit_length(wave: tf.Tensor, audio_length: int, *, fade_samples: int) -> tf.Tensor:
    """float [samples] -> [audio_length]: padded with zeros at the end, or cut with a linear fade-out before the cut."""
    fade = tf.range(fade_samples, 0, -1, dtype=wave.dtype)[:audio_length] / (fade_samples + 1)
    faded = wave[:audio_length] * tf.concat([tf.ones([audio_length - len(fade)], wave.dtype), fade], 0)[:len(wave)]
    return tf.cond(tf.size(wave) > audio_length, lambda: faded,
                   lambda: tf.pad(wave, [[0, audio_length - tf.size(wave)]]))


def specgram_batches(notes: PreparedNotes, config: Config, *, resolution: tuple[int, int], batch_size: int, seed: int,
                     start: int = 0, split: str = TRAIN, cache_bytes: int = CACHE_BYTES) -> tf.data.Dataset:
    """An endless stream of spectrograms with their pitch labels; each epoch is a new permutation of the notes.

    Args:
      notes: prepared notes at `config.sample_rate`.
      config: says how waves become spectrograms.
      resolution: (height, width) that full-size spectrograms are averaged down to.
      batch_size: notes in a batch.
      seed: decides every epoch's order.
      start: notes already taken: the stream goes on exactly where one from 0 would be after them.
      split: 'train' or 'test'; notes whose pitch is not in the vocabulary are left out.
      cache_bytes: converted spectrograms are kept in memory if they need no more; otherwise they are converted anew
        whenever they are taken.

    Returns:
      Batches of (float32 [batch_size, height, width, 2] not normalised, int32 [batch_size] pitch labels).

    Raises:
      InputError: if the sample rates differ, or no note can be used.
    """
    if notes.sample_rate != config.sample_rate:
        raise InputError(f'Notes at another sample rate: expected {config.sample_rate} Hz, as configured. '
                         f'Received: {notes.sample_rate} Hz')
    pitches = notes.pitches(split)
    usable = np.flatnonzero(np.isin(pitches, notes.vocabulary.pitches))
    if not usable.size:
        raise InputError(f'No notes: expected some in the split {split!r}. Received: none')
    labels = notes.vocabulary.labels(pitches[usable])

    convert = functools.partial(_waves_to_specgrams, representations.from_config(config), resolution=resolution)
    places = _shuffled(len(usable), seed=seed, start=start, batch_size=batch_size)
    if 4 * 2 * resolution[0] * resolution[1] * len(usable) <= cache_bytes:
        cache = _fill_cache(notes, config, split=split, usable=usable, resolution=resolution, convert=convert)
        batches = places.map(lambda place: tf.ensure_shape(
            tf.numpy_function(lambda rows: cache[rows], [place], tf.float32), [batch_size, *resolution, 2]))
    else:
        indices = places.unbatch().map(lambda place: tf.gather(usable, place))
        waves = notes.waves_at(split, indices, audio_length=config.audio_length)
        batches = waves.batch(batch_size, drop_remainder=True).map(convert)
    batch_labels = places.map(lambda place: tf.gather(labels, place))
    return tf.data.Dataset.zip(batches, batch_labels).prefetch(tf.data.AUTOTUNE)


def _shuffled(num_notes: int, *, seed: int, start: int, batch_size: int) -> tf.data.Dataset:
    """Endless int64 [batch_size] of places 0 <= place < num_notes: one permutation after another."""
    @functools.lru_cache(maxsize=2)
    def permutation(epoch):
        return np.random.default_rng([seed, epoch]).permutation(num_notes)

    def places(counts):
        return np.array([permutation(epoch)[place] for epoch, place in zip(*np.divmod(counts, num_notes))])

    counts = tf.data.Dataset.range(start, np.iinfo(np.int64).max).batch(batch_size, drop_remainder=True)
    return counts.map(lambda counts: tf.ensure_shape(tf.numpy_function(places, [counts], tf.int64), [batch_size]))


def _waves_to_specgrams(representation: representations.Representation, waves: tf.Tensor, *,
                        resolution: tuple[int, int]) -> tf.Tensor:
    return pool(representation.waves_to_specgrams(waves), resolution)


def pool(specgrams: tf.Tensor, resolution: tuple[int, int]) -> tf.Tensor:
    """[batch, time, freq, channels] -> [batch, height, width, channels]: the mean of every block of pixels."""
    _, num_frames, num_bins, num_channels = specgrams.shape
    height, width = resolution
    if num_frames % height or num_bins % width:
        raise InputError(f'Impossible resolution: expected whole fractions of {num_frames}x{num_bins}. '
                         f'Received: {height}x{width}')
    blocks = tf.reshape(specgrams, [-1, height, num_frames // height, width, num_bins // width, num_channels])
    return tf.reduce_mean(blocks, axis=[2, 4])


def _fill_cache(notes: PreparedNotes, config: Config, *, split: str, usable: np.ndarray, resolution: tuple[int, int],
                convert) -> np.ndarray:
    """float32 [notes, height, width, 2]: all usable notes, converted."""
    cache = np.empty([len(usable), *resolution, 2], np.float32)
    waves = notes.waves_at(split, tf.data.Dataset.from_tensor_slices(usable), audio_length=config.audio_length)
    filled = 0
    with tqdm.tqdm(total=len(usable), desc=f'Converting notes to {resolution[0]}x{resolution[1]}', unit=' notes',
                   disable=None) as progress:
        for specgrams in waves.batch(_NOTES_AT_ONCE).map(convert, num_parallel_calls=2).prefetch(2):
            cache[filled:filled + len(specgrams)] = specgrams
            filled += len(specgrams)
            progress.update(len(specgrams))
    return cache
