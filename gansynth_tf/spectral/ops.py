"""Elementary operations on phases and magnitudes, whose time is axis -2, and products with banded matrices."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gansynth_tf.errors import InputError


def wrap(x: tf.Tensor, half_period: float = math.pi) -> tf.Tensor:
    """`x` modulo one period, in [-half_period, half_period]; values already in that range stay exactly as they are.

    >>> wrap(tf.constant([0.5, 2.5]), 1.0).numpy().tolist()
    [0.5, 0.5]
    """
    period = 2.0 * half_period
    return x - period * tf.round(x / period)


def instantaneous_frequency(phase_angle: tf.Tensor) -> tf.Tensor:
    """Phase steps from frame to frame, in units of pi radians (GANSynth, section 2.2).

    Magenta's spectral_ops.py unwraps and then takes differences. Wrapping the differences gives the same values,
    sooner, and without the precision that unwrapped phases lose as they grow with time.

    Args:
      phase_angle: float radians [..., time, freq], at least one frame.

    Returns:
      Of the same shape: the first frame holds phase / pi, each later one its step in [-1, 1].

    >>> phase = 0.5 * math.pi * tf.range(4.0)[:, tf.newaxis]
    >>> instantaneous_frequency(phase)[:, 0].numpy().round(3).tolist()
    [0.0, 0.5, 0.5, 0.5]
    """
    phase_angle = tf.convert_to_tensor(phase_angle)
    steps = wrap(phase_angle[..., 1:, :] - phase_angle[..., :-1, :])
    return tf.concat([phase_angle[..., :1, :], steps], axis=-2) / math.pi


def accumulated_phase(ifreq: tf.Tensor) -> tf.Tensor:
    """The inverse of `instantaneous_frequency`, modulo 2 pi: radians in [-pi, pi].

    Sums in float64: in float32 a phase of some hundreds of radians is known to 1e-5 only, and every step adds as much.

    >>> (accumulated_phase(tf.fill([4, 1], 0.25))[:, 0] / math.pi).numpy().tolist()
    [0.25, 0.5, 0.75, 1.0]
    """
    halfturns = tf.cumsum(tf.cast(ifreq, tf.float64), axis=-2)
    return tf.cast(wrap(halfturns, 1.0), tf.float32) * math.pi


def polar_to_rect(magnitude: tf.Tensor, phase_angle: tf.Tensor) -> tf.Tensor:
    """Complex numbers from magnitudes and radians."""
    return tf.complex(magnitude * tf.cos(phase_angle), magnitude * tf.sin(phase_angle))


def times_banded(x: tf.Tensor, blocks: list[tuple[int, int, np.ndarray]]) -> tf.Tensor:
    """The product of `x` with the matrix that `mel.banded_blocks` has split: [..., rows] -> [..., columns]."""
    return tf.concat([tf.tensordot(x[..., first:end], block, 1) for first, end, block in blocks], axis=-1)


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
