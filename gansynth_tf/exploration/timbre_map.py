"""A map of timbres: the directions in which an instrument's sounds vary most, and where its timbres lie along them.

Source: Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls": principal components of a generator's
first activations over random latents, and the latents that belong to them by regression. Deviations: an instrument that
shows no activations (an export, a wave model) is analysed by the spectra of its notes; directions are named by what is
measured to change along them; sliders start from a timbre that is in tune, and go as far as notes are.
"""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.exploration import choosing, description
from gansynth_tf.instrument import Instrument

NUM_DIRECTIONS = 6
_POSITIONS = (0.5, 1.0, 1.5, 2.0)  # of a slider to each side, in standard deviations, that are tried
_NUM_DESCRIBED = 64  # timbres by which directions are named
_CORRELATED = 0.35  # by ranks: one in two hundred pairs of 64 numbers that have nothing to do with each other
_NUM_BANDS = 64
_LEAST_SHARE = 1e-7  # of the largest variance; below is rounding
_MORE = {'brightness': 'brighter', 'attack_ms': 'softer attack', 'decay_db_per_second': 'shorter',
         'noise_db': 'noisier', 'inharmonicity_cents': 'more bell-like', 'hollowness_db': 'more hollow',
         'undulation_db': 'more trembling', 'detuning_cents': 'less in tune'}


@dataclasses.dataclass(frozen=True)
class TimbreMap:
    """Directions and places.

    Attributes:
      start: float [latent_size], where all sliders are 0: of the described timbres that are in tune the one nearest to
        the middle, which may be no good timbre itself.
      directions: float [directions, latent_size], each as long as one standard deviation.
      names: what becomes more along each, or 'direction 1' where nothing that is measured does.
      ranges: float [directions, 2], how far down and up a slider may go with the note in tune, in standard deviations;
        at least half of one.
      shares: float [directions], of the variance of what was analysed.
      analysed: what that was.
      latents: float32 [n, latent_size], of the timbres on the map.
      places: float [n, directions], in standard deviations.
      descriptions: of the first of the timbres.
    """

    start: np.ndarray
    directions: np.ndarray
    names: tuple[str, ...]
    ranges: np.ndarray
    shares: np.ndarray
    analysed: str
    latents: np.ndarray
    places: np.ndarray
    descriptions: tuple[description.Description, ...]

    def latent(self, sliders: np.ndarray) -> np.ndarray:
        """The timbre at slider positions, float [directions or fewer] in standard deviations: float32 [latent_size]."""
        sliders = np.asarray(sliders, np.float64)
        return (self.start + sliders @ self.directions[:len(sliders)]).astype(np.float32)


def explore(instrument: Instrument, *, seed: int, num_timbres: int = 512, num_directions: int = NUM_DIRECTIONS
            ) -> TimbreMap:
    """The map of an instrument.

    Args:
      instrument: its `first_activations(latents, pitches)`, float [n, size], are analysed if it has them.
      seed: the same gives the same map.
      num_timbres: random ones that are analysed and shown.
      num_directions: most that are kept.

    Raises:
      InputError: if there are fewer timbres than directions.
    """
    if num_timbres <= num_directions:
        raise InputError(f'Too few timbres for a map: expected more than {num_directions}. Received: {num_timbres}')
    latents = instrument.sample_latents(num_timbres, seed=seed)
    activations, analysed = _activations(instrument, latents)
    places, shares = _principal(activations, num_directions)
    described = description.describe(instrument, latents[:_NUM_DESCRIBED])
    signs, names = _named(places[:len(described)], np.array([found.as_row() for found in described]))
    places = places * signs
    # The regression, since places are uncorrelated.
    directions = places.T @ (latents - latents.mean(axis=0)) / num_timbres
    start = latents[_nearest_in_tune(places[:len(described)], described)]
    ranges = _ranges(instrument, start, directions)
    return TimbreMap(start, directions, names, ranges, shares, analysed, latents, places, tuple(described))


def write(timbre_map: TimbreMap, path: str | os.PathLike) -> pathlib.Path:
    """Writes a map as JSON: what a page with sliders or an XY pad needs."""
    return files.write_json({
        'analysed': timbre_map.analysed,
        'start': timbre_map.start.tolist(),
        'directions': [{'name': name, 'range': range_.tolist(), 'share': round(float(share), 4),
                        'latent': direction.tolist()}
                       for name, range_, share, direction in zip(timbre_map.names, timbre_map.ranges, timbre_map.shares,
                                                                 timbre_map.directions)],
        'timbres': [{'place': place[:2].tolist(), 'latent': latent.tolist()}
                    for place, latent in zip(np.round(timbre_map.places, 4), timbre_map.latents)]}, path)


