"""Levels of a keyboard, made even after training: what a pitch adds to a note's level, and takes from another's.

A generator learns how loud each pitch is from the notes of that pitch. Where these are few, of soft instruments, every
timbre becomes soft there. So the levels that random timbres have at every pitch are measured, and a correction in
decibels is kept with the weights: a constant and a coefficient for each number of the latent, pitch by pitch.
"""

import dataclasses
import os
import pathlib

import numpy as np
import tqdm

from gansynth_tf.errors import InputError
from gansynth_tf.generation import synthesizer
from gansynth_tf.instrument import Instrument
from gansynth_tf.networks import checkpoints
from gansynth_tf.spectral import representations

_NUM_TIMBRES = 150
_SEED = 1000
_FURTHEST = 20.0  # dB from a timbre's median, beyond which a note has failed and says nothing about levels
_RIDGE = 30.0  # pull of the coefficients towards 0, as if from so many timbres


def even(directory: str | os.PathLike) -> pathlib.Path:
    """Measures the model in a model directory, writes the correction into its `generator.npz` and returns its path.

    Takes ten minutes of a processor core for 61 pitches.

    Raises:
      InputError: if it is not a model directory, or the model makes waves without spectrograms.
    """
    model = synthesizer.open_model(directory)
    if not (model.directory / checkpoints.GENERATOR_FILE).exists():
        raise InputError(f'No model directory: expected {checkpoints.GENERATOR_FILE} there. '
                         f'Received: {str(directory)!r}')
    if not representations.from_config(model.config).units_of_decibel:
        raise InputError(f'No levels: expected a model of spectrograms. Received: data_type {model.config.data_type!r}')
    state = dataclasses.replace(model.state, levels=None)
    instrument = synthesizer.from_weights(model.config, model.vocabulary, state, model.normalizer, codes=model.codes)
    latents = instrument.sample_latents(_NUM_TIMBRES, seed=_SEED)
    levels = correction(measured(instrument, latents), latents)
    return checkpoints.write_generator(dataclasses.replace(state, levels=levels), directory)


def measured(instrument: Instrument, latents: np.ndarray) -> np.ndarray:
    """The root mean square levels of timbres at all pitches, in dB of full scale: float64 [timbres, pitches]."""
    num_pitches = len(instrument.pitches)
    levels = []
    for latent in tqdm.tqdm(latents, desc='Measuring levels', unit=' timbres', disable=None):
        waves = instrument.generate(np.repeat(latent[np.newaxis], num_pitches, axis=0), instrument.pitches)
        levels.append(10 * np.log10(np.mean(np.square(waves, dtype=np.float64), axis=1) + 1e-18))
    return np.array(levels)


def correction(levels: np.ndarray, latents: np.ndarray) -> np.ndarray:
    """What makes timbres as loud at each pitch as they are in the middle of all pitches.

    Args:
      levels: float [timbres, pitches], in dB.
      latents: float [timbres, latent size].

    Returns:
      float32 [pitches, 1 + latent size], in dB: constants, and coefficients of the latent (ridge regression).
    """
    deviations = levels - np.median(levels, axis=1, keepdims=True)
    deviations = np.clip(deviations, -_FURTHEST, _FURTHEST)
    inputs = np.concatenate([np.ones((len(latents), 1)), latents], axis=1)
    pull = np.diag([0.0] + [_RIDGE] * latents.shape[1])
    return -np.linalg.solve(inputs.T @ inputs + pull, inputs.T @ deviations).T.astype(np.float32)
