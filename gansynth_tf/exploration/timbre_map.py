"""A map of timbres: the directions in which an instrument's sounds vary most, and the positions of timbres along them.

Source: Härkönen et al. 2020, "GANSpace: Discovering Interpretable GAN Controls": principal components of a generator's
first activations over random latents, and the latents that belong to them by regression. Deviations: where the
activations are not accessible (an export, a wave model), the spectra of notes are analysed; directions are named by the
measure that changes along them; sliders start from a timbre that is in tune, and end where notes are no longer in tune.
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
    """Directions, and the positions of timbres along them.

    Attributes:
      start: float [latent_size], the latent at which all sliders are 0: of the described timbres that are in tune the
        one nearest to the middle, since the middle itself need not be a good timbre.
      directions: float [directions, latent_size], each as long as one standard deviation.
      names: the quality that increases along each, or 'direction 1' where no measure does.
      ranges: float [directions, 2], the lowest and the highest position of a slider at which notes are in tune, in
        standard deviations; at least half of one.
      shares: float [directions], of the variance of the analysed values.
      analysed: the kind of these values.
      latents: float32 [n, latent_size], of the timbres on the map.
      positions: float [n, directions], in standard deviations.
      descriptions: of the first of the timbres.
    """

    start: np.ndarray
    directions: np.ndarray
    names: tuple[str, ...]
    ranges: np.ndarray
    shares: np.ndarray
    analysed: str
    latents: np.ndarray
    positions: np.ndarray
    descriptions: tuple[description.Description, ...]


def explore(instrument: Instrument, *, seed: int, num_timbres: int = 512, num_directions: int = NUM_DIRECTIONS
            ) -> TimbreMap:
    """The map of an instrument.

    Args:
      instrument: its `first_activations(latents, pitches)`, float [n, size], are analysed if it has them.
      seed: the same gives the same map.
      num_timbres: of random timbres that are analysed and shown.
      num_directions: the most that are kept.

    Raises:
      InputError: if there are fewer timbres than directions.
    """
    if num_timbres <= num_directions:
        raise InputError(f'Too few timbres for a map: expected more than {num_directions}. Received: {num_timbres}')
    latents = instrument.sample_latents(num_timbres, seed=seed)
    activations, analysed = _activations(instrument, latents)
    positions, shares = _principal(activations, num_directions)
    described = description.describe(instrument, latents[:_NUM_DESCRIBED])
    signs, names = _named(positions[:len(described)], np.array([found.as_row() for found in described]))
    positions = positions * signs
    # The regression is a product, since positions are uncorrelated.
    directions = positions.T @ (latents - latents.mean(axis=0)) / num_timbres
    start = latents[_nearest_in_tune(positions[:len(described)], described)]
    ranges = _ranges(instrument, start, directions)
    return TimbreMap(start, directions, names, ranges, shares, analysed, latents, positions, tuple(described))


def write(timbre_map: TimbreMap, path: str | os.PathLike) -> pathlib.Path:
    """Writes a map as JSON, with all that a page with sliders or an XY pad needs."""
    return files.write_json({
        'analysed': timbre_map.analysed,
        'start': timbre_map.start.tolist(),
        'directions': [{'name': name, 'range': range_.tolist(), 'share': round(float(share), 4),
                        'latent': direction.tolist()}
                       for name, range_, share, direction in zip(timbre_map.names, timbre_map.ranges, timbre_map.shares,
                                                                 timbre_map.directions)],
        'timbres': [{'place': position[:2].tolist(), 'latent': latent.tolist()}
                    for position, latent in zip(np.round(timbre_map.positions, 4), timbre_map.latents)]}, path)


def draw(timbre_map: TimbreMap, path: str | os.PathLike) -> pathlib.Path:
    """Draws the first two directions, a point a timbre; those that were described in the colour of their brightness."""
    import matplotlib.figure
    figure = matplotlib.figure.Figure(figsize=(8, 6.5), layout='constrained')
    axes = figure.add_subplot()
    positions, described = timbre_map.positions, len(timbre_map.descriptions)
    axes.scatter(positions[described:, 0], positions[described:, 1], s=8, color='0.8', label='not described')
    points = axes.scatter(positions[:described, 0], positions[:described, 1], s=36, cmap='viridis',
                          c=[found.brightness for found in timbre_map.descriptions])
    for number, position in enumerate(positions[:described], 1):
        axes.annotate(str(number), position[:2], fontsize=6, xytext=(3, 3), textcoords='offset points')
    figure.colorbar(points, label='brightness (centroid over fundamental)')
    axes.set(xlabel=f'{timbre_map.names[0]} (standard deviations)', title='Map of timbres',
             ylabel=f'{timbre_map.names[1]} (standard deviations)' if len(timbre_map.names) > 1 else '')
    axes.legend(loc='lower right', fontsize=7)
    return files.write_figure(figure, path, dpi=120)


def _activations(instrument: Instrument, latents: np.ndarray) -> tuple[np.ndarray, str]:
    """The values that are analysed, float [n, size], of notes at the middle pitch, and their kind in words."""
    pitches = description.pitches_of(instrument, 1) * len(latents)
    first = getattr(instrument, 'first_activations', None)
    if first is not None:
        return first(latents, pitches), "activations of the network's first block"
    bands = [_log_bands(batch) for batch in instrument.generate_batches(latents, pitches)]
    return np.concatenate(bands), 'levels of the bands of notes'


def _principal(rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions along the principal components, float [n, components], of variance 1; and the components' shares."""
    centred = rows - rows.mean(axis=0)
    # There are fewer rows than columns, so the products of rows are decomposed instead of the covariance.
    variances, vectors = np.linalg.eigh((centred @ centred.T).astype(np.float64))
    variances, vectors = variances[::-1], vectors[:, ::-1]
    kept = min(most, int(np.sum(variances > _LEAST_SHARE * variances[0])))
    return vectors[:, :kept] * np.sqrt(len(rows)), variances[:kept] / variances.sum()


def _nearest_in_tune(positions: np.ndarray, described: Sequence[description.Description]) -> int:
    in_tune = np.array([found.detuning_cents <= choosing.IN_TUNE_CENTS for found in described])
    return int(np.argmin(np.linalg.norm(positions, axis=1) + np.where(in_tune, 0, 1e3)))


def _ranges(instrument: Instrument, start: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The range of each slider in which notes are in tune, see `TimbreMap`."""
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


def _named(positions: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Signs of the directions, so that the quality in each one's name increases along it, and the names."""
    ranks = np.argsort(np.argsort(rows, axis=0), axis=0).astype(float)
    signs, names = np.ones(positions.shape[1]), []
    for index, column_positions in enumerate(positions.T):
        order = np.argsort(np.argsort(column_positions)).astype(float)
        correlations = np.array([np.corrcoef(order, column)[0, 1] if np.ptp(column) else 0.0 for column in ranks.T])
        correlations[rows.std(axis=0) < 1e-9] = 0
        strongest = int(np.argmax(np.abs(correlations)))
        if abs(correlations[strongest]) < _CORRELATED:
            names.append(f'direction {index + 1}')
            continue
        signs[index] = np.sign(correlations[strongest])
        names.append(_MORE[description.NAMES[strongest]])
    return signs, tuple(names)
