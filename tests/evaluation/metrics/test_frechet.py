import numpy as np
import pytest
import scipy.linalg

from gansynth_tf.evaluation.metrics import frechet


@pytest.fixture(scope='module')
def features():
    random = np.random.default_rng(0)
    return random.normal(size=(300, 6)) @ random.normal(size=(6, 6))


def test_of_itself_it_is_nothing(features):
    assert frechet.distance(features, frechet.fit(features)) < 1e-9 * np.trace(np.cov(features, rowvar=False))


def test_in_one_dimension_it_is_the_squared_difference_of_means_and_deviations():
    here, there = np.array([[0.0], [2.0], [4.0]]), np.array([[10.0], [11.0], [12.0]])
    assert frechet.distance(here, frechet.fit(there)) == pytest.approx((11 - 2) ** 2 + (2 - 1) ** 2)


def test_a_shift_counts_as_its_squared_length(features):
    assert frechet.distance(features + np.array([3, 0, 0, 4, 0, 0]), frechet.fit(features)) == pytest.approx(25)


def test_it_equals_the_formula_of_the_paper_and_is_symmetric(features):
    others = features[:150] ** 2
    covariances = np.cov(features, rowvar=False), np.cov(others, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = (np.sum((features.mean(0) - others.mean(0)) ** 2)
                + np.trace(covariances[0] + covariances[1] - 2 * root))
    assert frechet.distance(features, frechet.fit(others)) == pytest.approx(expected)
    assert frechet.distance(others, frechet.fit(features)) == pytest.approx(expected)


def test_fewer_notes_than_features_give_a_number_that_is_too_high():
    random = np.random.default_rng(0)
    here, there = random.normal(size=(2, 20, 64))
    many, more = random.normal(size=(2, 4000, 64))
    assert frechet.distance(here, frechet.fit(there)) > 20 * frechet.distance(many, frechet.fit(more))


def test_the_variant_for_old_numbers_sees_128_notes_only(features):
    spoilt = np.concatenate([features[:128], 100 * features[128:]])
    assert frechet.distance_of_first_notes(spoilt, features) < 1e-9 * np.var(features)
