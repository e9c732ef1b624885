"""Elementary operations on phases, magnitudes and waves. Time is axis -2 unless said."""

import math

import tensorflow as tf


def diff(x: tf.Tensor, axis: int = -1) -> tf.Tensor:
    """Differences of neighbours along `axis`; one element fewer there."""
    axis = axis % len(x.shape)
    before = (slice(None),) * axis
    return x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]


def wrap(x: tf.Tensor, half_period: float = math.pi) -> tf.Tensor:
    """`x` modulo one period, in [-half_period, half_period]; values already in that range stay exactly as they are."""
    period = 2.0 * half_period
    return x - period * tf.round(x / period)


def unwrap(phase_angle: tf.Tensor, axis: int = -2) -> tf.Tensor:
    """Phase without jumps of more than pi: radians in, radians out, each value changed by a multiple of 2 pi."""
    steps = diff(phase_angle, axis)
    turns = tf.cumsum(tf.round(steps / (2.0 * math.pi)), axis=axis)
    first = tf.zeros_like(phase_angle[(slice(None),) * (axis % len(phase_angle.shape)) + (slice(0, 1),)])
    return phase_angle - 2.0 * math.pi * tf.concat([first, turns], axis)


def instantaneous_frequency(phase_angle: tf.Tensor, axis: int = -2) -> tf.Tensor:
    """Phase steps from frame to frame, in units of pi radians (GANSynth, section 2.2).

    The original unwraps and then takes differences. Wrapping the differences gives the same values, sooner, and
    without the loss of precision that unwrapped phases suffer as they grow with time.

    Args:
      phase_angle: radians, float.
      axis: the time axis.

    Returns:
      Of the same shape: the first frame holds phase / pi, each later one its step in [-1, 1].
    """
    first = phase_angle[(slice(None),) * (axis % len(phase_angle.shape)) + (slice(0, 1),)]
    return tf.concat([first, wrap(diff(phase_angle, axis))], axis) / math.pi


def polar_to_rect(magnitude: tf.Tensor, phase_angle: tf.Tensor) -> tf.Tensor:
    """Complex numbers from magnitudes and radians."""
    return tf.complex(magnitude * tf.cos(phase_angle), magnitude * tf.sin(phase_angle))


def crop_or_pad(waves: tf.Tensor, length: int, num_channels: int = 1) -> tf.Tensor:
    """Waves of exactly `length` samples and `num_channels` channels.

    Args:
      waves: [batch, time, channels].
      length: samples to have; shorter waves get silence on both sides (the odd sample on the left), longer ones lose
        their end.
      num_channels: channels to have; given ones are repeated in turn.

    Returns:
      [batch, length, num_channels].
    """
    shape = tf.shape(waves)
    missing = tf.maximum(0, length - shape[1])
    waves = tf.pad(waves, [[0, 0], [missing - missing // 2, missing // 2], [0, 0]])[:, :length]
    repeats = -(-num_channels // shape[2])
    waves = tf.tile(waves, [1, 1, repeats])[:, :, :num_channels]
    return tf.ensure_shape(waves, [None, length, num_channels])
