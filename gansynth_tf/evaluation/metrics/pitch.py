"""Pitch accuracy (PA), pitch entropy (PE) and inception score (IS), which compare notes with the pitch asked for.

Sources: Engel et al. 2019 (GANSynth), section 4.2, for all three, with an auxiliary pitch classifier; no code was
released. Salimans et al. 2016, "Improved Techniques for Training GANs", section 4, for the inception score, with the
authors' inception_score/model.py as reference implementation. Choices and deviations:
  * PA: the paper counts exact hits of the classifier; Magenta's code also counted a neighbouring semitone as right.
  * PE: the paper does not say in which unit its numbers are. Here: nats.
  * IS: one score over all notes instead of the mean over ten parts. Each part has fewer pitches, so the mean is lower,
    the more so the fewer notes there are.
"""

import numpy as np

EXACT, WITHIN_A_SEMITONE = 0, 1


def accuracy(found: np.ndarray, asked: np.ndarray, *, semitones: float = EXACT) -> float:
    """The share of notes whose pitch is right, from 0 to 1.

    Args:
      found: [n] MIDI pitches from a classifier or a pitch detector; NaN for none, which is wrong.
      asked: int [n] MIDI pitches.
      semitones: the largest deviation of a right pitch: 0 for a classifier's whole numbers, 0.5 for a detector's.
    """
    return float(np.mean(np.abs(np.asarray(found, np.float64) - asked) <= semitones))


def entropies(probabilities: np.ndarray) -> np.ndarray:
    """Entropies in nats, 0 (certain) to ln(pitches), of rows that sum to 1: float [n, pitches] -> float64 [n]."""
    probabilities = np.asarray(probabilities, np.float64)
    logarithms = np.log(np.where(probabilities > 0, probabilities, 1))  # 0 ln 0 is 0
    return np.abs(np.sum(probabilities * logarithms, axis=1))


def mean_entropy(probabilities: np.ndarray) -> float:
    """The pitch entropy of a set of notes, in nats."""
    return float(np.mean(entropies(probabilities)))


def inception_score(probabilities: np.ndarray) -> float:
    """The exponential of the information on pitch in a note: 1 (one pitch, or none clear) to the number of pitches.

    Args:
      probabilities: float [n, pitches], each row the classifier's probabilities for a note, summing to 1.
    """
    of_all = entropies(np.mean(probabilities, axis=0, keepdims=True))[0]
    return float(np.exp(of_all - np.mean(entropies(probabilities))))