def draw(timbre_map: TimbreMap, path: str | os.PathLike) -> pathlib.Path:
    """Draws the first two directions, a point a timbre; those that were described in the colour of their brightness."""
    import matplotlib.figure
    figure = matplotlib.figure.Figure(figsize=(8, 6.5), layout='constrained')
    axes = figure.add_subplot()
    places, described = timbre_map.places, len(timbre_map.descriptions)
    axes.scatter(places[described:, 0], places[described:, 1], s=8, color='0.8', label='not described')
    points = axes.scatter(places[:described, 0], places[:described, 1], s=36, cmap='viridis',
                          c=[found.brightness for found in timbre_map.descriptions])
    for number, place in enumerate(places[:described], 1):
        axes.annotate(str(number), place[:2], fontsize=6, xytext=(3, 3), textcoords='offset points')
    figure.colorbar(points, label='brightness (centroid over fundamental)')
    axes.set(xlabel=f'{timbre_map.names[0]} (standard deviations)', title='Map of timbres',
             ylabel=f'{timbre_map.names[1]} (standard deviations)' if len(timbre_map.names) > 1 else '')
    axes.legend(loc='lower right', fontsize=7)
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        figure.savefig(temporary, format='png', dpi=120)
    return path


def _activations(instrument: Instrument, latents: np.ndarray) -> tuple[np.ndarray, str]:
    """What is analysed, float [n, size], at the middle pitch, and what it is."""
    pitches = description.pitches_of(instrument, 1) * len(latents)
    first = getattr(instrument, 'first_activations', None)
    if first is not None:
        return first(latents, pitches), "activations of the network's first block"
    bands = [_log_bands(batch) for batch in instrument.generate_batches(latents, pitches)]
    return np.concatenate(bands), 'levels of the bands of notes'


def _principal(rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Places along the principal components, float [n, components], each of variance 1; and the components' shares."""
    centred = rows - rows.mean(axis=0)
    # There are fewer rows than columns, so their products are decomposed instead of their covariance.
    variances, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
    variances, vectors = variances[::-1], vectors[:, ::-1]
    kept = min(most, int(np.sum(variances > _LEAST_SHARE * variances[0])))
    return vectors[:, :kept] * np.sqrt(len(rows)), variances[:kept] / variances.sum()


def _nearest_in_tune(places: np.ndarray, described: Sequence[description.Description]) -> int:
    in_tune = np.array([found.detuning_cents <= choosing.IN_TUNE_CENTS for found in described])
    return int(np.argmin(np.linalg.norm(places, axis=1) + np.where(in_tune, 0, 1e3)))


def _ranges(instrument: Instrument, start: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """How far each slider may go in tune."""
    sides = np.array([-1.0, 1.0])
    steps = sides[:, np.newaxis] * _POSITIONS
    latents = start + directions[:, np.newaxis, np.newaxis] * steps[:, :, np.newaxis]
    described = description.describe(instrument, latents.reshape(-1, len(start)))
    in_tune = np.array([found.detuning_cents <= choosing.IN_TUNE_CENTS for found in described])
    reached = np.maximum(np.cumprod(in_tune.reshape(len(directions), 2, len(_POSITIONS)), axis=2).sum(axis=2), 1)
    return sides * np.array(_POSITIONS)[reached - 1]


def _log_bands(waves: np.ndarray) -> np.ndarray:
    power = np.abs(np.fft.rfft(waves)) ** 2
    edges = np.unique(np.geomspace(1, power.shape[1], _NUM_BANDS + 1).astype(int))
    return np.log(np.add.reduceat(power, edges[:-1], axis=1) + 1e-9)


def _named(places: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """For each direction its sign, so that what it is named for becomes more, and the name."""
    ranks = np.argsort(np.argsort(rows, axis=0), axis=0).astype(float)
    signs, names = np.ones(places.shape[1]), []
    for index, place in enumerate(places.T):
        order = np.argsort(np.argsort(place)).astype(float)
        correlations = np.array([np.corrcoef(order, column)[0, 1] if np.ptp(column) else 0.0 for column in ranks.T])
        correlations[rows.std(axis=0) < 1e-9] = 0
        strongest = int(np.argmax(np.abs(correlations)))
        if abs(correlations[strongest]) < _CORRELATED:
            names.append(f'direction {index + 1}')
            continue
        signs[index] = np.sign(correlations[strongest])
        names.append(_MORE[description.NAMES[strongest]])
    return signs, tuple(names)
