import numpy as np
import pytest

from gansynth_tf.music import bend, note
from gansynth_tf.music.note import Style
from gansynth_tf.music.performance import Curve, PlayedNote

RATE = 16000


def sine(hz, seconds=2.0):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def frequency(wave):
    """Of a sine, by the slope of its phase."""
    spectrum = np.fft.fft(wave)
    spectrum[len(wave) // 2:] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))[1000:-1000]
    return np.polyfit(np.arange(len(phase)), phase, 1)[0] * RATE / (2 * np.pi)


def test_positions_by_hand():
    np.testing.assert_allclose(bend.positions([0, 0, 12, 12]), [0, 1, 2.5, 4.5])


@pytest.mark.parametrize('semitones', [-12.0, -0.5, 0.01, 0.37, 2.0])
def test_a_bend_is_right_to_a_cent_and_clean(semitones):
    places = bend.positions(np.full(RATE, semitones))
    bent = bend.read_at(sine(440), places)
    expected_hz = 440 * 2 ** (semitones / 12)
    assert abs(1200 * np.log2(frequency(bent) / expected_hz)) < 0.1
    np.testing.assert_allclose(bent[100:14_000], sine(expected_hz)[100:14_000], atol=1e-3)


def test_nothing_is_folded_back_from_above_half_the_rate():
    bent = bend.read_at(sine(5000), bend.positions(np.full(RATE // 2, 12.0)))
    assert np.sqrt(np.mean(bent[1000:-1000] ** 2)) < 0.01
    assert not bend.read_at(sine(100, 0.1), np.array([5000.0, 6000.0])).any()


def test_a_note_that_slides():
    wave = sine(440, 4.0)
    played = PlayedNote(69, 127, 0.0, 2.0, bend=Curve(np.array([0, 0.9, 1.1]), np.array([0, 0, 2.0])))
    shaped, _ = note.shape(wave, played, style=Style(darken=False), sample_rate=RATE)
    assert len(shaped) == int(2.1 * RATE)
    for part, hz in ((shaped[2000:14_000], 440), (shaped[18_000:31_000], 440 * 2 ** (1 / 6))):
        assert abs(1200 * np.log2(frequency(part) / hz)) < 1
