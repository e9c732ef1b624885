"""A folder of one's own recordings, one note a file, in any layout.

A file's pitch is one that its name may mean and that is also detected in its sound. A pitch that is detected with
certainty is enough where the name has none. Where the two disagree, or there is neither, the file is left out, with the
reason.
"""

import collections
import csv
import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tqdm

from gansynth_tf.data import audio_files, note_audio
from gansynth_tf.data.sources import pitch_detection, pitch_names
from gansynth_tf.data.sources.note_source import FAMILIES, NoteSource, SkippedNote, SourceNote
from gansynth_tf.data.sources.selection import EVERYTHING, Selection
from gansynth_tf.errors import InputError

WAYS_TO_PITCH = ('name', 'csv', 'detect')

_SUFFIXES = frozenset(('.wav', '.wave', '.aif', '.aiff', '.aifc', '.flac', '.ogg', '.oga', '.mp3'))
_OTHER_AUDIO = frozenset(('.aac', '.alac', '.m4a', '.mp4', '.opus', '.wma', '.ape', '.wv'))
_LOUDNESS = 100  # MIDI velocity of notes whose own is unknown
_UNKNOWN = 'unknown'
_FEWEST_OFF, _MOST_OF = 3, 0.8  # files that must be an octave off, and their share of those with both pitches


@dataclasses.dataclass(frozen=True, kw_only=True)
class PitchRules:
    """Rules by which the pitch of a file is found.

    Attributes:
      ways: of WAYS_TO_PITCH, in the order in which they are tried: 'name' (the file's name, or that of a folder
        that is nothing but a pitch, if the detected pitch agrees), 'csv' (the CSV file), 'detect' (detection alone).
      trust_names: names are believed without detection, for noises and percussion.
      csv_file: for 'csv': columns file (relative to the folder) and pitch, and if there are velocity and instrument.
      middle_c: how MIDI pitch 60 is called in names.
      min_confidence: below it, a detected pitch is not believed.
      min_detected: lowest MIDI pitch that is detected.
      max_detected: highest MIDI pitch that is detected.
    """

    ways: tuple[str, ...] = ('name',)
    trust_names: bool = False
    csv_file: str | os.PathLike | None = None
    middle_c: str = 'C4'
    min_confidence: float = 0.7
    min_detected: int = 21
    max_detected: int = 108

    def __post_init__(self):
        if not self.ways or not set(self.ways) <= set(WAYS_TO_PITCH):
            raise InputError(f'Unknown way to a pitch: expected some of {", ".join(WAYS_TO_PITCH)}. '
                             f'Received: {",".join(self.ways)!r}')
        if ('csv' in self.ways) != (self.csv_file is not None):
            raise InputError(f"Pitches from a CSV file: expected both the file and 'csv' among the ways to a pitch. "
                             f'Received: file {str(self.csv_file)!r}, ways {",".join(self.ways)!r}')


def read_source(directory: str | os.PathLike, rules: PitchRules | None = None, selection: Selection = EVERYTHING, *,
                trim: bool = True) -> NoteSource:
    """Finds the audio files in a folder and below it (hidden ones excepted), and their pitches.

    A note is named by its path without the suffix; of files that differ in their suffix only, the first is taken. Its
    instrument is the folder that it lies in, or the beginning of its name if it lies in `directory` itself.

    Args:
      directory: the folder.
      rules: how pitches are found; by default from file names, C4 being 60.
      selection: which notes are wanted.
      trim: takes the silence before a note's onset off.

    Raises:
      InputError: if there is no such folder, or no audio file in it, the CSV file cannot be read, or the names are an
        octave off what is heard throughout. A file that cannot be used is not an error: it stands in the source's
        `skipped`.
    """
    directory = pathlib.Path(directory).expanduser()
    paths, unreadable = _audio_paths(directory)
    reader = _Reader(directory, paths, rules or PitchRules(), trim)
    notes: dict[str, SourceNote] = {}
    skipped = [SkippedNote(name, f'Folder unreadable: expected permission to list it ({reason}). Received: {name!r}')
               for name, reason in unreadable]
    for path in tqdm.tqdm(paths, desc='Finding pitches', unit=' files', disable=None if reader.listens else True):
        try:
            note = reader.read(path)
            if note.name in notes:
                raise InputError(f'Duplicate name: expected one file of this name, whatever its suffix. '
                                 f'Received: also {notes[note.name].file!r}')
            notes[note.name] = note
        except InputError as error:
            skipped.append(SkippedNote(path.as_posix(), str(error)))
    reader.check_octave()
    skipped += reader.rows_without_file(paths)
    return selection.of(NoteSource(kind='folder', description=f'Recordings in {directory.resolve().name}.', homepage='',
                                   citation='', license='That of the recordings.', notes=tuple(notes.values()),
                                   skipped=tuple(skipped)))


