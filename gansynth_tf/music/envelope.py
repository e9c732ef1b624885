"""The amplitude envelope of a note, from key down to key up and through its release.

Source: Magenta's gansynth/lib/generate_util.py, `get_envelope`. Arrays only, no TensorFlow.
"""

import numpy as np

ATTACK_SECONDS = 0.010
RELEASE_SECONDS = 0.3
HELD_SECONDS = 3.0  # NSynth's keys are let go there


def longest(model_seconds: float) -> tuple[float, float]:
    """The longest time, in seconds, for which a model's note can be held and then released.

    The original holds for 3 s of its 4. A longer model's note is held for all but the last second, a shorter one's
    for what the release leaves, which is cut to a quarter of a note of less than 1.2 s.

    Returns:
      (held, release); together at most `model_seconds`.
    """
    release = min(RELEASE_SECONDS, model_seconds / 4)
    return min(max(HELD_SECONDS, model_seconds - 1), model_seconds - release), release


def ramps(held: int, release: int, sample_rate: int) -> np.ndarray:
    """The amplitude of a note over time: 10 ms up, full while the key is held, then down.

    A key that is released within the attack does not cut the attack off, where the original's jumps to full amplitude:
    both ramps then run at once, multiplied.

    Args:
      held: samples from key down to key up.
      release: samples from key up to silence.
      sample_rate: Hz.

    Returns:
      float64 [held + release], 0 to 1.
    """
    attack = min(int(sample_rate * ATTACK_SECONDS), held + release)
    amplitude = np.ones(held + release)
    amplitude[held:] = np.linspace(1, 0, release)
    amplitude[:attack] *= np.linspace(0, 1, attack)
    return amplitude
