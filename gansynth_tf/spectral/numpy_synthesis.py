"""From a generator's images to waves in NumPy alone: what `representations` and `phase_locking` do in TensorFlow.

For engines that run the network without TensorFlow. Frames that an image repeats are computed once. Functions have the
names of their counterparts in TensorFlow, whose docstrings name the sources.
"""

import numpy as np

from gansynth_tf.config import Config
from gansynth_tf.spectral import mel
from gansynth_tf.spectral.normalizers import Normalizer

# Of phase locking, here and in TensorFlow.
NEIGHBOURS = 2  # bins on each side, above which a peak is
REACH = 6  # bins to each side that a peak takes with it
FAINTEST = np.float32(10 ** (-70 / 20))  # peak, of a note's largest magnitude
JUMP = np.float32(10 ** (8 / 20))  # of a frame's level over that of the frame before, from which on it is an attack
LOBE = 2  # bins to each side of a partial's frequency that belong to it
BETWEEN = np.float32(10 ** (-4 / 20))  # factor of magnitudes that do not


class NumpySynthesis:
    """From images of a model of `num_blocks` blocks to waves; `phase_locking` is as in `gansynth_tf.load`."""

    def __init__(self, config: Config, num_blocks: int, normalizer: Normalizer, *, phase_locking: bool = True):
        (full_height, full_width), (height, width) = config.spec_shape, config.resolution(num_blocks)
        self._down, self._across = full_height // height, full_width // width
        self._normalizer = normalizer.at_width(full_width)
        self._kind, self._audio_length = config.data_type, config.audio_length
        self._phase_locking = phase_locking
        num_bins = full_width * config.mel_downscale
        self._n_fft = 2 * num_bins
        self._bins_per_hz = np.float32(self._n_fft / config.sample_rate)
        if self._kind == 'mel':
            linear_to_mel = mel.linear_to_mel_weight_matrix(full_width, num_bins, sample_rate=config.sample_rate)
            self._blocks = mel.banded_blocks(mel.mel_to_linear_weight_matrix(linear_to_mel))
        if self._kind != 'wave':
            self._window = _inverse_window(self._n_fft)

    def __call__(self, images: np.ndarray, fundamentals: np.ndarray | None = None) -> np.ndarray:
        """float32 [n, *resolution(num_blocks), 2], normalised, and hertz [n] or None -> float32 [n, audio_length]."""
        specgrams = self._normalizer.denormalize(np.repeat(images, self._across, axis=2)).astype(np.float32)
        first, second = specgrams[..., 0], specgrams[..., 1]
        if self._kind == 'wave':
            first = np.repeat(first[..., 0], self._down, axis=1)
            padding = (first.shape[1] - self._audio_length) // 2
            return first[:, padding:padding + self._audio_length]
        magnitude, frequency = self._magnitude_and_frequency(first, second)
        if self._kind != 'phase' and self._phase_locking:
            in_bins = None if fundamentals is None else self._bins_per_hz * fundamentals
            magnitude, halfturns = locked(magnitude, frequency, self._down, in_bins)
        else:
            magnitude, halfturns = (np.repeat(x, self._down, axis=1) for x in (magnitude, frequency))
            if self._kind != 'phase':
                halfturns = _wrap(np.cumsum(halfturns, axis=1, dtype=np.float64)).astype(np.float32)
        return self._waves(magnitude, halfturns * np.float32(np.pi))

    def _magnitude_and_frequency(self, loudness: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._kind != 'mel':
            return np.exp(loudness), second
        power = _banded(np.exp(loudness), self._blocks)
        return np.sqrt(power + np.float32(mel.FLOOR)), _banded(second, self._blocks)

    def _waves(self, magnitude: np.ndarray, phase_angle: np.ndarray) -> np.ndarray:
        """The inverse Fourier transform: frames of n_fft samples, a quarter of that apart, windowed and added up."""
        batch, num_frames, num_bins = magnitude.shape
        stfts = np.zeros((batch, num_frames, num_bins + 1), np.complex64)
        stfts.real[:, :, 1:] = magnitude * np.cos(phase_angle)
        stfts.imag[:, :, 1:] = magnitude * np.sin(phase_angle)
        frames = np.fft.irfft(stfts, self._n_fft, axis=2) * self._window
        quarters = frames.reshape(batch, num_frames, 4, -1)
        total = np.zeros((batch, num_frames + 3, quarters.shape[-1]), np.float32)
        for quarter in range(4):
            total[:, quarter:quarter + num_frames] += quarters[:, :, quarter]
        return total.reshape(batch, -1)[:, -self._audio_length:]


def locked(magnitude: np.ndarray, frequency: np.ndarray, repeats: int, fundamentals: np.ndarray | None = None
           ) -> tuple[np.ndarray, np.ndarray]:
    """`phase_locking.locked`, with phases in units of pi radians.

    Args:
      magnitude: float32 [batch, time, freq].
      frequency: float32 [batch, time, freq], instantaneous.
      repeats: how many frames each of these stands for.
      fundamentals: float32 [batch], in bins from 0 Hz; None if they are not known.

    Returns:
      float32 [batch, time * repeats, freq] each.
    """
    batch, num_frames, num_bins = magnitude.shape
    peaks, attacks = _peaks(magnitude), _attacks(magnitude, repeats)
    nearest = _nearest_peaks(peaks)
    steps, softer = _lobe_steps(magnitude, frequency), np.repeat(magnitude, repeats, axis=1)
    if fundamentals is not None:
        found = _draw_to_multiples(steps, peaks, magnitude, fundamentals)
        gain = np.repeat(_gain_between(found, num_bins), repeats, axis=1)
        gain[attacks] = 1
        gain[:, 1:][attacks[:, :-1]] = 1
        softer *= gain
    steps = np.where(peaks, steps, frequency)
    offsets = ((np.arange(num_bins, dtype=np.int32) - nearest) & 1).astype(np.float32)
    halfturns = np.empty((batch, num_frames * repeats, num_bins), np.float32)
    together = plain = np.zeros((batch, num_bins), np.float32)
    for time in range(num_frames * repeats):
        frame = time // repeats
        plain = _wrap(plain + frequency[:, frame])
        moved = np.take_along_axis(together + steps[:, frame], nearest[:, frame], axis=1) + offsets[:, frame]
        halfturns[:, time] = together = np.where(attacks[:, time, np.newaxis], plain, _wrap(moved))
    return softer, halfturns


def _peaks(magnitude: np.ndarray) -> np.ndarray:
    loud = magnitude > FAINTEST * magnitude.max(axis=(1, 2), keepdims=True)
    for distance in range(1, NEIGHBOURS + 1):
        loud &= magnitude > np.maximum(_moved(magnitude, distance, np.inf), _moved(magnitude, -distance, np.inf))
    return loud


def _nearest_peaks(peaks: np.ndarray) -> np.ndarray:
    num_bins = peaks.shape[2]
    bins = np.arange(num_bins, dtype=np.int32)
    far = num_bins + 2 * REACH
    below, above = (np.where(peaks, bins, np.int32(sign * far)) for sign in (-1, 1))
    for distance in (1, 2, 3):
        below = np.maximum(below, _moved(below, distance, -far))
        above = np.minimum(above, _moved(above, -distance, far))
    nearest = np.where(bins - below <= above - bins, below, above)
    return np.where(np.abs(bins - nearest) <= REACH, nearest, bins)


def _lobe_steps(magnitude: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    power = np.square(magnitude)
    left, right = _moved(power, 1, 0.0), _moved(power, -1, 0.0)
    excess = left * _wrap(_moved(frequency, 1, 0.0) - frequency)
    excess += right * _wrap(_moved(frequency, -1, 0.0) - frequency)
    total = power + (left + right)
    return frequency + np.divide(excess, total, out=np.zeros_like(excess), where=total != 0)


def _draw_to_multiples(steps: np.ndarray, peaks: np.ndarray, magnitude: np.ndarray, fundamentals: np.ndarray
                       ) -> np.ndarray:
    """Draws the steps of peaks, which are few, in place; returns the fundamentals of the frames, [batch, time, 1]."""
    batch, num_frames, _ = steps.shape
    note, frame, index = where = np.nonzero(peaks)
    row = note * num_frames + frame
    bins = (index + 1).astype(np.float32)
    frequencies = bins + 2 * _wrap(steps[where] - bins / 2)
    nominal = np.repeat(fundamentals, num_frames)
    number, deviation = _from_multiple(frequencies, nominal[row])
    weight = np.square(magnitude[where]) * _nearness(deviation) * number
    excess, total = (np.bincount(row, weight * term, len(nominal)) for term in (deviation, number))
    found = nominal + np.divide(excess, total, out=np.zeros_like(total), where=total != 0).astype(np.float32)
    _, deviation = _from_multiple(frequencies, found[row])
    steps[where] -= _nearness(deviation) * deviation / 2
    return found.reshape(batch, num_frames, 1)


def _gain_between(fundamental: np.ndarray, num_bins: int) -> np.ndarray:
    _, deviation = _from_multiple(np.arange(1, num_bins + 1, dtype=np.float32), fundamental)
    return 1 - (1 - BETWEEN) * np.clip(np.abs(deviation) - LOBE, 0, 1)


def _attacks(magnitude: np.ndarray, repeats: int) -> np.ndarray:
    """Attacks, [batch, time * repeats]: a frame that is repeated is no louder than itself, so only the first can be."""
    level = np.sqrt(np.einsum('btf,btf->bt', magnitude, magnitude))
    attacks = np.zeros((len(level), level.shape[1], repeats), bool)
    attacks[:, :, 0] = np.pad(level[:, 1:] > JUMP * level[:, :-1], [(0, 0), (1, 0)], constant_values=True)
    return attacks.reshape(len(level), -1)


def _from_multiple(frequencies: np.ndarray, fundamental: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    number = np.maximum(np.rint(frequencies / fundamental), np.float32(1))
    return number, frequencies - number * fundamental


def _nearness(deviation: np.ndarray) -> np.ndarray:
    return np.clip(2 - 2 * np.abs(deviation), 0, 1)


def _moved(x: np.ndarray, distance: int, fill: float) -> np.ndarray:
    """`x` moved by `distance` bins up; `fill` comes in at the end."""
    result = np.full_like(x, fill)
    if distance > 0:
        result[:, :, distance:] = x[:, :, :-distance]
    else:
        result[:, :, :distance] = x[:, :, -distance:]
    return result


def _wrap(halfturns: np.ndarray) -> np.ndarray:
    return halfturns - 2 * np.rint(halfturns / 2)


def _inverse_window(n_fft: int) -> np.ndarray:
    """The Hann window by which frames, windowed once before, add up to the wave: float32 [n_fft]."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    overlapping = np.sum(np.square(hann).reshape(4, -1), axis=0)
    return (hann / np.tile(overlapping, 4)).astype(np.float32)


def _banded(x: np.ndarray, blocks: list[tuple[int, int, np.ndarray]]) -> np.ndarray:
    return np.concatenate([x[..., first:last] @ block for first, last, block in blocks], axis=-1)
