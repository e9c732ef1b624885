"""A map of timbres: the directions in which an instrument's sounds vary most, and where its timbres lie along them.

Source: Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls": principal components of a generator's
first activations over random latents, and the latents that belong to them by regression. Deviations: an instrument that
shows no activations (an export, a wave model) is analysed by the spectra of its notes; directions are named by what is
measured to change along them.
"""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.exploration import description
from gansynth_tf.instrument import Instrument

NUM_DIRECTIONS = 6
RANGE = 2.0  # standard deviations to each side that a slider has
_NUM_DESCRIBED = 64  # timbres by which directions are named
_CORRELATED = 0.5
_NUM_BANDS = 64
_MORE = {'brightness': 'brighter', 'attack_ms': 'softer attack', 'decay_db_per_second': 'shorter',
         'noise_db': 'noisier', 'inharmonicity_cents': 'more bell-like', 'hollowness_db': 'more hollow',
         'undulation_db': 'more trembling', 'detuning_cents': 'less in tune'}


@dataclasses.dataclass(frozen=True)
class TimbreMap:
    """Directions and places.

    Attributes:
      mean: float [latent_size], the middle.
      directions: float [directions, latent_size], each as long as one standard deviation.
      names: what becomes more along each, or 'direction 1' where nothing that is measured does.
      latents: float32 [n, latent_size], of the timbres on the map.
      places: float [n, directions], in standard deviations.
      descriptions: of the first of the timbres.
    """

    mean: np.ndarray
    directions: np.ndarray
    names: tuple[str, ...]
    latents: np.ndarray
    places: np.ndarray
    descriptions: tuple[description.Description, ...]

    def latent(self, sliders: np.ndarray) -> np.ndarray:
        """The timbre at slider positions, float [directions or fewer] in standard deviations: float32 [latent_size]."""
        sliders = np.asarray(sliders, np.float64)
        return (self.mean + sliders @ self.directions[:len(sliders)]).astype(np.float32)


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
    activations = _activations(instrument)(latents)
    centred = activations - activations.mean(axis=0)
    left, deviations, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(num_directions, int(np.sum(deviations > 1e-6 * deviations[0])))
    places = left[:, :kept] * np.sqrt(num_timbres)
    mean = latents.mean(axis=0)
    directions, *_ = np.linalg.lstsq(places, latents - mean, rcond=None)
    described = description.describe(instrument, latents[:_NUM_DESCRIBED])
    signs, names = _named(places[:len(described)], np.array([found.as_row() for found in described]))
    return TimbreMap(mean, directions * signs[:, np.newaxis], names, latents, places * signs, tuple(described))


def write(timbre_map: TimbreMap, path: str | os.PathLike) -> pathlib.Path:
    """Writes a map as JSON: what a page with sliders or an XY pad needs."""
    return files.write_json({
        'mean': timbre_map.mean.tolist(),
        'directions': [{'name': name, 'range': [-RANGE, RANGE], 'latent': direction.tolist()}
                       for name, direction in zip(timbre_map.names, timbre_map.directions)],
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


def _activations(instrument: Instrument) -> Callable[[np.ndarray], np.ndarray]:
    pitch = description.pitches_of(instrument, 1)[0]
    first = getattr(instrument, 'first_activations', None)
    if first is not None:
        return lambda latents: first(latents, [pitch] * len(latents))
    return lambda latents: np.concatenate([_log_bands(batch) for batch in instrument.generate_batches(
        latents, [pitch] * len(latents))])


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
