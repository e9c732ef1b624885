"""The timbres that the page offers: some of the instrument's, those that the user keeps, and mixtures."""

import dataclasses
import logging
import pathlib
import threading
import typing
from collections.abc import Sequence

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.exploration import choosing, description
from gansynth_tf.instrument import Instrument, shortened, whole_number
from gansynth_tf.music import timbres
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.music.timbres import Timbre
from gansynth_tf.player import values

AXES = (('dark', 'bright'), ('struck', 'swelling'))  # from left to right, from bottom to top
MOST_SAMPLED = 64
MOST_MIXED = 16
MOST_KEPT = 1000
_NUM_MEASURED, _NUM_OFFERED = 32, 24
_NUM_NEAREST = 4  # timbres that are mixed for a position on the map
_OUTERMOST = 0.9  # position on the map, so that names have room
_SEED = 0
_AXES = {'brightness', 'attack_ms'}


@dataclasses.dataclass(frozen=True)
class _Offered:
    name: str
    latent: np.ndarray
    words: tuple[str, ...]
    measured: tuple[float, float]  # along the axes


class TimbreShelf:
    """Timbres of an instrument; without a library, the first call that needs them takes seconds to measure some.

    Args:
      instrument: plays them.
      directory: of the user's timbres; created when the first is kept.
      library: the instrument's own timbres; if it is empty, random ones that are in tune are offered.
    """

    def __init__(self, instrument: Instrument, directory: pathlib.Path, library: Sequence[Entry] = ()):
        self._instrument, self._directory, self._library = instrument, directory, library
        self._lock = threading.Lock()
        self._own: list[_Offered] = []
        self._kept: dict[tuple[pathlib.Path, float], _Offered] = {}

    def all(self) -> dict[str, typing.Any]:
        """All timbres, each with its position on the map."""
        offered = self._offered()
        return {'axes': AXES, 'timbres': [
            {**_as_json(timbre.name, timbre.latent, timbre.words), 'position': position.tolist()}
            for timbre, position in zip(offered, self._positions(offered))]}

    def sampled(self, n: typing.Any, seed: typing.Any) -> dict[str, typing.Any]:
        """The first n random timbres of a seed."""
        n = whole_number(n, 'n', lowest=1, highest=MOST_SAMPLED)
        latents = self._instrument.sample_latents(n, seed=whole_number(seed, 'seed'))
        return {'timbres': [_as_json(f'random {number}', latent, ()) for number, latent in enumerate(latents, 1)]}

    def mixed(self, latents: typing.Any, weights: typing.Any) -> dict[str, typing.Any]:
        """The spherical mean of timbres."""
        if not isinstance(latents, list) or not isinstance(weights, list) or len(latents) > MOST_MIXED:
            raise InputError(f'Impossible mixture: expected lists of at most {MOST_MIXED} latents and weights. '
                             f'Received: {shortened(latents)}, {shortened(weights)}')
        rows = [values.latent(latent, self._instrument.latent_size) for latent in latents]
        return {'latent': choosing.mix(rows, values.numbers(weights, 'weights').tolist()).tolist()}

    def at(self, position: typing.Any) -> dict[str, typing.Any]:
        """The timbre at a position on the map: a mixture of the nearest ones, weighted by their nearness."""
        point = values.numbers(position, 'position')
        if len(point) != 2:
            raise InputError(f'Impossible position: expected two numbers. Received: {shortened(position)}')
        offered = self._offered()
        distances = np.linalg.norm(self._positions(offered) - np.clip(point, -1, 1), axis=1)
        nearest = np.argsort(distances, kind='stable')[:_NUM_NEAREST]
        first = offered[nearest[0]]
        if distances[nearest[0]] < 1e-3 or len(nearest) < 2:
            return {'latent': first.latent.tolist(), 'nearest': first.name}
        # The furthest of them has a weight near 0, so that the mixture does not jump where another one takes its part.
        weights = distances[nearest] ** -2.0 - (distances[nearest].max() + 1e-6) ** -2.0
        latent = choosing.mix([offered[index].latent for index in nearest], weights)
        return {'latent': latent.tolist(), 'nearest': first.name}

    def keep(self, name: typing.Any, latent: typing.Any) -> dict[str, typing.Any]:
        """Writes a timbre into the user's directory, under a name that is free there."""
        row = values.latent(latent, self._instrument.latent_size)
        stem = values.file_name(name, 'timbre')
        with self._lock:
            directory = files.make_directory(self._directory)
            if len(list(directory.glob('*.json'))) >= MOST_KEPT:
                raise InputError(f'Too many timbres: expected at most {MOST_KEPT} in {str(directory)!r}. '
                                 'Received: one more')
            free, number = stem, 1
            while (directory / f'{free}.json').exists():
                number += 1
                free = f'{stem}_{number}'
            path = timbres.write(directory / f'{free}.json', Timbre(free, row), self._instrument)
        return {'name': free, 'path': str(path)}

    def _offered(self) -> list[_Offered]:
        with self._lock:
            if not self._own:
                self._own = self._of_library() or self._measured()
            return [*self._own, *self._read()]

    def _of_library(self) -> list[_Offered]:
        entries = [entry for entry in self._library if len(entry.timbre.latent) == self._instrument.latent_size]
        if all(set(entry.measured) >= _AXES for entry in entries):
            return [_Offered(entry.timbre.name, entry.timbre.latent, entry.words,
                             (entry.measured['brightness'], entry.measured['attack_ms'])) for entry in entries]
        found = self._describe(np.array([entry.timbre.latent for entry in entries]))
        return [_offered(entry.timbre.name, entry.timbre.latent, one) for entry, one in zip(entries, found)]

    def _measured(self) -> list[_Offered]:
        """The best tuned of some random timbres, with names made of the words for them."""
        latents = self._instrument.sample_latents(_NUM_MEASURED, seed=_SEED)
        found = self._describe(latents)
        best = sorted(np.argsort([one.detuning_cents for one in found], kind='stable')[:_NUM_OFFERED])
        return [_offered(' '.join((*found[index].words, str(number))), latents[index], found[index])
                for number, index in enumerate(best, 1)]

    def _read(self) -> list[_Offered]:
        """The user's own timbres for this instrument, each read and measured once."""
        kept = {}
        for path in sorted(self._directory.glob('*.json'))[:MOST_KEPT]:
            try:
                key = path, path.stat().st_mtime
                kept[key] = self._kept.get(key) or self._opened(path)
            except (OSError, InputError) as error:
                logging.warning('Left out %s: %s', path, error)
        self._kept = kept
        return [timbre for timbre in kept.values() if len(timbre.latent) == self._instrument.latent_size]

    def _opened(self, path: pathlib.Path) -> _Offered:
        timbre = timbres.read(path)
        if len(timbre.latent) != self._instrument.latent_size:
            return _Offered(timbre.name, timbre.latent, (), (0.0, 0.0))
        if timbres.foreign(self._instrument, [timbre]):
            logging.warning('%s sounds otherwise here than on the model that it was kept with', path)
        return _offered(timbre.name, timbre.latent, self._describe(timbre.latent[np.newaxis])[0])

    def _describe(self, latents: np.ndarray) -> list[description.Description]:
        return description.describe(self._instrument, latents, [timbres.middle_pitch(self._instrument)])

    def _positions(self, offered: Sequence[_Offered]) -> np.ndarray:
        """Positions, float [n, 2] from -1 to 1: ranks among the instrument's own, so that these are spread evenly."""
        own, measured = (np.nan_to_num([timbre.measured for timbre in timbres_]) for timbres_ in (self._own, offered))
        own = np.sort(own, axis=0)
        ranks = np.linspace(-_OUTERMOST, _OUTERMOST, len(own))
        return np.round(np.column_stack([np.interp(measured[:, axis], own[:, axis], ranks) for axis in (0, 1)]), 4)


def _offered(name: str, latent: np.ndarray, found: description.Description) -> _Offered:
    return _Offered(name, latent, found.words, (found.brightness, found.attack_ms))


def _as_json(name: str, latent: np.ndarray, words: Sequence[str]) -> dict[str, typing.Any]:
    return {'name': name, 'latent': latent.tolist(), 'words': list(words)}
