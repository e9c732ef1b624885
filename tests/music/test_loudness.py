import numpy as np
import pyloudnorm
import pytest

from gansynth_tf.music import loudness

RATE = 48000


def sine(hz, seconds=1.0, amplitude=0.5, rate=RATE):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize('hz', [40, 100, 1000, 4000])
def test_the_weighting_is_that_of_the_standard(hz):
    ours = 20 * np.log10(loudness.loudest(sine(hz), RATE)) - 0.691  # the offset of BS.1770
    assert ours == pytest.approx(pyloudnorm.Meter(RATE).integrated_loudness(sine(hz)), abs=0.1)


def test_the_loudest_part_counts():
    wave = np.concatenate([sine(1000, 0.5, 0.1), sine(1000, 0.5, 0.4), sine(1000, 0.5, 0.1)])
    assert loudness.loudest(wave, RATE) == pytest.approx(loudness.loudest(sine(1000, amplitude=0.4), RATE), rel=0.01)
    assert loudness.loudest(np.zeros(100), RATE) == 0


def test_soft_notes_lose_their_upper_partials():
    wave = sine(440, rate=16000) + sine(1760, rate=16000)
    spectrum = np.abs(np.fft.rfft(loudness.darken(wave, 63.5, pitch=69, sample_rate=16000)))
    assert 20 * np.log10(spectrum[1760] / spectrum[440]) == pytest.approx(-4.0)  # half of 4 dB, two octaves
    assert loudness.darken(wave, 127, pitch=69, sample_rate=16000) is wave
