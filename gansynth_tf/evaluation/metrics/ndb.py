"""Number of statistically different bins (NDB) and Jensen-Shannon divergence, which show missing clusters of notes.

Source: Richardson and Weiss 2018, "On GANs and GMMs", section 2. Reference implementation: the authors'
gans-n-gmms/utils/ndb.py. As there: k-means on the training notes, each note to the nearest centre, per bin a two-sample
test of proportions with pooled variance, 5 %, the count of bins that differ. Deviations:
  * Log mel spectrograms averaged over neighbouring frames (`features.log_specgrams`) are clustered instead of the
    pictures themselves, so that memory stays bounded. The number can miss differences in finer details.
  * No whitening and no random subset of dimensions, which fewer dimensions make unnecessary.
  * A bin with no note of either set counts as not different; there 0/0.
The test sees smaller differences in larger sets: numbers over different numbers of notes cannot be compared.
"""

import dataclasses

import numpy as np
import scipy.spatial.distance
import scipy.stats
import sklearn.cluster

from gansynth_tf.errors import InputError

NUM_BINS = 50
_NOTES_PER_BIN = 5  # where there are fewer reference notes than `NUM_BINS`
SIGNIFICANCE = 0.05
_NUM_STARTS = 2  # of k-means, the best of which is taken


@dataclasses.dataclass(frozen=True)
class Bins:
    """Clusters of notes.

    Attributes:
      centers: float32 [k, size].
      counts: int [k], reference notes in each.
    """

    centers: np.ndarray
    counts: np.ndarray

    def assign(self, log_specgrams: np.ndarray) -> np.ndarray:
        """The bin of each note, whose centre is nearest: float [n, size] -> int [n]."""
        return scipy.spatial.distance.cdist(log_specgrams, self.centers, 'sqeuclidean').argmin(axis=1)

    def count(self, bins: np.ndarray) -> np.ndarray:
        """Numbers of notes in each bin: bins of notes, int [n] -> int [k]."""
        return np.bincount(bins, minlength=len(self.centers))


def fit(log_specgrams: np.ndarray) -> Bins:
    """Bins of the reference notes, float [n, size]: 50 of them, or one for every five of fewer than 50 notes.

    Raises:
      InputError: if there are too few notes for two bins.
    """
    num_notes = len(log_specgrams)
    num_bins = NUM_BINS if num_notes >= NUM_BINS else num_notes // _NOTES_PER_BIN
    if num_bins < 2:
        raise InputError(f'Too few training notes: expected at least {2 * _NOTES_PER_BIN}. Received: {num_notes}')
    clusters = sklearn.cluster.KMeans(num_bins, n_init=_NUM_STARTS, random_state=0).fit(log_specgrams)
    centers = clusters.cluster_centers_.astype(np.float32)
    bins = Bins(centers, np.zeros(num_bins, int))
    return dataclasses.replace(bins, counts=bins.count(bins.assign(log_specgrams)))


def is_different(counts: np.ndarray, reference_counts: np.ndarray) -> np.ndarray:
    """True for bins whose share of the notes differs from that of the reference: counts int [k], [k] -> bool [k]."""
    num_notes, num_reference = counts.sum(), reference_counts.sum()
    pooled = (counts + reference_counts) / (num_notes + num_reference)
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / num_notes + 1 / num_reference))
    difference = np.abs(counts / num_notes - reference_counts / num_reference)
    z = difference / np.where(deviation > 0, deviation, 1)
    return 2 * scipy.stats.norm.sf(z) < SIGNIFICANCE


def number_of_different_bins(counts: np.ndarray, reference_counts: np.ndarray) -> int:
    """The NDB: from 0 to k; about 0.05 k for two sets of the same kind."""
    return int(is_different(counts, reference_counts).sum())


def divergence(counts: np.ndarray, reference_counts: np.ndarray) -> float:
    """The Jensen-Shannon divergence of the shares, from 0 to ln 2, in nats."""
    return float(scipy.spatial.distance.jensenshannon(counts, reference_counts) ** 2)
