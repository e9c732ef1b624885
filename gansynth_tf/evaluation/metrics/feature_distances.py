"""Distances between two sets of notes in the classifier's features: Frechet (FID) and kernel inception distance (KID).

FID treats both as Gaussian. Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule
Converge to a Local Nash Equilibrium", equation 6. Reference implementation: the authors' TTUR/fid.py; GANSynth puts its
pitch classifier in Inception's place. Deviations:
  * The trace of the root comes from the eigenvalues of a symmetric matrix instead of a general matrix root. The same
    number, without imaginary parts and without the small diagonal that fid.py adds to singular covariances (which
    raises its result a little).
  * Small sets: with fewer notes than features the covariances are singular and the distance is too high, here and in
    fid.py. Only distances over the same number of notes can be compared.

KID has no such bias. Source: Binkowski et al. 2018, "Demystifying MMD GANs", section 4. Reference implementation: the
authors' gan-metrics-pytorch/kid_score.py. Deviation: all notes are used, in blocks one after the other, instead of 100
random subsets of 1,000; the same expectation with less noise.
"""

import dataclasses

import numpy as np

ORIGINAL_NUM_NOTES = 128
_NOTES_PER_BLOCK = 1000  # of KID, so that the kernel between two blocks fits in memory


@dataclasses.dataclass(frozen=True)
class Gaussian:
    """A cloud of features: mean [size], covariance [size, size] and the covariance's symmetric root."""

    mean: np.ndarray
    covariance: np.ndarray
    root: np.ndarray


def fit(features: np.ndarray) -> Gaussian:
    """The Gaussian of float [n, size], n of at least 2."""
    mean, covariance = _moments(features)
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return Gaussian(mean, covariance, (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T)


def frechet_distance(features: np.ndarray, reference: Gaussian) -> float:
    """The squared Frechet distance of float [n, size] (n of at least 2) from the reference, from 0."""
    mean, covariance = _moments(features)
    # The roots of these eigenvalues add up to the trace of the root of the product of both covariances.
    eigenvalues = np.linalg.eigvalsh(reference.root @ covariance @ reference.root)
    traces = np.trace(covariance) + np.trace(reference.covariance) - 2 * np.sum(np.sqrt(np.maximum(eigenvalues, 0)))
    squared = np.sum((mean - reference.mean) ** 2) + traces
    return float(max(squared, 0))  # rounding leaves a set's distance from itself a little above or below 0


def frechet_distance_of_first_notes(features: np.ndarray, reference: np.ndarray) -> float:
    """FID over the first 128 notes only, as in Magenta's evaluation: much too high, for comparison with old numbers."""
    return frechet_distance(features[:ORIGINAL_NUM_NOTES], fit(reference[:ORIGINAL_NUM_NOTES]))


def kernel_distance(features: np.ndarray, reference: np.ndarray) -> float:
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


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features = np.asarray(features, np.float64)
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def _squared_discrepancy(features: np.ndarray, reference: np.ndarray) -> float:
    return _mean_of_pairs(features) + _mean_of_pairs(reference) - 2 * np.mean(_kernel(features, reference))


def _mean_of_pairs(features: np.ndarray) -> float:
    kernel = _kernel(features, features)
    return (kernel.sum() - np.trace(kernel)) / (len(features) * (len(features) - 1))


def _kernel(features: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (features @ others.T / features.shape[1] + 1) ** 3
