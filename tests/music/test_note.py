import numpy as np
import pytest

from gansynth_tf.music import loudness, note
from gansynth_tf.music.note import Style
from gansynth_tf.music.performance import Curve, PlayedNote

RATE = 8000
BEND_RATE = 16000
SECONDS = np.arange(4 * RATE) / RATE
BOWED = 0.1 * np.sin(2 * np.pi * 440 * SECONDS)
PLUCKED = 9 * BOWED * np.exp(-8 * SECONDS)


def shaped(wave, *, velocity=127, held=0.5, curve=None, **style):
    played = PlayedNote(69, velocity, 0.0, held, level=curve)
    return note.shape(wave, played, style=Style(darken=False, **style), sample_rate=RATE)


@pytest.mark.parametrize('held', [0.5, 2.0])
def test_matched_notes_are_equally_loud_whatever_their_shape(held):
    loud = [loudness.loudest(shaped(wave, held=held)[0], RATE) for wave in (BOWED, PLUCKED, 0.01 * BOWED)]
    assert max(loud) / min(loud) < 1.06
    raw = [loudness.loudest(shaped(wave, held=held, level='raw')[0], RATE) for wave in (BOWED, PLUCKED)]
    assert raw[1] / raw[0] > 1.5
    for wave in (BOWED, PLUCKED):
        assert np.max(np.abs(shaped(wave, held=held, level='peak')[0])) == pytest.approx(1)


def test_what_is_cut_off_before_it_has_risen_stays_soft():
    rising = BOWED * np.minimum(SECONDS / 2, 1) ** 6
    assert loudness.loudest(shaped(rising, held=0.3)[0], RATE) < 0.01 * loudness.loudest(shaped(BOWED)[0], RATE)


def test_velocity_and_level_are_gains():
    full = shaped(BOWED)[0]
    np.testing.assert_allclose(shaped(BOWED, velocity=64)[0], full * (64 / 127) ** 2, atol=1e-12)
    np.testing.assert_allclose(shaped(BOWED, velocity=64, velocity_curve=1.0)[0], full * 64 / 127, atol=1e-12)
    np.testing.assert_allclose(shaped(BOWED, velocity=1, velocity_curve=0.0)[0], full, atol=1e-12)
    curve = Curve(np.array([0.0, 0.25, 0.255]), np.array([1.0, 1.0, 0.5]))
    np.testing.assert_allclose(shaped(BOWED, curve=curve)[0][2100:], full[2100:] / 2, atol=1e-12)


def test_how_long_notes_are():
    for held, extend, seconds, cut in ((0.5, True, 0.6, False), (5.0, True, 5.1, False), (5.0, False, 3.1, True)):
        wave, was_cut = shaped(BOWED, held=held, extend=extend)
        assert (len(wave), was_cut) == (int(seconds * RATE), cut)
        assert np.sqrt(np.mean(wave[-1600:-900] ** 2)) > 0.05  # it sounds to its end
    assert len(shaped(BOWED, held=0.5, release_seconds=0.05)[0]) == int(0.55 * RATE)


def test_a_note_beyond_all_measure_is_cut(monkeypatch):
    monkeypatch.setattr(note, 'LONGEST_NOTE_SECONDS', 6)
    wave, was_cut = shaped(BOWED, held=9.0)
    assert (len(wave), was_cut) == (int(6.1 * RATE), True)


def sine(hz, seconds=2.0):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * BEND_RATE)) / BEND_RATE)


def frequency(wave):
    """Of a sine, by the slope of its phase."""
    spectrum = np.fft.fft(wave)
    spectrum[len(wave) // 2:] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))[1000:-1000]
    return np.polyfit(np.arange(len(phase)), phase, 1)[0] * BEND_RATE / (2 * np.pi)


def test_positions_by_hand():
    np.testing.assert_allclose(note.bent_positions([0, 0, 12, 12]), [0, 1, 2.5, 4.5])


@pytest.mark.parametrize('semitones', [-12.0, -0.5, 0.01, 0.37, 2.0])
def test_a_bend_is_right_to_a_cent_and_clean(semitones):
    positions = note.bent_positions(np.full(BEND_RATE, semitones))
    bent = note.read_at(sine(440), positions)
    expected_hz = 440 * 2 ** (semitones / 12)
    assert abs(1200 * np.log2(frequency(bent) / expected_hz)) < 0.1
    np.testing.assert_allclose(bent[100:14_000], sine(expected_hz)[100:14_000], atol=1e-3)


def test_nothing_is_folded_back_from_above_half_the_rate():
    bent = note.read_at(sine(5000), note.bent_positions(np.full(BEND_RATE // 2, 12.0)))
    assert np.sqrt(np.mean(bent[1000:-1000] ** 2)) < 0.01
    assert not note.read_at(sine(100, 0.1), np.array([5000.0, 6000.0])).any()


def test_a_note_that_slides():
    wave = sine(440, 4.0)
    played = PlayedNote(69, 127, 0.0, 2.0, bend=Curve(np.array([0, 0.9, 1.1]), np.array([0, 0, 2.0])))
    shaped, _ = note.shape(wave, played, style=Style(darken=False), sample_rate=BEND_RATE)
    assert len(shaped) == int(2.1 * BEND_RATE)
    for part, hz in ((shaped[2000:14_000], 440), (shaped[18_000:31_000], 440 * 2 ** (1 / 6))):
        assert abs(1200 * np.log2(frequency(part) / hz)) < 1
