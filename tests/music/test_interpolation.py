import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansynth_tf.errors import InputError
from gansynth_tf.music import interpolation as latents

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


def test_slerp_equals_the_original():
    golden = np.load(GOLDEN / 'midi_slerp.npz')
    ours = latents.slerp(golden['p0'], golden['p1'], golden['t'])
    np.testing.assert_allclose(ours, golden['out'], rtol=0, atol=1e-12)


def test_slerp_by_hand():
    np.testing.assert_allclose(latents.slerp([1, 0], [0, 1], 1 / 3), [np.cos(np.pi / 6), np.sin(np.pi / 6)], atol=1e-15)


def test_slerp_of_equal_latents_is_not_nan():
    assert np.isnan(np.load(GOLDEN / 'midi_slerp.npz')['same']).all()  # the original's fault
    point = np.array([0.3, -2.0, 1.0])
    np.testing.assert_allclose(latents.slerp(point, point, np.linspace(0, 1, 5)), np.tile(point, (5, 1)), rtol=1e-12)


def test_slerp_of_parallel_opposite_and_zero_latents_is_the_straight_line():
    point = np.array([1.0, 2.0])
    np.testing.assert_allclose(latents.slerp(point, 3 * point, 0.25), 1.5 * point)
    np.testing.assert_allclose(latents.slerp(point, -point, 0.25), 0.5 * point)
    np.testing.assert_allclose(latents.slerp(point, 0 * point, 0.25), 0.75 * point)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), size=st.integers(2, 64), fraction=st.floats(0, 1))
def test_slerp_keeps_unit_length_and_is_symmetric(seed, size, fraction):
    points = np.random.default_rng(seed).standard_normal((2, 3, size))
    start, end = points / np.linalg.norm(points, axis=-1, keepdims=True)
    between = latents.slerp(start, end, fraction)
    np.testing.assert_allclose(np.linalg.norm(between, axis=-1), 1, rtol=1e-9)
    np.testing.assert_allclose(between, latents.slerp(end, start, 1 - fraction), atol=1e-9)


def test_keyframes_and_note_latents_equal_the_original():
    golden = np.load(GOLDEN / 'midi_main.npz')
    times = latents.keyframe_times(float(golden['total_time']), float(golden['secs_per_instrument']))
    np.testing.assert_allclose(times, golden['t_instruments'], rtol=0, atol=1e-12)
    ours = latents.at_times(golden['notes_start_times'], times, golden['z_instruments'])
    np.testing.assert_allclose(ours, golden['z_notes'], rtol=0, atol=1e-12)


@pytest.mark.parametrize('total_seconds', [0.2, 5.9, 6.0, 11.9])
def test_a_piece_too_short_for_two_timbres_keeps_one(total_seconds):
    times = latents.keyframe_times(total_seconds, 6.0)
    keyframes = np.array([[1.0, 2.0, 3.0]])
    assert len(times) == 1
    np.testing.assert_array_equal(latents.at_times([0.0, total_seconds], times, keyframes), np.repeat(keyframes, 2, 0))


def test_there_are_two_timbres_from_twice_the_time():
    assert len(latents.keyframe_times(12.0, 6.0)) == 2


def test_latents_do_not_go_beyond_the_keyframes():
    times, keyframes = np.array([0.0, 1.0]), np.array([[1.0, 0.0], [0.0, 1.0]])
    ours = latents.at_times([-5.0, 0.0, 1.0, 9.0], times, keyframes)
    np.testing.assert_allclose(ours, keyframes[[0, 0, 1, 1]], atol=1e-15)


@pytest.mark.parametrize('seconds', [0.0, -1.0, 1e-9, float('nan'), float('inf')])
def test_impossible_seconds_per_instrument(seconds):
    with pytest.raises(InputError, match=r'Impossible secs_per_instrument: expected at least 0.01 seconds\. Received'):
        latents.keyframe_times(10.0, seconds)
