"""Dynamics of a note, its level over time: attack, decay and undulation.

No other measure distinguishes plucked notes from bowed ones: the classifier's last layer has one pixel per quarter of a
second, and a pitch detector uses the sound after the attack. These measures are this project's own. The level is the
root mean square in windows of 10 ms that end at each millisecond (zeros before the note), so even a note that begins at
full level has an attack of 8 ms.
"""

import numpy as np
import scipy.ndimage

NAMES = ('attack', 'attack_to_maximum', 'decay_1_s', 'decay_2_s', 'undulation')
SHORT_ATTACK_MS = 40.0

_WINDOW_SECONDS, _HOP_SECONDS = 0.010, 0.001
_ATTACK_SECONDS = 1.0  # of the note, in which the largest level of the attack is searched
_LOW, _HIGH = 0.1, 0.9  # of that level
_NEAR_LARGEST = 10 ** (-6 / 20)
_NOT_EXCEEDED_SECONDS = 0.05  # after a maximum: more than the period of the lowest pitch
_SLOW_WINDOW_SECONDS, _SLOW_HOP_SECONDS = 0.1, 0.01  # for decay and undulation: longer than any period
_STEADY_SECONDS = (0.5, 2.5)
_STEADY_DB = 6.0  # rise or fall over that stretch
_FLOOR_DB = -80.0


def measure(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The dynamics of a note.

    Args:
      wave: float [samples].
      sample_rate: Hz.

    Returns:
      float64 [5], by `NAMES`, NaN where a measure does not apply:
        attack: milliseconds from 10% to 90% of the largest level of the first second.
        attack_to_maximum: milliseconds from 10% to 90% of the first local maximum within 6 dB of that; in a level that
          undulates, the largest maximum may come late.
        decay_1_s, decay_2_s: the level after 1 s and 2 s, decibels below the note's largest, at least -80; NaN for
          shorter notes.
        undulation: standard deviation, in decibels, of the level around a straight line from 0.5 s to 2.5 s, of notes
          that change by less than 6 dB over that time; NaN for others.
      All are NaN for silence.
    """
    if not np.any(wave):
        return np.full(len(NAMES), np.nan)
    beginning = levels(wave, sample_rate)[:round(_ATTACK_SECONDS / _HOP_SECONDS)]
    slow = _decibels(levels(wave, sample_rate, window_seconds=_SLOW_WINDOW_SECONDS, hop_seconds=_SLOW_HOP_SECONDS))
    return np.array([_rise(beginning, beginning.max()), _rise(beginning, _first_maximum(beginning)),
                     _after(slow, 1.0), _after(slow, 2.0), _undulation(slow)])


def levels(wave: np.ndarray, sample_rate: int, *, window_seconds: float = _WINDOW_SECONDS,
           hop_seconds: float = _HOP_SECONDS) -> np.ndarray:
    """Root mean squares, float64 [samples / hop], in windows that end at each hop; zeros stand before the note."""
    window = round(window_seconds * sample_rate)
    energies = np.cumsum(np.pad(np.asarray(wave, np.float64) ** 2, (window + 1, 0)))
    ends = np.round(np.arange(0, len(wave) / sample_rate, hop_seconds) * sample_rate).astype(int)
    return np.sqrt(np.maximum(energies[ends + window] - energies[ends], 0) / window)


def share_of_short_attacks(attacks: np.ndarray) -> float:
    """The share of attacks (milliseconds, without NaN) under 40 ms."""
    return float(np.mean(attacks < SHORT_ATTACK_MS))


def attack_distance(attacks: np.ndarray, reference: np.ndarray) -> float:
    """1-Wasserstein distance of the natural logarithms of attacks (milliseconds, without NaN), from 0."""
    return _distance(np.log(np.maximum(attacks, 1)), np.log(np.maximum(reference, 1)))


def decay_distance(decays: np.ndarray, reference: np.ndarray) -> float:
    """1-Wasserstein distance of decays (decibels, without NaN), in decibels."""
    return _distance(decays, reference)


def _distance(values: np.ndarray, reference: np.ndarray) -> float:
    import scipy.stats  # not at the top, since it takes a second and most callers do not need it
    return float(scipy.stats.wasserstein_distance(values, reference))


def _rise(levels_: np.ndarray, top: float) -> float:
    """Milliseconds from the time when a level first reaches 10% of `top` to the time when it first reaches 90%."""
    return float(np.argmax(levels_ >= _HIGH * top) - np.argmax(levels_ >= _LOW * top)) * _HOP_SECONDS * 1000


def _first_maximum(levels_: np.ndarray) -> float:
    """The first level within 6 dB of the largest that is not exceeded in the next 50 ms."""
    size = round(_NOT_EXCEEDED_SECONDS / _HOP_SECONDS) + 1
    following = scipy.ndimage.maximum_filter1d(levels_, size, origin=-(size // 2), mode='nearest')
    return levels_[np.argmax((levels_ >= following) & (levels_ >= _NEAR_LARGEST * levels_.max()))]


def _decibels(levels_: np.ndarray) -> np.ndarray:
    """Decibels below the largest level, -80 at least."""
    return np.maximum(20 * np.log10(np.maximum(levels_ / levels_.max(), 1e-12)), _FLOOR_DB)


def _after(slow: np.ndarray, seconds: float) -> float:
    """The level in the window around a time."""
    index = round((seconds + _SLOW_WINDOW_SECONDS / 2) / _SLOW_HOP_SECONDS)
    return float(slow[index]) if index < len(slow) else np.nan


def _undulation(slow: np.ndarray) -> float:
    start, end = (round(seconds / _SLOW_HOP_SECONDS) for seconds in _STEADY_SECONDS)
    steady = slow[start:min(end, len(slow))]
    if len(steady) < (end - start) // 2:
        return np.nan
    times = np.arange(len(steady))
    slope, offset = np.polyfit(times, steady, 1)
    changes = abs(slope) * len(steady)
    return float(np.std(steady - offset - slope * times)) if changes < _STEADY_DB else np.nan
