"""WaveGAN's losses, gradients and updates against the original code's, and its pitch loss."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines import wavegan_networks, wavegan_step
from gansynth_tf.baselines.wavegan_config import WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator
from gansynth_tf.baselines.wavegan_step import WaveGANStep

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
SHORT = dict(slice_length=16384, audio_length=16384)
NO_LABELS = np.zeros(3, np.int32)


@pytest.fixture(scope='module')
def tiny():
    return dict(np.load(GOLDEN / 'wavegan_tiny.npz'))


def step_of(arrays, config):
    def network(kind, prefix):
        fresh = wavegan_networks.initial(kind.shapes(config, 0), 0)
        return kind(config, 0, {name: arrays.get(f'var/{name}', array) for name, array in fresh.items()})
    return WaveGANStep(network(Generator, 'G/'), network(Critic, 'D/'))


def shifts_of(golden):
    return np.stack([golden[f'shifts_{kind}'] for kind in ('real', 'fake', 'interp')])


def gradients(loss, network):
    with tf.GradientTape() as tape:
        terms = loss()
    total = next(value for name, value in terms.items() if name.endswith('/total'))
    return terms, dict(zip(network.variables, tape.gradient(
        total, [variable.value for variable in network.variables.values()], unconnected_gradients='zero')))


def test_the_critics_loss_and_gradients_are_the_originals(tiny):
    step = step_of(tiny, WaveGANConfig(dim=2, latent_size=10, **SHORT))
    x, alpha = tiny['x'][..., np.newaxis], tiny['alpha'].ravel()
    terms, found = gradients(lambda: step.critic_losses(x, NO_LABELS, tiny['z'], NO_LABELS, alpha, shifts_of(tiny)),
                             step.critic)
    np.testing.assert_allclose(terms['discriminator/total'], tiny['D_loss'], rtol=1e-5)
    np.testing.assert_allclose(terms['discriminator/gradient_penalty'], tiny['gradient_penalty'], rtol=1e-4)
    np.testing.assert_allclose(step.slopes(x, step.generator(tiny['z']), alpha, tiny['shifts_interp']), tiny['slopes'],
                               rtol=1e-5)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, tiny[f'gradD/{name}'], atol=3e-6, err_msg=name)


def test_the_generators_loss_and_gradients_are_the_originals(tiny):
    step = step_of(tiny, WaveGANConfig(dim=2, latent_size=10, **SHORT))
    terms, found = gradients(lambda: step.generator_losses(tiny['z'], NO_LABELS, tiny['shifts_fake']), step.generator)
    np.testing.assert_allclose(terms['generator/total'], tiny['G_loss'], rtol=1e-5)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, tiny[f'gradG/{name}'], atol=3e-6, err_msg=name)


def test_the_variants_losses_are_the_originals(tiny):
    unit = dict(np.load(GOLDEN / 'wavegan_unit.npz'))
    golden = {name.removeprefix('variant/'): array for name, array in unit.items() if name.startswith('variant/')}
    step = step_of(golden, WaveGANConfig(dim=1, latent_size=6, upsample='nn', batchnorm=True, post_filter_length=512,
                                         phase_shuffle=0, **SHORT))
    labels, no_shifts = NO_LABELS[:2], np.zeros((3, 4), np.int32)
    terms = step.critic_losses(tiny['x'][:2, :, np.newaxis], labels, golden['z'], labels, golden['alpha'].ravel(),
                               no_shifts)
    np.testing.assert_allclose(terms['discriminator/total'], golden['D_loss'], rtol=1e-5)
    np.testing.assert_allclose(step.generator_losses(golden['z'], labels, no_shifts[1])['generator/total'],
                               golden['G_loss'], rtol=1e-5)


def test_two_updates_of_the_critic_and_one_of_the_generator_are_the_originals(tiny):
    step = step_of(tiny, WaveGANConfig(dim=2, latent_size=10, **SHORT))
    golden = {name.removeprefix('train/'): array for name, array in tiny.items() if name.startswith('train/')}
    for update, x in enumerate((tiny['x'], golden['x'][0])):
        step.update_critic(x[..., np.newaxis], NO_LABELS, golden['z'][update], NO_LABELS,
                           golden['alpha'][update].ravel(), golden['shifts'][update])
    step.update_generator(golden['z'][2], NO_LABELS, golden['shifts'][2, 1])
    variables = step.generator.variables | step.critic.variables
    after = {name.removeprefix('after/'): array for name, array in golden.items() if name.startswith('after/')}
    assert len(after) == 9
    for name, array in after.items():
        np.testing.assert_allclose(variables[name], array, atol=1e-7, err_msg=name)


def test_the_pitch_loss_of_critic_and_generator_is_ten_times_the_cross_entropy():
    config = WaveGANConfig(dim=1, latent_size=4, batch_size=2, **SHORT)
    step = WaveGANStep(Generator.create(config, 3), Critic.create(config, 3))
    rng = np.random.default_rng(0)
    real, latents = rng.uniform(-1, 1, (2, 16384, 1)).astype(np.float32), rng.uniform(-1, 1, (2, 4)).astype(np.float32)
    labels, shifts = np.array([0, 2], np.int32), np.zeros((3, 4), np.int32)
    terms = step.critic_losses(real, labels, latents, labels, np.full(2, 0.5, np.float32), shifts)
    log_probabilities = tf.nn.log_softmax(step.critic(real)[1]).numpy()
    expected = -(log_probabilities[0, 0] + log_probabilities[1, 2]) / 2
    np.testing.assert_allclose(terms['discriminator/pitch'], expected, rtol=1e-5)
    np.testing.assert_allclose(terms['discriminator/total'], terms['discriminator/wasserstein']
                               + 10 * terms['discriminator/gradient_penalty'] + 10 * expected, rtol=1e-5)
    terms = step.generator_losses(latents, labels, shifts[1])
    np.testing.assert_allclose(terms['generator/total'], terms['generator/wasserstein'] + 10 * terms['generator/pitch'],
                               rtol=1e-5)


def test_an_iteration_is_five_updates_of_the_critic_and_one_of_the_generator():
    config = WaveGANConfig(dim=1, latent_size=4, batch_size=1, **SHORT)
    step = WaveGANStep(Generator.create(config, 2), Critic.create(config, 2))
    batch = wavegan_step.draw(config, 0, np.array([0.5, 0.5]))
    terms = step.iterate(batch | {'real': np.zeros((5, 16384, 1), np.float32), 'real_labels': np.zeros(5, np.int32)})
    assert step.critic_adam.state['iterations'].numpy() == 5
    assert step.generator_adam.state['iterations'].numpy() == 1
    assert all(np.isfinite(value) for value in terms.values())


def test_what_is_not_finite_changes_nothing_and_is_told():
    config = WaveGANConfig(dim=1, latent_size=4, batch_size=1, **SHORT)
    step = WaveGANStep(Generator.create(config, 2), Critic.create(config, 2))
    before = {name: variable.numpy() for name, variable in step.critic.variables.items()}
    labels = np.zeros(1, np.int32)
    terms = step.update_critic(np.full((1, 16384, 1), np.nan, np.float32), labels, np.zeros((1, 4), np.float32), labels,
                               np.zeros(1, np.float32), np.zeros((3, 4), np.int32))
    assert not np.isfinite(terms['discriminator/total'])
    for name, variable in step.critic.variables.items():
        np.testing.assert_array_equal(variable, before[name])


def test_draws_are_functions_of_the_place_and_within_their_ranges():
    config = WaveGANConfig(batch_size=50, latent_size=20)
    drawn = wavegan_step.draw(config, 320, np.array([0.25, 0.75]))
    again, other = wavegan_step.draw(config, 320, np.array([0.25, 0.75])), wavegan_step.draw(config, 0, np.ones(1))
    for name, array in drawn.items():
        np.testing.assert_array_equal(array, again[name])
    assert np.abs(drawn['latents'] - other['latents']).max() > 0.1
    assert drawn['latents'].shape == (6, 50, 20) and drawn['mix'].shape == (5, 50)
    assert -1 <= drawn['latents'].min() < -0.9 and 0.9 < drawn['latents'].max() <= 1
    assert set(drawn['shifts'].ravel()) == {-2, -1, 0, 1, 2} and drawn['shifts'].shape == (6, 3, 4)
    assert drawn['labels'].mean() == pytest.approx(0.75, abs=0.1)
