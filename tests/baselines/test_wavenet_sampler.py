import pathlib
import time

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines import mu_law, wavenet_autoencoder, wavenet_networks, wavenet_sampler
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig
from gansynth_tf.baselines.wavenet_sampler import Sampler

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
UNIT, TINY = (dict(np.load(GOLDEN / f'wavenet_{name}.npz')) for name in ('unit', 'tiny'))
FAST = {name.removeprefix('fast/'): array for name, array in TINY.items() if name.startswith('fast/')}
NUM_STEPS, NUM_SAMPLES = 200, 256


@pytest.fixture(scope='module')
def autoencoder():
    weights = {name.removeprefix('var/'): array for name, array in TINY.items() if name.startswith('var/')}
    return wavenet_autoencoder.from_arrays(weights, num_stages=4, ae_num_stages=3, ae_hop_length=64)


@pytest.fixture(scope='module')
def sampler(autoencoder):
    return Sampler(autoencoder.weights, autoencoder.config, batch_size=2)


def test_logits_are_those_of_the_slow_network_and_the_original(autoencoder, sampler):
    audio = np.pad(FAST['given_audio'], [(0, 0), (0, NUM_SAMPLES - NUM_STEPS)])
    logits = sampler.logits(audio, FAST['encodings'])
    np.testing.assert_allclose(logits[:, :NUM_STEPS:4], FAST['given_logits_every_4th'], atol=1e-5)
    np.testing.assert_allclose(logits, autoencoder.logits(audio, FAST['encodings']), atol=1e-5)


def test_draws_are_the_originals(sampler):
    uniforms = np.pad(FAST['sampled_uniform'], [(0, NUM_SAMPLES - NUM_STEPS), (0, 0)])
    classes = sampler.draw(FAST['encodings'], uniforms)
    np.testing.assert_array_equal(classes[:, :NUM_STEPS], FAST['sampled_bins'])
    np.testing.assert_allclose(mu_law.decode(mu_law.from_classes(classes[:, :NUM_STEPS])), FAST['sampled_audio'],
                               atol=1e-6)
    np.testing.assert_array_equal(sampler.draw(FAST['encodings'], uniforms), classes)  # nothing is left over


def test_the_first_frames_program_serves_all(autoencoder, sampler):
    """A program compiled anew for every frame would take seconds for each."""
    def seconds(num_frames):
        encoding = np.zeros((2, num_frames, autoencoder.config.ae_bottleneck_width), np.float32)
        start = time.process_time()
        sampler.draw(encoding, np.full((64 * num_frames, 2), 0.5, np.float32))
        return time.process_time() - start
    seconds(1)
    assert seconds(12) < 1


def test_dilations_of_the_published_model():
    """Longer than a pass and not; a ring is gone round more than once."""
    config = AutoencoderConfig(num_layers=11, width=4, skip_width=3, ae_num_layers=1, ae_width=2, ae_bottleneck_width=2,
                           ae_hop_length=512, audio_length=512 * 5, crop_length=512)
    weights = {name: tf.constant(array) for name, array in wavenet_networks.initial(config).items()}
    random = np.random.default_rng(0)
    audio, encoding = random.uniform(-1, 1, (1, 2560)).astype(np.float32), np.float32(random.normal(size=(1, 5, 2)))
    slow = wavenet_networks.logits(weights, config, audio, encoding)
    np.testing.assert_allclose(Sampler(weights, config, 1).logits(audio, encoding), slow, atol=1e-5)


def test_draws_by_given_numbers():
    logits = np.log(np.maximum(UNIT['categorical_probs'], 1e-30))
    np.testing.assert_array_equal(wavenet_sampler.drawn(logits, UNIT['categorical_uniform']),
                                  UNIT['categorical_index'][:, 0])


@pytest.mark.parametrize('uniform, expected', [(0.0, 0), (0.5, 0), (0.50001, 1), (1.0, 3), (1.5, 3)])
def test_a_number_on_or_beyond_the_edge(uniform, expected):
    logits = np.log(np.float32([[0.5, 0.25, 0.125, 0.125]]))
    assert wavenet_sampler.drawn(tf.constant(logits), tf.constant([uniform])).numpy() == [expected]
