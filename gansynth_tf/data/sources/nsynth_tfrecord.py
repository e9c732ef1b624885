"""NSynth as its TFRecord files: nsynth-train.tfrecord, nsynth-valid.tfrecord, nsynth-test.tfrecord.

Source: Engel et al. 2017; the features of a record are listed on the data set's page.
"""

import contextlib
import functools
import os
import pathlib

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf.data.records import RecordFiles
from gansynth_tf.data.sources import nsynth
from gansynth_tf.data.sources.note_source import NoteSource, SkippedNote, SourceNote
from gansynth_tf.data.sources.selection import PAPER, Selection
from gansynth_tf.errors import InputError

_PATTERN = 'nsynth-*.tfrecord*'
_GZIP = b'\x1f\x8b'
# Everything of a record that describes the note.
_TEXTS = ('note_str', 'instrument_str', 'instrument_family_str', 'instrument_source_str')
_NUMBERS = ('pitch', 'velocity')


def is_there(path: str | os.PathLike) -> bool:
    """True if a path is such a file, or a directory with such files and without the JSON form of NSynth."""
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        return any(path.glob(_PATTERN)) and not (path / nsynth.EXAMPLES_FILE).exists()
    return path.exists()


def read_source(path: str | os.PathLike, selection: Selection = PAPER) -> NoteSource:
    """Reads what the records say of their notes; the audio is read again when it is needed.

    Args:
      path: a file of records, or a directory with files nsynth-*.tfrecord.
      selection: which notes are wanted.

    Raises:
      InputError: if there is no such file, or it does not consist of whole records. A single unusable record is not an
        error: it stands in the source's `skipped`.
    """
    path = pathlib.Path(path).expanduser()
    paths = [path] if path.is_file() else sorted(path.glob(_PATTERN))
    if not paths:
        raise InputError(f'No NSynth records: expected files {_PATTERN}. Received: {str(path)!r}')
    try:
        records = RecordFiles(paths)
    except InputError:
        for each in paths:
            _refuse_packed(each)
        raise
    notes: dict[str, SourceNote] = {}
    skipped = []
    for index in tqdm.tqdm(range(len(records)), desc='Reading the index', unit=' notes', disable=None):
        try:
            note = _parse(records, index)
            if note.name in notes:
                raise InputError(f'Duplicate name: expected each note once. Received: {note.name!r}')
            notes[note.name] = note
        except InputError as error:
            skipped.append(SkippedNote(f'record {index}', str(error)))
    return selection.of(nsynth.as_source(notes.values(), skipped))


def _refuse_packed(path: pathlib.Path) -> None:
    """Raises an InputError if a file that cannot be read is packed: records in it cannot be found one by one."""
    is_compressed = False
    with contextlib.suppress(OSError), open(path, 'rb') as file:
        is_compressed = file.read(2) == _GZIP
    is_archive = path.name.endswith(('.tar', '.tar.gz', '.tgz'))
    if is_compressed or is_archive:
        kind, how = ('an archive', f'tar xf {path.name}') if is_archive else (
            'a gzip-compressed file', f'zcat {path.name} > unpacked.tfrecord')
        raise InputError(f'Packed records: expected TFRecord files as they are (to unpack it: {how}). '
                         f'Received: {kind}, {str(path)!r}')


def _parse(records: RecordFiles, index: int) -> SourceNote:
    features = _features(records, index)
    entry = {name: features[name].int64_list.value[0] for name in _NUMBERS if features[name].int64_list.value}
    for name in _TEXTS:
        if values := features[name].bytes_list.value:
            entry[name] = values[0].decode(errors='replace')
    entry['qualities_str'] = [value.decode(errors='replace') for value in features['qualities_str'].bytes_list.value]
    return nsynth.note_from_entry(str(entry.get('note_str', '')), entry,
                                  read_audio=functools.partial(_read_audio, records, index))


def _read_audio(records: RecordFiles, index: int) -> tuple[np.ndarray, int]:
    features = _features(records, index)
    rate = features['sample_rate'].int64_list.value
    samples = np.array(features['audio'].float_list.value, np.float32)
    return samples[:, np.newaxis], rate[0] if rate else 16000


def _features(records: RecordFiles, index: int):
    try:
        return tf.train.Example.FromString(records.read(index)).features.feature
    except Exception as error:  # protobuf's DecodeError has another home in every version
        raise InputError(f'Corrupt record: expected a TensorFlow Example ({error}). '
                         f'Received: record {index}') from error
