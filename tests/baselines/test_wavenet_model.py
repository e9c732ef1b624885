import pathlib

import numpy as np

from gansynth_tf.baselines.wavenet_config import AutoencoderConfig
from gansynth_tf.baselines.wavenet_model import AVERAGE, WEIGHTS, WaveNetStep

GOLDEN = dict(np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'wavenet_train.npz'))


def test_three_updates_are_the_originals():
    start = {name.removeprefix('start/'): array for name, array in GOLDEN.items() if name.startswith('start/')}
    config = AutoencoderConfig(num_layers=4, num_stages=3, width=8, skip_width=6, ae_num_layers=3, ae_num_stages=3,
                               ae_width=6, ae_bottleneck_width=4, ae_hop_length=32, crop_length=128, audio_length=128)
    step = WaveNetStep(config, start)
    losses = [step.iterate({'waves': GOLDEN['audio']}, num_updates)['loss'] for num_updates in range(3)]
    np.testing.assert_allclose(losses, GOLDEN['loss_per_step'], atol=1e-5)
    variables = step.variables()
    for name in start:
        np.testing.assert_allclose(variables[f'{WEIGHTS}{name}'], GOLDEN[f'end/{name}'], atol=1e-5, err_msg=name)
        np.testing.assert_allclose(variables[f'{AVERAGE}{name}'], GOLDEN[f'end/{name}/ExponentialMovingAverage'],
                                   atol=1e-5, err_msg=name)
    assert int(variables['adam/iterations'].numpy()) == GOLDEN['steps']


def test_learning_rates_are_the_originals():
    rates = [AutoencoderConfig().learning_rate_after(int(step)) for step in GOLDEN['lr_steps']]
    np.testing.assert_allclose(rates, GOLDEN['lr_values'], rtol=1e-6)


def test_the_average_follows_faster_at_first():
    config = AutoencoderConfig()
    assert config.ema_decay_after(1) == 2 / 11
    assert config.ema_decay_after(10**6) == 0.9999
