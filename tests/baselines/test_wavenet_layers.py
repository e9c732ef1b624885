import pathlib

import numpy as np
import pytest

from gansynth_tf.baselines import wavenet_layers

UNIT = dict(np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'wavenet_unit.npz'))
WEIGHTS = {f'{layer}/{kind}': UNIT[name] for layer, kernel in (('conv', 'conv_W3'), ('one', 'conv_W1'))
           for kind, name in (('W', kernel), ('biases', 'conv_biases'))}


@pytest.mark.parametrize('dilation', [1, 2, 4, 8])
def test_convolutions(dilation):
    causal = wavenet_layers.causal(WEIGHTS, 'conv', UNIT['seq'], dilation)
    np.testing.assert_allclose(causal, UNIT[f'conv_causal_d{dilation}'], atol=1e-6)
    centred = wavenet_layers.centred(WEIGHTS, 'conv', UNIT['seq'], dilation)
    np.testing.assert_allclose(centred, UNIT[f'conv_same_d{dilation}'], atol=1e-6)


def test_convolutions_of_any_length():
    whole = wavenet_layers.causal(WEIGHTS, 'conv', UNIT['seq'], 8)
    np.testing.assert_allclose(wavenet_layers.causal(WEIGHTS, 'conv', UNIT['seq'][:, :7], 8), whole[:, :7], atol=1e-6)


def test_one_tap():
    np.testing.assert_allclose(wavenet_layers.causal(WEIGHTS, 'one', UNIT['seq']), UNIT['conv_one'], atol=1e-6)
    np.testing.assert_allclose(wavenet_layers.centred(WEIGHTS, 'one', UNIT['seq']), UNIT['conv_one'], atol=1e-6)


def test_shift_pool_and_frames():
    np.testing.assert_array_equal(wavenet_layers.shift_right(UNIT['seq']), UNIT['shift_right'])
    np.testing.assert_allclose(wavenet_layers.mean_pool(UNIT['seq'], 8), UNIT['pool_avg_8'], atol=1e-6)
    np.testing.assert_allclose(wavenet_layers.add_frames(UNIT['seq'], UNIT['condition_encoding']),
                               UNIT['condition_out'], atol=1e-6)
