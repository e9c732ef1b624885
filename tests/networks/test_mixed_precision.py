"""bfloat16 within, float32 at both ends and for all that is kept."""

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks import network
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator
from gansynth_tf.networks.layers import EqualizedConv2D, MinibatchStddev, PixelNorm

CONFIG = Config(num_resolutions=3, audio_length=320, latent_vector_size=8, fmap_base=64, fmap_max=16,
                stable_stage_num_images=32, transition_stage_num_images=32, total_num_images=160)


@pytest.fixture(scope='module')
def pairs():
    """(float32, mixed) generator and discriminator with the same weights."""
    plain = Generator(CONFIG, 3), Discriminator(CONFIG, 3)
    with network.mixed_precision(True):
        mixed = Generator(CONFIG, 3), Discriminator(CONFIG, 3)
    return list(zip(plain, mixed))


def test_variables_inputs_and_outputs_are_float32(pairs):
    for plain, mixed in pairs:
        assert {variable.dtype for variable in mixed.variables} == {'float32'}
        for ours, theirs in zip(plain.variables, mixed.variables, strict=True):
            np.testing.assert_array_equal(ours, theirs)  # drawn from the same names
    (_, generator), (_, discriminator) = pairs
    images = generator(tf.ones([2, 8]), tf.constant([0, 1]), num_blocks=3, progress=tf.constant(1.5))
    outputs = discriminator(images, num_blocks=3, progress=tf.constant(1.5))
    assert {tensor.dtype for tensor in (images, *outputs)} == {tf.float32}


def test_results_are_those_of_float32_to_bfloat16_s_precision(pairs):
    rng = np.random.default_rng(0)
    latents, labels = tf.constant(rng.standard_normal((4, 8)), tf.float32), tf.constant([0, 1, 2, 0])
    (plain, mixed), (plain_critic, mixed_critic) = pairs
    images = plain(latents, labels)
    difference = np.abs(mixed(latents, labels) - images)
    assert difference.max() > 0 and difference.mean() < 0.01  # it is not float32; 8 bits of [-1, 1]
    for ours, theirs in zip(mixed_critic(images), plain_critic(images)):
        np.testing.assert_allclose(ours, theirs, atol=0.03 * np.abs(theirs).max())


def test_layers_compute_in_bfloat16_and_statistics_in_float32():
    images = tf.cast(tf.random.stateless_normal([4, 4, 8, 6], (0, 0)), tf.bfloat16)
    with network.mixed_precision(True):
        conv, norm, stddev = EqualizedConv2D(3, 3), PixelNorm(), MinibatchStddev()
    for layer in (conv, norm, stddev):
        assert layer(images).dtype == tf.bfloat16
    exact = MinibatchStddev(dtype='float32')(tf.cast(images, tf.float32))[0, 0, 0, -1]
    assert stddev(images)[0, 0, 0, -1] == tf.cast(exact, tf.bfloat16)


def test_networks_made_afterwards_are_in_float32():
    with network.mixed_precision(True):
        pass
    assert EqualizedConv2D(3, 3).compute_dtype == 'float32'
    with network.mixed_precision(False):
        assert EqualizedConv2D(3, 3).compute_dtype == 'float32'
