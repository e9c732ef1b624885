"""Prepared notes -> tf.data of spectrograms and pitch labels, at the resolution that a stage trains at."""

import functools
import os
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf.config import Config
from gansynth_tf.data import specgram_cache
from gansynth_tf.data.prepared_notes import PreparedNotes, open_notes
from gansynth_tf.data.sources.note_source import TRAIN
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import representations
from gansynth_tf.spectral.resolutions import pool

__all__ = ['CACHE_BYTES', 'PreparedNotes', 'in_order', 'open_notes', 'pool', 'shuffled', 'specgram_batches']

CACHE_BYTES = 2 * 2**30

_NOTES_AT_ONCE = 16  # converted in one go while the cache is filled


def specgram_batches(notes: PreparedNotes, config: Config, *, resolution: tuple[int, int], batch_size: int, seed: int,
                     start: int = 0, split: str = TRAIN, cache_bytes: int = CACHE_BYTES,
                     codes: np.ndarray | None = None, extra_notes: float | None = None) -> tf.data.Dataset:
    """An endless stream of spectrograms with their pitch labels; each epoch is a new permutation of the notes.

    Args:
      notes: prepared notes at `config.sample_rate`. If they were opened with a `cache_dir`, spectrograms are converted
        once, kept there in half precision, and read from there.
      config: says how waves become spectrograms.
      resolution: (height, width) that full-size spectrograms are averaged down to.
      batch_size: notes in a batch.
      seed: decides every epoch's order.
      start: notes already taken: the stream goes on exactly where one from 0 would be after them.
      split: 'train' or 'test'; notes whose pitch is not in the vocabulary are left out.
      cache_bytes: converted spectrograms are kept in memory if they need no more (twice that for a moment, when they
        have been converted); otherwise they are converted anew whenever they are taken.
      codes: float32 [notes, size], rows that belong to the notes as `in_order` has them.
      extra_notes: share of the notes that come from prepared sets after the first, see `MixedNotes`; None for all notes
        equally often.

    Returns:
      Batches of (float32 [batch_size, height, width, 2] not normalised, int32 [batch_size] pitch labels), and with
      `codes` the notes' rows of them, float32 [batch_size, size].

    Raises:
      InputError: if the sample rates differ, the resolution is not a whole fraction of the full size, no note can
        be used, there are not as many rows of `codes` as notes, or there is no set from which notes are to come.
    """
    _check(notes, config, resolution)
    usable, labels = _usable(notes, split)
    if codes is not None and len(codes) != len(usable):
        raise InputError(f'Codes of other notes: expected {len(usable)}, one for each note. Received: {len(codes)}')

    if extra_notes is None:
        order = shuffled(len(usable), seed=seed, start=start, batch_size=batch_size)
    else:
        in_first = int(np.sum(usable < notes.num_notes_of_first_set(split)))
        order = mixed([in_first, len(usable) - in_first], extra_notes, seed=seed, start=start, batch_size=batch_size)
    if notes.cache_dir is not None:
        specgrams = _from_disk(notes.cache_dir, notes, config, split, resolution, usable, order)
    elif 2 * 4 * resolution[0] * resolution[1] * len(usable) <= cache_bytes:
        cache = _converted(notes, config, split, resolution)
        specgrams = order.map(lambda index: tf.gather(cache, index))
    else:
        indices = order.unbatch().map(lambda index: tf.gather(usable, index))
        specgrams = _specgrams(notes, config, split=split, indices=indices, resolution=resolution,
                               batch_size=batch_size)
        specgrams = specgrams.map(lambda batch: tf.ensure_shape(batch, [batch_size, *resolution, 2]))
    tables = [labels] if codes is None else [labels, codes]
    rows = [order.map(functools.partial(tf.gather, table)) for table in tables]
    return tf.data.Dataset.zip(specgrams, *rows).prefetch(2)


def in_order(notes: PreparedNotes, config: Config) -> tf.data.Dataset:
    """The training notes of `specgram_batches`, each once: batches of (full-size spectrograms, pitch labels)."""
    _check(notes, config, config.spec_shape)
    usable, labels = _usable(notes, TRAIN)
    specgrams = _specgrams(notes, config, split=TRAIN, indices=tf.data.Dataset.from_tensor_slices(usable),
                           resolution=config.spec_shape, batch_size=_NOTES_AT_ONCE)
    return tf.data.Dataset.zip(specgrams, tf.data.Dataset.from_tensor_slices(labels).batch(_NOTES_AT_ONCE)).prefetch(1)


