"""Trained GANSynths whose weights are read from a run or a model directory.

Playing needs the model directory alone (`experiment.json`, `pitch_counts.json`, the weights, and `normalizer.json`
where the normalizer was fitted to data), never the data set. `gs.load` also opens exports and baselines.
"""

import functools
import os
import pathlib
import typing

import keras
import numpy as np
import tensorflow as tf

from gansynth_tf import config as config_lib
from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data import timbre_code_file, timbre_codes
from gansynth_tf.data import vocabulary as vocabulary_lib
from gansynth_tf.data.timbre_code_file import Projection
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.generation.played_model import Synthesizer, scaled
from gansynth_tf.instrument import BUILT_IN_MODEL, DEFAULT_BATCH_SIZE, Instrument
from gansynth_tf.magenta import magenta_directory
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import LATEST, GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.normalizers import Normalizer


class Model(typing.NamedTuple):
    """A trained model as it lies on disk: a run, a model directory or Magenta's."""

    directory: pathlib.Path
    config: Config
    vocabulary: PitchVocabulary
    state: GeneratorState
    normalizer: Normalizer

    @property
    def codes(self) -> np.ndarray | None:
        """Codes around which random latents lie, see `timbre_codes`: float32 [notes, latent_vector_size], or None."""
        return timbre_code_file.of_model(self.directory, self.config)

    @property
    def projection(self) -> Projection | None:
        """The projection from other notes to such codes; None if it is not known."""
        size = self.config.latent_vector_size
        return timbre_code_file.read_projection(self.directory, size) if self.config.latent_noise else None


def open_model(path: str | os.PathLike | None = None, *, config: Config | str | None = None, ema: bool = True,
               checkpoint: str = LATEST, latent_scale: float | None = None) -> Model:
    """Reads a GANSynth that is no export; arguments and errors are those of `gansynth_tf.load`."""
    directory = BUILT_IN_MODEL if path is None else files.existing_directory(path)
    checkpoints.require_whole_run(directory)
    if magenta_directory.is_magenta(directory):
        given = config_lib.preset(config) if isinstance(config, str) else config
        model = magenta_directory.open_model(directory, given)
        return Model(directory, scaled(model.config, latent_scale), model.vocabulary, model.generator_state(ema=ema),
                     model.normalizer)
    config = config_lib.read_experiment(directory)
    vocabulary = vocabulary_lib.read(directory)
    fitted = normalizers.needs_data(config)
    normalizer = normalizers.read(directory) if fitted else normalizers.from_config(config)
    state = checkpoints.read_generator(
        directory, ema=ema, checkpoint=checkpoint,
        check=lambda arrays: weights.check_generator(config, len(vocabulary.pitches), arrays))
    return Model(directory, scaled(config, latent_scale), vocabulary, state, normalizer)


def from_weights(config: Config, vocabulary: PitchVocabulary, state: GeneratorState, normalizer: Normalizer, *,
                 codes: np.ndarray | None = None, projection: Projection | None = None,
                 batch_size: int = DEFAULT_BATCH_SIZE, precision: str = 'fp32', phase_locking: bool = True
                 ) -> 'Synthesizer':
    """A synthesizer that plays the given weights.

    Raises:
      InputError: if they do not fit the configuration.
    """
    graph = InferenceGraph(config, vocabulary.pitches, state, normalizer=normalizer, precision=precision,
                           phase_locking=phase_locking)
    waves = tf.function(graph.waves, autograph=False)

    @functools.cache
    def of_size(size: int):  # a graph each: one that knows its size is faster
        return waves.get_concrete_function(tf.TensorSpec([size, config.latent_vector_size], tf.float32),
                                           tf.TensorSpec([size], tf.int32))

    def code_of(wave: np.ndarray, label: int) -> np.ndarray:
        assert projection is not None
        return timbre_codes.of_wave(wave, label, projection, config, num_pitches=len(vocabulary.pitches))

    return Synthesizer(config, vocabulary, lambda latents, labels: of_size(len(labels))(
        tf.constant(latents), tf.constant(labels)), codes=codes, batch_size=batch_size,
        code_of=code_of if projection else None,
        first_block=tf.function(graph.first_block, autograph=False, reduce_retracing=True))


def untrained(synth: Instrument, *, seed: int) -> Synthesizer:
    """A model of the same configuration before training: random weights, all blocks, the paper's normalizer.

    Raises:
      InputError: if it is not a GANSynth whose configuration is known.
    """
    if not isinstance(synth, Synthesizer):
        raise InputError(f'No untrained model: expected a GANSynth. Received: {type(synth).__name__}')
    keras.utils.set_random_seed(seed)
    config = synth.config.replace(data_normalizer='specgrams_prespecified_normalizer', latent_noise=0.0)
    state = GeneratorState(weights.to_arrays(Generator(config, len(synth.pitches))), num_blocks=config.num_resolutions,
                           progress=float(config.num_resolutions - 1))
    return from_weights(config, synth.vocabulary, state, normalizers.from_config(config), batch_size=synth.batch_size)
