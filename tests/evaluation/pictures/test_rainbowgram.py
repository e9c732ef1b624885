import numpy as np
import pytest

from gansynth_tf.evaluation.pictures import rainbowgram


@pytest.mark.parametrize('pitch', [36, 60, 84])
def test_a_tone_is_brightest_at_its_pitch_and_keeps_its_colour(tone, pitch):
    picture = rainbowgram.image(tone(pitch, seconds=2, num_partials=1, decay=0), 16000)
    assert picture.shape == (252, 251, 3)
    middle = picture[:, 60:-60]
    row = 3 * (pitch - 24)  # three bins a semitone
    assert middle.max(axis=2).mean(axis=1).argmax() == row
    assert np.ptp(middle[row], axis=0).max() < 0.1
    # At the bin's own frequency the phase stays where it is, which is red.
    np.testing.assert_allclose(middle[row].mean(axis=0), [1, 0, 0], atol=0.1)


def test_loudness_does_not_matter_and_silence_is_black(tone):
    wave = tone(60)
    np.testing.assert_allclose(rainbowgram.image(0.01 * wave, 16000), rainbowgram.image(wave, 16000), atol=1e-6)
    assert not rainbowgram.image(np.zeros(8000), 16000).any()


def test_a_lower_rate_has_fewer_octaves(tone):
    assert len(rainbowgram.image(tone(60)[::2], 8400)) == 6 * 36
