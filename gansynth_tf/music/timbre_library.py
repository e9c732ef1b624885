"""Libraries of timbres: named timbres of a model, with their measurements, in one JSON file.

A model's own library lies in its directory as `timbres.json`; users keep others. Wherever a timbre is asked for, the
name of one in the library can be given (`--timbre=NAME`).
"""

import json
import os
import pathlib
import re
import typing
from collections.abc import Mapping, Sequence

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import BUILT_IN_MODEL, Instrument, shortened
from gansynth_tf.music import timbres
from gansynth_tf.music.timbres import Timbre

FILE = 'timbres.json'
_FORMAT = 'gansynth_tf timbre library 1'
_LONGEST_NAME = 60
_MOST_TIMBRES = 10_000


class Entry(typing.NamedTuple):
    """A timbre of a library.

    Attributes:
      timbre: with its name.
      words: that describe its sound, from `gansynth_tf.exploration.description`.
      measured: numbers by name.
    """

    timbre: Timbre
    words: tuple[str, ...] = ()
    measured: Mapping[str, float] = {}


def path_of(model: str | os.PathLike | None = None) -> pathlib.Path:
    """The path of a model's own library, whether it is there or not; the built-in model's if None."""
    return (BUILT_IN_MODEL if model is None else files.expanded(model)) / FILE


def of_model(model: str | os.PathLike | None = None, *, path: str | os.PathLike | None = None) -> dict[str, Timbre]:
    """Timbres by name: those of a model's own library, none if it has none; or of the library at `path`.

    Raises:
      InputError: if a library cannot be read, or there is none at `path`.
    """
    return {entry.timbre.name: entry.timbre for entry in entries_of(model, path=path)}


def entries_of(model: str | os.PathLike | None = None, *, path: str | os.PathLike | None = None) -> list[Entry]:
    """The entries of the same library, in its order, with their measurements."""
    if path is None and not path_of(model).is_file():
        return []
    return read(path_of(model) if path is None else path)


def read(path: str | os.PathLike) -> list[Entry]:
    """The timbres of a library, in its order.

    Raises:
      InputError: if there is no usable library at `path`.
    """
    path = files.expanded(path)
    rows = files.read_json(path, expected='a library of timbres').get('timbres')
    if not isinstance(rows, list) or len(rows) > _MOST_TIMBRES or not all(isinstance(row, dict) for row in rows):
        raise InputError(f'Unusable library: expected a list of at most {_MOST_TIMBRES} "timbres". '
                         f'Received: {str(path)!r}')
    entries = [_entry(row, f'{path}, timbre {number}') for number, row in enumerate(rows, 1)]
    names = [entry.timbre.name for entry in entries]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f'Unusable library: expected different names. Received: {twice!r} twice ({str(path)!r})')
    return entries


def write(path: str | os.PathLike, entries: Sequence[Entry], instrument: Instrument) -> pathlib.Path:
    """Writes a library, a line a timbre, each with its fingerprint on the instrument, see `timbres.fingerprint`."""
    head = {'format': _FORMAT, 'model': timbres.model_facts(instrument)}
    lines = [json.dumps(_row(entry, instrument), ensure_ascii=False) for entry in entries]
    text = json.dumps(head)[:-1] + ', "timbres": [\n' + ',\n'.join(lines) + '\n]}\n'
    return files.write_text(text, files.expanded(path))


def add(path: str | os.PathLike, entry: Entry, instrument: Instrument) -> pathlib.Path:
    """Adds a timbre to the library at `path`, which is created if need be.

    Raises:
      InputError: if that is no library, has a timbre of that name already, or timbres of another latent size.
    """
    path = files.expanded(path)
    entries = read(path) if path.exists() else []
    if entry.timbre.name in [other.timbre.name for other in entries]:
        raise InputError(f'Name taken: expected one that is not in {str(path)!r}. Received: {entry.timbre.name!r}')
    if any(len(other.timbre.latent) != len(entry.timbre.latent) for other in entries):
        raise InputError(f'A library of another model: expected timbres of {len(entry.timbre.latent)} numbers. '
                         f'Received: {str(path)!r}')
    return write(path, [*entries, entry], instrument)


def check_name(name: str) -> str:
    """Returns `name`, if --timbre accepts it as the name of a timbre.

    Raises:
      InputError: if it is a number, a word with another meaning, or has characters that --timbre or paths use.
    """
    if not re.fullmatch(r'\w[\w-]*', name) or name.isdigit() or name in timbres.WAYS or len(name) > _LONGEST_NAME:
        raise InputError(f'Impossible name of a timbre: expected at most {_LONGEST_NAME} letters, digits, "_" and "-", '
                         f'and none of {", ".join(timbres.WAYS)}. Received: {shortened(name)}')
    return name


def _entry(row: dict[str, typing.Any], where: str) -> Entry:
    name, words, measured = row.get('name'), row.get('words', []), row.get('measured', {})
    try:
        timbre = timbres.from_values(row, check_name(name if isinstance(name, str) else ''))
    except InputError as error:
        raise InputError(f'Unusable library: {error} ({where!r})') from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f'Unusable library: expected a list of strings as words. Received: {shortened(words)} '
                         f'({where!r})')
    if not isinstance(measured, dict) or not all(isinstance(value, int | float) for value in measured.values()):
        raise InputError(f'Unusable library: expected numbers by name as measured. Received: {shortened(measured)} '
                         f'({where!r})')
    return Entry(timbre, tuple(words), measured)


def _row(entry: Entry, instrument: Instrument) -> dict[str, typing.Any]:
    latent = np.asarray(entry.timbre.latent, np.float32)
    return {'name': entry.timbre.name, 'words': list(entry.words), 'measured': dict(entry.measured),
            'latent': [float(f'{value:.6g}') for value in latent],
            'fingerprint': timbres.fingerprint(instrument, latent).round(1).tolist()}
