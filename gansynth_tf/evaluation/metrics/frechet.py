"""Frechet distance of features (FID): how far apart two clouds of notes are, as if both were Gaussian.

Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
equation 6. Reference implementation: the authors' TTUR/fid.py; GANSynth puts its pitch classifier in Inception's place.
Deviations:
  * The trace of the root comes from the eigenvalues of a symmetric matrix instead of a general matrix root. The same
    number, without imaginary parts and without the small diagonal that fid.py adds to singular covariances (which
    raises its result a little).
  * Small sets: with fewer notes than features the covariances are singular and the distance comes out too high, here as
    there. Only distances over the same number of notes can be compared.
"""

import dataclasses

import numpy as np

ORIGINAL_NUM_NOTES = 128


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


def distance(features: np.ndarray, reference: Gaussian) -> float:
    """The squared Frechet distance of float [n, size] (n of at least 2) from the reference, from 0."""
    mean, covariance = _moments(features)
    # The roots of these eigenvalues add up to the trace of the root of the product of both covariances.
    eigenvalues = np.linalg.eigvalsh(reference.root @ covariance @ reference.root)
    traces = np.trace(covariance) + np.trace(reference.covariance) - 2 * np.sum(np.sqrt(np.maximum(eigenvalues, 0)))
    squared = np.sum((mean - reference.mean) ** 2) + traces
    return float(max(squared, 0))  # rounding leaves a set's distance from itself a little above or below 0


def distance_of_first_notes(features: np.ndarray, reference: np.ndarray) -> float:
    """As Magenta's evaluation had it, which used the first 128 notes only: much too high, for comparison alone."""
    return distance(features[:ORIGINAL_NUM_NOTES], fit(reference[:ORIGINAL_NUM_NOTES]))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features = np.asarray(features, np.float64)
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))
