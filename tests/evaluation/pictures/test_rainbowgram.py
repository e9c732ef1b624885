import numpy as np
import pytest

from gansynth_tf.evaluation.pictures import rainbowgram


def image(wave, sample_rate):
    return rainbowgram.image(rainbowgram.constant_q(wave, sample_rate), sample_rate)


@pytest.mark.parametrize('pitch', [36, 60, 84])
def test_a_tone_is_brightest_at_its_pitch_and_keeps_its_colour(tone, pitch):
    picture = image(tone(pitch, seconds=2, num_partials=1, decay=0), 16000)
    assert picture.shape == (252, 251, 3)
    middle = picture[:, 60:-60]
    row = 3 * (pitch - 24)  # three bins a semitone
    assert middle.max(axis=2).mean(axis=1).argmax() == row
    assert np.ptp(middle[row], axis=0).max() < 0.1
    # At the bin's own frequency the phase stays where it is, which is red.
    np.testing.assert_allclose(middle[row].mean(axis=0), [1, 0, 0], atol=0.1)


def test_loudness_does_not_matter_and_silence_is_black(tone):
    wave = tone(60)
    np.testing.assert_allclose(image(0.01 * wave, 16000), image(wave, 16000), atol=1e-6)
    assert not image(np.zeros(8000), 16000).any()


def test_a_lower_rate_has_fewer_octaves(tone):
    assert len(image(tone(60)[::2], 8400)) == 6 * 36


def test_one_scale_for_notes_to_be_compared(tone):
    transform = rainbowgram.constant_q(tone(60), 16000)
    loudest = np.abs(transform).max()
    softer = rainbowgram.image(0.1 * transform, 16000, loudest=loudest).max()
    assert softer == pytest.approx(1 - 20 / 70) and rainbowgram.image(transform, 16000, loudest=loudest).max() == 1
