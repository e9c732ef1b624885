"""NSynth as it is distributed: `examples.json` beside a folder `audio/` of .wav (or .flac) files.

Source: Engel et al. 2017, "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders".
"""

import functools
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from gansynth_tf.data import audio_files
from gansynth_tf.data.sources.note_source import QUALITIES, NoteSource, SkippedNote, SourceNote
from gansynth_tf.data.sources.selection import PAPER, Selection
from gansynth_tf.errors import InputError

EXAMPLES_FILE = 'examples.json'

_SUFFIXES = ('.wav', '.flac')
_ARCHIVES = ('*.tar', '*.tar.gz', '*.tgz')
_CITATION = """\
@inproceedings{engel2017neural,
  title = {Neural Audio Synthesis of Musical Notes with {WaveNet} Autoencoders},
  author = {Engel, Jesse and Resnick, Cinjon and Roberts, Adam and Dieleman, Sander and Norouzi, Mohammad and
            Eck, Douglas and Simonyan, Karen},
  booktitle = {Proceedings of the 34th International Conference on Machine Learning},
  pages = {1068--1077},
  year = {2017},
}"""


def read_source(directory: str | os.PathLike, selection: Selection = PAPER) -> NoteSource:
    """Reads the index of a raw NSynth directory.

    Args:
      directory: holds `examples.json` and `audio/`.
      selection: which notes are wanted.

    Raises:
      InputError: if `examples.json` or `audio/` is missing or unreadable. A single unusable entry is not an error: it
        stands in the source's `skipped`.
    """
    directory = pathlib.Path(directory).expanduser()
    entries = _read_index(directory)
    file_names = _list_audio(directory)
    notes, skipped = [], []
    for name, entry in entries.items():
        try:
            notes.append(_parse_entry(name, entry, directory, file_names))
        except InputError as error:
            skipped.append(SkippedNote(name, str(error)))
    return selection.of(as_source(notes, skipped))


def as_source(notes: Iterable[SourceNote], skipped: Iterable[SkippedNote]) -> NoteSource:
    """A source of notes of NSynth, with its description, citation and licence.

    Notes with licences of their own are recordings of others in NSynth's layout.
    """
    notes = tuple(notes)
    if any(note.licence for note in notes):
        return NoteSource(kind='nsynth', description="Musical notes in NSynth's layout.", homepage='', citation='',
                          license='unknown', notes=notes, skipped=tuple(skipped))
    return NoteSource(kind='nsynth', description='Musical notes of the NSynth dataset.',
                      homepage='https://g.co/magenta/nsynth-dataset', citation=_CITATION,
                      license='Creative Commons Attribution 4.0 International (CC BY 4.0)', notes=notes,
                      skipped=tuple(skipped))


def _read_index(directory: pathlib.Path) -> Mapping:
    path = directory / EXAMPLES_FILE
    try:
        entries = json.loads(path.read_text(encoding='utf-8'))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f'Not an NSynth directory: expected {EXAMPLES_FILE} and audio/ in '
                         f'it{_whereabouts(directory)}. Received: {str(directory)!r}') from error
    except (OSError, ValueError, RecursionError) as error:  # ValueError: neither JSON nor UTF-8
        raise InputError(f'Cannot read {EXAMPLES_FILE}: expected a JSON object of notes by name ({error}). '
                         f'Received: {str(path)!r}') from error
    if not isinstance(entries, dict):
        raise InputError(f'Cannot read {EXAMPLES_FILE}: expected a JSON object of notes by name. '
                         f'Received: {type(entries).__name__}, {str(path)!r}')
    return entries


def _whereabouts(directory: pathlib.Path) -> str:
    """A hint for the error if NSynth is in a folder or an archive of `directory` instead; '' if it is not."""
    if inner := sorted(path.parent.name for path in directory.glob(f'*/{EXAMPLES_FILE}')):
        return f' (they are in {", ".join(inner)})'
    if archives := sorted(path.name for pattern in _ARCHIVES for path in directory.glob(pattern)):
        return f' (unpack {archives[0]} first: tar xf)'
    return ''


def _list_audio(directory: pathlib.Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(directory / 'audio'))
    except OSError as error:
        raise InputError(f'Not an NSynth directory: expected a readable folder audio/ in it '
                         f'({error.strerror or error}). Received: {str(directory)!r}') from error


def _parse_entry(name: str, entry, directory: pathlib.Path, file_names: frozenset[str]) -> SourceNote:
    _check_name(name)
    if not isinstance(entry, dict):
        raise InputError(f'Impossible entry in {EXAMPLES_FILE}: expected a JSON object. Received: {entry!r}')
    file_name = next((name + suffix for suffix in _SUFFIXES if name + suffix in file_names), None)
    if file_name is None:
        raise InputError(f'Audio file missing: expected audio/{name}.wav or .flac. Received: neither')
    return note_from_entry(name, entry,
                           read_audio=functools.partial(audio_files.read_audio, directory / 'audio' / file_name))


def note_from_entry(name: str, entry: Mapping, *, read_audio: Callable[[], tuple[np.ndarray, int]]) -> SourceNote:
    """A note from what NSynth says of it, under the names of `examples.json`.

    Raises:
      InputError: if something is missing or impossible.
    """
    _check_name(name)
    return SourceNote(name=name, pitch=_midi_number(entry, 'pitch'), velocity=_midi_number(entry, 'velocity'),
                      instrument=_text(entry, 'instrument_str'), family=_text(entry, 'instrument_family_str'),
                      origin=_text(entry, 'instrument_source_str'), qualities=_qualities(entry),
                      read_audio=read_audio, licence=_text(entry, 'licence') if 'licence' in entry else None,
                      credit=_text(entry, 'origin') if 'origin' in entry else None)


def _check_name(name: str) -> None:
    if not name.isprintable() or not name or '/' in name:
        raise InputError(f'Impossible note name: expected printable characters without "/". Received: {name!r}')


def _midi_number(entry: Mapping, key: str) -> int:
    value = entry.get(key)
    number = None if isinstance(value, bool) else _whole_number(value)
    if number is None or not 0 <= number <= 127:
        raise InputError(f'Impossible {key}: expected a whole number from 0 to 127. Received: {_shortened(value)}')
    return number


def _whole_number(value) -> int | None:
    """A number that JSON has as 64, or, since other programs write it so, as 64.0 or '64'; None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() else None


def _shortened(value) -> str:
    return text if len(text := repr(value)) <= 40 else f'{text[:39]}…'


def _text(entry: Mapping, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise InputError(f'Impossible {key}: expected a name. Received: {value!r}')
    return value


def _qualities(entry: Mapping) -> frozenset[str]:
    """The names in 'qualities_str'; an index without qualities, as some parts of NSynth have, says nothing of them."""
    names = entry.get('qualities_str') or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f'Impossible qualities_str: expected a list of names. Received: {names!r}')
    return frozenset(names) & frozenset(QUALITIES)
