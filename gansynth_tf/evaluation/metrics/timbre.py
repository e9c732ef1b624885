"""Timbre in numbers: how much notes at one pitch differ, and whether an instrument stays itself at other pitches.

The paper shows both as pictures and sounds only (section 5.3, "consistent timbre across pitch"); these measures are
this project's own, to be read beside those of real instruments:
  * `mean_distance`: log-spectral distance (Gray and Markel 1976, "Distance measures for speech processing") between
    pairs of notes at one pitch. Near 0 where a model plays the same note whatever its latent.
  * `consistency`: distance of timbres of one instrument at two pitches, divided by that of two instruments at these
    pitches. 1 where the latent says nothing about the timbre across pitches, below 1 the more it does.
"""

import itertools

import librosa
import numpy as np

_RANGE_DB = 80.0
_NUM_COEFFICIENTS = 13
_AUDIBLE = 10 ** (-40 / 20)
MOST_SEMITONES_APART = 12


def mean_distance(log_specgrams: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> float:
    """The mean over pairs of notes, one pitch, two instruments, of their root mean squared difference in decibels.

    Args:
      log_specgrams: float [n, ...] decibels; each note is turned up so that its loudest point is 0, and differences
        more than 80 dB below that are not heard.
      pitches: int [n].
      instruments: [n], which notes are of one instrument (or of one latent).

    Returns:
      Decibels, from 0; NaN without such pairs.
    """
    flat = np.asarray(log_specgrams, np.float64).reshape(len(log_specgrams), -1)
    heard = np.maximum(flat - flat.max(axis=1, keepdims=True), -_RANGE_DB)
    distances = [np.sqrt(np.mean((heard[a] - heard[b]) ** 2))
                 for pitch in np.unique(pitches) for a, b in itertools.combinations(np.flatnonzero(pitches == pitch), 2)
                 if instruments[a] != instruments[b]]
    return float(np.mean(distances)) if distances else float('nan')


def envelope(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """A note's timbre apart from its pitch: float [12], mel cepstral coefficients without the one for loudness.

    The smooth shape of the spectrum, averaged over the audible frames (within 40 dB of the loudest).
    """
    loudness = librosa.feature.rms(y=wave, frame_length=2048, hop_length=512)[0]
    coefficients = librosa.feature.mfcc(y=wave, sr=sample_rate, n_mfcc=_NUM_COEFFICIENTS, n_fft=2048, hop_length=512)
    audible = loudness >= _AUDIBLE * loudness.max()
    return coefficients[1:, audible].mean(axis=1)


def consistency(envelopes: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> float:
    """Distance within instruments over distance between them, for pairs of notes up to an octave apart.

    Args:
      envelopes: float [n, size] of `envelope`.
      pitches: int [n].
      instruments: [n], which notes are of one instrument (or of one latent).

    Returns:
      From 0; NaN without such pairs. Pairs of one pitch are left out, so that loudness variants do not count.
    """
    apart = np.abs(np.subtract.outer(pitches, pitches))
    near = np.triu((apart > 0) & (apart <= MOST_SEMITONES_APART), 1)
    distances = np.linalg.norm(envelopes[:, None] - envelopes[None], axis=2)
    same = np.equal.outer(instruments, instruments)
    within, between = distances[near & same], distances[near & ~same]
    return float(within.mean() / between.mean()) if len(within) and len(between) else float('nan')
