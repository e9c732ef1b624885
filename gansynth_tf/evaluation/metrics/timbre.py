"""Measures of timbre: differences between notes at one pitch, and the consistency of a timbre over the keyboard.

The paper shows both as pictures and sounds only (section 5.3, "consistent timbre across pitch"); these measures are
this project's own, to be compared with those of real instruments:
  * `mean_distance`: log-spectral distance (Gray and Markel 1976, "Distance measures for speech processing") between
    pairs of notes at one pitch. Near 0 where a model ignores its latent.
  * `consistency`: distance of timbres of one instrument at two pitches, divided by that of two instruments at these
    pitches. 1 where timbres at two pitches have nothing in common, lower the more they have.
"""

import functools
import itertools

import numpy as np
import scipy.fft
import scipy.signal

from gansynth_tf.evaluation.metrics import fundamental

_RANGE_DB = 80.0
_NUM_COEFFICIENTS = 13
_NUM_MELS = 128
_N_FFT, _HOP_LENGTH = 2048, 512
_SMALLEST_POWER = 1e-10
_AUDIBLE = 10 ** (-40 / 20)
MOST_SEMITONES_APART = 12
LEAST_PITCHES = 8  # that an instrument must have for its range of levels to count


def mean_distance(log_specgrams: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> float:
    """The mean root mean squared difference, in decibels, of pairs of notes of one pitch and two instruments.

    Args:
      log_specgrams: float [n, ...] decibels; each note is shifted so that its loudest point is 0, and levels below
        -80 dB count as -80.
      pitches: int [n].
      instruments: [n], the instrument (or latent) of each.

    Returns:
      Decibels, from 0; NaN without such pairs.
    """
    flat = np.asarray(log_specgrams, np.float64).reshape(len(log_specgrams), -1)
    audible = np.maximum(flat - flat.max(axis=1, keepdims=True), -_RANGE_DB)
    distances = [np.sqrt(np.mean((audible[a] - audible[b]) ** 2))
                 for pitch in np.unique(pitches) for a, b in itertools.combinations(np.flatnonzero(pitches == pitch), 2)
                 if instruments[a] != instruments[b]]
    return float(np.mean(distances)) if distances else float('nan')


def envelope(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """A note's timbre without its pitch: float [12], mel cepstral coefficients except that of loudness.

    The smooth shape of the spectrum, averaged over the audible frames (within 40 dB of the loudest).
    """
    padded = np.pad(np.asarray(wave, np.float64), _N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP_LENGTH]
    levels = np.sqrt(np.mean(frames ** 2, axis=1))
    audible = levels >= _AUDIBLE * levels.max()
    powers = np.abs(scipy.fft.rfft(frames * scipy.signal.windows.hann(_N_FFT, sym=False))) ** 2
    bands = 10 * np.log10(np.maximum(powers @ _mel_matrix(sample_rate).T, _SMALLEST_POWER))
    coefficients = scipy.fft.dct(np.maximum(bands, bands.max() - _RANGE_DB), norm='ortho')
    return coefficients[audible, 1:_NUM_COEFFICIENTS].mean(axis=0)


@functools.cache
def _mel_matrix(sample_rate: int) -> np.ndarray:
    """Triangles of equal area on the mel scale of Slaney 1998, "Auditory Toolbox", equal to librosa's: [128, 1025]."""
    knee_hz, mels_below, octaves = 1000.0, 15.0, np.log(6.4) / 27
    highest = mels_below + np.log(sample_rate / 2 / knee_hz) / octaves
    mels = np.linspace(0, highest, _NUM_MELS + 2)
    edges = np.where(mels < mels_below, mels * knee_hz / mels_below, knee_hz * np.exp((mels - mels_below) * octaves))
    ramps = edges[:, None] - scipy.fft.rfftfreq(_N_FFT, 1 / sample_rate)
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return triangles * (2 / (edges[2:] - edges[:-2]))[:, None]


def consistency(envelopes: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> float:
    """Distance within instruments over distance between them, for pairs of notes up to an octave apart.

    Args:
      envelopes: float [n, size] of `envelope`.
      pitches: int [n].
      instruments: [n], the instrument (or latent) of each.

    Returns:
      At least 0; NaN without such pairs. Pairs of one pitch are left out, since they may be variants of one note.
    """
    apart = np.abs(np.subtract.outer(pitches, pitches))
    near = np.triu((apart > 0) & (apart <= MOST_SEMITONES_APART), 1)
    distances = np.linalg.norm(envelopes[:, None] - envelopes[None], axis=2)
    same = np.equal.outer(instruments, instruments)
    within, between = distances[near & same], distances[near & ~same]
    return float(within.mean() / between.mean()) if len(within) and len(between) else float('nan')


def share_off(fundamentals: np.ndarray, pitches: np.ndarray) -> float:
    """The share of notes whose fundamental (MIDI, fractional, NaN for none) is over 50 cents off, from 0 to 1."""
    return float(np.mean(~fundamental.is_right(fundamentals, pitches)))


def level_ranges(levels: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Ranges from the softest to the loudest key of each instrument with at least 8 pitches, in decibels.

    Args:
      levels: float [n], root mean square of each note; notes of one pitch and instrument are averaged in decibels.
      pitches: int [n].
      instruments: [n], the instrument (or latent) of each.

    Returns:
      float64 [instruments with at least 8 pitches].
    """
    decibels = 20 * np.log10(np.maximum(levels, 1e-9))
    ranges = []
    for instrument in np.unique(instruments):
        own = instruments == instrument
        keys = [decibels[own & (pitches == pitch)].mean() for pitch in np.unique(pitches[own])]
        if len(keys) >= LEAST_PITCHES:
            ranges.append(np.ptp(keys))
    return np.array(ranges)
