import numpy as np
import pytest

from gansynth_tf.training import sample_quality


def test_distance_of_sorted_values_by_hand():
    # Sorted: 0 1 2 against 1 2 6, and 5 5 5 against 5 5 5.
    first = np.array([[2.0, 5.0], [0.0, 5.0], [1.0, 5.0]])
    second = np.array([[6.0, 5.0], [1.0, 5.0], [2.0, 5.0]])
    assert sample_quality.distance_of_projections(first, second) == pytest.approx((1 + 1 + 4) / 3 / 2)


def test_order_does_not_matter_and_a_shift_does():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((40, 4, 8, 2))
    projected = sample_quality.project(images)
    assert projected.shape == (40, 256)
    reversed_order = sample_quality.project(images[::-1])
    assert sample_quality.distance_of_projections(projected, reversed_order) == pytest.approx(0, abs=1e-6)
    shifted = sample_quality.project(images + 1.0)
    # All ones has length 8; its share along a random direction of 64 dimensions is on average sqrt(2 / pi).
    assert sample_quality.distance_of_projections(projected, shifted) == pytest.approx(np.sqrt(2 / np.pi), rel=0.1)


def test_directions_have_length_one_and_are_the_same_for_every_batch():
    identity = np.eye(5000, 5000)[:3]
    projected = sample_quality.project(identity)
    np.testing.assert_allclose(np.concatenate([sample_quality.project(row[None]) for row in identity]), projected)
    rng = np.random.default_rng(1)
    many = sample_quality.project(rng.standard_normal((200, 5000)))
    assert many.std() == pytest.approx(1, rel=0.05)
