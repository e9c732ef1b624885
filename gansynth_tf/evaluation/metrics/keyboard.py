"""One timbre over the keyboard: whether it stays in tune, and whether all its keys are as loud.

Measures of this project's own, to be read beside those of real instruments.
"""

import numpy as np

from gansynth_tf.evaluation.metrics import fundamental

LEAST_PITCHES = 8  # that an instrument must have for its range of levels to count


def share_off(fundamentals: np.ndarray, pitches: np.ndarray) -> float:
    """The share of notes whose fundamental (MIDI, fractional, NaN for none) is over 50 cents off, from 0 to 1."""
    return float(np.mean(~(np.abs(fundamentals - pitches) <= fundamental.TOLERANCE)))


def level_ranges(levels: np.ndarray, pitches: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """From the softest to the loudest key of each instrument with at least 8 pitches, in decibels.

    Args:
      levels: float [n], root mean square of each note; notes of one pitch and instrument count as their mean level.
      pitches: int [n].
      instruments: [n], which notes are of one instrument (or of one latent).

    Returns:
      float64 [instruments that count].
    """
    decibels = 20 * np.log10(np.maximum(levels, 1e-9))
    ranges = []
    for instrument in np.unique(instruments):
        own = instruments == instrument
        keys = [decibels[own & (pitches == pitch)].mean() for pitch in np.unique(pitches[own])]
        if len(keys) >= LEAST_PITCHES:
            ranges.append(np.ptp(keys))
    return np.array(ranges)
