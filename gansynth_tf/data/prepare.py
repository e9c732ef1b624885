"""Any source of notes -> one TFDS directory with NSynth's feature names, written once and atomically."""

import contextlib
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import files
from gansynth_tf.data import note_audio, reports, tfds_format
from gansynth_tf.data.reports import Summary
from gansynth_tf.data.sources.note_source import TEST, TRAIN, NoteSource, SkippedNote, SourceNote, storage_order
from gansynth_tf.errors import InputError, printable

_REPLACED = '.replaced'
_NOTES_PER_SHARD = 2048  # 256 MiB of four seconds at 16 kHz


def prepare(source: NoteSource, data_dir: str | os.PathLike, *, sample_rate: int = 16000, audio_length: int = 64000,
            fade_seconds: float = note_audio.FADE_SECONDS, overwrite: bool = False) -> Summary:
    """Writes a source's notes to `data_dir/gansynth_notes/1.0.0`, which any TFDS reader can open.

    Audio is stored as `note_audio.conform` makes it: mono, 16 bits. A note that cannot be used is named on stderr and
    in `data_dir/skipped.csv`, with the reason, and left out. The same notes give the same bytes. The directory has its
    final name only once everything is written.

    Args:
      source: the notes.
      data_dir: created if need be; may hold other TFDS data sets.
      sample_rate: in Hz; notes at another rate are converted.
      audio_length: in samples; longer notes are faded out and cut, shorter ones are stored as they are.
      fade_seconds: of the fade before a cut.
      overwrite: replaces notes prepared earlier, which stay as they are until the new ones are complete.

    Raises:
      InputError: if `data_dir` cannot be written or has prepared notes already, or if no note can be used.
    """
    final = files.make_directory(data_dir) / tfds_format.DATASET_NAME
    _tidy(final)
    if final.exists() and not overwrite:
        raise InputError(f'Notes are prepared there already: expected a directory without {final.name}, or '
                         f'--overwrite. Received: {str(data_dir)!r}')
    done = Summary(directory=final / tfds_format.VERSION)
    with _atomic_directory(final) as partial:
        directory = partial / tfds_format.VERSION
        info = tfds_format.dataset_info(source, directory, sample_rate=sample_rate, audio_length=audio_length)
        usable = _usable_notes(source, done, sample_rate=sample_rate, audio_length=audio_length,
                               fade_seconds=fade_seconds)
        with _write_errors(directory):
            _write(usable, info)
        done.check_trainable()
        reports.write(done, data_dir)  # before the notes have their name: complete notes have reports
    return done


def dry_run(source: NoteSource, *, sample_rate: int = 16000, audio_length: int = 64000) -> Summary:
    """Reads and checks all notes as `prepare` does, and writes nothing.

    Raises:
      InputError: if no note can be used.
    """
    found = Summary()
    for _ in _usable_notes(source, found, sample_rate=sample_rate, audio_length=audio_length, fade_seconds=0):
        pass
    found.check_trainable()
    return found


def _write(notes: Iterator[tuple[SourceNote, np.ndarray]], info) -> None:
    """Writes the TFDS directory that `info` describes."""
    pitches: dict[str, list[int]] = {TRAIN: [], TEST: []}
    pathlib.Path(info.data_dir).mkdir()
    with tfds_format.NoteWriter(info, splits=pitches, notes_per_shard=_NOTES_PER_SHARD) as writer:
        for note, samples in notes:
            writer.write(note, samples)
            pitches[note.split].append(note.pitch)
        info.metadata['pitches'] = pitches


def _usable_notes(source: NoteSource, done: Summary, *, sample_rate: int, audio_length: int,
                  fade_seconds: float) -> Iterator[tuple[SourceNote, np.ndarray]]:
    """The notes that can be used with their int16 [samples], in the order of storage; counts all in `done`."""
    done.num_not_selected = source.num_not_selected
    for note in source.skipped:
        _skip(note, done)
    for note in tqdm.tqdm(storage_order(source.notes), desc='Preparing notes', unit=' notes', disable=None):
        try:
            samples, rate = note.read_audio()
            conformed = note_audio.conform(samples, rate, sample_rate=sample_rate, audio_length=audio_length,
                                           fade_seconds=fade_seconds)
        except InputError as error:
            _skip(SkippedNote(note.file or note.name, str(error)), done)
        else:
            done.add(note, seconds=len(conformed) / sample_rate)
            yield note, conformed


def _tidy(final: pathlib.Path) -> None:
    """Removes what killed runs have left; notes that one had moved away, but not replaced, are put back."""
    files.remove_abandoned(final.parent)
    replaced = final.with_name(f'.{final.name}{_REPLACED}')
    if replaced.exists() and not final.exists():
        replaced.rename(final)
    shutil.rmtree(replaced, ignore_errors=True)


@contextlib.contextmanager
def _atomic_directory(final: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a hidden directory beside `final`, which takes its place when the block ends well."""
    replaced = final.with_name(f'.{final.name}{_REPLACED}')
    try:
        with files.temporary_directory(final) as partial:
            yield partial
            with _write_errors(final):
                if final.exists():
                    final.rename(replaced)
                partial.rename(final)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        if replaced.exists() and not final.exists():
            replaced.rename(final)


def _write_errors(directory: pathlib.Path) -> contextlib.AbstractContextManager[None]:
    return files.write_errors(directory, what='the prepared notes', others=(tf.errors.OpError,))


def _skip(note: SkippedNote, done: Summary) -> None:
    done.skipped.append(note)
    tqdm.tqdm.write(printable(f'skipped {note.name}: {note.reason}'), file=sys.stderr)
