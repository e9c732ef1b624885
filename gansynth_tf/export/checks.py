"""Checks of a graph's inputs; their errors are worded like those of the package.

Each check is an operation of the graph. Operations that use the input wait for it (`passed`); otherwise they might fail
first, with a less helpful error.
"""

from collections.abc import Sequence

import tensorflow as tf


def require(condition: tf.Tensor, what: str, expected: str, received: tf.Tensor) -> tf.Operation:
    """Fails with 'What is wrong: expected ... . Received: [values]' unless every element of `condition` is true."""
    return tf.debugging.Assert(tf.reduce_all(condition), [f'{what}: expected {expected}. Received:', received],
                               summarize=8)


def passed(checks: Sequence[tf.Operation], *tensors: tf.Tensor) -> list[tf.Tensor]:
    """The tensors, once all checks have been passed."""
    with tf.control_dependencies(checks):
        return [tf.identity(tensor) for tensor in tensors]


def require_finite(latents: tf.Tensor) -> tf.Operation:
    bad_rows = tf.where(tf.logical_not(tf.reduce_all(tf.math.is_finite(latents), axis=1)))
    return require(tf.equal(tf.size(bad_rows), 0), 'Unusable latents', 'finite numbers',
                   tf.strings.join(['NaN or infinity in rows ', _text(bad_rows)]))


def require_as_many(latents: tf.Tensor, *others: tf.Tensor) -> tf.Operation:
    counts = tf.stack([tf.shape(tensor)[0] for tensor in (latents, *others)])
    return require(tf.equal(counts, counts[0]), 'Counts differ', 'one of each input for every note', counts)


def require_at_most(most: int, what: str, rows: tf.Tensor) -> tf.Operation:
    num_rows = tf.shape(rows)[0]
    return require(num_rows <= most, f'Too many {what}', f'at most {most} at once', num_rows)


def require_pitches(labels: tf.Tensor, pitches: tf.Tensor, known: Sequence[int]) -> tf.Operation:
    """Requires labels of at least 0; lower ones stand for pitches that the model lacks."""
    return require(labels >= 0, 'Unknown pitch', f'one of the {len(known)} MIDI pitches of this model ({known[0]} to '
                   f'{known[-1]})', tf.boolean_mask(pitches, labels < 0))


def require_times(start_seconds: tf.Tensor, end_seconds: tf.Tensor, longest: float) -> tf.Operation:
    possible = (start_seconds >= 0) & (start_seconds < end_seconds) & (end_seconds <= longest)
    bad = tf.logical_not(possible)  # True for NaN, too
    return require(possible, 'Impossible note times', f'0 <= start_seconds < end_seconds <= {longest:g}',
                   tf.stack([tf.boolean_mask(start_seconds, bad), tf.boolean_mask(end_seconds, bad)], axis=-1))


def _text(numbers: tf.Tensor) -> tf.Tensor:
    return tf.strings.reduce_join(tf.strings.as_string(tf.reshape(numbers, [-1])[:8]), separator=', ')
