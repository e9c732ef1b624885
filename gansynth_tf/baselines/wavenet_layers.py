"""Dilated convolutions over time, and what else the WaveNets are made of.

Kernels are as in Magenta's checkpoints, W [1, taps, in, out], and biases [out]. A convolution is one product of all its
taps side by side with the kernel as [taps * in, out]; any length will do, where the original's detour through the batch
asks for a multiple of the dilation.
"""

from collections.abc import Mapping

import tensorflow as tf

Weights = Mapping[str, tf.Tensor]  # by the original's names: startconv/W, startconv/biases, ...


def causal(weights: Weights, layer: str, waves: tf.Tensor, dilation: int = 1) -> tf.Tensor:
    """[batch, time, in] -> [batch, time, out]: the present and the steps before, zeros before the first."""
    return _convolution(weights, layer, waves, dilation, future_taps=0)


def centred(weights: Weights, layer: str, waves: tf.Tensor, dilation: int = 1) -> tf.Tensor:
    """[batch, time, in] -> [batch, time, out]: as many steps of the past as of the future, zeros outside."""
    return _convolution(weights, layer, waves, dilation, future_taps=weights[f'{layer}/W'].shape[1] // 2)


def shift_right(waves: tf.Tensor) -> tf.Tensor:
    """Each step is given the one before it, the first a zero."""
    return tf.pad(waves, [[0, 0], [1, 0], [0, 0]])[:, :-1]


def mean_pool(waves: tf.Tensor, hop_length: int) -> tf.Tensor:
    """[batch, time, channels] -> means of `hop_length` steps each, [batch, time // hop_length, channels]."""
    batch, time, channels = tf.unstack(tf.shape(waves))
    return tf.reduce_mean(tf.reshape(waves, [batch, time // hop_length, hop_length, channels]), axis=2)


def add_frames(waves: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """[batch, time, channels] + [batch, frames, channels], each frame held for time / frames steps."""
    batch, time, channels = tf.unstack(tf.shape(waves))
    by_frame = tf.reshape(waves, [batch, tf.shape(frames)[1], -1, channels]) + frames[:, :, tf.newaxis]
    return tf.reshape(by_frame, [batch, time, channels])


def _convolution(weights: Weights, layer: str, waves: tf.Tensor, dilation: int, *, future_taps: int) -> tf.Tensor:
    kernel, biases = weights[f'{layer}/W'], weights[f'{layer}/biases']
    _, taps, depth, width = kernel.shape
    past, future = (taps - 1 - future_taps) * dilation, future_taps * dilation
    padded, time = tf.pad(waves, [[0, 0], [past, future], [0, 0]]), tf.shape(waves)[1]
    side_by_side = tf.concat([padded[:, tap * dilation:tap * dilation + time] for tap in range(taps)], axis=-1)
    return tf.tensordot(side_by_side, tf.reshape(kernel, [taps * depth, width]), 1) + biases
