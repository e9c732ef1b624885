import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansynth_tf.music.samplers import looping

RATE = 16000


def decibels(ratio):
    return 20 * np.log10(ratio + 1e-20)


def seam_db(note):
    """How far the wave after the loop is from the loop's beginning, which a sampler plays there."""
    after = note.wave[note.loop_end:]
    again = note.wave[note.loop_start:note.loop_start + len(after)]
    return decibels(np.max(np.abs(after - again)) / np.max(np.abs(note.wave)))


def test_the_loop_repeats_to_rounding(make_tone):
    note = looping.loop_note(make_tone(60), RATE)
    assert (note.loop_end - note.loop_start) % (5 * 512) == 0
    assert 1.2 < (note.loop_end - note.loop_start) / RATE < 2
    assert len(note.wave) > note.loop_end
    assert seam_db(note) < -200


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_noise_loops_as_well(seed):
    wave = np.random.default_rng(seed).normal(size=3 * RATE) * 0.1
    note = looping.loop_note(wave, RATE)
    assert seam_db(note) < -200
    inside = note.wave[note.loop_start:note.loop_end]
    assert np.std(inside) == pytest.approx(0.1, rel=0.25)


def test_up_to_the_loop_the_note_is_what_it_was(make_tone):
    wave = make_tone(60, fall_db_per_second=6)
    note = looping.loop_note(wave, RATE)
    before = note.loop_start - 2048
    np.testing.assert_allclose(note.wave[:before], wave[:before], atol=1e-12)


def test_a_decaying_note_stays_level_in_its_loop_and_says_how_it_fell(make_tone):
    note = looping.loop_note(make_tone(60, fall_db_per_second=12), RATE)
    assert note.decay_db_per_second == pytest.approx(12, abs=0.1)
    inside = note.wave[note.loop_start:note.loop_end].reshape(5, -1)
    levels = decibels(np.sqrt(np.mean(inside ** 2, axis=1)))
    assert np.ptp(levels) < 0.3


def test_a_steady_note_does_not_fall(make_tone):
    assert looping.loop_note(make_tone(60), RATE).decay_db_per_second == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize('pitch', [36, 48, 60, 84])
def test_pitch_stays_within_two_cents(make_tone, pitch):
    note = looping.loop_note(make_tone(pitch), RATE)
    inside = note.wave[note.loop_start:note.loop_end]
    power = np.abs(np.fft.rfft(inside))
    hz = 440 * 2 ** ((pitch - 69) / 12)
    turns = hz * len(inside) / RATE
    assert abs(1200 * np.log2(np.argmax(power) / turns)) < 2
    # Every partial turns as one, so that none beats: nothing sounds beside them.
    others = np.delete(power, [round(turns * k) + shift for k in range(1, 6) for shift in (-1, 0, 1)])
    assert others.max() < 0.02 * power.max()


def test_a_note_that_is_too_short_has_no_loop(make_tone):
    assert looping.loop_note(make_tone(60, seconds=2.27), RATE) is None
    assert looping.loop_note(make_tone(60, seconds=2.28), RATE) is not None
