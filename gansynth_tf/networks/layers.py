"""Layers of progressive GANs, one idea a class.

Images are float [batch, height, width, channels]. The ideas are those of Karras et al. (2018), "Progressive Growing of
GANs" [1]; where Magenta's layers.py differs from the paper, these follow Magenta.
"""

import math

import keras
import tensorflow as tf

from gansynth_tf.networks import image_ops
from gansynth_tf.spectral import resolutions

_PIXEL_NORM_EPSILON, _STDDEV_EPSILON = 1e-8, 1e-6


def he_scale(kernel_shape, slope: float = 1.0) -> float:
    """Standard deviation that keeps the variance of a layer's output at that of its input.

    Args:
      kernel_shape: (..., inputs, outputs).
      slope: the negative slope of the activation that follows, 1 for none.
    """
    return math.sqrt(2 / ((1 + slope ** 2) * math.prod(kernel_shape[:-1])))


class _Equalized(keras.layers.Layer):
    """A kernel with an equalized learning rate [1, section 4.1], a bias and an activation.

    The kernel is drawn from N(0, 1) and scaled when it is used, so that Adam's steps, which do not depend on the
    gradient's size, are equal in relation to every layer's useful range. The bias is not scaled.

    Whatever is done to a kernel before it is used is done in float32, also where a layer computes in bfloat16.

    Args:
      he_slope: the slope in the kernel's scale, see `he_scale`.
      activation: anything that `keras.activations.get` takes.
      kernel_initializer: of Keras; N(0, 1) if not given.
      **kwargs: of every Keras layer.
    """

    def __init__(self, *, he_slope: float = 1.0, activation=None, kernel_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.he_slope = he_slope
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = kernel_initializer or keras.initializers.RandomNormal(stddev=1.0)

    def _add_variables(self, kernel_shape):
        self.kernel = self.add_weight(name='kernel', shape=kernel_shape, initializer=self.kernel_initializer,
                                      autocast=False)
        self.bias = self.add_weight(name='bias', shape=kernel_shape[-1:], initializer='zeros', autocast=False)
        self.kernel_scale = he_scale(kernel_shape, self.he_slope)

    def _scaled_kernel(self) -> tf.Tensor:
        # Scaling the kernel instead of the output saves a pass over the (much larger) output.
        return self.kernel_scale * tf.convert_to_tensor(self.kernel)

    def _activate(self, outputs: tf.Tensor) -> tf.Tensor:
        return self.activation(image_ops.add_bias(outputs, tf.cast(self.bias, outputs.dtype)))


class EqualizedConv2D(_Equalized):
    """2-D convolution with an equalized learning rate.

    Args:
      filters: output channels.
      kernel_size: (height, width), or one number for both.
      padding: 'same' (zeros around the image) or 'valid'.
      **kwargs: those of every layer with an equalized learning rate.
    """

    def __init__(self, filters: int, kernel_size, *, padding: str = 'same', **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        self.padding = padding

    def build(self, input_shape):
        self._add_variables((*self.kernel_size, input_shape[-1], self.filters))
        self.built = True

    def call(self, images):
        if self.padding == 'valid' and tuple(images.shape[1:3]) == self.kernel_size:
            # The scale goes to the images, since a kernel as large as they are has more numbers than a batch of them.
            kernel = tf.cast(tf.convert_to_tensor(self.kernel), images.dtype)
            return self._activate(image_ops.conv2d_once(self.kernel_scale * images, kernel))
        kernel = tf.cast(self._scaled_kernel(), images.dtype)
        if self.padding == 'same' and all(size % 2 for size in self.kernel_size):
            return self._activate(image_ops.conv2d_same(images, kernel))
        return self._activate(tf.nn.conv2d(images, kernel, strides=1, padding=self.padding.upper()))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        if self.padding == 'valid':
            height, width = (size - kernel + 1 for size, kernel in zip((height, width), self.kernel_size))
        return batch, height, width, self.filters


class UpscaleConv2D(EqualizedConv2D):
    """Upscaling by whole `factors` = (down, across), then an equalized 'same' convolution of odd size, in one step.

    Next to each other in an upscaled image are copies of the same pixel, so the kernel's taps that meet them can be
    added beforehand. What is left is a transposed convolution with strides of `factors`, whose kernel is the
    original's, summed over boxes of `factors`: the same numbers with four ninths of the work for a 3x3 kernel.
    """

    def __init__(self, filters: int, kernel_size, *, factors=(2, 2), **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.factors = tuple(factors)

    def call(self, images):
        down, across = self.factors
        kernel = tf.transpose(tf.reverse(self._scaled_kernel(), [0, 1]), [0, 1, 3, 2])
        taps = tf.add_n([tf.pad(kernel, [[i, down - 1 - i], [j, across - 1 - j], [0, 0], [0, 0]])
                         for i in range(down) for j in range(across)])
        shape = (tf.shape(images)[0], *self.compute_output_shape(images.shape)[1:])
        return self._activate(tf.nn.conv2d_transpose(images, tf.cast(taps, images.dtype), shape, self.factors, 'SAME'))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return batch, height * self.factors[0], width * self.factors[1], self.filters


class EqualizedDense(_Equalized):
    """Dense layer with an equalized learning rate; inputs are flattened to [batch, features] first."""

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self._add_variables((math.prod(input_shape[1:]), self.units))
        self.built = True

    def call(self, inputs):
        flat = tf.reshape(inputs, [tf.shape(inputs)[0], self.kernel.shape[0]])
        return self._activate(flat @ tf.cast(self._scaled_kernel(), inputs.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.units


class LatentToImage(_Equalized):
    """The first layer of a generator: from latents [batch, size] to images [batch, height, width, filters].

    The same as a valid convolution over the latent as a 1x1 image with zeros around it, by as much as lets the
    kernel's every tap touch the pixel once; kernel [height, width, size, filters] is kept in that form. All but one
    tap at each pixel would multiply zeros, so it is computed as one matrix product.
    """

    def __init__(self, filters: int, image_size, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.image_size = tuple(image_size)

    def build(self, input_shape):
        self._add_variables((*self.image_size, input_shape[-1], self.filters))
        self.built = True

    def call(self, latents):
        height, width, size, filters = self.kernel.shape
        # A product for each pixel needs no transposed kernel; the latents are scaled, since they are fewest.
        taps = tf.cast(tf.reshape(self.kernel, [height * width, size, filters]), latents.dtype)
        outputs = (self.kernel_scale * latents) @ taps
        # The convolution slides over the pixel, so it meets the taps in reverse order; outputs are fewer to reverse.
        outputs = tf.transpose(tf.reverse(outputs, [0]), [1, 0, 2])
        return self._activate(tf.reshape(outputs, [-1, height, width, filters]))

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.image_size, self.filters


def _precise(values: tf.Tensor) -> tf.Tensor:
    """The values in a type that is precise enough for statistics: bfloat16 as float32, the rest as it is."""
    return tf.cast(values, tf.float32) if values.dtype == tf.bfloat16 else values


class PixelNorm(keras.layers.Layer):
    """Scales the channels of every pixel to a mean square of one [1, section 4.2], which is taken in float32."""

    def call(self, inputs):
        squares = tf.square(_precise(inputs))
        scale = tf.math.rsqrt(tf.reduce_mean(squares, axis=-1, keepdims=True) + _PIXEL_NORM_EPSILON)
        return inputs * tf.cast(scale, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


class MinibatchStddev(keras.layers.Layer):
    """Appends one channel that holds how much the notes of the batch differ [1, section 3].

    It is a single number: the standard deviation over the batch, averaged over all pixels and channels. (Karras et
    al. compute it in groups of four notes; Magenta over the whole batch, and so does this.) `num_batches` of one
    size, one after the other in `images`, have each its own. Where a batch is split over several replicas, it is the
    standard deviation over all of them. Statistics are taken in float32.
    """

    def call(self, images, num_batches: int = 1):
        # The variance has no slope along the mean, but without stop_gradient it would have a curvature there, which the
        # gradient penalty sees. Magenta's (from tf.nn.moments) has none.
        batches = tf.reshape(_precise(images), [num_batches, -1, *images.shape[1:]])
        mean = tf.stop_gradient(mean_over_replicas(tf.reduce_mean(batches, axis=1, keepdims=True)))
        variance = mean_over_replicas(tf.reduce_mean(tf.math.squared_difference(batches, mean), axis=1, keepdims=True))
        stddev = tf.sqrt(variance + _STDDEV_EPSILON)
        stddev = tf.cast(tf.reduce_mean(stddev, axis=[2, 3, 4], keepdims=True), images.dtype)
        channel = tf.broadcast_to(stddev, tf.shape(batches[..., :1]))
        return tf.concat([images, tf.reshape(channel, tf.shape(images[..., :1]))], axis=-1)

    def compute_output_shape(self, input_shape):
        return *input_shape[:-1], input_shape[-1] + 1


def mean_over_replicas(values):
    """The mean over all replicas that run together of what each has, for a tensor or a list of them.

    Where there is one replica, it is `values` itself. Its gradient is the mean of the replicas' gradients, of any
    order.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)


class Downscale(keras.layers.Layer):
    """Downscaling by the mean of blocks of `factors` = (down, across) pixels."""

    def __init__(self, factors=(2, 2), **kwargs):
        super().__init__(**kwargs)
        self.factors = tuple(factors)

    def call(self, images):
        return resolutions.downscale(images, self.factors)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height // self.factors[0], width // self.factors[1], channels
