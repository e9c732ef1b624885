"""All numbers of the table, computed from the features of a set of notes and of the training notes."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import threadpoolctl

from gansynth_tf.evaluation import features
from gansynth_tf.evaluation.features import GridFeatures, NoteFeatures
from gansynth_tf.evaluation.metrics import (
    bootstrap,
    dynamics,
    feature_distances,
    fundamental,
    ndb,
    pitch,
    timbre,
)
from gansynth_tf.evaluation.metrics.bootstrap import Estimate
from gansynth_tf.evaluation.metrics.ndb import Bins

MIDDLE = (36, 84)  # MIDI pitches that a MIDI file uses; the paper's models also know the octave below
KEYBOARD_PITCHES = tuple(range(MIDDLE[0], MIDDLE[1] + 1, 2))
NUM_KEYBOARD_LATENTS = 12
_TIMBRE_PITCHES = KEYBOARD_PITCHES[::3]

Metrics = dict[str, Callable[[NoteFeatures], float]]


@dataclasses.dataclass(frozen=True)
class Reference:
    """The training notes.

    Attributes:
      features: float32 [n, size], of the classifier.
      dynamics: float [n, 5], by `dynamics.NAMES`.
      bins: clusters of their spectrograms.
    """

    features: np.ndarray
    dynamics: np.ndarray
    bins: Bins


def measure(notes: NoteFeatures, reference: Reference, *, seed: int = 0,
            num_replicates: int = bootstrap.NUM_REPLICATES) -> dict[str, Estimate | float]:
    """All numbers of a set of at least two notes, by the keys of `report.COLUMNS`; the main ones with intervals."""
    middle = notes.take((notes.pitches >= MIDDLE[0]) & (notes.pitches <= MIDDLE[1]))
    numbers: dict[str, Estimate | float] = {}
    # Matrices are small here: more threads than one would mostly wait for each other.
    with threadpoolctl.threadpool_limits(1):
        for some, suffix, metrics in ((notes, '', {**_metrics(reference), **_ACCURACIES}),
                                      (middle, '_36_84', _ACCURACIES)):
            for name, metric in metrics.items():
                def of_indices(indices, some=some, metric=metric):
                    return metric(some.take(indices))
                if len(some):
                    numbers[name + suffix] = bootstrap.estimate(of_indices, len(some), seed=seed,
                                                                num_replicates=num_replicates)
        counts = reference.bins.count(notes.bins)
        numbers['js_divergence'] = ndb.divergence(counts, reference.bins.counts)
        numbers['kid'] = feature_distances.kernel_distance(notes.features, reference.features)
        numbers['fid_first_128'] = feature_distances.frechet_distance_of_first_notes(notes.features,
                                                                                     reference.features)
    return {**numbers, **_measure_dynamics(notes.dynamics, reference.dynamics, seed=seed,
                                           num_replicates=num_replicates)}


def measure_grid(grid: GridFeatures | None, *, seed: int = 0, num_replicates: int = bootstrap.NUM_REPLICATES
                 ) -> dict[str, Estimate | float]:
    """The numbers of `metrics.timbre`, those of the keyboard with intervals over instruments; NaN without notes."""
    numbers: dict[str, Estimate | float] = dict.fromkeys(
        ('timbre_distance', 'timbre_consistency', 'keyboard_off', 'keyboard_level_range'), float('nan'))
    if grid is None:
        return numbers
    some = grid.take(np.isin(grid.pitches, _TIMBRE_PITCHES))
    if len(some) >= 2:
        numbers['timbre_distance'] = timbre.mean_distance(some.log_specgrams, some.pitches, some.instruments)
        numbers['timbre_consistency'] = timbre.consistency(some.envelopes, some.pitches, some.instruments)
    off = [timbre.share_off(grid.fundamentals[own], grid.pitches[own])
           for own in (grid.instruments == instrument for instrument in np.unique(grid.instruments))]
    ranges = timbre.level_ranges(grid.levels, grid.pitches, grid.instruments)
    for name, values, of_all in (('keyboard_off', np.array(off), np.mean), ('keyboard_level_range', ranges, np.median)):
        numbers[name] = _estimate(values, of_all, seed=seed, num_replicates=num_replicates)
    return numbers


def count_faults(notes: NoteFeatures) -> dict[str, int]:
    """Numbers of notes with each fault."""
    return dict(zip(features.FAULTS, notes.faulty.sum(axis=0).tolist()))


def _measure_dynamics(found: np.ndarray, reference: np.ndarray, **bootstrapping) -> dict[str, Estimate | float]:
    """Medians, quartiles and distances to the reference of each of `dynamics.NAMES`, float [n, 5] and [m, 5]."""
    numbers = {}
    for name, values, others in zip(dynamics.NAMES, found.T, reference.T):
        values, others = values[np.isfinite(values)], others[np.isfinite(others)]
        metrics: dict[str, Callable[[np.ndarray], float]] = {name: np.median}
        if name.startswith('attack'):
            metrics[f'{name}_short'] = dynamics.share_of_short_attacks
        if name != 'undulation':
            distance = dynamics.attack_distance if name.startswith('attack') else dynamics.decay_distance
            metrics |= {f'{name}_lower_quartile': lambda some: np.quantile(some, 0.25),
                        f'{name}_upper_quartile': lambda some: np.quantile(some, 0.75)}
            if len(others):
                metrics[f'{name}_distance'] = functools.partial(distance, reference=others)
        for key, metric in metrics.items():
            numbers[key] = _estimate(values, metric, **bootstrapping)
    return numbers


def _estimate(values: np.ndarray, metric: Callable[[np.ndarray], float], *, seed: int, num_replicates: int
              ) -> Estimate | float:
    """A metric of values and its interval; NaN if there are no values."""
    if not len(values):
        return float('nan')
    return bootstrap.estimate(lambda indices: float(metric(values[indices])), len(values), seed=seed,
                              num_replicates=num_replicates)


def _metrics(reference: Reference) -> Metrics:
    bins, gaussian = reference.bins, feature_distances.fit(reference.features)
    return {
        'ndb': lambda notes: ndb.number_of_different_bins(bins.count(notes.bins), bins.counts),
        'fid': lambda notes: feature_distances.frechet_distance(notes.features, gaussian),
        'inception_score': lambda notes: pitch.inception_score(notes.probabilities),
        'pitch_entropy': lambda notes: pitch.mean_entropy(notes.probabilities),
        'phase_coherence': lambda notes: float(np.nan_to_num(notes.coherences).mean()),
    }


def _classifier_accuracy(notes: NoteFeatures, semitones: int) -> float:
    return pitch.accuracy(notes.probabilities.argmax(axis=1), notes.pitches, semitones=semitones)


_ACCURACIES: Metrics = {
    'pitch_accuracy': lambda notes: _classifier_accuracy(notes, pitch.EXACT),
    'pitch_accuracy_within_1': lambda notes: _classifier_accuracy(notes, pitch.WITHIN_A_SEMITONE),
    'fundamental_accuracy': lambda notes: pitch.accuracy(notes.fundamentals, notes.pitches,
                                                         semitones=fundamental.TOLERANCE),
}
