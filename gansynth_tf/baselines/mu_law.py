"""Mu-law companding to 256 classes, as Magenta's NSynth WaveNet has it.

Codes are -128..127 (as floats, like the waves); a class is its code + 128. Full scale, x = 1, falls into the last code,
where the original's arithmetic would give a 257th class.
"""

import math

import tensorflow as tf

MU = 255.0
NUM_CLASSES = 256
_HALF = NUM_CLASSES // 2


def encode(waves) -> tf.Tensor:
    """Waves in -1..1 -> codes -128..127, of the same shape; anything below 0 is at most -1."""
    waves = tf.convert_to_tensor(waves, tf.float32)
    companded = tf.sign(waves) * tf.math.log(1.0 + MU * tf.abs(waves)) / math.log(1.0 + MU)
    return tf.clip_by_value(tf.floor(companded * _HALF), -_HALF, _HALF - 1.0)


def decode(codes) -> tf.Tensor:
    """Codes -> waves at the middle of each code's companded range; code 0 is silence, exactly 0."""
    codes = tf.cast(codes, tf.float32)
    companded = (codes + 0.5) / _HALF
    waves = tf.sign(companded) / MU * ((1.0 + MU) ** tf.abs(companded) - 1.0)
    return tf.where(codes == 0.0, 0.0, waves)


def to_inputs(codes: tf.Tensor) -> tf.Tensor:
    """Codes -> what the networks take, -1..1: companded still, never expanded."""
    return tf.cast(codes, tf.float32) / _HALF


def to_classes(codes: tf.Tensor) -> tf.Tensor:
    """Codes -> int32 classes 0..255."""
    return tf.cast(codes, tf.int32) + _HALF


def from_classes(classes: tf.Tensor) -> tf.Tensor:
    """Classes 0..255 -> codes."""
    return tf.cast(classes, tf.float32) - _HALF
