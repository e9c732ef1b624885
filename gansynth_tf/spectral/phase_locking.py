"""Phase-locked synthesis: from a spectrogram's frames to STFTs whose partials are of one piece.

Summing instantaneous frequencies bin by bin lets the bins of one partial drift apart, and where they meet the partial
fades in and out. Here a partial has one phase: in every frame each peak of the magnitude moves on by the frequency of
its lobe, and the bins around it follow at the half turn from bin to bin that a windowed sinusoid in the frame's middle
has. Identity phase locking of Laroche and Dolson (1999), "Improved phase vocoder time-scale modification of audio",
section 5. Where a note begins, phases are left as they are, since there they make the attack.

Where the note's fundamental is known, a partial near a multiple of it moves on by that multiple of the frame's own
fundamental. A network hits each partial's frequency only roughly; their common multiple is known better, and real
instruments' partials keep to it. Vibrato is common to all partials and stays; a partial that is not near, as a bell's,
is left alone. What lies between the multiples is made softer by 4 dB: networks leave more there than real notes have.
"""

import math

import tensorflow as tf

from gansynth_tf.spectral import ops
from gansynth_tf.spectral.numpy_synthesis import BETWEEN, FAINTEST, JUMP, LOBE, NEIGHBOURS, REACH


def locked(magnitude: tf.Tensor, ifreq: tf.Tensor, fundamentals: tf.Tensor | None = None
           ) -> tuple[tf.Tensor, tf.Tensor]:
    """Magnitude, and accumulated phase in which the bins of a partial move together.

    Args:
      magnitude: float32 [batch, time, freq], of STFTs as `transform.Framing` has them.
      ifreq: float32 [batch, time, freq], as `ops.instantaneous_frequency` gives it.
      fundamentals: float32 [batch], that each note should have, in bins from 0 Hz; None if they are not known.

    Returns:
      float32 [batch, time, freq] each; the magnitude softer between known partials, the phase as that of
      `ops.accumulated_phase`, radians in [-pi, pi].
    """
    peaks, attacks = _peaks(magnitude), _attacks(magnitude)
    nearest = _nearest_peaks(peaks)
    steps, softer = _lobe_steps(magnitude, ifreq), magnitude
    if fundamentals is not None:
        frequencies = _frequencies(steps)
        found = _fundamentals(frequencies, tf.where(peaks, tf.square(magnitude), 0.0), fundamentals[:, None, None])
        steps -= _excess(frequencies, found) / 2
        softer *= _gain_between(found, attacks, magnitude.shape[2])
    steps = tf.where(peaks, steps, ifreq)
    # From a bin to the next phase turns by half a turn, which is 1 here as the unit is pi radians.
    offsets = tf.cast((tf.range(magnitude.shape[2]) - nearest) % 2, tf.float32)

    def move_on(phases, frame):
        together, plain = phases
        step, peak, offset, plain_step, is_attack = frame
        plain = ops.wrap(plain + plain_step, 1.0)
        moved = tf.gather(together + step, peak, batch_dims=1) + offset
        return tf.where(is_attack, plain, ops.wrap(moved, 1.0)), plain

    frames = [tf.transpose(x, [1, 0, 2]) for x in (steps, nearest, offsets, ifreq, attacks)]
    silence = tf.zeros_like(ifreq[:, 0])
    phases, _ = tf.scan(move_on, tuple(frames), (silence, silence), parallel_iterations=1)
    return softer, math.pi * tf.transpose(phases, [1, 0, 2])


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


def _frequencies(steps: tf.Tensor) -> tf.Tensor:
    """Those at which bins move on by `steps`, in bins."""
    bins = tf.range(1, steps.shape[2] + 1, dtype=tf.float32)
    # A frame is a quarter of its length after the one before, in which a frequency of a bin makes half a half turn.
    return bins + 2 * ops.wrap(steps - bins / 2, 1.0)


def _fundamentals(frequencies: tf.Tensor, power: tf.Tensor, fundamental: tf.Tensor) -> tf.Tensor:
    """Each frame's fundamental, [batch, time, 1], by its partials near multiples; `power` is that of peaks, else 0."""
    number, deviation = _from_multiple(frequencies, fundamental)
    weight = power * _nearness(deviation) * number
    return fundamental + tf.math.divide_no_nan(tf.reduce_sum(weight * deviation, axis=2, keepdims=True),
                                               tf.reduce_sum(weight * number, axis=2, keepdims=True))


def _excess(frequencies: tf.Tensor, fundamental: tf.Tensor) -> tf.Tensor:
    """By how much frequencies near a multiple of the fundamental are above it; 0 for others."""
    _, deviation = _from_multiple(frequencies, fundamental)
    return _nearness(deviation) * deviation


def _gain_between(fundamental: tf.Tensor, attacks: tf.Tensor, num_bins: int) -> tf.Tensor:
    """Factors of magnitudes: less than 1 between the lobes of partials, but for an attack and the frame after it."""
    _, deviation = _from_multiple(tf.range(1, num_bins + 1, dtype=tf.float32), fundamental)
    gain = 1 - (1 - BETWEEN) * tf.clip_by_value(tf.abs(deviation) - LOBE, 0.0, 1.0)
    after = tf.concat([tf.zeros_like(attacks[:, :1]), attacks[:, :-1]], axis=1)
    return tf.where(attacks | after, 1.0, gain)


def _from_multiple(frequencies: tf.Tensor, fundamental: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The number of the nearest multiple of the fundamental, at least 1, and the deviation from it."""
    number = tf.maximum(tf.round(frequencies / fundamental), 1.0)
    return number, frequencies - number * fundamental


def _nearness(deviation: tf.Tensor) -> tf.Tensor:
    """1 for deviations up to half a bin, falling to 0 at a bin."""
    return tf.clip_by_value(2 - 2 * tf.abs(deviation), 0.0, 1.0)


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