def _audio_paths(directory: pathlib.Path) -> tuple[list[pathlib.PurePath], list[tuple[str, str]]]:
    """Relative paths of everything that is called like an audio file, in a fixed order, and folders that refuse."""
    found: list[pathlib.PurePath] = []
    unreadable = []

    def refuse(error: OSError):
        unreadable.append((os.path.relpath(error.filename, directory), error.strerror or str(error)))
    for folder, subfolders, names in os.walk(directory, onerror=refuse):
        subfolders[:] = [name for name in subfolders if not name.startswith('.')]
        entries = [*names, *(name for name in subfolders if _suffix(name) in _SUFFIXES)]
        found += [pathlib.PurePath(os.path.relpath(os.path.join(folder, name), directory)) for name in entries
                  if not name.startswith('.') and _suffix(name) in _SUFFIXES | _OTHER_AUDIO]
    if not found:
        raise InputError(f'No audio files: expected a folder with wav, aiff, flac, ogg or mp3 files in it or below. '
                         f'Received: {str(directory)!r}')
    return sorted(found), sorted(unreadable)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


class _Reader:
    """Turns one path after the other into a note."""

    def __init__(self, directory: pathlib.Path, paths: Sequence[pathlib.PurePath], rules: PitchRules, trim: bool):
        self.listens = 'detect' in rules.ways or ('name' in rules.ways and not rules.trust_names)
        self._directory = directory
        self._readings = _readings(paths, rules.middle_c)
        self._octaves_off: list[int] = []  # of names with one pitch, against a certain detected pitch
        self._rules = rules
        self._trim = trim
        self._rows = {} if rules.csv_file is None else read_csv(rules.csv_file)
        self._ways: dict[str, Callable[[pathlib.PurePath], tuple[int, float | None]]] = {
            'name': self._pitch_from_name, 'csv': self._pitch_from_csv, 'detect': self._pitch_from_sound}

    def read(self, path: pathlib.PurePath) -> SourceNote:
        if not path.as_posix().isprintable():
            raise InputError(f'Impossible file name: expected printable characters. Received: {path.as_posix()!a}')
        if path.suffix.lower() in _OTHER_AUDIO:
            raise InputError(f'Cannot decode audio: expected wav, aiff, flac, ogg or mp3. Received: {path.suffix!r}')
        row = self._rows.get(path.as_posix(), {})
        pitch, confidence = self._pitch(path)
        velocity = row.get('velocity') or pitch_names.velocity_in_file_name(path.stem) or _LOUDNESS
        instrument = row.get('instrument') or self._instrument(path)
        return SourceNote(
            name=path.with_suffix('').as_posix(), pitch=pitch, velocity=_midi_number(velocity, 'velocity'),
            instrument=instrument, family=next((name for name in FAMILIES if name in instrument.lower()), _UNKNOWN),
            origin=_UNKNOWN, read_audio=functools.partial(self._read_audio, path), file=path.as_posix(),
            confidence=confidence)

    def rows_without_file(self, paths: list[pathlib.PurePath]) -> Iterator[SkippedNote]:
        for name in sorted(self._rows.keys() - {path.as_posix() for path in paths}):
            yield SkippedNote(name, f'Audio file missing: expected it in the folder, as the CSV file says. '
                                    f'Received: {name!r}')

    def _pitch(self, path: pathlib.PurePath) -> tuple[int, float | None]:
        """The pitch, with the confidence if it was detected, of the first way that leads to one."""
        *others, last = self._rules.ways
        for way in others:
            try:
                return self._ways[way](path)
            except InputError:
                continue
        return self._ways[last](path)

    def check_octave(self) -> None:
        """Raises an InputError if nearly all names differ from the detected pitches by the same number of octaves."""
        counts = collections.Counter(self._octaves_off)
        octaves, count = counts.most_common(1)[0] if counts else (0, 0)
        if not octaves or count < max(_FEWEST_OFF, _MOST_OF * len(self._octaves_off)):
            return
        number = pitch_names.MIDDLE_C[self._rules.middle_c] - octaves
        names = [name for name, octave in pitch_names.MIDDLE_C.items() if octave == number]
        advice = f', or --middle_c={names[0]}' if names else ''
        raise InputError(f'Names are {abs(octaves)} octave{"s" if abs(octaves) > 1 else ""} '
                         f'{"below" if octaves > 0 else "above"} what is heard: expected names in which MIDI pitch 60 '
                         f'is {self._rules.middle_c}{advice}. Received: {count} of {len(self._octaves_off)} files that '
                         f'are off alike')

    def _pitch_from_name(self, path: pathlib.PurePath) -> tuple[int, float | None]:
        readings = self._readings[path]
        if self._rules.trust_names:
            return pitch_names.only(readings, path.stem), None
        samples, rate, heard = self._heard(path)
        is_certain = heard.confidence >= self._rules.min_confidence
        if not is_certain or not readings.possible:
            if is_certain:
                return heard.pitch, heard.confidence
            return pitch_names.only(readings, path.stem), None
        named = next((pitch for pitch in readings.possible if pitch == heard.pitch), None)
        if named is None:  # detectors are wrong by octaves rather than by anything else
            named = next((pitch for pitch in readings.plain if (pitch - heard.pitch) % 12 == 0
                          and pitch_detection.is_octave(samples, rate, pitch, instead_of=heard.pitch)), None)
        if len(readings.plain) == 1:
            off = heard.pitch - readings.plain[0] if named is None else 0
            self._octaves_off.append(off // 12 if off % 12 == 0 else 0)
        if named is not None:
            return named, None
        if not all(self._rules.min_detected <= pitch <= self._rules.max_detected for pitch in readings.plain):
            return pitch_names.only(readings, path.stem), None  # beyond what is detected
        raise InputError(f'Name and sound disagree: expected the pitch that the name says '
                         f'({" or ".join(map(str, readings.plain or readings.possible))}). Received: a sound of MIDI '
                         f'pitch {heard.pitch}, confidence {heard.confidence:.2f}')

    def _pitch_from_csv(self, path: pathlib.PurePath) -> tuple[int, None]:
        if path.as_posix() not in self._rows:
            raise InputError(f'No pitch in the CSV file: expected a row for each file. '
                             f'Received: none for {path.as_posix()!r}')
        return pitch_names.parse_pitch(self._rows[path.as_posix()]['pitch'], middle_c=self._rules.middle_c), None

    def _pitch_from_sound(self, path: pathlib.PurePath) -> tuple[int, float]:
        _, _, detected = self._heard(path)
        if detected.confidence < self._rules.min_confidence:
            raise InputError(f'Pitch uncertain: expected a confidence of at least {self._rules.min_confidence}. '
                             f'Received: {detected.confidence:.2f} for MIDI pitch {detected.pitch}')
        return detected.pitch, detected.confidence

    def _heard(self, path: pathlib.PurePath) -> tuple[np.ndarray, int, pitch_detection.DetectedPitch]:
        samples, rate = self._read_audio(path)
        note_audio.conform(samples, rate, sample_rate=rate, audio_length=len(samples))  # refuses what is unusable
        return samples, rate, pitch_detection.detect_pitch(samples, rate, min_pitch=self._rules.min_detected,
                                                           max_pitch=self._rules.max_detected)

    def _instrument(self, path: pathlib.PurePath) -> str:
        folders = [part for part in path.parent.parts if not _is_pitch(part, self._rules.middle_c)]
        return '/'.join(folders) or pitch_names.before_pitch(path.stem) or self._directory.resolve().name

    def _read_audio(self, path: pathlib.PurePath) -> tuple[np.ndarray, int]:
        samples, rate = audio_files.read_audio(self._directory / path)
        return (note_audio.trim_start(samples, rate) if self._trim else samples), rate


def _readings(paths: Sequence[pathlib.PurePath], middle_c: str) -> dict[pathlib.PurePath, pitch_names.Readings]:
    """The readings of every file's name, among those of its folder, or else the pitch in the name of a folder above."""
    found = {}
    for folder in sorted({path.parent for path in paths}):
        inside = [path for path in paths if path.parent == folder]
        above = next((pitch_names.parse_pitch(part, middle_c=middle_c) for part in reversed(folder.parts)
                      if _is_pitch(part, middle_c)), None)
        for path, readings in zip(inside, pitch_names.readings([path.stem for path in inside], middle_c=middle_c)):
            if above is not None and not readings.plain:
                readings = pitch_names.Readings((above,), (above,))
            found[path] = readings
    return found


def _is_pitch(text: str, middle_c: str) -> bool:
    try:
        pitch_names.parse_pitch(text, middle_c=middle_c)
    except InputError:
        return False
    return True


def _midi_number(value: str | int, name: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = -1
    if not 0 <= number <= 127:
        raise InputError(f'Impossible {name}: expected a whole number from 0 to 127. Received: {value!r}')
    return number


def read_csv(path: str | os.PathLike) -> dict[str, dict[str, str]]:
    """The rows of a CSV file by the value of their column 'file'."""
    try:
        with open(pathlib.Path(path).expanduser(), newline='', encoding='utf-8-sig') as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()
            rows = [{name: (row[name] or '').strip() for name in columns} for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f'Cannot read the CSV file: expected columns file and pitch ({error}). '
                         f'Received: {str(path)!r}') from error
    if not {'file', 'pitch'} <= set(columns):
        raise InputError(f'Cannot read the CSV file: expected columns file and pitch. '
                         f'Received: {", ".join(columns) or "none"}, {str(path)!r}')
    by_file = {pathlib.PurePath(row['file']).as_posix(): row for row in rows}
    if len(by_file) < len(rows):
        raise InputError(f'Ambiguous CSV file: expected each file once. '
                         f'Received: {len(rows)} rows for {len(by_file)} files, {str(path)!r}')
    return by_file
