"""Real notes as the measure of all others: what was heard of them, kept in a file for the next time."""

import dataclasses
import hashlib
import json
import os
import pathlib
import zipfile

import numpy as np

import gansynth_tf
from gansynth_tf import files
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.evaluation import measurements, note_sets, observations
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.measurements import Reference
from gansynth_tf.evaluation.metrics import ndb
from gansynth_tf.evaluation.observations import Observations

MOST_NOTES = 20_000  # of training notes that are listened to: what memory has to hold at once
GRID_PITCHES = tuple(range(36, 85, 6))


@dataclasses.dataclass(frozen=True)
class RealNotes:
    """What real notes sound like.

    Attributes:
      training: what others are compared with.
      held_out: what was heard of notes that no model was trained on.
      timbre: their numbers from `measurements.measure_timbre`.
    """

    training: Reference
    held_out: Observations
    timbre: dict[str, float]


def listen(notes: PreparedNotes, classifier: Classifier, *, audio_length: int, cache_dir: str | os.PathLike,
           num_held_out: int | None = None) -> RealNotes:
    """Listens to the training and the held-out notes, or takes what was heard last time from `cache_dir`.

    Args:
      notes: prepared notes.
      classifier: at the notes' sample rate.
      audio_length: samples of each; longer notes fade out before the cut, as a model of that length learns them.
      cache_dir: an existing directory; the file in it is named by all that decides its contents.
      num_held_out: how many held-out notes; None for all.
    """
    path = pathlib.Path(cache_dir) / f'reference-{_key(notes, classifier, audio_length, num_held_out)}.npz'
    try:
        with np.load(path) as archive:
            return _from_arrays({name: archive[name] for name in archive.files})
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # not there yet, or not whole
    train = note_sets.of_prepared_notes(notes, TRAIN, name='training notes', audio_length=audio_length,
                                        limit=MOST_NOTES)
    features, pictures = observations.listen_for_reference(train, classifier)
    reference = Reference(features, ndb.fit(pictures))
    held_out = note_sets.of_prepared_notes(notes, TEST, name='held-out notes', audio_length=audio_length,
                                           limit=num_held_out)
    grid = note_sets.of_prepared_notes(notes, TRAIN, name='instruments', audio_length=audio_length,
                                       limit=MOST_NOTES // 20, pitches=GRID_PITCHES)
    real = RealNotes(reference, observations.listen(held_out, classifier, reference.bins),
                     measurements.measure_timbre(observations.listen_for_timbre(grid)))
    with files.atomic_write(path) as temporary:
        np.savez(temporary, **_to_arrays(real))  # type: ignore[arg-type]  # NumPy's stub: every name for allow_pickle
    return real


def _key(notes: PreparedNotes, classifier: Classifier, audio_length: int, num_held_out: int | None) -> str:
    # The first notes stand for the others: prepared sets are in an order that their names decide.
    names = [note['id'].decode() for split in (TRAIN, TEST) for note in notes.waves(split, 20).as_numpy_iterator()]
    sizes = [notes.num_notes(split) for split in (TRAIN, TEST)]
    decisive = [gansynth_tf.__version__, names, sizes, classifier.fingerprint, audio_length, num_held_out]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:12]


def _to_arrays(real: RealNotes) -> dict[str, np.ndarray]:
    held_out = {f'held_out/{name}': array for name, array in real.held_out.arrays().items()}
    numbers = {f'timbre/{name}': np.array(value) for name, value in real.timbre.items()}
    return {'features': real.training.features, 'centers': real.training.bins.centers,
            'counts': real.training.bins.counts, **held_out, **numbers}


def _from_arrays(arrays: dict[str, np.ndarray]) -> RealNotes:
    def under(prefix):
        return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    return RealNotes(Reference(arrays['features'], ndb.Bins(arrays['centers'], arrays['counts'])),
                     Observations(**under('held_out/')),
                     {name: float(value) for name, value in under('timbre/').items()})
