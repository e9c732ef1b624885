"""The networks of WaveGAN and SpecGAN: one chain of strided convolutions, along time or over a picture.

Source: Donahue et al. 2019, "Adversarial Audio Synthesis", appendix D; github.com/chrisdonahue/wavegan, wavegan.py and
specgan.py. Variables have the names and shapes of that code. The pitch, which it does not know, is this project's: a
one-hot vector beside the latent, and a second output of the critic.
"""

import itertools
import math
import typing
import zlib
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from gansynth_tf.baselines.wavegan_config import WaveGANConfig
from gansynth_tf.errors import InputError
from gansynth_tf.networks import weights

NUM_SHUFFLES = 4  # after the critic's first four layers, also where there are more
_START = 16  # samples, or pixels, of the first layer
_SLOPE = 0.2
_MOVING = ('moving_mean', 'moving_variance')  # statistics, which no gradient changes
_MOMENTUM, _EPSILON = 0.99, 1e-3  # of batch normalisation

_Network = typing.TypeVar('_Network', bound='Network')


class _Layers(typing.NamedTuple):
    """The geometry of both networks.

    Attributes:
      start: what the latent is projected to and the critic ends with, without channels: (16,) or (4, 4).
      kernel: of every convolution: (25,) or (5, 5).
      strides: of the generator's layers from the first, and of the critic's.
    """

    start: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def convolution(self) -> str:
        """The original's name of a convolution."""
        return f'conv{len(self.start)}d'


def layers_of(config: WaveGANConfig) -> _Layers:
    if config.MODEL == 'specgan':
        return _Layers((4, 4), (5, 5), (2,) * 5)
    last = {16384: (), 32768: (2,), 65536: (4,)}[config.slice_length]
    return _Layers((_START,), (25,), (4,) * 5 + last)


class Network:
    """Named variables of one of the two networks.

    Args:
      config: the hyperparameters.
      num_pitches: pitch classes; 0 for a network that knows of none.
      arrays: the weights by name.

    Attributes:
      variables: Keras variables by name.

    Raises:
      InputError: if a variable is missing, surplus or of another shape.
    """

    def __init__(self, config: WaveGANConfig, num_pitches: int, arrays: Mapping[str, np.ndarray]):
        self.config = config
        self.num_pitches = num_pitches
        self.layers = layers_of(config)
        shapes = self.shapes(config, num_pitches)
        if faults := weights.faults(shapes, {name: np.shape(array) for name, array in arrays.items()}):
            raise InputError(f'Weights do not fit the configuration: expected those of {len(shapes)} variables. '
                             f'Received: {faults}')
        self.variables = {name: keras.Variable(np.asarray(arrays[name], np.float32), name=name.rpartition('/')[2],
                                               trainable=not name.endswith(_MOVING), dtype='float32')
                          for name in shapes}

    @staticmethod
    def shapes(config: WaveGANConfig, num_pitches: int) -> dict[str, tuple[int, ...]]:
        """The shape of every variable by name."""
        raise NotImplementedError

    @classmethod
    def create(cls: type[_Network], config: WaveGANConfig, num_pitches: int) -> _Network:
        """A network with initial weights, which depend on the names and `config.seed` alone."""
        return cls(config, num_pitches, initial(cls.shapes(config, num_pitches), config.seed))

    @property
    def trainable(self) -> dict[str, keras.Variable]:
        return {name: variable for name, variable in self.variables.items() if variable.trainable}

    def _of(self, name: str) -> tf.Tensor:
        return self.variables[name].value

    def _convolve(self, x: tf.Tensor, scope: str, stride: int) -> tf.Tensor:
        scope = f'{scope}/{self.layers.convolution}'
        return tf.nn.convolution(x, self._of(f'{scope}/kernel'), stride, 'SAME') + self._of(f'{scope}/bias')

    def _normalise(self, x: tf.Tensor, scope: str, *, training: bool, moves: bool = False) -> tf.Tensor:
        """Batch normalisation over all axes but the last, or `x` itself where the configuration has none."""
        if not self.config.batchnorm:
            return x
        scope = f'{scope}/batch_normalization'
        if training:
            mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
            for name, value in zip(_MOVING, (mean, variance)) if moves else ():
                moving = self.variables[f'{scope}/{name}']
                moving.value.assign_add((1.0 - _MOMENTUM) * (value - moving.value))
        else:
            mean, variance = (self._of(f'{scope}/{name}') for name in _MOVING)
        return tf.nn.batch_normalization(x, mean, variance, self._of(f'{scope}/beta'), self._of(f'{scope}/gamma'),
                                         _EPSILON)


