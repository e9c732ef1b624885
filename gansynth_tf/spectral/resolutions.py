"""The sizes at which stages see spectrograms, and how images [batch, height, width, channels] go from one to another.

Gradients are written as the functions that are their adjoints, which are differentiable in turn and fast on a CPU.
"""

import math

import tensorflow as tf

from gansynth_tf.config import Config


def all_resolutions(config: Config) -> list[tuple[int, int]]:
    """(height, width) of every resolution, the coarsest first, full size last."""
    return [config.resolution(num_blocks) for num_blocks in range(1, config.num_resolutions + 1)]


def pool(images: tf.Tensor, resolution: tuple[int, int]) -> tf.Tensor:
    """Images of `resolution` (height, width): the means of blocks of pixels."""
    return downscale(images, (images.shape[1] // resolution[0], images.shape[2] // resolution[1]))


def enlarge(images: tf.Tensor, resolution: tuple[int, int]) -> tf.Tensor:
    """Images of `resolution` (height, width): every pixel repeated."""
    return upscale(images, (resolution[0] // images.shape[1], resolution[1] // images.shape[2]))


def upscale(images: tf.Tensor, factors: tuple[int, int]) -> tf.Tensor:
    """Repeats every pixel `factors` = (down, across) times."""
    @tf.custom_gradient
    def repeat(x):
        down, across = factors
        _, height, width, channels = x.shape
        repeated = tf.broadcast_to(x[:, :, None, :, None, :],
                                   [tf.shape(x)[0], height, down, width, across, channels])
        return (tf.reshape(repeated, [-1, height * down, width * across, channels]),
                lambda upstream: math.prod(factors) * downscale(upstream, factors))

    return repeat(images)


def downscale(images: tf.Tensor, factors: tuple[int, int]) -> tf.Tensor:
    """Averages blocks of `factors` = (down, across) pixels."""
    @tf.custom_gradient
    def average(x):
        down, across = factors
        height, width, channels = x.shape[1] // down, x.shape[2] // across, x.shape[3]
        rows = tf.reduce_sum(tf.reshape(x, [-1, height, down, width * across * channels]), axis=2)
        sums = tf.reduce_sum(tf.reshape(rows, [-1, height, width, across, channels]), axis=3)
        return sums / math.prod(factors), lambda upstream: upscale(upstream / math.prod(factors), factors)

    return average(images)
