"""Convolution and activation of images [batch, height, width, channels], with fast gradients on a CPU.

Each function's gradient is written as the function that is its adjoint, which is differentiable in turn, so that the
gradient penalty's second derivatives take the fast way too. All numbers are those of TensorFlow's own operations, but
for rounding.
"""

import math

import tensorflow as tf

LEAKY_SLOPE = 0.2


def leaky_relu(features: tf.Tensor) -> tf.Tensor:
    """Leaky ReLU of slope 0.2, whose gradient keeps what comes out alone in memory, not what went in as well.

    The two have the same signs, and the next layer keeps what comes out anyway.
    """
    @tf.custom_gradient
    def activate(x):
        y = tf.nn.leaky_relu(x, LEAKY_SLOPE)
        return y, lambda upstream: _times_slopes(upstream, y)

    return activate(features)


def _times_slopes(upstream: tf.Tensor, signs: tf.Tensor) -> tf.Tensor:
    """`upstream` times the slopes of leaky ReLUs; its adjoint is itself."""
    @tf.custom_gradient
    def multiply(x):
        return (tf.raw_ops.LeakyReluGrad(gradients=x, features=signs, alpha=LEAKY_SLOPE),
                lambda upstream: _times_slopes(upstream, signs))

    return multiply(upstream)


def add_bias(images: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Adds `bias` [channels] to the last axis.

    TensorFlow has oneDNN compute the gradient with respect to the bias together with that with respect to the kernel
    before it, which in float32 takes up to half as long again as the two apart. It does not see that they belong
    together if one gets what comes in as a matrix.
    """
    @tf.custom_gradient
    def add(x, b):
        def gradient(upstream):
            apart = tf.reshape(upstream, [-1, upstream.shape[-1]]) if upstream.dtype == tf.float32 else upstream
            return upstream, tf.raw_ops.BiasAddGrad(out_backprop=apart)

        return tf.nn.bias_add(x, b), gradient

    return add(images, bias)


@tf.custom_gradient
def conv2d_same(images: tf.Tensor, kernel: tf.Tensor):
    """Convolution with zeros around the images; `kernel` [height, width, inputs, outputs] has odd sides."""
    return (tf.nn.conv2d(images, kernel, 1, 'SAME'),
            lambda upstream: (_conv2d_same_adjoint(upstream, kernel), _kernel_gradient(images, kernel, upstream)))


@tf.custom_gradient
def _conv2d_same_adjoint(images: tf.Tensor, kernel: tf.Tensor):
    """From `conv2d_same`'s outputs to its inputs.

    With odd sides it is a convolution of the same kind, by the mirrored kernel: up to twice as fast as TensorFlow's
    gradient with respect to images, if channels are few.
    """
    mirrored = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])
    return (tf.nn.conv2d(images, mirrored, 1, 'SAME'),
            lambda upstream: (conv2d_same(upstream, kernel), _kernel_gradient(upstream, kernel, images)))


def _kernel_gradient(images: tf.Tensor, kernel: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Conv2DBackpropFilter(input=images, filter_sizes=kernel.shape, out_backprop=upstream,
                                           strides=[1, 1, 1, 1], padding='SAME')


def depth_to_time(images: tf.Tensor, patch: int) -> tf.Tensor:
    """[batch, height, width, patch * channels] -> [batch, height * patch, width, channels].

    A pixel's channels are `patch` time frames, one after the other: sub-pixel convolution (Shi et al. 2016), in time.
    """
    if patch == 1:
        return images
    _, height, width, depth = images.shape
    frames = tf.reshape(images, [-1, height, width, patch, depth // patch])
    return tf.reshape(tf.transpose(frames, [0, 1, 3, 2, 4]), [-1, height * patch, width, depth // patch])


def time_to_depth(images: tf.Tensor, patch: int) -> tf.Tensor:
    """The inverse of `depth_to_time`."""
    if patch == 1:
        return images
    _, height, width, channels = images.shape
    frames = tf.reshape(images, [-1, height // patch, patch, width, channels])
    return tf.reshape(tf.transpose(frames, [0, 1, 3, 2, 4]), [-1, height // patch, width, patch * channels])


def conv2d_once(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolution with a `kernel` as large as the images, which therefore fits in one place; [batch, 1, 1, outputs].

    A matrix product: TensorFlow's gradients of convolutions with large kernels are many times slower.
    """
    outputs = kernel.shape[-1]
    return tf.reshape(tf.reshape(images, [-1, math.prod(kernel.shape[:-1])]) @ tf.reshape(kernel, [-1, outputs]),
                      [-1, 1, 1, outputs])
