"""Elementary operations on phases, magnitudes and waves. Time is axis -2 unless said."""

import math
from collections.abc import Sequence

import tensorflow as tf

from gansynth_tf.errors import InputError


def diff(x: tf.Tensor, axis: int = -1) -> tf.Tensor:
    """Differences of neighbours along `axis`; one element fewer there.

    >>> diff(tf.constant([1.0, 4.0, 9.0])).numpy().tolist()
    [3.0, 5.0]
    """
    return _slice(x, axis, 1, None) - _slice(x, axis, None, -1)


def wrap(x: tf.Tensor, half_period: float = math.pi) -> tf.Tensor:
    """`x` modulo one period, in [-half_period, half_period]; values already in that range stay exactly as they are.

    >>> wrap(tf.constant([0.5, 2.5]), 1.0).numpy().tolist()
    [0.5, 0.5]
    """
    period = 2.0 * half_period
    return x - period * tf.round(x / period)


def unwrap(phase_angle: tf.Tensor, axis: int = -2) -> tf.Tensor:
    """Phase without jumps of more than pi: radians in, radians out, each value changed by a multiple of 2 pi.

    >>> [round(float(x), 2) for x in unwrap(tf.constant([3.0, -3.0, -2.0]), axis=0)]
    [3.0, 3.28, 4.28]
    """
    phase_angle = tf.convert_to_tensor(phase_angle)
    turns = tf.cumsum(tf.round(diff(phase_angle, axis) / (2.0 * math.pi)), axis=axis)
    start = tf.zeros_like(_slice(phase_angle, axis, 0, 1))
    return phase_angle - 2.0 * math.pi * tf.concat([start, turns], axis)


def instantaneous_frequency(phase_angle: tf.Tensor, axis: int = -2) -> tf.Tensor:
    """Phase steps from frame to frame, in units of pi radians (GANSynth, section 2.2).

    Magenta's spectral_ops.py unwraps and then takes differences. Wrapping the differences gives the same values,
    sooner, and without the precision that unwrapped phases lose as they grow with time.

    Args:
      phase_angle: float radians, at least one frame along `axis`.
      axis: the time axis.

    Returns:
      Of the same shape: the first frame holds phase / pi, each later one its step in [-1, 1].

    >>> phase = 0.5 * math.pi * tf.range(4.0)
    >>> instantaneous_frequency(phase, axis=0).numpy().round(3).tolist()
    [0.0, 0.5, 0.5, 0.5]
    """
    phase_angle = tf.convert_to_tensor(phase_angle)
    steps = wrap(diff(phase_angle, axis))
    return tf.concat([_slice(phase_angle, axis, 0, 1), steps], axis) / math.pi


def accumulated_phase(ifreq: tf.Tensor, axis: int = -2) -> tf.Tensor:
    """The inverse of `instantaneous_frequency`, modulo 2 pi: radians in [-pi, pi].

    Sums in float64: in float32 a phase of some hundreds of radians is known to 1e-5 only, and every step adds as much.

    >>> (accumulated_phase(tf.fill([4], 0.25), axis=0) / math.pi).numpy().tolist()
    [0.25, 0.5, 0.75, 1.0]
    """
    halfturns = tf.cumsum(tf.cast(ifreq, tf.float64), axis=axis)
    return tf.cast(wrap(halfturns, 1.0), tf.float32) * math.pi


def polar_to_rect(magnitude: tf.Tensor, phase_angle: tf.Tensor) -> tf.Tensor:
    """Complex numbers from magnitudes and radians."""
    return tf.complex(magnitude * tf.cos(phase_angle), magnitude * tf.sin(phase_angle))


def crop_or_pad(waves: tf.Tensor, length: int, *, num_channels: int = 1) -> tf.Tensor:
    """Waves of exactly `length` samples and `num_channels` channels, as Magenta's spectral_ops.py makes them.

    Args:
      waves: [batch, time, channels].
      length: samples to have; shorter waves get silence on both sides (the odd sample on the left), longer ones lose
        their end.
      num_channels: channels to have; the given ones are repeated in turn.

    Returns:
      [batch, length, num_channels].

    >>> crop_or_pad(tf.ones([1, 2, 1]), 5)[0, :, 0].numpy().tolist()
    [0.0, 0.0, 1.0, 1.0, 0.0]
    """
    _, num_samples, num_given = tf.unstack(tf.shape(waves))
    missing = tf.maximum(0, length - num_samples)
    waves = tf.pad(waves, [[0, 0], [missing - missing // 2, missing // 2], [0, 0]])[:, :length]
    waves = tf.tile(waves, [1, 1, -(-num_channels // num_given)])[:, :, :num_channels]
    return tf.ensure_shape(waves, [None, length, num_channels])


def require_shape(name: str, x: tf.Tensor, shape: Sequence[int | None]) -> tf.Tensor:
    """`x` as a tensor of that shape; None stands for any size.

    Raises:
      InputError: if the shape is known to be another one (what is known only when the graph runs is checked there).
    """
    x = tf.convert_to_tensor(x)
    if not x.shape.is_compatible_with(shape):
        expected = ', '.join('any' if size is None else str(size) for size in shape)
        raise InputError(f'Impossible {name}: expected a tensor of shape [{expected}]. Received: shape {x.shape}')
    return tf.ensure_shape(x, shape)


def _slice(x: tf.Tensor, axis: int, start: int | None, stop: int | None) -> tf.Tensor:
    return x[(slice(None),) * (axis % len(x.shape)) + (slice(start, stop),)]
