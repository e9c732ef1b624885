"""WaveGAN's networks against the original code's, and what this project adds to them."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines import wavegan_networks
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator, phase_shuffle
from gansynth_tf.errors import InputError

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
SHORT = dict(slice_length=16384, audio_length=16384)


@pytest.fixture(scope='module')
def tiny():
    return dict(np.load(GOLDEN / 'wavegan_tiny.npz'))


@pytest.fixture(scope='module')
def unit():
    return dict(np.load(GOLDEN / 'wavegan_unit.npz'))


def below(arrays, prefix):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def networks(config, arrays):
    """Both networks; averages of batch normalisation, which goldens do not hold, are as at the start."""
    made = []
    for network, prefix in ((Generator, 'G/'), (Critic, 'D/')):
        fresh = wavegan_networks.initial(network.shapes(config, 0), 0)
        moving = {name: array for name, array in fresh.items() if 'moving' in name}
        made.append(network(config, 0, moving | {f'{prefix}{name}': array
                                                 for name, array in below(arrays, prefix).items()}))
    return made


def test_the_generator_plays_as_the_original(tiny):
    generator, _ = networks(WaveGANConfig(dim=2, latent_size=10, **SHORT), below(tiny, 'var/'))
    np.testing.assert_allclose(generator(tiny['z'])[:, ::8, 0], tiny['G_z'], atol=1e-6)


def test_the_critic_judges_as_the_original_with_and_without_phase_shuffle(tiny):
    _, critic = networks(WaveGANConfig(dim=2, latent_size=10, **SHORT), below(tiny, 'var/'))
    x = tiny['x'][..., np.newaxis]
    np.testing.assert_allclose(critic(x, tiny['shifts_real'])[0], tiny['D_x'], atol=1e-6)
    np.testing.assert_allclose(critic(x)[0], tiny['no_shift/D_x'], atol=1e-6)
    assert np.abs(tiny['D_x'] - tiny['no_shift/D_x']).max() > 1e-4


@pytest.mark.parametrize('slice_length', [32768, 65536])
def test_longer_slices_are_played_and_judged_as_the_original_does(unit, slice_length):
    golden = below(unit, f'len{slice_length}/')
    config = WaveGANConfig(slice_length=slice_length, audio_length=slice_length, dim=1, latent_size=6)
    generator, critic = networks(config, below(golden, 'var/'))
    waves = generator(golden['z'])
    assert waves.shape == (1, slice_length, 1)
    np.testing.assert_allclose(waves[0, ::25, 0], golden['G_z_every_25'], atol=1e-6)
    np.testing.assert_allclose(critic(waves, golden['shifts'])[0], golden['D'], atol=1e-6)


def test_batch_normalisation_nearest_neighbours_and_the_post_filter_are_the_originals(unit):
    golden = below(unit, 'variant/')
    config = WaveGANConfig(dim=1, latent_size=6, upsample='nn', batchnorm=True, post_filter_length=512, **SHORT)
    generator, critic = networks(config, below(golden, 'var/'))
    waves = generator(golden['z'], training=True)
    np.testing.assert_allclose(waves[:, ::25, 0], golden['G_z_every_25'], atol=1e-6)
    np.testing.assert_allclose(-np.mean(critic(waves)[0]), golden['G_loss'], atol=1e-6)


@pytest.mark.parametrize('shift', range(-3, 4))
def test_phase_shuffle_moves_and_reflects(unit, shift):
    np.testing.assert_array_equal(phase_shuffle(tf.constant(unit['phase/x']), shift), unit[f'phase/shift_{shift}'])


def test_phase_shuffle_by_hand():
    x = tf.reshape(tf.range(1.0, 5.0), (1, 4, 1))
    assert phase_shuffle(x, 2)[0, :, 0].numpy().tolist() == [3, 2, 1, 2]
    assert phase_shuffle(x, -1)[0, :, 0].numpy().tolist() == [2, 3, 4, 3]


def test_batch_normalisation_plays_by_the_averages_that_training_moved():
    config = WaveGANConfig(dim=1, latent_size=4, batchnorm=True, **SHORT)
    generator = Generator.create(config, 0)
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    before = generator(latents)
    projected = latents @ generator.variables['G/z_project/dense/kernel'].numpy()
    generator(latents, training=True, moves=True)
    mean = generator.variables['G/z_project/batch_normalization/moving_mean']
    np.testing.assert_allclose(mean, 0.01 * projected.reshape(-1, 16).mean(axis=0), atol=1e-7)
    assert np.abs(generator(latents) - before).max() > 1e-6
    assert 'G/z_project/batch_normalization/moving_mean' not in generator.trainable


def test_one_note_is_played_the_same_whatever_the_notes_beside_it():
    generator = Generator.create(WaveGANConfig(dim=1, latent_size=4, **SHORT), 3)
    latents = np.random.default_rng(0).uniform(-1, 1, (3, 4)).astype(np.float32)
    together = generator(latents, np.array([0, 1, 2]))
    np.testing.assert_allclose(together[1:2], generator(latents[1:2], np.array([1])), atol=1e-6)


def test_the_pitch_changes_what_is_played_and_has_logits_of_its_own():
    config = WaveGANConfig(dim=1, latent_size=4, **SHORT)
    generator, critic = Generator.create(config, 3), Critic.create(config, 3)
    waves = generator(np.zeros((2, 4), np.float32), np.array([0, 2]))
    assert np.abs(waves[0] - waves[1]).max() > 1e-4
    scores, logits = critic(waves)
    assert scores.shape == (2,) and logits.shape == (2, 3)
    assert 'D/pitch/dense/kernel' not in Critic.shapes(config, 0)


def test_full_size_networks_have_as_many_weights_as_the_original():
    def count(network, config):
        return sum(int(np.prod(shape)) for shape in network.shapes(config, 0).values())
    assert count(Generator, WaveGANConfig(**SHORT)) == 19_065_345
    assert count(Critic, WaveGANConfig(**SHORT)) == 17_427_969
    assert count(Generator, WaveGANConfig()) == 73_149_953
    assert count(Critic, WaveGANConfig()) == 69_875_201
    assert count(Generator, SpecGANConfig()) == 19_065_345
    assert count(Critic, SpecGANConfig()) == 17_427_969


def test_specgans_networks_are_wavegans_over_squares():
    config = SpecGANConfig(dim=1, latent_size=4)
    shapes = Generator.shapes(config, 0) | Critic.shapes(config, 0)
    assert shapes['G/z_project/dense/kernel'] == (4, 4 * 4 * 16)
    assert shapes['G/upconv_0/conv2d_transpose/kernel'] == (5, 5, 8, 16)
    assert shapes['D/downconv_1/conv2d/kernel'] == (5, 5, 1, 2) and shapes['D/output/dense/kernel'] == (256, 1)
    assert Generator.create(config, 0)(np.zeros((2, 4), np.float32)).shape == (2, 128, 128, 1)
    assert Critic.create(config, 0)(np.zeros((2, 128, 128, 1), np.float32))[0].shape == (2,)


def test_a_stride_of_two_pads_one_pixel_before_and_two_after():
    config = SpecGANConfig(dim=1, latent_size=4)
    arrays = wavegan_networks.initial(Critic.shapes(config, 0), 0)
    arrays['D/downconv_0/conv2d/kernel'] = np.arange(25, dtype=np.float32).reshape(5, 5, 1, 1)
    critic = Critic(config, 0, arrays)
    corner = np.zeros((1, 128, 128, 1), np.float32)
    corner[0, 0, 0, 0] = 1
    made = critic._convolve(tf.constant(corner), 'D/downconv_0', 2)[0, :2, :2, 0]
    assert made.numpy().tolist() == [[6, 0], [0, 0]]  # the kernel's second row and column


def test_initial_kernels_are_uniform_within_glorots_bound():
    shapes = {'a/kernel': (5, 30, 20), 'a/bias': (20,), 'b/gamma': (3,)}
    arrays = wavegan_networks.initial(shapes, 0)
    bound = np.sqrt(6 / (5 * 50))
    assert bound * 0.99 < arrays['a/kernel'].max() < bound and -bound < arrays['a/kernel'].min() < -bound * 0.99
    assert arrays['a/kernel'].var() == pytest.approx(bound ** 2 / 3, rel=0.05)
    assert not arrays['a/bias'].any() and (arrays['b/gamma'] == 1).all()
    assert np.abs(wavegan_networks.initial(shapes, 1)['a/kernel'] - arrays['a/kernel']).max() > 0.1


def test_weights_that_do_not_fit_are_named():
    config = WaveGANConfig(dim=1, latent_size=4, **SHORT)
    arrays = wavegan_networks.initial(Generator.shapes(config, 0), 0)
    arrays['G/upconv_0/conv2d_transpose/bias'] = np.zeros(3)
    arrays['G/other'] = arrays.pop('G/z_project/dense/bias')
    with pytest.raises(InputError) as caught:
        Generator(config, 0, arrays)
    assert 'G/z_project/dense/bias is missing' in str(caught.value) and 'G/other is unknown' in str(caught.value)
    assert 'G/upconv_0/conv2d_transpose/bias has shape [3] instead of [8]' in str(caught.value)
