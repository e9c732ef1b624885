"""Phase-locked synthesis: phases of a spectrogram's frames that keep the partials' shape.

Summing instantaneous frequencies bin by bin lets the bins of one partial drift apart, and where they meet the partial
fades in and out. Here a partial has one phase: in every frame each peak of the magnitude moves on by the frequency of
its lobe, and the bins around it follow at the half turn from bin to bin that a windowed sinusoid in the frame's middle
has. Identity phase locking of Laroche and Dolson (1999), "Improved phase vocoder time-scale modification of audio",
section 5. Where a note begins, phases are left as they are, since there they make the attack.
"""

import math

import tensorflow as tf

from gansynth_tf.spectral import ops
from gansynth_tf.spectral.numpy_synthesis import FAINTEST, JUMP, NEIGHBOURS, REACH


def locked_phase(magnitude: tf.Tensor, ifreq: tf.Tensor) -> tf.Tensor:
    """Accumulated phase in which the bins of a partial move together; the counterpart of `ops.accumulated_phase`.

    Args:
      magnitude: float32 [batch, time, freq], of STFTs as `transform.Framing` has them.
      ifreq: float32 [batch, time, freq], as `ops.instantaneous_frequency` gives it.

    Returns:
      float32 [batch, time, freq], radians in [-pi, pi].
    """
    peaks = _peaks(magnitude)
    nearest = _nearest_peaks(peaks)
    steps = tf.where(peaks, _lobe_steps(magnitude, ifreq), ifreq)
    # From a bin to the next phase turns by half a turn, which is 1 here as the unit is pi radians.
    offsets = tf.cast((tf.range(magnitude.shape[2]) - nearest) % 2, tf.float32)

    def move_on(phases, frame):
        locked, plain = phases
        step, peak, offset, plain_step, is_attack = frame
        plain = ops.wrap(plain + plain_step, 1.0)
        moved = tf.gather(locked + step, peak, batch_dims=1) + offset
        return tf.where(is_attack, plain, ops.wrap(moved, 1.0)), plain

    frames = [tf.transpose(x, [1, 0, 2]) for x in (steps, nearest, offsets, ifreq, _attacks(magnitude))]
    silence = tf.zeros_like(ifreq[:, 0])
    locked, _ = tf.scan(move_on, tuple(frames), (silence, silence), parallel_iterations=1)
    return math.pi * tf.transpose(locked, [1, 0, 2])


def _peaks(magnitude: tf.Tensor) -> tf.Tensor:
    """Peaks, bins whose magnitude is above that of their neighbours and not too faint: bool [batch, time, freq]."""
    loud = magnitude > FAINTEST * tf.reduce_max(magnitude, axis=[1, 2], keepdims=True)
    for distance in range(1, NEIGHBOURS + 1):
        loud &= magnitude > tf.maximum(*(_moved(magnitude, side, math.inf) for side in (distance, -distance)))
    return loud


def _nearest_peaks(peaks: tf.Tensor) -> tf.Tensor:
    """The bin of the peak that each bin follows, the lower of two equally near; its own if none is within reach."""
    num_bins = peaks.shape[2]
    bins = tf.broadcast_to(tf.range(num_bins), tf.shape(peaks))
    far = num_bins + 2 * REACH
    below, above = tf.where(peaks, bins, -far), tf.where(peaks, bins, far)
    for distance in (1, 2, 3):  # after which the window is as long as their sum, which is the reach
        below = tf.maximum(below, _moved(below, distance, -far))
        above = tf.minimum(above, _moved(above, -distance, far))
    nearest = tf.where(bins - below <= above - bins, below, above)
    return tf.where(tf.abs(bins - nearest) <= REACH, nearest, bins)


def _lobe_steps(magnitude: tf.Tensor, ifreq: tf.Tensor) -> tf.Tensor:
    """The mean frequency of each bin and its two neighbours, weighted by power and unwrapped against its own."""
    power = tf.square(magnitude)
    sides = [(_moved(power, side, 0.0), ops.wrap(_moved(ifreq, side, 0.0) - ifreq, 1.0)) for side in (1, -1)]
    excess = tf.add_n([weight * difference for weight, difference in sides])
    return ifreq + tf.math.divide_no_nan(excess, power + tf.add_n([weight for weight, _ in sides]))


def _attacks(magnitude: tf.Tensor) -> tf.Tensor:
    """Frames at which the level jumps, and the first frame: bool [batch, time, 1]."""
    level = tf.norm(magnitude, axis=2, keepdims=True)
    jumps = level[:, 1:] > JUMP * level[:, :-1]
    return tf.concat([tf.ones_like(jumps[:, :1]), jumps], axis=1)


def _moved(x: tf.Tensor, distance: int, fill) -> tf.Tensor:
    """`x` moved by `distance` bins up; `fill` comes in at the end."""
    up, down = max(distance, 0), max(-distance, 0)
    padded = tf.pad(x, [[0, 0], [0, 0], [up, down]], constant_values=fill)
    return padded[:, :, down:down + x.shape[2]]
