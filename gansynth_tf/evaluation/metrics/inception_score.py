"""Inception score (IS) on pitch: every note should have one clear pitch, and all notes together many.

Source: Salimans et al. 2016, "Improved Techniques for Training GANs", section 4; GANSynth uses its pitch classifier.
Reference implementation: the authors' inception_score/model.py. Deviation: one score over all notes instead of the mean
over ten parts; parts see fewer pitches each, so theirs is lower, the more so the fewer notes there are.
"""

import numpy as np

from gansynth_tf.evaluation.metrics.pitch_entropy import entropies


def score(probabilities: np.ndarray) -> float:
    """The exponential of what a note tells of its pitch: from 1 (one pitch, or none clear) to the number of pitches.

    Args:
      probabilities: float [n, pitches], each row the classifier's probabilities for a note, summing to 1.
    """
    of_all = entropies(np.mean(probabilities, axis=0, keepdims=True))[0]
    return float(np.exp(of_all - np.mean(entropies(probabilities))))
