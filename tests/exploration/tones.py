"""An instrument whose timbres are known, for the tests of this directory."""

import functools

import numpy as np

from gansynth_tf.instrument import BatchedInstrument

RATE = 16000
PITCHES = tuple(range(48, 73))


@functools.lru_cache(maxsize=64)
def harmonics(pitch, num_samples):
    """Those below 7 kHz, 27 at most: float32 [n, num_samples]."""
    hz = 440 * 2 ** ((pitch - 69) / 12)
    numbers = np.arange(1, min(27, int(7000 / hz)) + 1)
    return np.sin(2 * np.pi * hz / RATE * numbers[:, None] * np.arange(num_samples)).astype(np.float32)


def note(pitch, *, brightness=0.0, attack_seconds=0.005, fall_db=0.0, cents=0.0, noise=0.0, seconds=2.5):
    """Harmonics whose amplitudes fall as k ** (brightness - 2)."""
    time = np.arange(round(seconds * RATE)) / RATE
    partials = harmonics(pitch + cents / 100, len(time))
    wave = np.arange(1, len(partials) + 1) ** (brightness - 2.0) @ partials
    wave = wave * np.minimum(time / attack_seconds, 1) * 10 ** (-fall_db * time / 20)
    return 0.2 * wave + noise * np.random.default_rng(0).normal(size=len(time))


class Tones(BatchedInstrument):
    """The first latent is brightness, the second is length of the attack, the third detunes by 100 cents."""

    def __init__(self):
        def waves(latents, labels):
            return np.stack([
                note(PITCHES[label], brightness=np.clip(z[0], -1, 1), cents=100 * (abs(z[2]) > 1.5),
                     attack_seconds=0.05 * 2 ** np.clip(z[1], -2, 2)) for z, label in zip(latents, labels)])
        super().__init__(waves, sample_rate=RATE, audio_length=40000, latent_size=3,
                         pitch_counts=dict.fromkeys(PITCHES, 1))
