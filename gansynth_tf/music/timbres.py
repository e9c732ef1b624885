"""Timbres of notes: wandering, by track, by program, from files or by number; and timbres kept in files."""

import dataclasses
import difflib
import itertools
import os
import pathlib
import re
import typing
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument, shortened
from gansynth_tf.music import interpolation
from gansynth_tf.music.performance import PlayedNote

DEFAULT_SECONDS_PER_INSTRUMENT = 6.0
MAX_NUMBER = 10_000
WAYS = ('wander', 'track', 'program', 'fixed')
_FORMAT = 'gansynth_tf timbre 1'
_LATENTS_AT_ONCE = 1000
_NUM_BANDS = 16
_FLOOR_DB = -50.0
_TOLERANCE_DB = 3.0  # mean over the bands; engines and precisions of one model stay well below it


class Timbre(typing.NamedTuple):
    """A timbre with a name.

    Attributes:
      name: also its file's.
      latent: float32 [latent_size].
      bands_db: its fingerprint on the model that it was saved with, see `fingerprint`; None if not known.
    """

    name: str
    latent: np.ndarray
    bands_db: np.ndarray | None = None


Source = int | Timbre  # a number, from 1, means the random timbre of that number
Library = Mapping[str, Timbre]


class Choice(typing.NamedTuple):
    """The rule by which notes get their timbres.

    Attributes:
      way: 'wander', 'track', 'program', 'fixed', or the kind of the keys of `assigned`: 'tracks', 'programs', 'times'.
      assigned: from track or program number (from 1) or seconds to timbre; the key None stands for all others.
    """

    way: str
    assigned: Mapping[float | None, Source] = {}


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The timbres of notes.

    Attributes:
      latents: float32 [num_notes, latent_size].
      indices: float [num_notes], of each note's timbre in `timbres`; a fraction where two are interpolated.
      timbres: all that are used.
    """

    latents: np.ndarray
    indices: np.ndarray
    timbres: Sequence[Timbre]


def parse(text: str, library: Library | None = None) -> Choice:
    """The value of --timbre: one of `WAYS`, a number, a timbre file, a name, or keys with any: '1:warm,2:7,*:b.json'.

    A key is a track's number, a program's number after p ('p41'), or seconds followed by s ('30s'); between two times
    the timbre is interpolated.

    Args:
      text: the value.
      library: timbres by name, see `timbre_library.of_model`; a file of that name comes first.

    Raises:
      InputError: if it is none of these, or a file cannot be read.

    >>> parse('wander').way, parse('7').way
    ('wander', 'tracks')
    """
    if text in WAYS:
        return Choice(text)
    if ':' not in text:
        return Choice('tracks', {None: _source(text, library or {})})
    assigned: dict[float | None, Source] = {}
    kinds = set()
    for part in text.split(','):
        match = re.fullmatch(r'\s*(?:(\*)|(p?)(\d{1,5}(?:\.\d+)?)(s?))\s*:\s*(.+?)\s*', part)
        if not match or (match[2] and match[4]):
            raise InputError(f"Impossible --timbre: expected {', '.join(WAYS)}, a number, a timbre file, or tracks "
                             f"with theirs, such as '1:warm.json,2:7'. Received: {shortened(text)}")
        if match[3]:
            kinds.add('programs' if match[2] else 'times' if match[4] else 'tracks')
        assigned[float(match[3]) if match[3] else None] = _source(match[5], library or {})
    if len(kinds) > 1:
        raise InputError(f'Impossible --timbre: expected keys of one kind. Received: {" and ".join(sorted(kinds))}')
    return Choice(kinds.pop() if kinds else 'tracks', assigned)


def one(text: str, library: Library | None = None) -> Source:
    """The timbre that a text stands for: a number, a timbre file, or a name of a library.

    Raises:
      InputError: if it stands for none, or for several.
    """
    choice = parse(text, library)
    if list(choice.assigned) != [None]:
        raise InputError(f'Impossible timbre: expected one, a file or a number. Received: {shortened(text)}')
    return choice.assigned[None]


def choose(instrument: Instrument, notes: Sequence[PlayedNote], choice: Choice, *, seed: int,
           seconds_per_instrument: float = DEFAULT_SECONDS_PER_INSTRUMENT) -> Chosen:
    """The timbre of every note of a piece.

    Args:
      instrument: makes the random ones.
      notes: at least one.
      choice: see `parse`. Notes to which it assigns nothing get the first random timbre of the seed.
      seed: the same gives the same timbres.
      seconds_per_instrument: for 'wander', from one random timbre to the next.

    Raises:
      InputError: if a timbre has another size than the instrument's, or a timbre is assigned to a part without notes.
    """
    starts = np.array([note.start_seconds for note in notes])
    if choice.way == 'wander':
        # Magenta takes the end of the note listed last, which may be earlier.
        times = interpolation.keyframe_times(max(note.end_seconds for note in notes), seconds_per_instrument)
        return _interpolated(starts, times, _random_timbres(instrument, len(times), seed))
    if choice.way == 'times':
        assigned = sorted((seconds, source) for seconds, source in choice.assigned.items() if seconds is not None)
        keyframes = [resolved(source, instrument, seed) for _, source in assigned]
        return _interpolated(starts, np.array([seconds for seconds, _ in assigned]), keyframes)
    numbers = part_numbers(notes)
    keys = [note.program + 1 for note in notes] if 'program' in choice.way else [numbers[note.track] for note in notes]
    if choice.way in ('track', 'program'):
        distinct = sorted(set(keys))
        return _chosen(np.searchsorted(distinct, keys), _random_timbres(instrument, len(distinct), seed))
    if choice.way == 'fixed':
        return _chosen(np.zeros(len(notes), int), _random_timbres(instrument, 1, seed))
    return _assigned(instrument, keys, choice, seed)


def for_single_notes(instrument: Instrument, count: int, choice: Choice | None, *, seed: int, round_length: int = 1
                     ) -> Chosen:
    """The timbres of single notes.

    Args:
      instrument: makes the random ones.
      count: of notes.
      choice: 'wander' gives each note its own; one timbre, or 'fixed', is for all notes; None changes it after each
        round.
      seed: the same gives the same timbres.
      round_length: notes of a round, which is the number of pitches asked for.

    Raises:
      InputError: if the choice is possible for pieces only.
    """
    if choice and (choice.way not in ('wander', 'fixed') and list(choice.assigned) != [None]):
        raise InputError('Impossible --timbre for single notes: expected wander, fixed, a number or a timbre file. '
                         f'Received: {choice.way}')
    if choice and choice.assigned:
        return _chosen(np.zeros(count, int), [resolved(choice.assigned[None], instrument, seed)])
    each = 1 if choice and choice.way == 'wander' else count if choice else round_length
    indices = np.arange(count) // each
    return _chosen(indices, _random_timbres(instrument, int(indices[-1]) + 1, seed))


def part_numbers(notes: Sequence[PlayedNote]) -> dict[int, int]:
    """The number, from 1, of every track that has notes."""
    return {track: number for number, track in enumerate(sorted({note.track for note in notes}), 1)}


def resolved(source: Source, instrument: Instrument, seed: int) -> Timbre:
    """The timbre that a source stands for.

    Raises:
      InputError: if it has another size than the instrument's.
    """
    timbre = random_timbre(instrument, source, seed) if isinstance(source, int) else source
    if len(timbre.latent) != instrument.latent_size:
        raise InputError(f'The timbre {timbre.name!r} is of another model: expected {instrument.latent_size} numbers. '
                         f'Received: {len(timbre.latent)}')
    return timbre


def random_timbre(instrument: Instrument, number: int, seed: int) -> Timbre:
    """The random timbre of a number, from 1."""
    return Timbre(f'seed{seed}_number{number}', instrument.sample_latents(number, seed=seed)[number - 1])


def read(path: str | os.PathLike) -> Timbre:
    """The timbre in a file that `write` wrote, or in any JSON file with a latent.

    Raises:
      InputError: if there is none.
    """
    path = files.expanded(path)
    values = files.read_json(path, expected='a timbre file')
    try:
        return from_values(values, str(values.get('name', path.stem)))
    except InputError as error:
        raise InputError(f'Unusable timbre file {str(path)!r}: {error}') from error


def from_values(values: Mapping[str, typing.Any], name: str) -> Timbre:
    """The timbre that the values of a file describe.

    Raises:
      InputError: if they describe none.
    """
    latent = _numbers(values.get('latent'), 'latent')
    if not latent.size:
        raise InputError('Unusable latent: expected a list of finite numbers. Received: none')
    bands = _numbers(values['fingerprint'], 'fingerprint') if 'fingerprint' in values else None
    if bands is not None and len(bands) != _NUM_BANDS:
        raise InputError(f'Unusable fingerprint: expected {_NUM_BANDS} numbers. Received: {len(bands)}')
    return Timbre(name, latent.astype(np.float32), bands)


def _numbers(values: typing.Any, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.ndim != 1 or not np.all(np.isfinite(numbers)):
        raise InputError(f'Unusable {name}: expected a list of finite numbers. Received: {shortened(values)}')
    return numbers


def write(path: str | os.PathLike, timbre: Timbre, instrument: Instrument, *, notes: str = '') -> pathlib.Path:
    """Writes a timbre as JSON, with its fingerprint on the instrument, and a line of notes."""
    values = {'format': _FORMAT, 'name': timbre.name, 'latent': timbre.latent.tolist(),
              'model': model_facts(instrument),
              'fingerprint': fingerprint(instrument, timbre.latent).round(2).tolist(), 'notes': notes}
    return files.write_json(values, path)


def model_facts(instrument: Instrument) -> dict[str, int]:
    """The facts on a model that are saved with a timbre."""
    return {'latent_size': instrument.latent_size, 'sample_rate': instrument.sample_rate,
            'audio_length': instrument.audio_length}


def fingerprint(instrument: Instrument, latent: np.ndarray) -> np.ndarray:
    """The spectrum of a timbre at an instrument's middle pitch: 16 levels in dB below the loudest band.

    It is the same for every export of a model, where a hash of the weights would differ.
    """
    wave = instrument.generate(latent[None], [middle_pitch(instrument)])[0]
    power = np.abs(np.fft.rfft(np.asarray(wave, np.float64))) ** 2
    edges = np.geomspace(4, len(power), _NUM_BANDS + 1).astype(int)
    bands = np.array([power[low:max(high, low + 1)].sum() for low, high in itertools.pairwise(edges)])
    return np.maximum(10 * np.log10(np.maximum(bands, 1e-20) / max(bands.max(), 1e-20)), _FLOOR_DB)


def foreign(instrument: Instrument, timbres: Sequence[Timbre]) -> list[str]:
    """The names of timbres that sound different on this instrument than on the model they were saved with."""
    return [timbre.name for timbre in timbres if timbre.bands_db is not None
            and np.mean(np.abs(fingerprint(instrument, timbre.latent) - timbre.bands_db)) > _TOLERANCE_DB]


def middle_pitch(instrument: Instrument) -> int:
    """The pitch in the middle of those that an instrument has."""
    return instrument.pitches[len(instrument.pitches) // 2]


def _source(text: str, library: Library) -> Source:
    """The source that a text means: a number, a file's timbre (.json may be left out), or a name of the library."""
    text = text.strip()
    if re.fullmatch(r'\d{1,9}', text):
        if not 1 <= int(text) <= MAX_NUMBER:
            raise InputError(f'Impossible --timbre: expected a number from 1 to {MAX_NUMBER}. Received: {text}')
        return int(text)
    path = files.expanded(text)
    for candidate in (path, path.with_name(path.name + '.json')):
        if candidate.is_file():
            return read(candidate)
    if text in library:
        return library[text]
    near = difflib.get_close_matches(text, library, n=4, cutoff=0.3) or list(library)[:4]
    kinds = f"a timbre file, or a name of the library such as {', '.join(near)}" if library else 'or a timbre file'
    raise InputError(f"No such timbre: expected {', '.join(WAYS)}, a number, {kinds}. "
                     f'Received: {shortened(text)}')


