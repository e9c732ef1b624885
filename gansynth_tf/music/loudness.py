"""The loudness of a note as an ear perceives it, and softer notes with weaker upper partials.

Sources: K weighting of ITU-R BS.1770-5, annex 1; darkening imitates struck and blown instruments, whose upper partials
become weaker than the lower ones when they are played softly.
"""

import functools

import numpy as np

from gansynth_tf.spectral.pitch import midi_to_hz

_WINDOW_SECONDS = 0.4  # of momentary loudness in EBU Tech 3341
_SOFTEST_TILT_DB = 4.0  # an octave, at velocity 0
# The analogue prototypes of the two filters of BS.1770 (a shelf above 1.7 kHz, a high-pass at 38 Hz), from which its
# coefficients at 48 kHz come.
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.97, 4.0, 0.7072
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.135, 0.5003


def loudest(wave: np.ndarray, sample_rate: int) -> float:
    """The K-weighted root mean square of a wave's loudest 0.4 seconds; 0 of silence."""
    length = 1 << max(len(wave) - 1, 1).bit_length()
    weighted = np.fft.irfft(np.fft.rfft(wave, length) * k_weights(length, sample_rate), length)[:len(wave)]
    window = max(1, min(len(wave), int(_WINDOW_SECONDS * sample_rate)))
    sums = np.cumsum(np.concatenate([[0.0], weighted ** 2]))
    return float(np.sqrt(max(np.max(sums[window:] - sums[:-window]), 0) / window))


@functools.lru_cache(maxsize=32)
def k_weights(num_samples: int, sample_rate: int) -> np.ndarray:
    """The magnitudes of the filter at the frequencies of a real Fourier transform: float64 [num_samples // 2 + 1]."""
    s = 1j * np.fft.rfftfreq(num_samples, 1 / sample_rate)
    amount = 10 ** (_SHELF_DB / 20)
    shelf, low = s / _SHELF_HZ, s / _HIGH_PASS_HZ
    high = (amount * shelf ** 2 + np.sqrt(amount) / _SHELF_Q * shelf + 1) / (shelf ** 2 + shelf / _SHELF_Q + 1)
    return np.abs(high * low ** 2 / (low ** 2 + low / _HIGH_PASS_Q + 1))


def darken(wave: np.ndarray, velocity: float, *, pitch: int, sample_rate: int) -> np.ndarray:
    """A note as if played at a velocity: at 127 unchanged, at 0 with 4 dB less per octave above its pitch."""
    if velocity >= 127:
        return wave
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(wave), 1 / sample_rate) / midi_to_hz(pitch), 1))
    gains = 10 ** (-_SOFTEST_TILT_DB / 20 * (1 - velocity / 127) * octaves)
    return np.fft.irfft(np.fft.rfft(wave) * gains, len(wave))
