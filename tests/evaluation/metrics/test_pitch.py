import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import pitch


@pytest.mark.parametrize('semitones, expected', [(0, 0.25), (0.5, 0.5), (1, 0.75)])
def test_how_far_off_is_still_right(semitones, expected):
    assert pitch.accuracy([60, 61.5, 63, 64], [60, 62, 62, 50], semitones=semitones) == expected


def test_silence_is_wrong():
    assert pitch.accuracy([np.nan, 60], [60, 60], semitones=12) == 0.5


def test_entropy_of_certain_half_and_no_idea():
    probabilities = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]
    np.testing.assert_allclose(pitch.entropies(probabilities), [0, np.log(2), np.log(4)])
    assert pitch.mean_entropy(probabilities) == pytest.approx(np.log(2))


def test_every_pitch_once_and_for_sure_scores_the_number_of_pitches():
    assert pitch.inception_score(np.eye(61)) == pytest.approx(61)


def test_one_pitch_or_no_idea_scores_one():
    assert pitch.inception_score(np.eye(61)[[7] * 20]) == pytest.approx(1)
    assert pitch.inception_score(np.full((20, 61), 1 / 61)) == pytest.approx(1)


def test_inception_score_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9]])
    expected = np.exp(np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert pitch.inception_score(probabilities) == pytest.approx(expected)
