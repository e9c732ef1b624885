"""Timbre over time: latents at evenly spaced keyframes, and the great circle between neighbours.

Source: Engel et al. 2019 (GANSynth), section 5.2 and its MIDI examples; Magenta's gansynth/lib/generate_util.py.
Arrays only, no TensorFlow.
"""

import numpy as np

from gansynth_tf.errors import InputError

SHORTEST_SECONDS_PER_INSTRUMENT = 0.01
_FIRST_KEYFRAME_SECONDS = -0.0001  # before every note, so that a note at 0 lies between two keyframes


def slerp(start: np.ndarray, end: np.ndarray, fraction: np.ndarray | float) -> np.ndarray:
    """Spherical linear interpolation.

    Latents are drawn from a Gaussian, so nearly all have about the same length. Along the great circle the network gets
    latents such as it was trained on, whereas the straight line passes closer to the origin.

    Args:
      start: [..., latent_size].
      end: [..., latent_size].
      fraction: [...], 0 gives `start`, 1 gives `end`.

    Returns:
      [..., latent_size], float64. Where the two have the same or opposite directions, or one is zero, no single great
      circle joins them and the straight line is taken.

    >>> slerp(np.array([1, 0]), np.array([0, 1]), 0.5).round(3).tolist()
    [0.707, 0.707]
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    fraction = np.asarray(fraction, np.float64)[..., None]
    lengths = np.linalg.norm(start, axis=-1, keepdims=True) * np.linalg.norm(end, axis=-1, keepdims=True)
    cosine = np.sum(start * end, axis=-1, keepdims=True) / np.where(lengths > 0, lengths, 1)
    angle = np.arccos(np.clip(cosine, -1, 1))
    sine = np.sin(angle)
    straight = (sine < 1e-6) | (lengths == 0)
    sine = np.where(straight, 1, sine)
    start_weight = np.where(straight, 1 - fraction, np.sin((1 - fraction) * angle) / sine)
    end_weight = np.where(straight, fraction, np.sin(fraction * angle) / sine)
    return start_weight * start + end_weight * end


def keyframe_times(total_seconds: float, seconds_per_instrument: float) -> np.ndarray:
    """Times of the keyframes of a piece: float64 [num_keyframes], evenly spaced from start to end.

    As in Magenta's code there are int(total / seconds_per_instrument) of them; a piece too short for two has one, and
    so one timbre.

    Raises:
      InputError: if `seconds_per_instrument` is below 0.01 s or not finite.

    >>> keyframe_times(12.0, 4.0).round(2)[1:].tolist()
    [6.0, 12.0]
    """
    if not SHORTEST_SECONDS_PER_INSTRUMENT <= seconds_per_instrument < float('inf'):
        raise InputError(f'Impossible secs_per_instrument: expected at least {SHORTEST_SECONDS_PER_INSTRUMENT} '
                         f'seconds. Received: {seconds_per_instrument!r}')
    num_keyframes = max(1, int(total_seconds / seconds_per_instrument))
    return np.linspace(_FIRST_KEYFRAME_SECONDS, total_seconds, num_keyframes)


def at_times(seconds: np.ndarray, times: np.ndarray, keyframes: np.ndarray) -> np.ndarray:
    """The latents at any times, each on the great circle between the keyframes around it.

    Args:
      seconds: [num_notes].
      times: [num_keyframes], ascending, from `keyframe_times`.
      keyframes: [num_keyframes, latent_size].

    Returns:
      float64 [num_notes, latent_size]; before the first and after the last keyframe, that keyframe itself.
    """
    seconds, keyframes = np.asarray(seconds, np.float64), np.asarray(keyframes, np.float64)
    if len(times) == 1:
        return np.repeat(keyframes, len(seconds), axis=0)
    left = np.clip(np.searchsorted(times, seconds, side='left') - 1, 0, len(times) - 2)
    fraction = (seconds - times[left]) / (times[left + 1] - times[left])
    return slerp(keyframes[left], keyframes[left + 1], np.clip(fraction, 0, 1))
