"""A trained model, ready to play: from latents and pitches to audio.

Playing needs the model directory alone (`experiment.json`, `pitch_counts.json`, the weights, and `normalizer.json`
where the normalizer was fitted to data), never the data set.
"""

import os
import pathlib
import typing
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from gansynth_tf import config as config_lib
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary as vocabulary_lib
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation import exported
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.magenta import magenta_directory
from gansynth_tf.networks import checkpoints
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.normalizers import Normalizer

BUILT_IN_MODEL = pathlib.Path(__file__).resolve().parents[1] / 'pretrained' / 'default'
DEFAULT_BATCH_SIZE = 8
PRECISIONS = ('fp32', 'bf16')


class Model(typing.NamedTuple):
    """A trained model as it lies on disk, in any of the forms that are played."""

    directory: pathlib.Path
    config: Config
    vocabulary: PitchVocabulary
    state: GeneratorState
    normalizer: Normalizer


def load(path: str | os.PathLike | None = None, *, config: Config | str | None = None, ema: bool = True,
         batch_size: int = DEFAULT_BATCH_SIZE, precision: str = 'fp32',
         latent_scale: float | None = None) -> 'Synthesizer':
    """Loads a trained model.

    Args:
      path: a training run's directory (its newest checkpoint is taken), a model directory, an export, or a training or
        release directory of Magenta's; None for the built-in model.
      config: what a model of Magenta's was trained with, or a preset's name; only used where its `experiment.json` is
        missing.
      ema: play with the moving average of the weights, as one should, rather than with the weights themselves.
      batch_size: notes generated at once; 1 answers fastest when notes are asked for one by one.
      precision: 'fp32', or 'bf16' for less work and less quality on processors that have bfloat16; a SavedModel plays
        in that which it was exported in.
      latent_scale: how far random timbres are from the middle, instead of the model's own `config.latent_scale`.

    Raises:
      InputError: if there is no such directory, something in it is missing or damaged, or its parts do not belong
        together.
    """
    if precision not in PRECISIONS:
        raise InputError(f'Unknown precision: expected one of {", ".join(PRECISIONS)}. Received: {precision!r}')
    export = None if path is None else exported.open_export(pathlib.Path(path).expanduser(), precision=precision)
    if export:
        if not ema:
            raise InputError(f'No live weights: expected a training run for them. Received: the export {str(path)!r}')
        return Synthesizer(_scaled(export.config, latent_scale), export.vocabulary, export.waves,
                           batch_size=batch_size)
    found = open_model(path, config=config, ema=ema)
    try:
        return from_weights(_scaled(found.config, latent_scale), found.vocabulary, found.state, found.normalizer,
                            batch_size=batch_size, precision=precision)
    except InputError as error:
        raise InputError(f'{found.directory}: {error}') from error


def _scaled(config: Config, latent_scale: float | None) -> Config:
    return config if latent_scale is None else config.replace(latent_scale=latent_scale)


def open_model(path: str | os.PathLike | None = None, *, config: Config | str | None = None, ema: bool = True) -> Model:
    """Reads a model, exports excepted; arguments and errors are those of `load`."""
    directory = BUILT_IN_MODEL if path is None else pathlib.Path(path).expanduser()
    if not directory.is_dir():
        raise InputError(f'No such model: expected a training run or model directory. Received: {str(directory)!r}')
    if magenta_directory.is_magenta(directory):
        given = config_lib.preset(config) if isinstance(config, str) else config
        model = magenta_directory.open_model(directory, given)
        return Model(directory, model.config, model.vocabulary, model.generator_state(ema=ema), model.normalizer)
    config = config_lib.read_experiment(directory)
    vocabulary = vocabulary_lib.read(directory)
    fitted = normalizers.needs_data(config)
    normalizer = normalizers.read(directory) if fitted else normalizers.from_config(config)
    return Model(directory, config, vocabulary, checkpoints.read_generator(directory, ema=ema), normalizer)


def from_weights(config: Config, vocabulary: PitchVocabulary, state: GeneratorState, normalizer: Normalizer, *,
                 batch_size: int = DEFAULT_BATCH_SIZE, precision: str = 'fp32') -> 'Synthesizer':
    """A synthesizer that plays the given weights.

    Raises:
      InputError: if they do not fit the configuration.
    """
    graph = InferenceGraph(config, len(vocabulary.pitches), state, normalizer=normalizer, precision=precision)
    return Synthesizer(config, vocabulary, tf.function(graph.waves, autograph=False), batch_size=batch_size)


