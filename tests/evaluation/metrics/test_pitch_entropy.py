import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import pitch_entropy


def test_certain_half_and_no_idea():
    probabilities = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]
    np.testing.assert_allclose(pitch_entropy.entropies(probabilities), [0, np.log(2), np.log(4)])
    assert pitch_entropy.mean_entropy(probabilities) == pytest.approx(np.log(2))
