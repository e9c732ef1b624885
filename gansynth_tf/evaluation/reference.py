"""Features of real notes, with which all others are compared; they are kept in a file for the next time."""

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
from gansynth_tf.evaluation import features, measurements, note_sets
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.features import GridFeatures, NoteFeatures
from gansynth_tf.evaluation.measurements import Reference
from gansynth_tf.evaluation.metrics import ndb

MOST_NOTES = 20_000  # training notes, so that their features fit in memory
_MOST_GRID_NOTES = 1000
_FORMAT = 2  # of the cache's files


@dataclasses.dataclass(frozen=True)
class RealNotes:
    """Features of real notes.

    Attributes:
      training: of training notes.
      held_out: of notes that no model was trained on.
      grid: of instruments at many pitches; None if no note sounds.
    """

    training: Reference
    held_out: NoteFeatures
    grid: GridFeatures | None


def extract(notes: PreparedNotes, classifier: Classifier, *, audio_length: int, cache_dir: str | os.PathLike
            ) -> RealNotes:
    """Features of the training and the held-out notes, from `cache_dir` if they have been extracted before.

    Args:
      notes: prepared notes, with a train and a test split.
      classifier: at the notes' sample rate.
      audio_length: samples of each; longer notes fade out before the cut, as in the training of a model of that length.
      cache_dir: an existing directory; the file's name depends on all that its contents depend on.

    Raises:
      InputError: if there are fewer than two held-out, or too few training notes.
    """
    path = pathlib.Path(cache_dir) / f'reference-{_key(notes, classifier, audio_length)}.npz'
    try:
        with np.load(path) as archive:
            return _from_arrays({name: archive[name] for name in archive.files})
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        pass  # not there yet, or not whole
    train = note_sets.of_prepared_notes(notes, TRAIN, name='training notes', audio_length=audio_length,
                                        limit=MOST_NOTES)
    arrays = features.extract_reference(train, classifier)
    training = Reference(arrays['features'], arrays['dynamics'], ndb.fit(arrays['log_specgrams']))
    held_out = note_sets.of_prepared_notes(notes, TEST, name='held-out notes', audio_length=audio_length)
    grid = note_sets.of_prepared_notes(notes, TRAIN, name='instruments', audio_length=audio_length,
                                       limit=_MOST_GRID_NOTES, pitches=measurements.KEYBOARD_PITCHES)
    real = RealNotes(training, features.extract(held_out, classifier, training.bins), features.extract_grid(grid))
    files.write_arrays(_to_arrays(real), path)
    return real


def _key(notes: PreparedNotes, classifier: Classifier, audio_length: int) -> str:
    decisive = [gansynth_tf.__version__, _FORMAT, notes.identity(TRAIN), notes.identity(TEST), classifier.fingerprint,
                audio_length]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:12]


def _to_arrays(real: RealNotes) -> dict[str, np.ndarray]:
    parts = {'held_out': real.held_out.arrays(), 'grid': real.grid.arrays() if real.grid else {}}
    return {'features': real.training.features, 'dynamics': real.training.dynamics,
            'centers': real.training.bins.centers, 'counts': real.training.bins.counts,
            **{f'{part}/{name}': array for part, arrays in parts.items() for name, array in arrays.items()}}


def _from_arrays(arrays: dict[str, np.ndarray]) -> RealNotes:
    def under(prefix):
        return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    grid = under('grid/')
    return RealNotes(Reference(arrays['features'], arrays['dynamics'], ndb.Bins(arrays['centers'], arrays['counts'])),
                     NoteFeatures(**under('held_out/')), GridFeatures(**grid) if grid else None)
