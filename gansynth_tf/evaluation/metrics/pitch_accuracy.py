"""Pitch accuracy (PA): the share of notes that have the pitch they were asked for.

Source: Engel et al. 2019 (GANSynth), section 4.2. No code was released. The paper's figures count exact hits of the
classifier; Magenta's code also counted a neighbouring semitone as right, which is the higher number.
"""

import numpy as np

EXACT, WITHIN_A_SEMITONE = 0, 1


def accuracy(heard: np.ndarray, asked: np.ndarray, *, semitones: float = EXACT) -> float:
    """The share of notes whose pitch is right, from 0 to 1.

    Args:
      heard: [n] MIDI pitches as a classifier or a pitch detector hears them; NaN where there is none (wrong).
      asked: int [n] MIDI pitches.
      semitones: how far off a pitch may be: 0 for a classifier's whole numbers, 0.5 for a detector's fractions.
    """
    return float(np.mean(np.abs(np.asarray(heard, np.float64) - asked) <= semitones))
