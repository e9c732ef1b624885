import numpy as np
import pytest

from gansynth_tf.evaluation.classifier import log_specgrams


@pytest.mark.parametrize('num_samples, frames', [(64000, 15), (32000, 15), (16000, 16)])
def test_shapes(num_samples, frames):
    found = log_specgrams.from_waves(np.zeros((2, num_samples), np.float32), 16000)
    assert found.shape == (2, frames, 128) and found.dtype == np.float32
    np.testing.assert_allclose(found, -80, atol=1e-3)


def test_a_full_scale_sine_is_about_0_db_in_its_band(tone):
    loudest = log_specgrams.from_waves(2 * tone(80, num_partials=1, decay=0)[None], 16000)[0, 5].max()
    assert -6 < loudest < 3
