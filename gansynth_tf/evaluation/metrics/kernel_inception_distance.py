"""Kernel Inception distance (KID): whether two sets of features come from one distribution, without bias by their size.

Source: Binkowski et al. 2018, "Demystifying MMD GANs", section 4. Reference implementation: the authors'
gan-metrics-pytorch/kid_score.py. Deviation: all notes are used, in blocks one after the other, instead of 100 random
subsets of 1,000; the same expectation with less noise.
"""

import numpy as np

_NOTES_PER_BLOCK = 1000  # the kernel between two blocks is what memory has to hold


def distance(features: np.ndarray, reference: np.ndarray) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy under (x . y / size + 1) ** 3.

    Args:
      features: float [n, size], n of at least 2.
      reference: float [m, size], m of at least 2.

    Returns:
      About 0 where the distributions are the same (below 0 as often as above), more the more they differ.
    """
    num_blocks = max(1, -(-min(len(features), len(reference)) // _NOTES_PER_BLOCK))
    blocks = zip(np.array_split(np.asarray(features, np.float64), num_blocks),
                 np.array_split(np.asarray(reference, np.float64), num_blocks))
    return float(np.mean([_squared_discrepancy(block, other) for block, other in blocks]))


def _squared_discrepancy(features: np.ndarray, reference: np.ndarray) -> float:
    return _mean_of_pairs(features) + _mean_of_pairs(reference) - 2 * np.mean(_kernel(features, reference))


def _mean_of_pairs(features: np.ndarray) -> float:
    kernel = _kernel(features, features)
    return (kernel.sum() - np.trace(kernel)) / (len(features) * (len(features) - 1))


def _kernel(features: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (features @ others.T / features.shape[1] + 1) ** 3
