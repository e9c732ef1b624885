"""Any source of notes -> one TFDS directory with NSynth's feature names, written once and atomically."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import files
from gansynth_tf.data import tfds_format
from gansynth_tf.data.note_source import TEST, TRAIN, NoteSource, SkippedNote, SourceNote, storage_order
from gansynth_tf.errors import InputError

_NOTES_PER_SHARD = 2048  # 256 MiB of four seconds at 16 kHz


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """What a run wrote, and what it could not.

    Attributes:
      directory: where the prepared notes lie.
      num_notes: notes by split.
      instruments: notes by instrument.
      pitches: notes by MIDI pitch.
      seconds: of audio, in all.
      skipped: notes that could not be used.
      num_not_selected: notes of the source that were not asked for.
    """

    directory: pathlib.Path
    num_notes: dict[str, int]
    instruments: Counter[str]
    pitches: Counter[int]
    seconds: float
    skipped: tuple[SkippedNote, ...]
    num_not_selected: int

    def __str__(self):
        reasons = Counter(note.reason.partition(':')[0] for note in self.skipped)
        lines = [f'prepared notes  {self.directory}',
                 f'notes           {sum(self.num_notes.values())} '
                 f'({", ".join(f"{split} {count}" for split, count in self.num_notes.items())})',
                 f'instruments     {len(self.instruments)}',
                 f'pitches         {len(self.pitches)} (MIDI {min(self.pitches)} to {max(self.pitches)})',
                 f'seconds         {self.seconds:.1f}',
                 f'not selected    {self.num_not_selected}',
                 f'skipped         {len(self.skipped)}']
        lines += [f'  {count:>6}  {reason}' for reason, count in sorted(reasons.items())]
        return '\n'.join(lines)


def prepare(source: NoteSource, data_dir: str | os.PathLike, *, sample_rate: int = 16000, audio_length: int = 64000,
            overwrite: bool = False) -> Summary:
    """Writes a source's notes to `data_dir/gansynth_notes/1.0.0`, which any TFDS reader can open.

    Audio is stored in 16 bits. A note that cannot be used is named on stderr, with the reason, and left out. The same
    notes give the same bytes. The directory has its final name only once everything is written.

    Args:
      source: the notes.
      data_dir: created if need be; may hold other TFDS data sets.
      sample_rate: in Hz; notes at another rate are skipped.
      audio_length: in samples; longer notes are skipped, shorter ones are stored as they are.
      overwrite: replaces notes prepared earlier, which stay as they are until the new ones are complete.

    Raises:
      InputError: if `data_dir` cannot be written or has prepared notes already, or if no note can be used.
    """
    final = files.make_directory(data_dir) / tfds_format.DATASET_NAME
    if final.exists() and not overwrite:
        raise InputError(f'Notes are prepared there already: expected a directory without {final.name}, or '
                         f'--overwrite. Received: {str(data_dir)!r}')
    skipped = list(source.skipped)
    for note in skipped:
        _report(note)
    with _atomic_directory(final) as partial:
        directory = partial / tfds_format.VERSION
        written = _write(source, directory, sample_rate=sample_rate, audio_length=audio_length, skipped=skipped)
    return Summary(directory=final / tfds_format.VERSION, skipped=tuple(skipped),
                   num_not_selected=source.num_not_selected, **written)


def _write(source: NoteSource, directory: pathlib.Path, *, sample_rate: int, audio_length: int,
           skipped: list[SkippedNote]) -> dict:
    """Writes the TFDS directory, appends to `skipped`, and returns the summary's numbers."""
    info = tfds_format.dataset_info(source, directory, sample_rate=sample_rate, audio_length=audio_length)
    pitches: dict[str, list[int]] = {TRAIN: [], TEST: []}
    instruments: Counter[str] = Counter()
    num_samples = 0
    notes = tqdm.tqdm(storage_order(source.notes), desc='Preparing notes', unit=' notes', disable=None)
    usable = _with_usable_audio(notes, sample_rate=sample_rate, audio_length=audio_length, skipped=skipped)
    with _write_errors(directory):
        directory.mkdir()
        with tfds_format.NoteWriter(info, splits=pitches, notes_per_shard=_NOTES_PER_SHARD) as writer:
            for note, samples in usable:
                writer.write(note, samples)
                pitches[note.split].append(note.pitch)
                instruments[note.instrument] += 1
                num_samples += len(samples)
            info.metadata['pitches'] = pitches
    if not pitches[TRAIN]:
        raise InputError(f'No notes to train on: expected usable notes in the train split. '
                         f'Received: {len(pitches[TEST])} in the test split, {len(skipped)} skipped, '
                         f'{source.num_not_selected} not selected')
    return dict(num_notes={split: len(members) for split, members in pitches.items()}, instruments=instruments,
                pitches=Counter(pitches[TRAIN] + pitches[TEST]), seconds=num_samples / sample_rate)


