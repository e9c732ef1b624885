import numpy as np
import pytest

RATE = 16000


def _tone(pitch, *, seconds=1.0, num_partials=10, decay=1.0, seed=0):
    """float32 [samples]: a harmonic note with random phases, peak 0.5."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    partials = [np.sin(2 * np.pi * (f0 * k * times + random.random())) / k for k in range(1, num_partials + 1)
                if f0 * k < 0.45 * RATE]
    ends = np.minimum(1, np.minimum(times, times[::-1]) / 0.01)
    wave = np.sum(partials, axis=0) * np.exp(-decay * times) * ends
    return (0.5 * wave / np.abs(wave).max()).astype(np.float32)


@pytest.fixture(scope='session')
def tone():
    return _tone
