"""Pitch entropy (PE): how unsure the classifier is of a note's pitch.

Source: Engel et al. 2019 (GANSynth), section 4.2. No code was released; the paper does not say in which unit its
numbers are. Here: nats, the mean over notes of the entropy of each note's own probabilities.
"""

import numpy as np


def entropies(probabilities: np.ndarray) -> np.ndarray:
    """Nats, 0 (certain) to ln(pitches), of rows that sum to 1: float [n, pitches] -> float64 [n]."""
    probabilities = np.asarray(probabilities, np.float64)
    logarithms = np.log(np.where(probabilities > 0, probabilities, 1))  # 0 ln 0 is 0
    return np.abs(np.sum(probabilities * logarithms, axis=1))


def mean_entropy(probabilities: np.ndarray) -> float:
    """The pitch entropy of a set of notes, in nats."""
    return float(np.mean(entropies(probabilities)))
