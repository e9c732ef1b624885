import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import fundamental


@pytest.mark.parametrize('pitch', [24, 36, 47.8, 60, 69.3, 84, 96])
def test_the_pitch_of_a_note(tone, pitch):
    assert fundamental.pitch(tone(pitch), 16000) == pytest.approx(pitch, abs=0.15)


def test_an_attack_of_noise_does_not_decide(tone):
    wave = tone(60)
    wave[:2400] += np.random.default_rng(0).normal(0, 0.3, 2400).astype(np.float32)
    assert fundamental.pitch(wave, 16000) == pytest.approx(60, abs=0.15)


def test_silence_has_none():
    assert np.isnan(fundamental.pitch(np.zeros(16000, np.float32), 16000))
    assert np.isnan(fundamental.pitch(np.zeros(10, np.float32), 16000))
