"""A model's library: timbres that differ from each other and are in tune, with names made of their descriptions."""

import dataclasses
import itertools
import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np
import tqdm

from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.metrics import fundamental
from gansynth_tf.exploration import choosing, description
from gansynth_tf.exploration.description import Description
from gansynth_tf.instrument import Instrument
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.music.timbres import Timbre

LEAST_IN_TUNE = 0.9  # of a timbre's keys
NUM_CANDIDATES = 256
_MOST_WORDS = 3  # of a name


@dataclasses.dataclass(frozen=True)
class Keyboard:
    """Measures of a timbre over all keys of an instrument.

    Attributes:
      in_tune: the share of notes whose fundamental, found by YIN, is within half a semitone of their pitch, 0 to 1.
      level_range_db: from the softest to the loudest note, of root mean squares.
    """

    in_tune: float
    level_range_db: float


def make(instrument: Instrument, count: int, *, seed: int, num_candidates: int = NUM_CANDIDATES,
         least_in_tune: float = LEAST_IN_TUNE) -> list[Entry]:
    """The entries of a new library, sorted by name.

    Args:
      instrument: plays the timbres.
      count: of timbres.
      seed: the same gives the same library.
      num_candidates: random timbres from which they are chosen.
      least_in_tune: the share of a timbre's keys that must be in tune, 0 to 1.

    Raises:
      InputError: if too few of the candidates are in tune.
    """
    # Three decimals, so that the file is short.
    latents = np.round(instrument.sample_latents(num_candidates, seed=seed), 3).astype(np.float32)
    described = description.describe(instrument, latents)
    near = np.flatnonzero([found.detuning_cents <= choosing.IN_TUNE_CENTS for found in described])
    keyboards: dict[int, Keyboard] = {}
    with tqdm.tqdm(total=count, desc='Trying keyboards', unit=' timbres', disable=None) as bar:
        def accept(index: int) -> bool:
            keyboards[index] = keyboard(instrument, latents[near[index]])
            accepted = keyboards[index].in_tune >= least_in_tune
            bar.update(accepted)
            return accepted
        rows = np.array([found.as_row() for found in described])[near]
        taken = list(itertools.islice(choosing.far_apart(rows, accept), count)) if len(rows) else []
    if len(taken) < count:
        raise InputError(f'Too few timbres in tune: expected {count} of {num_candidates} with at least '
                         f'{least_in_tune:.0%} of their keys within half a semitone. Received: {len(taken)}')
    logging.info('Tried the keyboards of %d timbres', len(keyboards))
    chosen = [described[near[index]] for index in taken]
    return sorted((entry(name, latents[near[index]], found, keyboards[index])
                   for name, index, found in zip(names(chosen), taken, chosen)), key=lambda one: one.timbre.name)


def entry(name: str, latent: np.ndarray, found: Description, over: Keyboard) -> Entry:
    """An entry of a library, with all measurements."""
    numbers = dataclasses.asdict(found) | dataclasses.asdict(over)
    return Entry(Timbre(name, latent), found.words, {key: round(value, 3) for key, value in numbers.items()})


def keyboard(instrument: Instrument, latent: np.ndarray) -> Keyboard:
    """Measures a timbre, float [latent_size], on all keys of an instrument."""
    pitches = list(instrument.pitches)
    latents = np.repeat(np.asarray(latent, np.float32)[np.newaxis], len(pitches), axis=0)
    waves = (wave for batch in instrument.generate_batches(latents, pitches) for wave in batch)
    levels, found = [], []
    for wave in waves:
        levels.append(level_db(wave))
        found.append(fundamental.pitch(wave, instrument.sample_rate))
    return Keyboard(float(np.mean(fundamental.is_right(found, pitches))), float(np.ptp(levels)))


def level_db(waves: np.ndarray) -> np.ndarray:
    """Root mean square levels of notes [..., samples], in dB of full scale: [...]."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(waves), axis=-1)) + 1e-9)


def names(described: Sequence[Description]) -> list[str]:
    """Names of timbres: the three words of each that the fewest others have, and a number if the name is taken.

    'breathy_soft' and 'breathy_soft_2'; the words are in the order of `description.WORDS`.
    """
    common = Counter(word for found in described for word in found.words)
    called: Counter[str] = Counter()
    result = []
    for found in described:
        rarest = sorted(found.words, key=lambda word: common[word])[:_MOST_WORDS]
        name = '_'.join(word for word in found.words if word in rarest)
        called[name] += 1
        result.append(name if called[name] == 1 else f'{name}_{called[name]}')
    return result
