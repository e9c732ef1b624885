"""Confidence intervals by the bootstrap: the notes are drawn again with replacement.

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap". Distances between sets (FID, NDB) grow when notes
are drawn twice, so the replicates lie to one side of the value. Only their spread is used: the interval is shifted so
that their mean is the value itself. Reference implementation: scipy.stats.bootstrap, method 'percentile', which does
not shift.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

NUM_REPLICATES = 100
_CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number and its 95 % confidence interval."""

    value: float
    low: float
    high: float


def estimate(metric: Callable[[np.ndarray], float], num_notes: int, *, seed: int = 0,
             num_replicates: int = NUM_REPLICATES) -> Estimate:
    """The metric over all notes, and its confidence interval over sets of such notes.

    Args:
      metric: from indices of notes (int [num_notes], each any number of times) to the number.
      num_notes: of the set.
      seed: of the draws.
      num_replicates: draws; 0 for an interval of width 0.
    """
    value = float(metric(np.arange(num_notes)))
    random = np.random.default_rng(seed)
    replicates = np.array([metric(random.integers(num_notes, size=num_notes)) for _ in range(num_replicates)])
    if not num_replicates:
        return Estimate(value, value, value)
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail]) - replicates.mean() + value
    return Estimate(value, float(low), float(high))
