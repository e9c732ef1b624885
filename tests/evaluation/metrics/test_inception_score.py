import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import inception_score


def test_every_pitch_once_and_for_sure_scores_the_number_of_pitches():
    assert inception_score.score(np.eye(61)) == pytest.approx(61)


def test_one_pitch_or_no_idea_scores_one():
    assert inception_score.score(np.eye(61)[[7] * 20]) == pytest.approx(1)
    assert inception_score.score(np.full((20, 61), 1 / 61)) == pytest.approx(1)


def test_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9]])
    expected = np.exp(np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert inception_score.score(probabilities) == pytest.approx(expected)
