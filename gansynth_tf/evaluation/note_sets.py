"""Sets of notes to measure: prepared notes, those of an instrument, or a folder of audio files.

All are rounded to 16 bits, so that a model and the files it wrote give the same numbers, and rounding noise does not
distinguish any set from real notes.
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

import numpy as np

from gansynth_tf import files
from gansynth_tf.data import audio_files, note_audio
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources import folder, pitch_names
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument

_BATCH_SIZE = 16

Batches = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoteSet:
    """Notes of one length that can be read repeatedly, a batch at a time.

    Attributes:
      name: of the column in the table.
      num_notes: of the set.
      sample_rate: Hz.
      audio_length: samples of each note.
      batches: yields (float32 [up to 16, audio_length], int [..] MIDI pitches, [..] instruments by name or number).
    """

    name: str
    num_notes: int
    sample_rate: int
    audio_length: int
    batches: Callable[[], Batches]


def of_prepared_notes(notes: PreparedNotes, split: str, *, name: str, audio_length: int, limit: int | None = None,
                      pitches: tuple[int, ...] | None = None) -> NoteSet:
    """Real notes of a split: the first `limit` of them, only of the given pitches if there are any."""
    wanted = np.arange(notes.num_notes(split))
    if pitches is not None:
        wanted = wanted[np.isin(notes.pitches(split), pitches)]
    wanted = wanted[:limit]

    def batches():
        import tensorflow as tf
        indices = tf.data.Dataset.from_tensor_slices(wanted.astype(np.int64))
        waves = notes.waves(split, audio_length=audio_length, indices=indices)
        instruments = notes.read(split, indices, 'instrument')
        for note, instrument in tf.data.Dataset.zip(waves, instruments).batch(_BATCH_SIZE).as_numpy_iterator():
            yield note['wave'][:, :, 0], note['pitch'], instrument['instrument']['label']
    return NoteSet(name=name, num_notes=len(wanted), sample_rate=notes.sample_rate, audio_length=audio_length,
                   batches=batches)


def of_instrument(instrument: Instrument, *, num_notes: int, seed: int, sample_rate: int, name: str) -> NoteSet:
    """Notes of an instrument, with random timbres and pitches as frequent as in its training notes."""
    latents, pitches = instrument.sample_latents(num_notes, seed=seed), instrument.sample_pitches(num_notes, seed=seed)
    return played(instrument, latents, pitches, np.arange(num_notes), sample_rate, name)


def of_grid(instrument: Instrument, *, num_latents: int, pitches: tuple[int, ...], seed: int, sample_rate: int,
            name: str) -> NoteSet:
    """Notes of `num_latents` random timbres, each at every pitch."""
    instruments = np.repeat(np.arange(num_latents), len(pitches))
    latents = instrument.sample_latents(num_latents, seed=seed)[instruments]
    return played(instrument, latents, np.tile(pitches, num_latents), instruments, sample_rate, name)


def played(instrument: Instrument, latents: np.ndarray, pitches, instruments: np.ndarray, sample_rate: int, name: str
           ) -> NoteSet:
    """Notes of an instrument at given latents and pitches; `instruments` are equal for notes that share a timbre."""
    def batches():
        start = 0
        for waves in instrument.generate_batches(latents, pitches):
            here = slice(start, start + len(waves))
            resampled = note_audio.resample(waves, instrument.sample_rate, sample_rate)
            yield _as_files(resampled), pitches[here], instruments[here]
            start += len(waves)
    return NoteSet(name=name, num_notes=len(pitches), sample_rate=sample_rate,
                   audio_length=-(-instrument.audio_length * sample_rate // instrument.sample_rate), batches=batches)


def cut(notes: NoteSet, audio_length: int) -> NoteSet:
    """The same notes, if they are longer faded out and cut at `audio_length`, as prepared ones are."""
    if notes.audio_length <= audio_length:
        return notes
    fade = note_audio.fade_out(audio_length, round(note_audio.FADE_SECONDS * notes.sample_rate)).astype(np.float32)

    def batches():
        for waves, pitches, instruments in notes.batches():
            yield waves[:, :audio_length] * fade, pitches, instruments
    return dataclasses.replace(notes, audio_length=audio_length, batches=batches)


def of_folder(directory: str | os.PathLike, *, csv_file: str | os.PathLike | None = None, sample_rate: int,
              longest: int, limit: int | None = None) -> NoteSet:
    """Audio files of a folder and its subfolders, made by any system.

    Args:
      directory: the folder.
      csv_file: a table with the columns `file` (relative to the folder) and `pitch` (a MIDI number or a name such as
        C4); without it pitches are read from file names: `...pitch60...`, or one number or name that stands alone.
      sample_rate: Hz, to which other rates are converted.
      longest: samples at which longer files are cut; all notes are padded to the longest.
      limit: the most files, in the order of their names.

    Raises:
      InputError: if there are no files, one cannot be read, or its pitch is not known.
    """
    pitches = pitched_files(directory, csv_file)
    paths = sorted(pitches)[:limit]
    lengths = [_read(path, sample_rate, longest).size for path in paths]

    def batches():
        for start in range(0, len(paths), _BATCH_SIZE):
            some = paths[start:start + _BATCH_SIZE]
            waves = np.zeros((len(some), max(lengths)), np.float32)
            for wave, path in zip(waves, some):
                samples = _read(path, sample_rate, longest)
                wave[:len(samples)] = samples
            yield waves, np.array([pitches[path] for path in some]), np.arange(start, start + len(some))
    return NoteSet(name=files.expanded(directory).resolve().name, num_notes=len(paths), sample_rate=sample_rate,
                   audio_length=max(lengths), batches=batches)


def pitched_files(directory: str | os.PathLike, csv_file: str | os.PathLike | None = None
                  ) -> dict[pathlib.Path, int]:
    """Audio files of a folder and its subfolders and their MIDI pitches; arguments and errors as for `of_folder`."""
    root = files.expanded(directory)
    if csv_file:
        found = {root / name: pitch_names.parse_pitch(row['pitch']) for name, row in folder.read_csv(csv_file).items()}
        if not found:
            raise InputError(f'No notes: expected rows in the CSV. Received: none in {str(csv_file)!r}')
        return found
    # Names tell the pitch that was asked for, which the sound need not have.
    source = folder.read_source(root, folder.PitchRules(trust_names=True))
    for note in source.skipped:
        raise InputError(f'{note.name}: {note.reason}')
    return {root / str(note.file): note.pitch for note in source.notes}


def _read(path: pathlib.Path, sample_rate: int, longest: int) -> np.ndarray:
    samples, rate = audio_files.read_audio(path)
    wave = _as_files(note_audio.resample(note_audio.mono(samples)[None], rate, sample_rate))[0]
    if len(wave) > longest:
        wave = wave[:longest] * note_audio.fade_out(longest, round(note_audio.FADE_SECONDS * sample_rate))
    return wave.astype(np.float32)


def _as_files(waves: np.ndarray) -> np.ndarray:
    """Waves, float [n, samples], as they are read from files that music.output.write_wav has written."""
    peaks = np.max(np.abs(waves), axis=1, keepdims=True)
    return (np.round(waves * (32767 / np.maximum(peaks, 1))) / 32768).astype(np.float32)
