"""The rendering of a piece as a TensorFlow graph; `music/render` is the same in NumPy.

Its style is `note.MAGENTA`: no pedals, controllers or bends, and no note is longer than the model's.

A piece is rendered window by window, in the order in which its notes start, into one clip that is written in place:
memory holds no more than the clip, one window and a few notes.
"""

from collections.abc import Callable

import tensorflow as tf

from gansynth_tf.music import envelope, render
from gansynth_tf.music.note import SILENT_PEAK

_WINDOW_SECONDS = 16


def clip(latents: tf.Tensor, labels: tf.Tensor, start_seconds: tf.Tensor, end_seconds: tf.Tensor,
         velocities: tf.Tensor, *, play: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], sample_rate: int,
         audio_length: int, batch_size: int) -> tf.Tensor:
    """One clip of all notes: float32 [samples], peak 0.5.

    Args:
      latents: float32 [notes, latent_size].
      labels: int32 [notes], pitch labels.
      start_seconds: float64 [notes].
      end_seconds: float64 [notes], each above its start.
      velocities: int32 [notes], 1 to 127.
      play: from latents and labels of up to `batch_size` notes to their waves, [notes, audio_length].
      sample_rate: Hz.
      audio_length: samples of the model's notes.
      batch_size: notes played at once.
    """
    order = tf.argsort(start_seconds, stable=True)
    starts = tf.cast(tf.gather(start_seconds, order) * sample_rate, tf.int32)
    held_seconds = end_seconds - start_seconds
    seconds = tf.cast(tf.reduce_max(end_seconds) + render.TAIL_SECONDS, tf.int32)
    window_seconds = max(_WINDOW_SECONDS, -(-audio_length // sample_rate))
    window = window_seconds * sample_rate

    def mix_batch(mixed, index, end, window_start):
        stop = tf.minimum(index + batch_size, end)
        notes = order[index:stop]
        shaped = shape(play(tf.gather(latents, notes), tf.gather(labels, notes)), tf.gather(held_seconds, notes),
                       tf.gather(velocities, notes), sample_rate=sample_rate)
        mixed = tf.foldl(_add, (shaped, starts[index:stop] - window_start), mixed)
        return tf.ensure_shape(mixed, [audio_length + window]), stop, end, window_start

    def mix_window(i, index, rest, peak, finished):
        mixed = tf.concat([rest, tf.zeros([window])], axis=0)
        end = tf.searchsorted(starts, [(i + 1) * window])[0]
        mixed, *_ = tf.while_loop(lambda mixed, index, end, _: index < end, mix_batch, (mixed, index, end, i * window))
        rows = tf.range(i * window_seconds, tf.minimum((i + 1) * window_seconds, seconds))
        done = tf.reshape(mixed[:tf.size(rows) * sample_rate], [-1, sample_rate])
        finished = tf.raw_ops.InplaceUpdate(x=finished, i=rows, v=done)
        return i + 1, end, mixed[window:], tf.maximum(peak, tf.reduce_max(tf.abs(done))), finished

    rest = tf.zeros([audio_length])  # the ends of notes that began in the window before
    finished = tf.raw_ops.Empty(shape=tf.stack([seconds, sample_rate]), dtype=tf.float32, init=False)
    *_, peak, finished = tf.while_loop(
        lambda i, *_: i * window_seconds < seconds, mix_window, (0, 0, rest, 0.0, finished), parallel_iterations=1,
        shape_invariants=(*[tf.TensorShape(shape) for shape in ([], [], [audio_length], [])],
                          tf.TensorShape([None, sample_rate])))
    # No other operation reads the clip, so TensorFlow writes the product in its place.
    return tf.reshape(finished * tf.math.divide_no_nan(render.CLIP_PEAK, peak), [-1])


def shape(waves: tf.Tensor, held_seconds: tf.Tensor, velocities: tf.Tensor, *, sample_rate: int) -> tf.Tensor:
    """Notes as they are played: float32 [n, samples], each with its envelope and a peak of velocity / 127."""
    shaped = waves * envelopes(held_seconds, sample_rate=sample_rate, audio_length=waves.shape[1])
    peaks = tf.reduce_max(tf.abs(shaped), axis=1, keepdims=True)
    gains = tf.cast(velocities, tf.float32)[:, None] / 127 / tf.maximum(peaks, SILENT_PEAK)
    return tf.where(peaks < SILENT_PEAK, 0.0, shaped * gains)


def envelopes(held_seconds: tf.Tensor, *, sample_rate: int, audio_length: int) -> tf.Tensor:
    """Envelopes of notes, see `envelope.ramps`: float64 [n] -> float32 [n, audio_length], 0 after the release."""
    longest_held, release_seconds = envelope.longest(audio_length / sample_rate)
    release = int(sample_rate * release_seconds)
    held = tf.cast(sample_rate * tf.minimum(held_seconds, tf.constant(longest_held, tf.float64)), tf.int32)[:, None]
    attack = tf.minimum(int(sample_rate * envelope.ATTACK_SECONDS), held + release)
    time = tf.range(audio_length)[None]
    falling = 1 - _ratio(time - held, release - 1)
    amplitude = tf.where(time < held, 1.0, tf.where(time < held + release, falling, 0.0))
    return amplitude * tf.where(time < attack, _ratio(time, attack - 1), 1.0)


def _ratio(numerator: tf.Tensor, denominator) -> tf.Tensor:
    return tf.math.divide_no_nan(tf.cast(numerator, tf.float32), tf.cast(denominator, tf.float32))


def _add(mixed: tf.Tensor, note: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """`mixed` with a wave added at its start."""
    wave, start = note
    end = start + tf.shape(wave)[0]
    return tf.ensure_shape(tf.concat([mixed[:start], mixed[start:end] + wave, mixed[end:]], axis=0), mixed.shape)
