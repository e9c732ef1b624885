import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines import wavenet_autoencoder, wavenet_networks
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig
from gansynth_tf.errors import InputError

TINY = dict(np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'wavenet_tiny.npz'))
WEIGHTS = {name.removeprefix('var/'): array for name, array in TINY.items() if name.startswith('var/')}


@pytest.fixture(scope='module')
def autoencoder():
    return wavenet_autoencoder.from_arrays(WEIGHTS, num_stages=4, ae_num_stages=3, ae_hop_length=64)


def test_codes_and_logits_are_the_originals(autoencoder):
    encoding = autoencoder.encode(TINY['audio'])
    np.testing.assert_allclose(encoding, TINY['encoding'], atol=1e-5)
    np.testing.assert_allclose(autoencoder.logits(TINY['audio'], encoding)[:, ::4], TINY['logits_every_4th'],
                               atol=1e-5)


def test_logits_of_given_codes_are_the_originals(autoencoder):
    logits = autoencoder.logits(TINY['audio'], TINY['given_encoding'])
    np.testing.assert_allclose(logits[:, ::7], TINY['given_encoding/logits_every_7th'], atol=1e-5)


def test_loss_and_gradients_are_the_originals(autoencoder):
    weights = {name: tf.Variable(array) for name, array in WEIGHTS.items()}
    waves = tf.constant(TINY['audio'])
    with tf.GradientTape() as tape:
        encoding = wavenet_networks.encode(weights, autoencoder.config, waves)
        loss = wavenet_networks.cross_entropy(
            wavenet_networks.logits(weights, autoencoder.config, waves, encoding), waves)
    np.testing.assert_allclose(loss, TINY['loss'], atol=1e-5)
    for name, gradient in tape.gradient(loss, weights).items():
        if name.startswith('res_6/'):  # what the last layer hands on goes nowhere
            assert gradient is None and f'grad/{name}' not in TINY
        else:
            np.testing.assert_allclose(gradient, TINY[f'grad/{name}'], atol=1e-4, err_msg=name)


def test_what_exceeds_the_frames_is_left_out(autoencoder):
    np.testing.assert_array_equal(autoencoder.encode(TINY['audio'][:, :255]),
                                  autoencoder.encode(TINY['audio'][:, :192]))


def test_sizes_are_read_off_the_weights(autoencoder):
    config = autoencoder.config
    assert (config.num_layers, config.width, config.skip_width) == (6, 16, 12)
    assert (config.ae_num_layers, config.ae_width, config.ae_bottleneck_width) == (5, 10, 4)


def test_the_published_model_has_the_published_sizes():
    shapes = wavenet_networks.shapes(AutoencoderConfig())
    assert len(shapes) == 374
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 61_804_048
    assert shapes['dilatedconv_30/W'] == (1, 3, 512, 1024) and shapes['cond_map_out1/W'] == (1, 1, 16, 256)
    encoder = sum(int(np.prod(shape)) for name, shape in shapes.items() if name.startswith('ae_'))
    assert encoder == 1_976_336
    assert wavenet_networks.dilations(30, 10) == (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) * 3


def test_averages_and_moments_of_a_checkpoint_are_passed_over():
    extra = {f'startconv/W/{kind}': WEIGHTS['startconv/W'] for kind in ('ExponentialMovingAverage', 'Adam', 'Adam_1')}
    wavenet_autoencoder.from_arrays({**WEIGHTS, **extra, 'global_step': np.array(3), 'beta1_power': np.array(0.5)})


def without(name):
    return {key: array for key, array in WEIGHTS.items() if key != name}


@pytest.mark.parametrize('arrays, fault', [
    (without('res_3/W'), 'res_3/W is missing'),
    ({**WEIGHTS, 'attention/W': np.zeros(3)}, 'attention/W is unknown'),
    ({**WEIGHTS, 'skip_2/biases': np.zeros(3)}, r'skip_2/biases has shape \[3\] instead of \[12\]'),
    (without('ae_startconv/W'), 'Not the weights of a WaveNet autoencoder'),
    ({}, 'Not the weights'),
])
def test_unusable_weights_are_told(arrays, fault):
    with pytest.raises(InputError, match=fault):
        wavenet_autoencoder.from_arrays(arrays)


@pytest.mark.parametrize('audio, fault', [
    (np.zeros(256), 'Misshapen audio'), (np.zeros((1, 63)), 'Too short'), (np.full((1, 64), np.nan), 'finite')])
def test_unusable_audio_is_told(autoencoder, audio, fault):
    with pytest.raises(InputError, match=fault):
        autoencoder.encode(audio)


@pytest.mark.parametrize('encoding', [np.zeros((1, 4, 3)), np.zeros((4, 4)), np.zeros((1, 3, 4)), np.zeros((2, 4, 4)),
                                      np.full((1, 4, 4), np.inf)])
def test_unusable_codes_are_told(autoencoder, encoding):
    with pytest.raises(InputError, match='ncoding'):
        autoencoder.logits(np.zeros((1, 256)), encoding)
