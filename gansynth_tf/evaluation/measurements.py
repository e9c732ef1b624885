"""Every number of the table, from what was heard of a set of notes and of the training notes."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import threadpoolctl

from gansynth_tf.evaluation import observations
from gansynth_tf.evaluation.metrics import (
    bootstrap,
    frechet,
    fundamental,
    inception_score,
    kernel_inception_distance,
    ndb,
    pitch_accuracy,
    pitch_entropy,
    timbre,
)
from gansynth_tf.evaluation.metrics.bootstrap import Estimate
from gansynth_tf.evaluation.metrics.ndb import Bins
from gansynth_tf.evaluation.observations import Observations

MIDDLE = (36, 84)  # MIDI pitches that a MIDI file uses; the paper's models also know the octave below


@dataclasses.dataclass(frozen=True)
class Reference:
    """The training notes.

    Attributes:
      features: float32 [n, size], of the classifier.
      bins: kinds of notes.
    """

    features: np.ndarray
    bins: Bins


def measure(observed: Observations, reference: Reference, *, seed: int = 0,
            num_replicates: int = bootstrap.NUM_REPLICATES) -> dict[str, Estimate | float]:
    """All numbers of a set of at least two notes, keys as in `report.COLUMNS`; the main ones with their intervals."""
    middle = observed.take((observed.pitches >= MIDDLE[0]) & (observed.pitches <= MIDDLE[1]))
    numbers: dict[str, Estimate | float] = {}
    # Matrices are small here: more threads than one would mostly wait for each other.
    with threadpoolctl.threadpool_limits(1):
        for seen, suffix, metrics in ((observed, '', {**_metrics(reference), **_ACCURACIES}),
                                      (middle, '_36_84', _ACCURACIES)):
            for name, metric in metrics.items():
                def of_places(places, seen=seen, metric=metric):
                    return metric(seen.take(places))
                if len(seen):
                    numbers[name + suffix] = bootstrap.estimate(of_places, len(seen), seed=seed,
                                                                num_replicates=num_replicates)
        counts = reference.bins.count(observed.bins)
        numbers['js_divergence'] = ndb.divergence(counts, reference.bins.counts)
        numbers['kid'] = kernel_inception_distance.distance(observed.features, reference.features)
        numbers['fid_first_128'] = frechet.distance_of_first_notes(observed.features, reference.features)
    return numbers


def measure_timbre(heard: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The numbers of `timbre`, of what `observations.listen_for_timbre` heard."""
    if len(heard['pitches']) < 2:
        return {'timbre_distance': float('nan'), 'timbre_consistency': float('nan')}
    return {'timbre_distance': timbre.mean_distance(heard['log_specgrams'], heard['pitches'], heard['instruments']),
            'timbre_consistency': timbre.consistency(heard['envelopes'], heard['pitches'], heard['instruments'])}


def count_faults(observed: Observations) -> dict[str, int]:
    """How many notes have each fault."""
    return dict(zip(observations.FAULTS, observed.faulty.sum(axis=0).tolist()))


def _metrics(reference: Reference) -> dict[str, Callable[[Observations], float]]:
    bins, gaussian = reference.bins, frechet.fit(reference.features)
    return {
        'ndb': lambda seen: ndb.number_of_different_bins(bins.count(seen.bins), bins.counts),
        'fid': lambda seen: frechet.distance(seen.features, gaussian),
        'inception_score': lambda seen: inception_score.score(seen.probabilities),
        'pitch_entropy': lambda seen: pitch_entropy.mean_entropy(seen.probabilities),
        'phase_coherence': lambda seen: float(np.nan_to_num(seen.coherences).mean()),
    }


def _classifier_accuracy(seen: Observations, semitones: int) -> float:
    return pitch_accuracy.accuracy(seen.probabilities.argmax(axis=1), seen.pitches, semitones=semitones)


_ACCURACIES: dict[str, Callable[[Observations], float]] = {
    'pitch_accuracy': lambda seen: _classifier_accuracy(seen, pitch_accuracy.EXACT),
    'pitch_accuracy_within_1': lambda seen: _classifier_accuracy(seen, pitch_accuracy.WITHIN_A_SEMITONE),
    'fundamental_accuracy': lambda seen: pitch_accuracy.accuracy(seen.fundamentals, seen.pitches,
                                                                 semitones=fundamental.TOLERANCE),
}
