import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.metrics import ndb


@pytest.fixture(scope='module')
def clouds():
    """1,000 notes of five kinds in turn."""
    random = np.random.default_rng(0)
    return np.repeat(10 * np.eye(5), 200, axis=0) + random.normal(size=(1000, 5))


@pytest.fixture(scope='module')
def bins(clouds):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ndb, 'NUM_BINS', 5)
        return ndb.fit(clouds)


def test_kinds_are_found(clouds, bins):
    assert sorted(bins.counts) == [200] * 5
    found = bins.assign(clouds).reshape(5, 200)
    assert (found == found[:, :1]).all() and len(np.unique(found[:, 0])) == 5


def test_a_set_against_itself_is_nothing(clouds, bins):
    counts = bins.count(bins.assign(clouds))
    assert ndb.number_of_different_bins(counts, bins.counts) == 0
    assert ndb.divergence(counts, bins.counts) == 0


def test_a_missing_kind_makes_all_differ_and_more_so_the_divergence(clouds, bins):
    counts = bins.count(bins.assign(clouds[200:]))
    assert ndb.number_of_different_bins(counts, bins.counts) == 5
    assert ndb.divergence(counts, bins.counts) > 0.05


def test_the_test_of_proportions_by_hand():
    # 30 of 100 against 40 of 200: pooled 70/300, z = 0.1 / sqrt(0.2333 * 0.7667 * 0.015) = 1.930, p = 0.054.
    # 31 of 100: pooled 71/300, z = 0.11 / sqrt(0.2367 * 0.7633 * 0.015) = 2.113, p = 0.035.
    assert not ndb.is_different(np.array([30, 70]), np.array([40, 160])).any()
    assert ndb.is_different(np.array([31, 69]), np.array([40, 160])).all()


def test_a_bin_without_notes_does_not_differ():
    assert ndb.is_different(np.array([0, 50, 50]), np.array([0, 10, 90])).tolist() == [False, True, True]


def test_divergence_by_hand():
    assert ndb.divergence(np.array([1, 0]), np.array([0, 1])) == pytest.approx(np.log(2))
    expected = 0.5 * (np.log(1 / 0.75) + 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25))
    assert ndb.divergence(np.array([2, 0]), np.array([5, 5])) == pytest.approx(expected)


def test_by_chance_a_twentieth_differs():
    random = np.random.default_rng(0)
    shares = random.dirichlet([3] * 50)
    found = [ndb.number_of_different_bins(random.multinomial(2000, shares), random.multinomial(2000, shares))
             for _ in range(200)]
    assert 1.8 < np.mean(found) < 3.2


@pytest.mark.parametrize('num_notes, num_bins', [(50, 50), (49, 9), (12, 2)])
def test_fewer_notes_than_fifty_have_fewer_bins(num_notes, num_bins):
    bins = ndb.fit(np.random.default_rng(0).normal(size=(num_notes, 3)))
    assert len(bins.counts) == num_bins and bins.counts.sum() == num_notes


def test_too_few_notes_for_any_bins():
    with pytest.raises(InputError, match=r'Too few training notes: expected at least 10\. Received: 9'):
        ndb.fit(np.zeros((9, 2)))
