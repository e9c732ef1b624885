"""Pitches: MIDI numbers, hertz and names, and the fundamental frequency of a wave (YIN). NumPy and SciPy only."""

from collections.abc import Iterator

import numpy as np

_NAMES = ('C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B')
_TROUGH_THRESHOLD = 0.1
_HARMONIC_CENTS = 60.0  # from a harmonic's frequency to its peak, at most
_PEAK_BINS = 12  # beside a peak: the main lobe of a Hann window, four times padded, and its neighbours


def midi_to_hz(pitch):
    """The frequency of a MIDI pitch, fractions allowed; a number or an array.

    >>> float(midi_to_hz(69)), midi_to_hz([57, 81]).tolist()
    (440.0, [220.0, 880.0])
    """
    return 440.0 * 2.0 ** ((np.asanyarray(pitch) - 69.0) / 12.0)


def hz_to_midi(hz):
    """The MIDI pitch of a frequency, with its fraction; a number or an array.

    >>> float(hz_to_midi(880.0))
    81.0
    """
    return 69.0 + 12.0 * np.log2(np.asanyarray(hz) / 440.0)


def note_name(pitch: int) -> str:
    """The name of a MIDI pitch; 60 is C4.

    >>> note_name(60), note_name(66)
    ('C4', 'F♯4')
    """
    return f'{_NAMES[pitch % 12]}{pitch // 12 - 1}'


def frame_levels(wave: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    """Root mean squares, float64 [frames], of frames around every `hop_length`-th sample; zeros stand around the wave.

    The frames are those of `yin`.
    """
    return np.sqrt(np.mean(_frames(wave, frame_length, hop_length) ** 2, axis=1))


def yin(wave: np.ndarray, sample_rate: int, *, lowest_hz: float, highest_hz: float, frame_length: int,
        hop_length: int) -> np.ndarray:
    """The fundamental frequency in every frame.

    Source: de Cheveigne and Kawahara 2002, "YIN, a fundamental frequency estimator for speech and music", steps 1 to 5
    (no best local estimate). Reference implementation: librosa 0.11's `yin`, equal to rounding; without its compiled
    cache, which two processes that fill it at once damage.

    Args:
      wave: float [samples].
      sample_rate: Hz.
      lowest_hz: the lowest frequency looked for; a frame holds a period of it and more.
      highest_hz: the highest.
      frame_length: samples.
      hop_length: samples.

    Returns:
      float64 [1 + samples // hop_length], Hz.
    """
    shortest = int(np.floor(sample_rate / highest_hz))
    longest = min(int(np.ceil(sample_rate / lowest_hz)), frame_length - 1)
    differences = _normalized_differences(_frames(wave, frame_length, hop_length), shortest, longest)
    before, here, after = differences[:, :-2], differences[:, 1:-1], differences[:, 2:]
    troughs = np.zeros(differences.shape, bool)
    troughs[:, 1:-1] = (here < before) & (here <= after)
    troughs[:, 0] = differences[:, 0] < differences[:, 1]
    troughs[:, -1] = differences[:, -1] < differences[:, -2]
    deep = troughs & (differences < _TROUGH_THRESHOLD)
    periods = np.where(deep.any(axis=1), deep.argmax(axis=1), differences.argmin(axis=1))
    # The vertex of the parabola through a trough and its neighbours, unless it lies beyond them.
    slope, curvature = (after - before) / 2, after + before - 2 * here
    shifts = np.zeros(differences.shape)
    near = np.abs(slope) < np.abs(curvature)
    shifts[:, 1:-1][near] = -slope[near] / curvature[near]
    return sample_rate / (shortest + periods + np.take_along_axis(shifts, periods[:, None], axis=1)[:, 0])


def harmonic_peaks(power: np.ndarray, hz_per_bin: float, fundamental_hz: float, *, num_harmonics: int
                   ) -> Iterator[tuple[int, int, float]]:
    """The largest bin within 60 cents of each harmonic below half the sample rate.

    Args:
      power: float [bins], of a wave times a Hann window, padded to four times its length or more.
      hz_per_bin: Hz.
      fundamental_hz: Hz.
      num_harmonics: the most that are looked for.

    Yields:
      (number of the harmonic, from 1; the bin; cents from the harmonic to the vertex of the parabola through the
      logarithms of the bin and its neighbours).
    """
    for harmonic in range(1, num_harmonics + 1):
        centre = harmonic * fundamental_hz / hz_per_bin
        low, high = (round(centre * 2 ** (sign * _HARMONIC_CENTS / 1200)) for sign in (-1, 1))
        if high + _PEAK_BINS >= len(power):
            return
        peak = low + int(np.argmax(power[low:high + 1]))
        before, here, after = np.log(power[peak - 1:peak + 2] + 1e-30)
        curve = before - 2 * here + after
        vertex = peak + (0.5 * (before - after) / curve if curve < 0 else 0.0)
        yield harmonic, peak, 1200 * np.log2(max(vertex, 1e-9) / centre)


def _frames(wave: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    padded = np.pad(np.asarray(wave, np.float64), frame_length // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, frame_length)[::hop_length]


def _normalized_differences(frames: np.ndarray, shortest: int, longest: int) -> np.ndarray:
    """The cumulative mean normalized difference (equation 8) at periods from shortest to longest, [frames, periods]."""
    import scipy.fft  # here, since it takes half a second, and conversions of pitches do without
    size = scipy.fft.next_fast_len(2 * frames.shape[1] - 1, real=True)
    spectra = scipy.fft.rfft(frames, size)
    correlations = scipy.fft.irfft(spectra.real ** 2 + spectra.imag ** 2, size)[:, :longest + 1]
    leading = np.cumsum(frames ** 2, axis=1)[:, :longest]
    differences = 2 * (correlations[:, :1] - correlations[:, 1:]) - leading
    means = np.cumsum(differences, axis=1) / np.arange(1, longest + 1)
    return differences[:, shortest - 1:] / (means[:, shortest - 1:] + np.finfo(np.float64).tiny)
