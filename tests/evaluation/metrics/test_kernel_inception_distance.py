import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import kernel_inception_distance


def test_by_hand():
    # Kernel of x and y: (x y + 1) ** 3. Within 0, 1: 1. Within 2, 3: 343. Between: 1, 1, 27, 64.
    found = kernel_inception_distance.distance(np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]]))
    assert found == pytest.approx(1 + 343 - 2 * (1 + 1 + 27 + 64) / 4)


def test_sets_of_one_kind_are_no_distance_apart_on_average():
    random = np.random.default_rng(0)
    found = [kernel_inception_distance.distance(*random.normal(size=(2, 40, 8))) for _ in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(300)
    assert np.min(found) < 0 < np.max(found)


def test_it_grows_with_the_difference():
    here, there = np.random.default_rng(0).normal(size=(2, 200, 8))
    found = [kernel_inception_distance.distance(here, there + shift) for shift in (0, 0.5, 1)]
    assert found[0] < 0.1 * found[1] < found[2]


def test_blocks_change_little(monkeypatch):
    here, there = np.random.default_rng(0).normal(size=(2, 400, 4))
    whole = kernel_inception_distance.distance(here, there + 1)
    monkeypatch.setattr(kernel_inception_distance, '_NOTES_PER_BLOCK', 100)
    assert kernel_inception_distance.distance(here, there + 1) == pytest.approx(whole, rel=0.1)