def _random_timbres(instrument: Instrument, count: int, seed: int) -> list[Timbre]:
    return [Timbre(f'seed{seed}_number{number}', latent)
            for number, latent in enumerate(instrument.sample_latents(count, seed=seed), 1)]


def _interpolated(starts: np.ndarray, times: np.ndarray, timbres: Sequence[Timbre]) -> Chosen:
    keyframes = np.stack([timbre.latent for timbre in timbres])
    parts = [interpolation.at_times(starts[begin:begin + _LATENTS_AT_ONCE], times, keyframes).astype(np.float32)
             for begin in range(0, len(starts), _LATENTS_AT_ONCE)]
    return Chosen(np.concatenate(parts), np.interp(starts, times, np.arange(len(times))), timbres)


def _chosen(indices: np.ndarray, timbres: Sequence[Timbre]) -> Chosen:
    """The timbres of notes by their indices, int [num_notes]."""
    return Chosen(np.stack([timbre.latent for timbre in timbres])[indices].astype(np.float32), indices.astype(float),
                  timbres)


def _assigned(instrument: Instrument, keys: Sequence[float], choice: Choice, seed: int) -> Chosen:
    named = {key: source for key, source in choice.assigned.items() if key is not None}
    if unknown := sorted(set(named) - set(keys)):
        raise InputError(f'Impossible --timbre: expected {choice.way} among {", ".join(map(str, sorted(set(keys))))}. '
                         f'Received: {", ".join(f"{key:g}" for key in unknown)}')
    rest = choice.assigned.get(None, 1)
    used = sorted(set(named)) + ([0.0] if set(keys) - set(named) else [])
    timbres = [resolved(named.get(key, rest), instrument, seed) for key in used]
    index_of: Callable[[float], int] = lambda key: used.index(key if key in named else 0.0)
    return _chosen(np.array([index_of(key) for key in keys]), timbres)
