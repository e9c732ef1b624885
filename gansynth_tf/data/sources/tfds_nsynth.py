"""NSynth as TFDS prepares it (nsynth/full, nsynth/gansynth_subset), as a source of notes to select from.

Training reads such a directory as it is; preparing it anew selects notes, changes the rate, and halves the size.
"""

import functools
import os

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf.data import prepared_notes
from gansynth_tf.data.sources import nsynth
from gansynth_tf.data.sources.note_source import QUALITIES, NoteSource, SourceNote
from gansynth_tf.data.sources.selection import PAPER, Selection
from gansynth_tf.errors import InputError


def read_source(directory: str | os.PathLike, selection: Selection = PAPER) -> NoteSource:
    """Reads what a TFDS directory with NSynth's features says of the notes of all its splits.

    Its own splits are not kept: as with every source, a note's name decides.

    Args:
      directory: holds the one data set, or is it.
      selection: which notes are wanted.

    Raises:
      InputError: if there is no such data set, or it lacks a feature.
    """
    stored = prepared_notes.open_notes(directory)
    missing = {'velocity', 'instrument', 'qualities'} - set(stored.features)
    if missing:
        raise InputError(f'Cannot select from the data set: expected the features of NSynth. '
                         f'Received: one without {", ".join(sorted(missing))}, {str(directory)!r}')
    notes = [_note(stored, split, index, entry) for split in stored.splits
             for index, entry in enumerate(_entries(stored, split))]
    return selection.of(nsynth.as_source(notes, ()))


def _entries(stored: prepared_notes.PreparedNotes, split: str):
    num_notes = stored.num_notes(split)
    entries = stored.read(split, tf.data.Dataset.range(num_notes), 'id', 'pitch', 'velocity', 'instrument', 'qualities')
    return tqdm.tqdm(entries.as_numpy_iterator(), desc=f'Reading the index of {split}', total=num_notes, unit=' notes',
                     disable=None)


def _note(stored: prepared_notes.PreparedNotes, split: str, index: int, entry: dict) -> SourceNote:
    labels = stored.features['instrument']
    return SourceNote(
        name=entry['id'].decode(), pitch=int(entry['pitch']), velocity=int(entry['velocity']),
        instrument=labels['label'].int2str(entry['instrument']['label']),
        family=labels['family'].int2str(entry['instrument']['family']),
        origin=labels['source'].int2str(entry['instrument']['source']),
        qualities=frozenset(name for name in QUALITIES if entry['qualities'].get(name)),
        read_audio=functools.partial(_read_audio, stored, split, index))


def _read_audio(stored: prepared_notes.PreparedNotes, split: str, index: int) -> tuple[np.ndarray, int]:
    return stored.audio(split, index)[:, np.newaxis], stored.sample_rate
