import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import dynamics

RATE = 16000


def measured(wave, rate=RATE):
    return dict(zip(dynamics.NAMES, dynamics.measure(wave, rate)))


def ramp(milliseconds, *, onset=0.1, seconds=1.5, rate=RATE):
    """A sine of 2 kHz whose amplitude rises in a straight line."""
    times = np.arange(round(seconds * rate)) / rate
    return np.clip((times - onset) / (milliseconds / 1000), 0, 1) * np.sin(2 * np.pi * 2000 * times)


# A window of 10 ms holds 10% of the level where it covers t = (3 * 0.01 * 10 * ramp ** 2) ** (1 / 3) ms of a ramp, and
# 90% where 10 - 0.81 * 10 ms of energy are missing. For a ramp of 5 ms: 1.96 and 11.43 ms after its start, so 9.5 ms.
# Windows are short beside the others: their level is that of the ramp at their middle, a little more where it is low.
# For 50 ms: sqrt((t - 5) ** 2 + 100 / 12) = 5 and 45 ms, so t = 9.1 and 49.9; for 200 ms: 20 and 180 ms.
@pytest.mark.parametrize('milliseconds, expected', [(5, 9.5), (50, 40.8), (200, 160.2)])
@pytest.mark.parametrize('onset', [0, 0.1])
@pytest.mark.parametrize('rate', [16000, 22050])
def test_the_attack_of_a_straight_line(milliseconds, expected, onset, rate):
    found = measured(ramp(milliseconds, onset=onset, rate=rate), rate)
    assert found['attack'] == pytest.approx(expected, abs=1.01)  # levels are taken each millisecond
    assert found['attack_to_maximum'] == found['attack']


def test_a_note_that_begins_at_once_takes_eight_milliseconds():
    wave = np.sin(2 * np.pi * 2000 * np.arange(RATE) / RATE)
    assert measured(wave)['attack'] == pytest.approx(8, abs=1)  # sqrt(t / 10 ms) = 0.9 at 8.1 ms


def test_a_later_bump_that_is_a_little_louder_does_not_move_the_attack_to_the_first_maximum():
    wave = ramp(20, onset=0)
    wave[round(0.1 * RATE):] *= 0.9
    wave[round(0.5 * RATE):round(0.6 * RATE)] *= 1.3
    found = measured(wave)
    assert found['attack'] > 400
    # 10% after 4.9 ms; 90% after 23.5 ms, where 1.9 ms of the window's energy are missing.
    assert found['attack_to_maximum'] == pytest.approx(18.6, abs=1.01)


def test_a_first_bump_more_than_6_db_down_does_not_count():
    wave = ramp(20, onset=0)
    wave[:round(0.5 * RATE)] *= 0.4
    assert measured(wave)['attack_to_maximum'] > 400


@pytest.mark.parametrize('pitch', [24, 36, 60])
def test_the_ripple_of_low_notes_is_no_maximum(tone, pitch):
    rise = np.minimum(np.arange(2 * RATE) / (0.2 * RATE), 1)
    wave = tone(pitch, seconds=2, decay=0, num_partials=3) * rise
    assert measured(wave)['attack_to_maximum'] == pytest.approx(160, rel=0.25)


def test_decay_is_measured_against_the_largest_level():
    times = np.arange(3 * RATE) / RATE
    found = measured(np.exp(-times) * np.sin(2 * np.pi * 500 * times))
    # 20 log10(e) = 8.69 dB a second; the largest window, of the first 100 ms, lies 50 ms later than the first sample.
    assert found['decay_1_s'] == pytest.approx(-8.69 * 0.95, abs=0.1)
    assert found['decay_2_s'] == pytest.approx(-8.69 * 1.95, abs=0.1)


def test_what_has_died_away_is_80_db_down_and_what_is_not_there_is_not_measured(tone):
    assert measured(np.pad(tone(60), (0, 2 * RATE)))['decay_2_s'] == -80
    found = measured(tone(60, seconds=1.5))
    assert np.isfinite(found['decay_1_s']) and np.isnan(found['decay_2_s'])
    assert np.isnan(dynamics.measure(np.zeros(RATE), RATE)).all()


def test_undulation_of_steady_notes():
    times = np.arange(3 * RATE) / RATE
    carrier = np.sin(2 * np.pi * 500 * times)
    slow = 10 ** (2 * np.sqrt(2) * np.sin(2 * np.pi * 2 * times) / 20)  # a standard deviation of 2 dB
    assert measured(slow * carrier)['undulation'] == pytest.approx(2, rel=0.1)
    assert measured(carrier)['undulation'] < 0.05
    falling = 10 ** (-times / 20)  # 1 dB a second is steady, 6 are not
    assert measured(falling * carrier)['undulation'] < 0.05
    assert np.isnan(measured(falling ** 6 * carrier)['undulation'])


def test_shares_and_distances_by_hand():
    assert dynamics.share_of_short_attacks(np.array([10, 39, 40, 200])) == 0.5
    assert dynamics.attack_distance(np.array([10, 20]), np.array([20, 40])) == pytest.approx(np.log(2))
    assert dynamics.attack_distance(np.array([0.0]), np.array([1.0])) == 0  # no attack is shorter than a millisecond
    assert dynamics.decay_distance(np.array([-10, -20]), np.array([-13, -17])) == pytest.approx(3)
