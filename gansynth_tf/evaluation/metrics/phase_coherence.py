"""Phase coherence: the degree to which the partials of a note keep their phases relative to each other.

Source: Engel et al. 2019 (GANSynth), section 5.1 and figure 3, which draws the periods of a note on top of each other:
in a real note they trace one shape, with wrong phases they blur. The paper gives no number. Here:
  * `coherence`: the similarity of a part of a note to the part a few periods later, which is the largest normalised
    cross-correlation at lags near that number of periods. 1 for a periodic wave, about 0 for noise. The lag is 64 ms,
    two hops of the networks' spectrograms, so that phases that are wrong between frames lower the number.
  * `periods`: the data of the picture, the note cut into periods.
"""

import numpy as np
import scipy.fft

from gansynth_tf.spectral.pitch import midi_to_hz

_FRAME_SECONDS = 0.128
_LAG_SECONDS = 0.064
_AUDIBLE = 10 ** (-25 / 20)
_DETUNING = 2 ** (0.5 / 12)  # the largest ratio of the fundamental to the nominal frequency
_NUM_POINTS = 128  # of a period that is cut out
_OVERSAMPLING = 4  # of the correlation: at MIDI 84 a period has 15 samples only


def coherence(wave: np.ndarray, pitch: float, sample_rate: int) -> float:
    """The mean coherence of the audible frames of a note (within 25 dB of the loudest).

    Args:
      wave: float [samples].
      pitch: MIDI number that the note should have.
      sample_rate: Hz.

    Returns:
      From -1 to 1; NaN for silence and for notes shorter than a frame and its lag.
    """
    period = sample_rate / midi_to_hz(pitch)
    lag = max(1, round(_LAG_SECONDS * sample_rate / period)) * period
    shortest = max(1, int(max(lag / _DETUNING, lag - period / 2)))
    longest = int(np.ceil(min(lag * _DETUNING, lag + period / 2)))
    num_samples = round(_FRAME_SECONDS * sample_rate)
    starts = np.arange(0, len(wave) - num_samples - longest, num_samples)
    if not len(starts):
        return float('nan')
    frames = np.stack([wave[start:start + num_samples + longest] for start in starts]).astype(np.float64)
    energies = np.sum(frames[:, :num_samples] ** 2, axis=1)
    audible = energies > _AUDIBLE ** 2 * energies.max()
    if not audible.any():
        return float('nan')
    return float(np.mean(_highest_correlation(frames[audible], num_samples, shortest, longest)))


def periods(wave: np.ndarray, pitch: float, sample_rate: int, *, start_seconds: float, num_periods: int) -> np.ndarray:
    """Successive periods of a note at its exact fundamental: float [up to num_periods, 128].

    The fundamental is the one near `pitch` whose periods resemble each other most over the first 100 ms from
    `start_seconds`; later periods drift apart where it does not stay.
    """
    start = round(start_seconds * sample_rate)
    window = wave[start:start + round(0.1 * sample_rate)]
    nominal = sample_rate / midi_to_hz(pitch)
    candidates = nominal * 2 ** (np.linspace(-0.5, 0.5, 101) / 12)
    period = min(candidates, key=lambda candidate: _spread(_cut(window, candidate, None)))
    return _cut(wave[start:], period, num_periods)


def _cut(wave: np.ndarray, period: float, num_periods: int | None) -> np.ndarray:
    possible = int((len(wave) - 1) / period)
    count = possible if num_periods is None else min(num_periods, possible)
    positions = (np.arange(count)[:, None] + np.arange(_NUM_POINTS) / _NUM_POINTS) * period
    return np.interp(positions, np.arange(len(wave)), wave)


def _spread(cut: np.ndarray) -> float:
    """The variance between periods, relative to their energy, since a shorter window has less of both."""
    return float(np.var(cut, axis=0).mean() / max(np.mean(cut ** 2), 1e-30)) if len(cut) > 1 else np.inf


def _highest_correlation(frames: np.ndarray, num_samples: int, shortest: int, longest: int) -> np.ndarray:
    """Normalised autocorrelation of frames at their best lag: float64 [n, num_samples + longest] -> [n]."""
    size = scipy.fft.next_fast_len(frames.shape[1] + longest, real=True)
    products = scipy.fft.rfft(frames, size) * np.conj(scipy.fft.rfft(frames[:, :num_samples], size))
    correlations = scipy.fft.irfft(products, size * _OVERSAMPLING)[:, :(longest + 1) * _OVERSAMPLING] * _OVERSAMPLING
    squares = np.cumsum(np.pad(frames ** 2, [(0, 0), (1, 0)]), axis=1)
    energies = squares[:, num_samples:] - squares[:, :-num_samples]  # of the frame at every whole lag
    norms = np.sqrt(energies[:, :1] * np.repeat(energies, _OVERSAMPLING, axis=1)[:, :correlations.shape[1]])
    normalised = correlations / np.where(norms > 0, norms, np.inf)
    return normalised[:, shortest * _OVERSAMPLING:longest * _OVERSAMPLING + 1].max(axis=1)
