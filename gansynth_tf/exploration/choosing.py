"""Choices of timbres: some that differ from each other, mixtures, and the nearest to a recording."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gansynth_tf.errors import InputError
from gansynth_tf.exploration import description
from gansynth_tf.instrument import Instrument

IN_TUNE_CENTS = 25.0
_FURTHEST = 2.5  # standard deviations
# Spreads below which a measure does not tell timbres apart: log brightness, log attack, dB/s, dB, cents, dB, dB.
_NOTICEABLE = (0.1, 0.2, 1.0, 2.0, 3.0, 2.0, 0.3)
_NUM_ROUNDS = 3  # of refining a timbre near a recording
_ROUND_SIZE = 32


def spread(instrument: Instrument, count: int, *, seed: int, num_candidates: int = 256) -> np.ndarray:
    """Random timbres that are in tune over the keyboard and differ from each other in their descriptions.

    Each is the candidate furthest from those chosen before, in descriptions scaled to one spread.

    Args:
      instrument: plays them.
      count: of timbres.
      seed: the same gives the same timbres.
      num_candidates: random timbres from which they are chosen.

    Returns:
      float32 [count, latent_size].

    Raises:
      InputError: if fewer than `count` of the candidates are in tune.
    """
    latents = instrument.sample_latents(num_candidates, seed=seed)
    rows = np.array([described.as_row() for described in description.describe(instrument, latents)])
    in_tune = np.flatnonzero(rows[:, -1] <= IN_TUNE_CENTS)
    if len(in_tune) < count:
        raise InputError(f'Too few timbres in tune: expected at least {count} of {num_candidates} within '
                         f'{IN_TUNE_CENTS:g} cents at every pitch. Received: {len(in_tune)}')
    return latents[in_tune[list(itertools.islice(far_apart(rows[in_tune]), count))]]


def far_apart(rows: np.ndarray, accept: Callable[[int], bool] = lambda index: True) -> Iterator[int]:
    """Yields indices of timbres: first the one in the middle, then always the one furthest from those before.

    Args:
      rows: float [n, 8], descriptions.
      accept: returns True for an index that may be chosen; called at most once for each.
    """
    points = scaled(rows)
    distances = -np.linalg.norm(points, axis=1)
    asked = np.zeros(len(points), bool)
    num_taken = 0
    while not asked.all():
        index = int(np.argmax(np.where(asked, -np.inf, distances)))
        asked[index] = True
        if not accept(index):
            continue
        yield index
        from_here = np.linalg.norm(points - points[index], axis=1)
        distances = np.minimum(distances, from_here) if num_taken else from_here
        num_taken += 1


def scaled(rows: np.ndarray) -> np.ndarray:
    """Descriptions, float [n, 8], without tuning and on one scale, so that distances can be compared: float [n, 7]."""
    # Attacks and brightness are heard by ratio, not by difference.
    points = np.column_stack([np.log(np.maximum(rows[:, :2], 1e-3)), rows[:, 2:-1]])
    points = (points - points.mean(axis=0)) / np.maximum(points.std(axis=0), _NOTICEABLE)
    return np.clip(points, -_FURTHEST, _FURTHEST)  # so that no timbre is chosen for one extreme measure alone


def mix(latents: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """The spherical mean of timbres: its direction and length lie between theirs.

    Args:
      latents: two or more, float [latent_size].
      weights: one for each, not negative; only their ratios matter.

    Raises:
      InputError: if counts differ, a weight is negative or all are 0, or the timbres are opposite.
    """
    weights_ = np.asarray(weights, np.float64)
    if len(latents) < 2 or len(weights_) != len(latents):
        raise InputError(f'Impossible mixture: expected a weight for each of two timbres or more. '
                         f'Received: {len(latents)} timbres, {len(weights_)} weights')
    if not np.all(np.isfinite(weights_)) or np.any(weights_ < 0) or not weights_.sum():
        raise InputError(f'Impossible weights: expected numbers of at least 0, not all 0. Received: {list(weights)}')
    if len({len(latent) for latent in latents}) > 1:
        raise InputError(f'Timbres of different models: expected latents of one size. '
                         f'Received: {", ".join(str(len(latent)) for latent in latents)}')
    points, weights_ = np.asarray(latents, np.float64), weights_ / weights_.sum()
    lengths = np.linalg.norm(points, axis=1)
    directions = points / np.maximum(lengths, 1e-12)[:, np.newaxis]
    mean = weights_ @ directions
    if np.linalg.norm(mean) < 1e-6:
        raise InputError('Impossible mixture: expected timbres that are not opposite. Received: a mean of length 0')
    mean /= np.linalg.norm(mean)
    for _ in range(50):  # the point from which the weighted arcs to all of them cancel out
        cosines = np.clip(directions @ mean, -1, 1)
        angles = np.arccos(cosines)
        tangents = directions - cosines[:, np.newaxis] * mean
        step = (weights_ * angles / np.maximum(np.sin(angles), 1e-12)) @ tangents
        length = np.linalg.norm(step)
        if length < 1e-12:
            break
        mean = np.cos(length) * mean + np.sin(length) * step / length
    return (mean * (weights_ @ lengths)).astype(np.float32)


def near(instrument: Instrument, wave: np.ndarray, pitch: int, features, *, seed: int, num_candidates: int = 256
         ) -> tuple[np.ndarray, float]:
    """The timbre that sounds most like a recording, by a search in ever smaller surroundings of the best one.

    The search begins with random timbres, and the recording's timbre code where the instrument can compute it.

    Args:
      instrument: plays the candidates.
      wave: float [samples] at the instrument's rate.
      pitch: MIDI pitch of the recording; candidates play the instrument's nearest pitch.
      features: from float [n, samples] to float [n, size]; distances are those of their directions.
      seed: the same gives the same timbre.
      num_candidates: random timbres in the first round.

    Returns:
      float32 [latent_size], and its distance, 0 to 2.
    """
    played = min(instrument.pitches, key=lambda known: abs(known - pitch))
    recording = _as_long(wave, instrument.audio_length)
    target = _directions(features(recording[np.newaxis]))[0]
    rng = np.random.default_rng(seed)

    def distances(latents):
        batches = instrument.generate_batches(latents.astype(np.float32), [played] * len(latents))
        return np.concatenate([1 - _directions(features(batch)) @ target for batch in batches])

    latents = instrument.sample_latents(num_candidates, seed=seed)
    spread_ = latents.std()
    if code_of := getattr(instrument, 'code_of', None):
        latents = np.concatenate([code_of(recording, instrument.pitches.index(played))[np.newaxis], latents])
    found = distances(latents)
    best, least = latents[np.argmin(found)], float(found.min())
    for number in range(_NUM_ROUNDS):
        around = best + rng.normal(size=(_ROUND_SIZE, len(best))) * spread_ * 0.5 ** (number + 1)
        found = distances(around)
        if found.min() < least:
            best, least = around[np.argmin(found)], float(found.min())
    return best.astype(np.float32), least


def _as_long(wave: np.ndarray, num_samples: int) -> np.ndarray:
    return np.pad(wave[:num_samples], (0, max(0, num_samples - len(wave)))).astype(np.float32)


def _directions(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
