import numpy as np

from gansynth_tf.evaluation.metrics import bootstrap


def test_the_interval_of_a_mean_is_the_one_of_statistics():
    values = np.random.default_rng(0).normal(3, 2, 400)
    found = bootstrap.estimate(lambda places: values[places].mean(), 400, num_replicates=2000)
    assert found.value == values.mean()
    expected = 1.96 * values.std() / 20
    np.testing.assert_allclose([found.value - found.low, found.high - found.value], expected, rtol=0.1)


def test_the_interval_lies_around_the_value_even_if_repetition_biases_the_metric():
    found = bootstrap.estimate(lambda places: len(np.unique(places)), 100)
    assert found.value == 100
    assert 90 < found.low < 100 < found.high < 110


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(30.0)

    def run(seed):
        return bootstrap.estimate(lambda places: values[places].mean(), 30, seed=seed)
    assert run(1) == run(1) != run(2)


def test_no_replicates_no_width():
    assert bootstrap.estimate(lambda places: 7.0, 5, num_replicates=0) == bootstrap.Estimate(7, 7, 7)