def _with_usable_audio(notes: Iterable[SourceNote], *, sample_rate: int, audio_length: int,
                       skipped: list[SkippedNote]) -> Iterator[tuple[SourceNote, np.ndarray]]:
    for note in notes:
        try:
            samples, rate = note.read_audio()
            checked = to_pcm16(samples, rate, sample_rate=sample_rate, audio_length=audio_length)
        except InputError as error:
            skipped.append(SkippedNote(note.name, str(error)))
            _report(skipped[-1])
        else:
            yield note, checked


def to_pcm16(samples: np.ndarray, rate: int, *, sample_rate: int, audio_length: int) -> np.ndarray:
    """Checked samples as they are stored.

    Args:
      samples: float32 [samples, channels], full scale 1.
      rate: theirs, in Hz.
      sample_rate: the one wanted, in Hz.
      audio_length: how many samples there may be.

    Returns:
      int16 [samples]; samples that came from 16 bits are what they were.

    Raises:
      InputError: if they cannot be used.
    """
    if not samples.size:
        raise InputError('Audio file empty: expected samples. Received: none')
    if samples.shape[1] != 1:
        raise InputError(f'Audio not mono: expected 1 channel. Received: {samples.shape[1]}')
    if rate != sample_rate:
        raise InputError(f'Audio at another sample rate: expected {sample_rate} Hz. Received: {rate} Hz')
    if len(samples) > audio_length:
        raise InputError(f'Audio too long: expected at most {audio_length} samples. Received: {len(samples)}')
    if not np.isfinite(samples).all():
        raise InputError('Audio not finite: expected numbers. Received: NaN or infinity')
    if np.abs(samples).max() > 1:
        raise InputError(f'Audio beyond full scale: expected samples from -1 to 1. '
                         f'Received: a peak of {np.abs(samples).max():.3g}')
    quantised = np.clip(np.round(samples[:, 0] * 32768.0), -32768, 32767).astype(np.int16)
    if quantised.min() == quantised.max():
        raise InputError(f'Audio silent: expected sound. Received: {len(samples)} equal samples')
    return quantised


@contextlib.contextmanager
def _atomic_directory(final: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a hidden directory beside `final`, which takes its place when the block ends well."""
    partial = final.with_name(f'.{final.name}.{os.getpid()}.partial')
    replaced = final.with_name(f'.{final.name}.{os.getpid()}.replaced')
    try:
        with _write_errors(final):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
        yield partial
        with _write_errors(final):
            if final.exists():
                final.rename(replaced)
            partial.rename(final)
        shutil.rmtree(replaced, ignore_errors=True)
    finally:
        if replaced.exists() and not final.exists():
            replaced.rename(final)
        shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def _write_errors(directory: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f'Cannot write the prepared notes: expected room and permission for them '
                         f'({getattr(error, "strerror", None) or error}). Received: {str(directory)!r}') from error


def _report(note: SkippedNote) -> None:
    tqdm.tqdm.write(f'skipped {note.name}: {note.reason}', file=sys.stderr)
