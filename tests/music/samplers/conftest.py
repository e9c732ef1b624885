import numpy as np
import pytest

from gansynth_tf.instrument import BatchedInstrument

RATE = 16000
PITCHES = (57, 60, 64)


def tone(pitch, *, seconds=4.0, cents=0.0, fall_db_per_second=0.0, rate=RATE):
    """Five harmonics that begin within 10 ms, and perhaps decay."""
    time = np.arange(round(seconds * rate)) / rate
    hz = 440 * 2 ** ((pitch - 69 + cents / 100) / 12)
    wave = sum(np.sin(2 * np.pi * k * hz * time + k) / k for k in range(1, 6))
    return 0.3 * wave * np.minimum(time / 0.01, 1) * 10 ** (-fall_db_per_second * time / 20)


@pytest.fixture
def make_instrument():
    """An instrument whose notes are tones: `make_instrument(cents=..., fall_db_per_second=...)`."""
    def make(**kwargs):
        notes = np.stack([tone(pitch, **kwargs) for pitch in PITCHES]).astype(np.float32)
        return BatchedInstrument(lambda latents, labels: notes[labels], sample_rate=RATE, audio_length=notes.shape[1],
                                 latent_size=4, pitch_counts=dict.fromkeys(PITCHES, 1))
    return make


@pytest.fixture
def make_tone():
    return tone