class Synthesizer:
    """Plays one trained model.

    Args:
      config: its hyperparameters.
      vocabulary: the pitches that it knows, and how often it has seen each.
      waves: from float32 latents [batch_size, size] and int32 pitch labels [batch_size] to waves, float32 [batch_size,
        audio_length].
      batch_size: notes generated at once.
    """

    def __init__(self, config: Config, vocabulary: PitchVocabulary,
                 waves: Callable[[np.ndarray, np.ndarray], tf.Tensor], *, batch_size: int = DEFAULT_BATCH_SIZE):
        if batch_size < 1:
            raise InputError(f'Impossible batch_size: expected a whole number above 0. Received: {batch_size!r}')
        self.config = config
        self.vocabulary = vocabulary
        self.batch_size = batch_size
        self._waves = waves

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.config.sample_rate

    @property
    def audio_length(self) -> int:
        """Samples of a note."""
        return self.config.audio_length

    @property
    def pitches(self) -> tuple[int, ...]:
        """The MIDI pitches that the model can play, ascending."""
        return self.vocabulary.pitches

    def sample_latents(self, n: int, seed: int = 0) -> np.ndarray:
        """Random timbres: float32 [n, latent_vector_size] from N(0, 1), times the model's `latent_scale`.

        The same seed gives the same rows, however many are asked for. A scale below 1 keeps to timbres that training
        has met more often: fewer kinds, more of them right (after Brock et al. 2019, "Large Scale GAN Training for High
        Fidelity Natural Image Synthesis", section 3.1, who draw anew what is too far out).
        """
        shape = (_count(n), self.config.latent_vector_size)
        return _random(seed).standard_normal(shape, dtype=np.float32) * np.float32(self.config.latent_scale)

    def sample_pitches(self, n: int, seed: int = 0) -> np.ndarray:
        """Random MIDI pitches, int [n], each as frequent as in the training notes.

        The same seed gives the same pitches, however many are asked for.
        """
        # A stream of its own, so that a note's pitch has nothing to do with its timbre.
        return _random(seed, 1).choice(self.pitches, _count(n), p=self.vocabulary.probabilities)

    def generate(self, latents: np.ndarray, pitches: Sequence[int]) -> np.ndarray:
        """Plays notes.

        Args:
          latents: float [n, latent_vector_size], the timbres.
          pitches: n MIDI pitches.

        Returns:
          float32 [n, audio_length], full scale 1.

        Raises:
          InputError: if latents are of another size or not finite, the model lacks a pitch, or the counts differ.
        """
        batches = list(self.generate_batches(latents, pitches))
        return np.concatenate(batches) if batches else np.zeros((0, self.audio_length), np.float32)

    def generate_batches(self, latents: np.ndarray, pitches: Sequence[int]) -> Iterator[np.ndarray]:
        """As `generate`, but yields the notes as they are done: float32 [up to batch_size, audio_length]."""
        latents = self._checked_latents(latents)
        labels = self._checked_labels(pitches, len(latents))
        return self._batches(latents, labels)

    def _batches(self, latents, labels):
        for start in range(0, len(latents), self.batch_size):
            batch_latents, batch_labels = latents[start:start + self.batch_size], labels[start:start + self.batch_size]
            # Always the same shapes: one graph, and the same kernels for a note whatever the notes beside it.
            padding = self.batch_size - len(batch_latents)
            waves = self._waves(np.pad(batch_latents, [(0, padding), (0, 0)]), np.pad(batch_labels, (0, padding)))
            yield waves.numpy()[:len(batch_latents)]

    def _checked_latents(self, latents) -> np.ndarray:
        size = self.config.latent_vector_size
        try:
            latents = np.asarray(latents, np.float32)
        except (TypeError, ValueError) as error:
            raise InputError(f'Unusable latents: expected numbers of shape [n, {size}]. Received: {error}') from error
        if latents.ndim != 2 or latents.shape[1] != size:
            raise InputError(f'Misshapen latents: expected [n, {size}], a row a note. Received: {list(latents.shape)}')
        bad = np.flatnonzero(~np.isfinite(latents).all(axis=1))
        if bad.size:
            raise InputError(f'Unusable latents: expected finite numbers. Received: NaN or infinity in row {bad[0]}')
        return latents

    def _checked_labels(self, pitches, num_latents: int) -> np.ndarray:
        pitches = np.asarray(pitches) if np.size(pitches) else np.zeros(0, int)
        if pitches.ndim != 1 or pitches.dtype.kind not in 'iu':
            raise InputError(f'Unusable pitches: expected a list of whole MIDI numbers. Received: {pitches.tolist()!r}')
        if len(pitches) != num_latents:
            raise InputError(f'Counts differ: expected a pitch for each of {num_latents} latents. '
                             f'Received: {len(pitches)} pitches')
        return self.vocabulary.labels(pitches.tolist())


def _count(n: int) -> int:
    if n < 0:
        raise InputError(f'Impossible number of notes: expected at least 0. Received: {n!r}')
    return n


def _random(seed: int, *stream: int) -> np.random.Generator:
    if seed < 0:
        raise InputError(f'Impossible seed: expected a whole number of at least 0. Received: {seed!r}')
    return np.random.default_rng([seed, *stream] if stream else seed)
