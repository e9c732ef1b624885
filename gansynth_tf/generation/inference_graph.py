"""The graph from latents to waves for playing: the same numbers as the training graph's with less work.

Operations for training alone are left out, and constants are computed when a model is loaded. Scales are multiplied
into kernels. The first convolution is a matrix product in which the pitch selects a row. Upscaling and the convolution
after it are one transposed convolution. The last pixel norm scales the images' channels instead of all. The graph uses
plain TensorFlow operations only, so that it can be exported and read by other programs.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks import fading, image_ops, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.layers import he_scale
from gansynth_tf.spectral import representations
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.pitch import midi_to_hz

_EPSILON = 1e-8  # in pixel norm, as in training
_LOW_PRECISION_BLOCKS = 4  # the last ones: they do nearly all of the work, and few layers follow to amplify errors


class InferenceGraph(tf.Module):
    """A trained generator, followed by the transform to waves.

    Args:
      config: the model's hyperparameters.
      pitches: MIDI number of each pitch class.
      state: the generator's weights.
      normalizer: that of the training data.
      precision: 'fp32', or 'bf16' for bfloat16 in the last blocks' convolutions, which is faster on processors that
        have it and costs quality.
      phase_locking: as `gansynth_tf.load` has it.

    Raises:
      InputError: if the weights do not fit the configuration.
    """

    def __init__(self, config: Config, pitches: Sequence[int], state: GeneratorState, *, normalizer: Normalizer,
                 precision: str = 'fp32', phase_locking: bool = True):
        super().__init__(name='inference')
        weights.check_generator(config, len(pitches), state.arrays)
        weight = fading.weight(state.num_blocks, state.progress)
        self._coarser_weight = 0.0 if weight is None else float(weight)
        self._factors, self._time_patch = config.growth, config.time_patch
        self._norm = not config.simple_arch
        self._fundamentals = tf.constant(midi_to_hz(pitches), tf.float32)
        self._synthesis = Synthesis(config, state.num_blocks, normalizer, phase_locking=phase_locking)
        self._levels = None
        if state.levels is not None:
            weights.check('levels', {'kernel': (len(pitches), 1 + config.latent_vector_size)}, {'kernel': state.levels})
            self._levels = _Levels(state.levels, self._synthesis.image_units_of_decibel)
        make_block = _simple_block if config.simple_arch else _block
        self._bodies, self._to_rgb = [], []
        for block_id in range(1, state.num_blocks + 1):
            low = precision == 'bf16' and block_id > state.num_blocks - _LOW_PRECISION_BLOCKS
            dtype = tf.bfloat16 if low else tf.float32
            body, to_rgb = make_block(config, _arrays_of(state.arrays, block_id), block_id, dtype)
            self._bodies.append(body)
            self._to_rgb.append(to_rgb)

    def waves(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length], full scale 1."""
        return self._synthesis(self.images(latents, labels), tf.gather(self._fundamentals, labels))

    def first_block(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Activations of the first block, the same as the `Generator`'s: float32 [n, height, width, channels]."""
        features = self._first(latents, labels)
        return features * _inverse_length(features) if self._norm else features

    def images(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Normalised spectrograms, the `Generator`'s with even levels: float32 [n, *resolution(num_blocks), 2]."""
        coarser = features = self._first(latents, labels)
        for body in self._bodies[1:]:
            coarser, features = features, _through(body, features)
        images = image_ops.depth_to_time(self._to_rgb[-1](features), self._time_patch)
        if self._coarser_weight:
            coarser = _repeat(image_ops.depth_to_time(self._to_rgb[-2](coarser), self._time_patch), self._factors)
            images = self._coarser_weight * coarser + (1 - self._coarser_weight) * images
        return images + self._levels(latents, labels) if self._levels else images

    def _first(self, latents: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        start, *rest = self._bodies[0]
        return _through(rest, start(latents, labels))


class Synthesis:
    """The transform from the images of a generator of `num_blocks` blocks to waves."""

    def __init__(self, config: Config, num_blocks: int, normalizer: Normalizer, *, phase_locking: bool = True):
        (full_height, full_width), (height, width) = config.spec_shape, config.resolution(num_blocks)
        self._factors = full_height // height, full_width // width
        self._normalizer = normalizer.at_width(config.spec_shape[1])
        self._representation = representations.from_config(config, phase_locking=phase_locking)
        # By how much a magnitude in an image grows if the note is a decibel louder: a number, or one a bin.
        self.image_units_of_decibel = normalizer.at_width(width).a[..., 0] * self._representation.units_of_decibel

    def __call__(self, images: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        """float32 [n, *resolution(num_blocks), 2], normalised, and hertz [n] or None -> float32 [n, audio_length]."""
        specgrams = self._normalizer.denormalize(_repeat(images, self._factors))
        return self._representation.specgrams_to_waves(specgrams, fundamentals)[:, :, 0]


class _Levels(tf.Module):
    """Additions to images by latent and pitch, float32 [n, 1, 1 or width, 2]; kernel: see `exploration.finishing`."""

    def __init__(self, kernel: np.ndarray, units_of_decibel: np.ndarray):
        super().__init__()
        self._constants, self._kernel = _variable(kernel[:, 0]), _variable(kernel[:, 1:])
        units = np.reshape(units_of_decibel, [1, 1, -1, 1])
        self._units = _variable(np.concatenate([units, np.zeros_like(units)], axis=3))

    def __call__(self, latents, labels):
        decibels = tf.gather(self._constants, labels) + tf.reduce_sum(latents * tf.gather(self._kernel, labels), axis=1)
        return decibels[:, None, None, None] * self._units


class _Start(tf.Module):
    """The first layer: latent and one-hot pitch times the kernel, of which the pitch selects one row."""

    def __init__(self, kernel, bias, *, latent_size: int, shape: tuple[int, ...], activation: Callable, norm: bool):
        super().__init__()
        self._latent_kernel, self._pitch_kernel = _variable(kernel[:latent_size]), _variable(kernel[latent_size:])
        self._bias = _variable(bias)
        self._shape, self._activation, self._norm = shape, activation, norm

    def __call__(self, latents, labels):
        products = latents @ self._latent_kernel + tf.gather(self._pitch_kernel, labels)
        if self._norm:
            size = self._latent_kernel.shape[0] + self._pitch_kernel.shape[0]
            squares = tf.reduce_sum(tf.square(latents), axis=-1, keepdims=True) + 1  # of the one-hot pitch
            products *= tf.math.rsqrt(squares / size + _EPSILON)
        return tf.reshape(self._activation(tf.nn.bias_add(products, self._bias)), [-1, *self._shape])


class _Convolution(tf.Module):
    """Pixel norm of the input (if `norm`), upscaling by `factors` and convolution in one, bias and activation."""

    def __init__(self, kernel, bias, *, activation: Callable, norm: bool, factors: tuple[int, int] | None = None,
                 dtype: tf.DType = tf.float32):
        super().__init__()
        self._kernel, self._bias = _variable(kernel, dtype), _variable(bias, dtype)
        self._activation, self._norm, self._factors = activation, norm, factors

    def __call__(self, features):
        if self._norm:
            features *= _inverse_length(features)
        features = tf.cast(features, self._kernel.dtype)
        return self._activation(tf.nn.bias_add(self._convolve(features), self._bias))

    def _convolve(self, features):
        if self._factors is None:
            return _conv2d_same(features, self._kernel)
        batch, (height, width), (down, across) = tf.shape(features)[0], features.shape[1:3], self._factors
        shape = [batch, height * down, width * across, self._kernel.shape[2]]
        return tf.nn.conv2d_transpose(features, self._kernel, shape, self._factors, 'SAME')


class _ToRgb(_Convolution):
    """The 1x1 convolution from features to images; pixel norm follows it, where there are fewer channels."""

    def __call__(self, features):
        features = tf.cast(features, self._kernel.dtype)
        images = self._convolve(features)
        if self._norm:
            images *= _inverse_length(features)
        return self._activation(tf.nn.bias_add(images, self._bias))


def _block(config: Config, arrays: Mapping[str, np.ndarray], block_id: int, dtype: tf.DType
           ) -> tuple[list[tf.Module], tf.Module]:
    """Body and RGB layer; the pixel norm of each layer's output is computed by the next layer."""
    def conv(name: str, **kwargs) -> _Convolution:
        kernel = arrays[f'{name}/kernel'] * he_scale(arrays[f'{name}/kernel'].shape, 0.0)
        if 'factors' in kwargs:
            kernel = _with_upscaling(kernel, kwargs['factors'])
        return _Convolution(kernel, arrays[f'{name}/bias'], activation=_leaky_relu, norm=True, dtype=dtype,
                            **kwargs)

    rgb_kernel = arrays['to_rgb/kernel']
    to_rgb = _ToRgb(rgb_kernel * he_scale(rgb_kernel.shape), arrays['to_rgb/bias'], norm=True,
                    activation=_rgb_activation(config))
    if block_id > 1:
        return [conv('conv0', factors=config.growth), conv('conv1')], to_rgb
    height, width, inputs, filters = arrays['conv0/kernel'].shape
    # A convolution reads the taps in reverse order.
    taps = arrays['conv0/kernel'][::-1, ::-1].transpose(2, 0, 1, 3).reshape(inputs, -1)
    start = _Start(taps * he_scale(arrays['conv0/kernel'].shape, 0.0), np.tile(arrays['conv0/bias'], height * width),
                   latent_size=config.latent_vector_size, shape=(height, width, filters), activation=_leaky_relu,
                   norm=True)
    return [start, conv('conv1')], to_rgb


def _simple_block(config: Config, arrays: Mapping[str, np.ndarray], block_id: int, dtype: tf.DType
                  ) -> tuple[list[tf.Module], tf.Module]:
    """Body and RGB layer of `simple_arch`, which has neither pixel norm nor scales."""
    to_rgb = _ToRgb(arrays['to_rgb/kernel'], arrays['to_rgb/bias'], activation=_rgb_activation(config), norm=False)
    if block_id > 1:
        return [_Convolution(arrays['conv2d_transpose/kernel'], arrays['conv2d_transpose/bias'], norm=False,
                             activation=tf.nn.relu, factors=config.growth, dtype=dtype)], to_rgb
    shape = (config.start_height, config.start_width, arrays['to_rgb/kernel'].shape[2])
    return [_Start(arrays['dense/kernel'], arrays['dense/bias'], latent_size=config.latent_vector_size, shape=shape,
                   activation=tf.nn.relu, norm=False)], to_rgb


def _with_upscaling(kernel: np.ndarray, factors: tuple[int, int]) -> np.ndarray:
    """The kernel of the transposed convolution that upscales by `factors` and convolves with `kernel`.

    Neighbours in an upscaled image are copies of one pixel, so the taps that read them are added: the kernel is summed
    over boxes of `factors`.
    """
    down, across = factors
    mirrored = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return np.sum([np.pad(mirrored, [(i, down - 1 - i), (j, across - 1 - j), (0, 0), (0, 0)])
                   for i in range(down) for j in range(across)], axis=0)


def _arrays_of(arrays: Mapping[str, np.ndarray], block_id: int) -> dict[str, np.ndarray]:
    prefix = f'block_{block_id}/'
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _rgb_activation(config: Config) -> Callable:
    return {'tanh': tf.tanh, 'linear': tf.identity}[config.to_rgb_activation]


def _variable(array: np.ndarray, dtype: tf.DType = tf.float32) -> tf.Variable:
    return tf.Variable(tf.cast(array, dtype), trainable=False)


def _through(layers: Sequence[Callable], features: tf.Tensor) -> tf.Tensor:
    for layer in layers:
        features = layer(features)
    return features


def _leaky_relu(features: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(features, image_ops.LEAKY_SLOPE)


def _conv2d_same(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """'SAME' convolution; a single image is computed as two halves, since oneDNN is slow for batches of one."""
    (batch, height, width, channels), margin = features.shape, kernel.shape[0] // 2
    if batch != 1 or not margin or height % 2 or height < 2 * margin:
        return tf.nn.conv2d(features, kernel, 1, 'SAME')
    rows, zeros = features[0], tf.zeros([margin, width, channels], features.dtype)
    half = height // 2
    halves = tf.concat([zeros, rows[:half + margin], rows[half - margin:], zeros], axis=0)
    outputs = tf.nn.conv2d(tf.reshape(halves, [2, half + 2 * margin, width, channels]), kernel, 1,
                           [(0, 0), (0, 0), (kernel.shape[1] // 2,) * 2, (0, 0)])
    return tf.reshape(outputs, [1, height, width, kernel.shape[3]])


def _inverse_length(features: tf.Tensor) -> tf.Tensor:
    """The factor of pixel norm: one over the root mean square of every pixel's channels."""
    return tf.math.rsqrt(tf.reduce_mean(tf.square(features), axis=-1, keepdims=True) + _EPSILON)


def _repeat(images: tf.Tensor, factors: tuple[int, int]) -> tf.Tensor:
    """Nearest-neighbour upscaling by `factors` = (down, across)."""
    down, across = factors
    if down > 1:
        images = tf.repeat(images, down, axis=1)
    return tf.repeat(images, across, axis=2) if across > 1 else images