class Generator(Network):
    """From latents, and pitch labels, to waves or pictures."""

    @staticmethod
    def shapes(config: WaveGANConfig, num_pitches: int) -> dict[str, tuple[int, ...]]:
        layers = layers_of(config)
        channels = [config.dim * 2 ** index for index in reversed(range(len(layers.strides)))] + [1]
        shapes = _dense('G/z_project', config.latent_size + num_pitches, math.prod(layers.start) * channels[0])
        if config.batchnorm:
            shapes |= _batchnorm('G/z_project', channels[0])
        for index, (num_in, num_out) in enumerate(itertools.pairwise(channels)):
            scope = f'G/upconv_{index}'
            shapes |= _convolution(scope, layers, num_in, num_out, transposed=config.upsample == 'zeros')
            if config.batchnorm and index < len(layers.strides) - 1:
                shapes |= _batchnorm(scope, num_out)
        if config.post_filter_length:
            shapes['G/pp_filt/conv1d/kernel'] = (config.post_filter_length, 1, 1)
        return shapes

    def __call__(self, latents: tf.Tensor, labels: tf.Tensor | None = None, *, training: bool = False,
                 moves: bool = False) -> tf.Tensor:
        """Float32 [batch, slice_length, 1], or [batch, 128, 128, 1] of time and frequency, within [-1, 1].

        Args:
          latents: float32 [batch, latent_size].
          labels: int32 [batch] pitch labels, where the network knows pitches.
          training: whether batch normalisation goes by the batch rather than by its averages.
          moves: whether these averages move on, in training.
        """
        modes = dict(training=training, moves=moves)
        if self.num_pitches:
            latents = tf.concat([latents, tf.one_hot(labels, self.num_pitches)], axis=1)
        x = latents @ self._of('G/z_project/dense/kernel') + self._of('G/z_project/dense/bias')
        x = tf.reshape(x, [-1, *self.layers.start, x.shape[-1] // math.prod(self.layers.start)])
        x = tf.nn.relu(self._normalise(x, 'G/z_project', **modes))
        last = len(self.layers.strides) - 1
        for index, stride in enumerate(self.layers.strides):
            scope = f'G/upconv_{index}'
            x = self._upsample(x, scope, stride)
            x = tf.nn.relu(self._normalise(x, scope, **modes)) if index < last else tf.nn.tanh(x)
        if self.config.post_filter_length:
            x = tf.nn.conv1d(x, self._of('G/pp_filt/conv1d/kernel'), 1, 'SAME')
        return x

    def _upsample(self, x: tf.Tensor, scope: str, stride: int) -> tf.Tensor:
        """`stride` times as long: a transposed convolution, or one of repeated samples."""
        if self.config.upsample == 'nn':
            for axis in range(1, len(x.shape) - 1):
                x = tf.repeat(x, stride, axis=axis)
            return self._convolve(x, scope, 1)
        scope = f'{scope}/conv2d_transpose'
        kernel = self._of(f'{scope}/kernel')
        if len(self.layers.start) == 1:
            kernel = kernel[0]
        shape = [tf.shape(x)[0], *(side * stride for side in x.shape[1:-1]), kernel.shape[-2]]
        return tf.nn.conv_transpose(x, kernel, shape, stride, 'SAME') + self._of(f'{scope}/bias')


class Critic(Network):
    """From waves or pictures to scores, and pitch logits."""

    @staticmethod
    def shapes(config: WaveGANConfig, num_pitches: int) -> dict[str, tuple[int, ...]]:
        layers = layers_of(config)
        channels = [1] + [config.dim * 2 ** index for index in range(len(layers.strides))]
        shapes: dict[str, tuple[int, ...]] = {}
        for index, (num_in, num_out) in enumerate(itertools.pairwise(channels)):
            shapes |= _convolution(f'D/downconv_{index}', layers, num_in, num_out)
            if config.batchnorm and index > 0:
                shapes |= _batchnorm(f'D/downconv_{index}', num_out)
        num_features = math.prod(layers.start) * channels[-1]
        shapes |= _dense('D/output', num_features, 1)
        return shapes | (_dense('D/pitch', num_features, num_pitches) if num_pitches else {})

    def __call__(self, x: tf.Tensor, shifts: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Scores [batch], and pitch logits [batch, num_pitches] or None.

        Args:
          x: float32 [batch, slice_length, 1], or [batch, 128, 128, 1].
          shifts: int32 [4], one for each of the first four layers (see `phase_shuffle`); None for none.
        """
        for index, stride in enumerate(self.layers.strides):
            scope = f'D/downconv_{index}'
            x = self._convolve(x, scope, stride)
            x = tf.nn.leaky_relu(self._normalise(x, scope, training=True) if index else x, _SLOPE)
            if shifts is not None and index < NUM_SHUFFLES:
                x = phase_shuffle(x, shifts[index])
        x = tf.reshape(x, [-1, math.prod(x.shape[1:])])
        scores = x @ self._of('D/output/dense/kernel') + self._of('D/output/dense/bias')
        logits = x @ self._of('D/pitch/dense/kernel') + self._of('D/pitch/dense/bias') if self.num_pitches else None
        return scores[:, 0], logits


def phase_shuffle(x: tf.Tensor, shift: tf.Tensor | int) -> tf.Tensor:
    """Moves all of `x`, [batch, time, channels], by `shift` samples: later above 0, earlier below.

    What comes in is the reflection of what is there, without the sample at the edge.
    """
    length = tf.shape(x)[1]
    padded = tf.pad(x, [[0, 0], [tf.maximum(shift, 0), tf.maximum(-shift, 0)], [0, 0]], 'REFLECT')
    start = tf.maximum(-shift, 0)
    return tf.ensure_shape(padded[:, start:start + length], x.shape)


def initial(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """Initial weights: Glorot and Bengio 2010's uniform kernels, biases of 0."""
    arrays = {}
    for name, shape in shapes.items():
        if name.endswith('kernel'):
            bound = math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            arrays[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
        else:
            arrays[name] = np.full(shape, name.endswith(('gamma', 'moving_variance')), np.float32)
    return arrays


def _dense(scope: str, num_in: int, num_out: int) -> dict[str, tuple[int, ...]]:
    return {f'{scope}/dense/kernel': (num_in, num_out), f'{scope}/dense/bias': (num_out,)}


def _convolution(scope: str, layers: _Layers, num_in: int, num_out: int, *, transposed: bool = False
                 ) -> dict[str, tuple[int, ...]]:
    if transposed:  # always of two dimensions, with outputs before inputs
        kernel = (1,) * (2 - len(layers.kernel)) + layers.kernel + (num_out, num_in)
        return {f'{scope}/conv2d_transpose/kernel': kernel, f'{scope}/conv2d_transpose/bias': (num_out,)}
    scope = f'{scope}/{layers.convolution}'
    return {f'{scope}/kernel': (*layers.kernel, num_in, num_out), f'{scope}/bias': (num_out,)}


def _batchnorm(scope: str, num_channels: int) -> dict[str, tuple[int, ...]]:
    return {f'{scope}/batch_normalization/{name}': (num_channels,) for name in ('gamma', 'beta', *_MOVING)}