def _usable(notes: PreparedNotes, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Indices in a split of the notes whose pitch is in the vocabulary, and their pitch labels."""
    pitches = notes.pitches(split)
    usable = np.flatnonzero(np.isin(pitches, notes.vocabulary.pitches))
    if not usable.size:
        raise InputError(f'No notes: expected some in the split {split!r}. Received: none')
    return usable, notes.vocabulary.labels(pitches[usable])


def _check(notes: PreparedNotes, config: Config, resolution: tuple[int, int]) -> None:
    check_sample_rate(notes, config.sample_rate)
    if any(side < 1 or full % side for full, side in zip(config.spec_shape, resolution)):
        raise InputError(f'Impossible resolution: expected whole fractions of {config.spec_shape}. '
                         f'Received: {resolution}')


def check_sample_rate(notes: PreparedNotes, expected: int) -> None:
    """Raises an InputError unless prepared notes are at the sample rate (Hz) of a configuration."""
    if notes.sample_rate != expected:
        raise InputError(f'Notes at another sample rate: expected {expected} Hz, as configured. '
                         f'Received: {notes.sample_rate} Hz')


def shuffled(num_notes: int, *, seed: int, start: int, batch_size: int) -> tf.data.Dataset:
    """Endless int64 [batch_size] of indices 0 <= index < num_notes: one permutation after another.

    The first `start` indices are passed over. The n-th index is a function of n alone, so that a resumed stream starts
    at once, wherever it starts.
    """
    return _batches(_permutations(num_notes, seed), start=start, batch_size=batch_size)


def mixed(num_notes: Sequence[int], share: float, *, seed: int, start: int, batch_size: int) -> tf.data.Dataset:
    """As `shuffled`, but indices of two sets, one after the other, of which the second has a `share` of all indices.

    Each set has permutations of its own. Among any number of indices the share is kept to within one.

    Raises:
      InputError: if a set from which notes are to come has none.
    """
    for name, count, is_needed in zip(('the first set', 'sets after the first'), num_notes, (share < 1, share > 0)):
        if is_needed and not count:
            raise InputError(f'No notes to mix: expected some in {name}, for extra_notes_schedule. Received: none')
    first, second = _permutations(num_notes[0], seed), _permutations(num_notes[1], seed + 1)

    def indices(counts):
        of_second = np.floor(counts * share).astype(int)  # how many of the indices before belong to it
        is_second = np.floor((counts + 1) * share).astype(int) > of_second
        return np.array([num_notes[0] + second([before])[0] if extra else first([count - before])[0]
                         for count, before, extra in zip(counts, of_second, is_second)])

    return _batches(indices, start=start, batch_size=batch_size)


def _permutations(num_notes: int, seed: int) -> Callable[[Sequence[int] | np.ndarray], np.ndarray]:
    """A function from counts to indices 0 <= index < num_notes: one permutation after another."""
    @functools.lru_cache(maxsize=2)
    def permutation(epoch):
        return np.random.default_rng([seed, epoch]).permutation(num_notes)

    return lambda counts: np.array([permutation(epoch)[index] for epoch, index in zip(*np.divmod(counts, num_notes))])


def _batches(indices: Callable[[Sequence[int]], np.ndarray], *, start: int, batch_size: int) -> tf.data.Dataset:
    counts = tf.data.Dataset.range(start, np.iinfo(np.int64).max).batch(batch_size, drop_remainder=True)
    return counts.map(lambda counts: tf.ensure_shape(tf.numpy_function(indices, [counts], tf.int64), [batch_size]))


def _specgrams(notes: PreparedNotes, config: Config, *, split: str, indices: tf.data.Dataset,
               resolution: tuple[int, int], batch_size: int) -> tf.data.Dataset:
    """Batches of the notes that `indices` yields, converted and averaged down."""
    representation = representations.from_config(config)
    waves = notes.waves(split, audio_length=config.audio_length, indices=indices).map(lambda note: note['wave'])
    return waves.batch(batch_size).map(lambda waves: pool(representation.waves_to_specgrams(waves), resolution),
                                       num_parallel_calls=tf.data.AUTOTUNE)


def _from_disk(cache_dir: str | os.PathLike, notes: PreparedNotes, config: Config, split: str,
               resolution: tuple[int, int], usable: np.ndarray, order: tf.data.Dataset) -> tf.data.Dataset:
    """Batches of spectrograms at the indices of `order`, from the cache on disk."""
    def convert():
        return _specgrams(notes, config, split=split, indices=tf.data.Dataset.from_tensor_slices(usable),
                          resolution=config.spec_shape, batch_size=_NOTES_AT_ONCE).prefetch(2)
    cached = specgram_cache.open_specgrams(cache_dir, config, resolution, notes=notes.identity(split),
                                           num_notes=len(usable), convert=convert)

    def read(index):
        specgrams = tf.numpy_function(lambda index: cached[index], [index], tf.float16)
        return tf.cast(tf.ensure_shape(specgrams, [*index.shape, *resolution, 2]), tf.float32)
    return order.map(read, num_parallel_calls=tf.data.AUTOTUNE)


@functools.lru_cache(maxsize=1)  # a transition stage and the stable one after it have the same resolution
def _converted(notes: PreparedNotes, config: Config, split: str, resolution: tuple[int, int]) -> tf.Tensor:
    """float32 [notes, height, width, 2]: all notes of a split whose pitch is in the vocabulary."""
    usable, _ = _usable(notes, split)
    batches = _specgrams(notes, config, split=split, indices=tf.data.Dataset.from_tensor_slices(usable),
                         resolution=resolution, batch_size=_NOTES_AT_ONCE)
    cache, filled = np.empty([len(usable), *resolution, 2], np.float32), 0
    with tqdm.tqdm(total=len(usable), desc=f'Converting notes to {resolution[0]}x{resolution[1]}', unit=' notes',
                   disable=None) as progress:
        for specgrams in batches.prefetch(2):
            cache[filled:filled + len(specgrams)] = specgrams
            filled += len(specgrams)
            progress.update(len(specgrams))
    # A tensor, because TensorFlow never lets go of an array that a tf.numpy_function has captured.
    with tf.device('/CPU:0'):
        return tf.constant(cache)
