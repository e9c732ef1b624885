"""NumPy's way from images to waves against TensorFlow's."""

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.generation.inference_graph import Synthesis
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.numpy_synthesis import NumpySynthesis

CASES = [('mel', 1, True), ('mel', 3, True), ('mel', 3, False), ('linear', 3, True), ('linear', 2, False),
         ('phase', 2, True), ('wave', 3, True)]


def of(data_type):
    shape = dict(start_height=82, start_width=1, scale_mode='H') if data_type == 'wave' else {}
    return Config(num_resolutions=3, audio_length=320, latent_vector_size=8, fmap_base=64, fmap_max=16,
                  data_type=data_type, **shape)


def images_of(config, num_blocks):
    """Two notes: partials that come and go, so that there are peaks and attacks, and one that is all noise."""
    height, width = config.resolution(num_blocks)
    rng = np.random.default_rng(0)
    images = rng.uniform(-0.9, 0.9, (2, height, width, 2))
    partials = np.cos(np.arange(width) * 0.9) * np.linspace(1, 0.3, height)[:, np.newaxis]
    images[0, ..., 0] = 0.6 * partials
    images[0, height // 2:, :, 0] += 0.4
    return images.astype(np.float32)


@pytest.mark.parametrize('data_type, num_blocks, phase_locking', CASES)
def test_waves_are_tensorflows(data_type, num_blocks, phase_locking):
    config = of(data_type)
    normalizer = Normalizer(np.array([0.2, 1.1]), np.array([0.3, -0.1]))
    images = images_of(config, num_blocks)
    synthesis = Synthesis(config, num_blocks, normalizer, phase_locking=phase_locking)
    numpy_synthesis = NumpySynthesis(config, num_blocks, normalizer, phase_locking=phase_locking)
    for fundamentals in (None, np.array([1900.0, 700.0], np.float32)):
        check(numpy_synthesis(images, fundamentals), synthesis(tf.constant(images), fundamentals).numpy())


def check(waves, expected):
    assert waves.shape == expected.shape == (2, 320) and waves.dtype == np.float32
    assert np.sqrt(np.mean(np.square(waves - expected))) < 10 ** (-90 / 20) * np.sqrt(np.mean(np.square(expected)))
    assert np.ptp(expected) > 0


def test_locking_makes_a_difference():
    config, normalizer = of('mel'), Normalizer(np.array([0.2, 1.1]), np.array([0.3, -0.1]))
    locked, plain = (NumpySynthesis(config, 3, normalizer, phase_locking=locking)(images_of(config, 3))
                     for locking in (True, False))
    assert np.max(np.abs(locked - plain)) > 0.1 * np.max(np.abs(plain))
