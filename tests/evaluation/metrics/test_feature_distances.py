import numpy as np
import pytest
import scipy.linalg

from gansynth_tf.evaluation.metrics import feature_distances
from gansynth_tf.evaluation.metrics.feature_distances import (
    fit,
    frechet_distance,
    frechet_distance_of_first_notes,
    kernel_distance,
)


@pytest.fixture(scope='module')
def features():
    random = np.random.default_rng(0)
    return random.normal(size=(300, 6)) @ random.normal(size=(6, 6))


def test_of_itself_it_is_nothing(features):
    assert frechet_distance(features, fit(features)) < 1e-9 * np.trace(np.cov(features, rowvar=False))


def test_in_one_dimension_it_is_the_squared_difference_of_means_and_deviations():
    here, there = np.array([[0.0], [2.0], [4.0]]), np.array([[10.0], [11.0], [12.0]])
    assert frechet_distance(here, fit(there)) == pytest.approx((11 - 2) ** 2 + (2 - 1) ** 2)


def test_a_shift_counts_as_its_squared_length(features):
    assert frechet_distance(features + np.array([3, 0, 0, 4, 0, 0]), fit(features)) == pytest.approx(25)


def test_it_equals_the_formula_of_the_paper_and_is_symmetric(features):
    others = features[:150] ** 2
    covariances = np.cov(features, rowvar=False), np.cov(others, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = (np.sum((features.mean(0) - others.mean(0)) ** 2)
                + np.trace(covariances[0] + covariances[1] - 2 * root))
    assert frechet_distance(features, fit(others)) == pytest.approx(expected)
    assert frechet_distance(others, fit(features)) == pytest.approx(expected)


def test_fewer_notes_than_features_give_a_number_that_is_too_high():
    random = np.random.default_rng(0)
    here, there = random.normal(size=(2, 20, 64))
    many, more = random.normal(size=(2, 4000, 64))
    assert frechet_distance(here, fit(there)) > 20 * frechet_distance(many, fit(more))


def test_the_variant_for_old_numbers_sees_128_notes_only(features):
    spoilt = np.concatenate([features[:128], 100 * features[128:]])
    assert frechet_distance_of_first_notes(spoilt, features) < 1e-9 * np.var(features)


def test_kid_by_hand():
    # Kernel of x and y: (x y + 1) ** 3. Within 0, 1: 1. Within 2, 3: 343. Between: 1, 1, 27, 64.
    found = kernel_distance(np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]]))
    assert found == pytest.approx(1 + 343 - 2 * (1 + 1 + 27 + 64) / 4)


def test_sets_of_one_kind_are_no_distance_apart_on_average():
    random = np.random.default_rng(0)
    found = [kernel_distance(*random.normal(size=(2, 40, 8))) for _ in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(300)
    assert np.min(found) < 0 < np.max(found)


def test_kid_grows_with_the_difference():
    here, there = np.random.default_rng(0).normal(size=(2, 200, 8))
    found = [kernel_distance(here, there + shift) for shift in (0, 0.5, 1)]
    assert found[0] < 0.1 * found[1] < found[2]


def test_blocks_change_little(monkeypatch):
    here, there = np.random.default_rng(0).normal(size=(2, 400, 4))
    whole = kernel_distance(here, there + 1)
    monkeypatch.setattr(feature_distances, '_NOTES_PER_BLOCK', 100)
    assert kernel_distance(here, there + 1) == pytest.approx(whole, rel=0.1)
