import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import pitch_accuracy


@pytest.mark.parametrize('semitones, expected', [(0, 0.25), (0.5, 0.5), (1, 0.75)])
def test_how_far_off_is_still_right(semitones, expected):
    assert pitch_accuracy.accuracy([60, 61.5, 63, 64], [60, 62, 62, 50], semitones=semitones) == expected


def test_silence_is_wrong():
    assert pitch_accuracy.accuracy([np.nan, 60], [60, 60], semitones=12) == 0.5
