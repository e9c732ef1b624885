"""Finishing a trained model: random timbres that keep their pitch, and a keyboard of even levels.

A generator plays some timbres in tune and some not. Random timbres lie around the codes of training notes: codes at
which it does not keep its pitch are left out of the model's.

It learns how loud each pitch is from the notes of that pitch. Where these are few, of soft instruments, every timbre
becomes soft there. So the levels that random timbres have at every pitch are measured, and a correction in decibels is
kept with the weights: a constant and a coefficient for each number of the latent, pitch by pitch.
"""

import dataclasses
import os
import pathlib

import numpy as np
import tqdm

from gansynth_tf.data import timbre_code_file
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.metrics import fundamental
from gansynth_tf.exploration import library
from gansynth_tf.generation import synthesizer
from gansynth_tf.instrument import Instrument
from gansynth_tf.networks import checkpoints
from gansynth_tf.spectral import representations

_LOWEST_PITCH = 36  # below it the detector is not sure of real notes either
_NOTES_PER_CODE, _MOST_WRONG = 6, 1
_NUM_TIMBRES = 150  # by which levels are measured
_SEED = 1000
_FURTHEST = 20.0  # dB from a timbre's median, beyond which a note has failed and says nothing about levels
_RIDGE = 30.0  # pull of the coefficients towards 0, as if from so many timbres


def finish(directory: str | os.PathLike) -> pathlib.Path:
    """Measures the model in a model directory and rewrites its timbre codes, if it has any, and its `generator.npz`.

    Returns the directory. Takes eight minutes of two busy cores for 4,581 codes and 61 pitches. A finished model that
    is finished again loses more codes.

    Raises:
      InputError: if it is not a model directory, the model makes waves without spectrograms, or no code is left.
    """
    model = synthesizer.open_model(directory)
    if not (model.directory / checkpoints.GENERATOR_FILE).exists():
        raise InputError(f'No model directory: expected {checkpoints.GENERATOR_FILE} there. '
                         f'Received: {str(directory)!r}')
    if not representations.from_config(model.config).units_of_decibel:
        raise InputError(f'No levels: expected a model of spectrograms. Received: data_type {model.config.data_type!r}')
    state, codes = dataclasses.replace(model.state, levels=None), model.codes

    def playing(codes: np.ndarray | None) -> Instrument:
        return synthesizer.from_weights(model.config, model.vocabulary, state, model.normalizer, codes=codes)
    if codes is not None:
        codes = codes[in_tune(playing(codes), codes)]
        if not len(codes):
            raise InputError('No timbre keeps its pitch: expected a model that was trained for longer. '
                             f'Received: {str(directory)!r}')
    instrument = playing(codes)
    latents = instrument.sample_latents(_NUM_TIMBRES, seed=_SEED)
    levels = correction(levels_of(instrument, latents), latents)
    # Only now, so that an interrupted model is as it was.
    if codes is not None:
        timbre_code_file.write(codes, model.directory, model.projection)
    checkpoints.write_generator(dataclasses.replace(state, levels=levels), model.directory)
    return model.directory


def in_tune(instrument: Instrument, latents: np.ndarray) -> np.ndarray:
    """Of latents [n, latent_size], which keep their pitch: of 6 notes, 5 or 6 have the right fundamental; bool [n]."""
    known = [pitch for pitch in instrument.pitches if pitch >= _LOWEST_PITCH] or instrument.pitches
    pitches = np.random.default_rng(_SEED).choice(known, (len(latents), _NOTES_PER_CODE))
    repeated = np.repeat(latents, _NOTES_PER_CODE, axis=0)
    waves = (wave for batch in instrument.generate_batches(repeated, pitches.ravel().tolist()) for wave in batch)
    found = [fundamental.pitch(wave, instrument.sample_rate)
             for wave in tqdm.tqdm(waves, total=pitches.size, desc='Finding pitches', unit=' notes', disable=None)]
    return np.sum(~fundamental.is_right(np.reshape(found, pitches.shape), pitches), axis=1) <= _MOST_WRONG


def levels_of(instrument: Instrument, latents: np.ndarray) -> np.ndarray:
    """The root mean square levels of timbres at all pitches, in dB of full scale: float [timbres, pitches]."""
    num_pitches = len(instrument.pitches)
    levels = []
    for latent in tqdm.tqdm(latents, desc='Measuring levels', unit=' timbres', disable=None):
        waves = instrument.generate(np.repeat(latent[np.newaxis], num_pitches, axis=0), instrument.pitches)
        levels.append(library.level_db(waves))
    return np.array(levels)


def correction(levels: np.ndarray, latents: np.ndarray) -> np.ndarray:
    """A correction by which timbres are as loud at each pitch as they are in the middle of all pitches.

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
