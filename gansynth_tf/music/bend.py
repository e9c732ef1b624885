"""Notes whose pitch moves: a wave read at a varying speed."""

import numpy as np

_OVERSAMPLING = 4


def positions(semitones: np.ndarray) -> np.ndarray:
    """Where in the wave each sample of the bent note lies: float64 [samples], from 0, for its bend in semitones."""
    speeds = 2.0 ** (np.asarray(semitones, np.float64) / 12)
    return np.concatenate([[0.0], np.cumsum((speeds[1:] + speeds[:-1]) / 2)])


def read_at(wave: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A wave between its samples.

    By cubic interpolation of the wave at four times its rate: errors are 60 dB down at a quarter of the sample rate.
    What a faster reading would fold back from above half the rate is taken out first.

    Args:
      wave: float [samples].
      places: float [n], in samples, ascending.

    Returns:
      float64 [n]; 0 beyond the wave's ends.
    """
    fastest = float(np.max(np.diff(places), initial=1.0))
    padded = np.pad(np.asarray(wave, np.float64), 64)  # the transform is circular
    spectrum = np.fft.rfft(padded)
    spectrum[int(len(spectrum) / fastest):] = 0
    fine = np.fft.irfft(spectrum, _OVERSAMPLING * len(padded)) * _OVERSAMPLING
    fine_places = (np.asarray(places) + 64) * _OVERSAMPLING
    whole = np.clip(np.floor(fine_places).astype(np.int64), 1, len(fine) - 3)
    t = fine_places - whole
    before, here, after, beyond = (fine[whole + offset] for offset in (-1, 0, 1, 2))
    # Lagrange's cubic through the four samples around each place.
    read = (-t * (t - 1) * (t - 2) / 6 * before + (t + 1) * (t - 1) * (t - 2) / 2 * here
            - (t + 1) * t * (t - 2) / 2 * after + (t + 1) * t * (t - 1) / 6 * beyond)
    return np.where(places <= len(wave) - 1, read, 0.0)
