"""How long a note sounds and how it begins and ends: the amplitude envelope between key down and key up.

Source: Magenta's gansynth/lib/generate_util.py, `get_envelope`. Arrays only, no TensorFlow.
"""

import numpy as np

ATTACK_SECONDS = 0.010
RELEASE_SECONDS = 0.3
HELD_SECONDS = 3.0  # NSynth's keys are let go there


def longest(model_seconds: float) -> tuple[float, float]:
    """How long at most a model's note can be held and then released, in seconds.

    The original holds for 3 s of its 4. A longer model's note is held for all but the last second, a shorter one's
    for what the release leaves, which is cut to a quarter of a note of less than 1.2 s.

    Returns:
      (held, release); together at most `model_seconds`.
    """
    release = min(RELEASE_SECONDS, model_seconds / 4)
    return min(max(HELD_SECONDS, model_seconds - 1), model_seconds - release), release


def envelope(held_seconds: float, *, sample_rate: int = 16000, model_seconds: float = 4.0) -> np.ndarray:
    """The amplitude of a note over time: 10 ms up, full while the key is held, 300 ms down.

    A key let go within the attack does not cut it off, as the original's does with a jump to full amplitude: both
    ramps then run at once, multiplied.

    Args:
      held_seconds: from key down to key up; longer than the model's note can be held counts as that.
      sample_rate: Hz.
      model_seconds: length of the notes that the model makes.

    Returns:
      float64 [held + release samples], 0 to 1.
    """
    longest_held, release_seconds = longest(model_seconds)
    return ramps(int(sample_rate * min(held_seconds, longest_held)), int(sample_rate * release_seconds), sample_rate)


def ramps(held: int, release: int, sample_rate: int) -> np.ndarray:
    """The same for a note of any length, in samples: float64 [held + release], 0 to 1."""
    attack = min(int(sample_rate * ATTACK_SECONDS), held + release)
    amplitude = np.ones(held + release)
    amplitude[held:] = np.linspace(1, 0, release)
    amplitude[:attack] *= np.linspace(0, 1, attack)
    return amplitude
