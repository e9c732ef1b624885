"""Instruments: whatever plays whole notes from latents and pitches, be it a GANSynth, an export or a baseline.

`Instrument` is all that rendering, evaluation, pictures, the listening test and the benchmark ask for. `gs.load`
returns one. `BatchedInstrument` makes one of a function from latents and pitch labels to waves. NumPy only.
"""

import operator
import pathlib
import typing
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gansynth_tf.errors import InputError

DEFAULT_BATCH_SIZE = 8
MAX_BATCH_SIZE = 1024
MAX_NOTES = 1_000_000  # asked for at once
BUILT_IN_MODEL = pathlib.Path(__file__).resolve().parent / 'pretrained' / 'default'
EDGE_SECONDS = 0.005  # too short to be heard as an attack of its own


@typing.runtime_checkable
class Instrument(typing.Protocol):
    """A source of notes.

    Attributes:
      sample_rate: Hz.
      audio_length: samples of a note.
      pitches: the MIDI pitches that it plays, ascending.
      latent_size: numbers that describe a timbre.
    """

    @property
    def sample_rate(self) -> int: ...

    @property
    def audio_length(self) -> int: ...

    @property
    def pitches(self) -> tuple[int, ...]: ...

    @property
    def latent_size(self) -> int: ...

    def sample_latents(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Random timbres, float32 [n, latent_size]; the same `seed` gives the same rows, None new ones each time."""
        ...

    def sample_pitches(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Random MIDI pitches, int [n], each as frequent as in the training notes; `seed` as in `sample_latents`."""
        ...

    def generate(self, latents: np.ndarray, pitches: Sequence[int]) -> np.ndarray:
        """Notes: float [n, latent_size], n MIDI pitches -> float32 [n, audio_length], full scale 1."""
        ...

    def generate_batches(self, latents: np.ndarray, pitches: Sequence[int]) -> Iterator[np.ndarray]:
        """As `generate`, in order, but yields the notes as they are done: float32 [k, audio_length]."""
        ...


class BatchedInstrument:
    """An `Instrument` whose notes are a function of latents and pitch labels, computed a batch at a time.

    Args:
      waves: from float32 latents [n, latent_size] and int32 pitch labels [n] to waves, an array or tensor, float32
        [n, audio_length].
      sample_rate: Hz.
      audio_length: samples of a note.
      latent_size: numbers that describe a timbre.
      pitch_counts: how many training notes there were by MIDI pitch; a pitch's label is its index in ascending order.
      latent_scale: latent truncation, see `sample_latents`.
      latent_noise, codes: as in `random_latents`.
      batch_size: notes computed at once.

    Raises:
      InputError: if `batch_size` is not from 1 to 1024.
    """

    def __init__(self, waves: Callable[[np.ndarray, np.ndarray], typing.Any], *, sample_rate: int, audio_length: int,
                 latent_size: int, pitch_counts: typing.Mapping[int, int], latent_scale: float = 1.0,
                 latent_noise: float = 0.0, codes: np.ndarray | None = None, batch_size: int = DEFAULT_BATCH_SIZE):
        self.sample_rate = sample_rate
        self.audio_length = audio_length
        self.latent_size = latent_size
        self.pitches = tuple(sorted(pitch_counts))
        self.batch_size = whole_number(batch_size, 'batch_size', lowest=1, highest=MAX_BATCH_SIZE)
        self._waves = waves
        self.latent_scale = latent_scale
        self._latent_noise, self._codes = latent_noise, codes
        counts = np.array([pitch_counts[pitch] for pitch in self.pitches], np.float64)
        self._pitch_probabilities = counts / counts.sum()

    def sample_latents(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Random timbres: float32 [n, latent_size], as in training but for the model's `latent_scale`.

        The same seed gives the same rows, however many are asked for; None gives new ones each time. A scale below 1
        keeps to timbres that training has met more often, near the middle or near the training notes: fewer kinds, more
        of them right (after Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
        section 3.1, where values that are too large are drawn anew).
        """
        shape = (whole_number(n, 'number of notes', highest=MAX_NOTES), self.latent_size)
        return random_latents(_random(seed), shape, noise=self._latent_noise, codes=self._codes,
                              scale=self.latent_scale)

    def sample_pitches(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Random MIDI pitches, int [n], each as frequent as in the training notes; `seed` as in `sample_latents`."""
        # A stream of its own, so that a note's pitch has nothing to do with its timbre.
        n = whole_number(n, 'number of notes', highest=MAX_NOTES)
        return _random(seed, 1).choice(self.pitches, n, p=self._pitch_probabilities)

    def generate(self, latents: np.ndarray, pitches: Sequence[int], *, raw: bool = False) -> np.ndarray:
        """Plays notes.

        Args:
          latents: float [n, latent_size], the timbres.
          pitches: n MIDI pitches.
          raw: as the model makes them, rather than with levels and edges that can be played, see `finished`.

        Returns:
          float32 [n, audio_length], full scale 1.

        Raises:
          InputError: if latents are of another size or not finite, the model lacks a pitch, the counts differ, or the
            audio is not finite.
        """
        batches = list(self.generate_batches(latents, pitches, raw=raw))
        waves = np.concatenate(batches) if batches else np.zeros((0, self.audio_length), np.float32)
        bad = np.flatnonzero(~np.isfinite(waves).all(axis=1))
        if bad.size:
            raise InputError(f'Unusable model: expected finite audio. Received: NaN or infinity in note {bad[0]}')
        return waves

    def generate_batches(self, latents: np.ndarray, pitches: Sequence[int], *, raw: bool = False
                         ) -> Iterator[np.ndarray]:
        """As `generate`, but yields the notes as they are done: float32 [up to batch_size, audio_length].

        Notes that are not finite are handed on, so that one of them does not end a long piece.
        """
        latents = checked_latents(latents, self.latent_size)
        labels = pitch_labels(pitches, self.pitches, len(latents))
        batches = self._batches(latents, labels)
        return batches if raw else (finished(waves, self.sample_rate) for waves in batches)

    def _batches(self, latents: np.ndarray, labels: np.ndarray) -> Iterator[np.ndarray]:
        for start in range(0, len(latents), self.batch_size):
            batch_latents, batch_labels = latents[start:start + self.batch_size], labels[start:start + self.batch_size]
            # A few fixed sizes, so that there are few graphs; powers of two, so that less than half is padding.
            size = min(1 << (len(batch_latents) - 1).bit_length(), self.batch_size)
            padding = size - len(batch_latents)
            waves = self._waves(np.pad(batch_latents, [(0, padding), (0, 0)]), np.pad(batch_labels, (0, padding)))
            yield np.array(waves)[:len(batch_latents)]


def random_latents(rng: np.random.Generator, shape: tuple[int, int], *, noise: float = 0.0,
                   codes: np.ndarray | None = None, scale: float = 1.0) -> np.ndarray:
    """Random timbres, float32 of `shape` [n, size].

    Args:
      rng: the random numbers.
      shape: of what is returned.
      noise: `latent_noise`: 0 for N(0, 1), else the scale of N(0, 1) that is added to a random note's code.
      codes: float32 [notes, size], the training notes' timbre codes; needed where there is `noise`.
      scale: of all that is N(0, 1).
    """
    latents = rng.standard_normal(shape, np.float32) * np.float32(scale * (noise or 1.0))
    if not noise:
        return latents
    assert codes is not None
    # A stream of its own, so that n changes none of the first rows.
    return codes[rng.spawn(1)[0].integers(len(codes), size=shape[0])] + latents


def finished(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    """Notes as they can be played: those over full scale are turned down to it, and none clicks at its edges.

    Args:
      waves: float32 [n, samples].
      sample_rate: Hz.

    >>> finished(np.full([1, 4000], 2.0, np.float32), 16000).max()
    np.float32(1.0)
    """
    with np.errstate(invalid='ignore'):  # notes that are not finite stay so
        peaks = np.max(np.abs(waves), axis=1, keepdims=True, initial=1)
        return without_clicks(waves / peaks, sample_rate)


def without_clicks(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    """Notes that begin and end at zero, by ramps of 5 ms; for notes that are played without an envelope.

    Args:
      waves: float [..., samples].
      sample_rate: Hz.

    Returns:
      The same shape and type; a note of less than 10 ms has ramps of half its length.
    """
    return waves * edges(waves.shape[-1], sample_rate).astype(waves.dtype)


def edges(num_samples: int, sample_rate: int) -> np.ndarray:
    """The amplitude of `without_clicks`: float64 [num_samples], up from 0 and down to 0 in 5 ms.

    >>> edges(400, 1000)[:7].tolist()
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    """
    ramp = min(int(sample_rate * EDGE_SECONDS), num_samples // 2)
    amplitude = np.ones(num_samples)
    amplitude[:ramp] = np.arange(ramp) / max(ramp, 1)
    amplitude[num_samples - ramp:] = amplitude[:ramp][::-1]
    return amplitude


def whole_number(value: typing.Any, name: str, *, lowest: int = 0, highest: int | None = None) -> int:
    """`value` as an int.

    Raises:
      InputError: if it is not a whole number (true and false are none) from `lowest` to `highest`.

    >>> whole_number(np.int64(3), 'seed')
    3
    """
    try:
        number = lowest - 1 if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = lowest - 1
    if number < lowest or (highest is not None and number > highest):
        bounds = f'of at least {lowest}' if highest is None else f'from {lowest} to {highest}'
        raise InputError(f'Impossible {name}: expected a whole number {bounds}. Received: {shortened(value)}')
    return number


def check_pitches(pitches: Sequence[int], known: Sequence[int]) -> None:
    """Raises an InputError that names those of the MIDI pitches that a model, which knows others, lacks."""
    if unknown := sorted(set(pitches) - set(known)):
        raise InputError(f'Unknown pitch: expected one of the {len(known)} MIDI pitches of this model '
                         f'({known[0]} to {known[-1]}). Received: {", ".join(map(str, unknown[:8]))}')


def shortened(value: typing.Any) -> str:
    """A value as an error message shows it: at most 100 characters."""
    try:
        text = repr(value)
    except ValueError:  # Python does not write integers of more than 4,300 digits
        text = f'a {type(value).__name__} of thousands of digits'
    return text if len(text) <= 100 else f'{text[:97]}...'


def _random(seed: int | None, *stream: int) -> np.random.Generator:
    if seed is None:
        return np.random.default_rng()
    seed = whole_number(seed, 'seed')
    return np.random.default_rng([seed, *stream] if stream else seed)


def checked_latents(latents: typing.Any, size: int) -> np.ndarray:
    """`latents` as float32 [n, size].

    Raises:
      InputError: if they have another shape, or are not finite numbers.
    """
    try:
        latents = np.asarray(latents, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f'Unusable latents: expected numbers of shape [n, {size}]. Received: {error}') from error
    if latents.ndim != 2 or latents.shape[1] != size:
        raise InputError(f'Misshapen latents: expected [n, {size}], a row a note. Received: {list(latents.shape)}')
    bad = np.flatnonzero(~np.isfinite(latents).all(axis=1))
    if bad.size:
        raise InputError(f'Unusable latents: expected finite numbers. Received: NaN or infinity in row {bad[0]}')
    return latents


def pitch_labels(pitches: typing.Any, known: tuple[int, ...], num_latents: int) -> np.ndarray:
    """int32 [num_latents] pitch labels of MIDI pitches."""
    try:
        given = np.asarray(pitches) if np.size(pitches) else np.zeros(0, int)
    except (TypeError, ValueError):  # lists of different lengths, or what NumPy has no type for
        given = np.array(None)
    if given.ndim != 1 or given.dtype.kind not in 'iu':
        raise InputError(f'Unusable pitches: expected a list of whole MIDI numbers. Received: {shortened(pitches)}')
    if len(given) != num_latents:
        raise InputError(f'Counts differ: expected a pitch for each of {num_latents} latents. '
                         f'Received: {len(given)} pitches')
    check_pitches(given.tolist(), known)
    return np.searchsorted(known, given).astype(np.int32)
