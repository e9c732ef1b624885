"""SpecGAN's networks against the original's facts, and against forward and backward passes written here in NumPy.

No arrays of the original's own networks are at hand; its wiring (github.com/chrisdonahue/wavegan, specgan.py) is told
tap by tap below, so that padding, order and directions are not those of TensorFlow's functions.
"""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines.wavegan_config import SpecGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator
from gansynth_tf.baselines.wavegan_step import WaveGANStep
from gansynth_tf.errors import InputError

CONFIG = SpecGANConfig(dim=2, latent_size=6, pitch_loss_weight=0.0, batch_size=2)
TAPS, STRIDE, PAD_BEFORE, PAD_AFTER = 5, 2, 1, 2  # 'same' at these sizes


def random_weights(network, seed):
    random = np.random.default_rng(seed)
    return {name: random.normal(0, 1 / math.sqrt(max(np.prod(shape[:-1]), 1)), shape).astype(np.float32)
            for name, shape in network.shapes(CONFIG, 0).items()}


def convolved(x, kernel):
    """[batch, n, n, in] by [5, 5, in, out] -> [batch, n / 2, n / 2, out]."""
    size = x.shape[1] // STRIDE
    padded = np.pad(x, [(0, 0), (PAD_BEFORE, PAD_AFTER), (PAD_BEFORE, PAD_AFTER), (0, 0)])
    return sum(padded[:, row:row + STRIDE * size:STRIDE, column:column + STRIDE * size:STRIDE] @ kernel[row, column]
               for row, column in itertools.product(range(TAPS), repeat=2))


def transposed(x, kernel):
    """[batch, n, n, in] by [5, 5, out, in] -> [batch, 2 n, 2 n, out]: every pixel leaves a stamp, the edges are cut."""
    batch, size, _, _ = x.shape
    full = np.zeros((batch, STRIDE * size + TAPS - STRIDE, STRIDE * size + TAPS - STRIDE, kernel.shape[2]))
    for row, column in itertools.product(range(TAPS), repeat=2):
        full[:, row:row + STRIDE * size:STRIDE, column:column + STRIDE * size:STRIDE] += x @ kernel[row, column].T
    return full[:, PAD_BEFORE:-PAD_AFTER, PAD_BEFORE:-PAD_AFTER]


def generated(weights, latents):
    x = latents @ weights['G/z_project/dense/kernel'] + weights['G/z_project/dense/bias']
    x = np.maximum(x.reshape(len(x), 4, 4, -1), 0)
    for index in range(5):
        scope = f'G/upconv_{index}/conv2d_transpose'
        x = transposed(x, weights[f'{scope}/kernel']) + weights[f'{scope}/bias']
        x = np.tanh(x) if index == 4 else np.maximum(x, 0)
    return x


def judged(weights, x):
    """Scores [batch], and their gradients with respect to the pictures."""
    slopes = []
    for index in range(5):
        scope = f'D/downconv_{index}/conv2d'
        x = convolved(x, weights[f'{scope}/kernel']) + weights[f'{scope}/bias']
        slopes.append(np.where(x > 0, 1.0, 0.2))
        x = x * slopes[-1]
    output = weights['D/output/dense/kernel']
    scores = x.reshape(len(x), -1) @ output[:, 0] + weights['D/output/dense/bias'][0]
    gradient = np.broadcast_to(output.reshape(1, *x.shape[1:]), x.shape)
    for index in reversed(range(5)):
        gradient = transposed(gradient * slopes[index], weights[f'D/downconv_{index}/conv2d/kernel'])
    return scores, gradient


def fresh(weights):
    return [kind(CONFIG, 0, {name: weights[name] for name in kind.shapes(CONFIG, 0)}) for kind in (Generator, Critic)]


@pytest.fixture(scope='module')
def weights():
    return random_weights(Generator, 1) | random_weights(Critic, 2)


@pytest.fixture(scope='module')
def networks(weights):
    return fresh(weights)


@pytest.fixture(scope='module')
def latents():
    return np.random.default_rng(3).uniform(-1, 1, (2, 6)).astype(np.float32)


def test_a_picture_is_that_of_the_pass_by_hand(weights, networks, latents):
    expected = generated(weights, latents)
    assert expected.shape == (2, 128, 128, 1) and np.abs(expected).max() > 0.1
    np.testing.assert_allclose(networks[0](latents), expected, atol=2e-6)


def test_scores_and_slopes_are_those_of_the_pass_by_hand(weights, networks, latents):
    pictures = np.random.default_rng(4).uniform(-1, 1, (2, 128, 128, 1)).astype(np.float32)
    scores, _ = judged(weights, pictures)
    np.testing.assert_allclose(networks[1](pictures)[0], scores, rtol=1e-5, atol=1e-6)
    fake, mix = generated(weights, latents), np.float32([0.25, 0.5])
    _, gradient = judged(weights, pictures + mix[:, None, None, None] * (fake - pictures))
    found = WaveGANStep(*networks).slopes(pictures, tf.constant(fake, tf.float32), mix, np.zeros(4, np.int32))
    np.testing.assert_allclose(found, np.sqrt((gradient ** 2).sum(axis=(1, 2, 3))), rtol=1e-5)


def test_losses_are_those_of_the_pass_by_hand(weights, networks, latents):
    real = np.random.default_rng(5).uniform(-1, 1, (2, 128, 128, 1)).astype(np.float32)
    fake, mix, labels = generated(weights, latents), np.float32([0.1, 0.9]), np.zeros(2, np.int32)
    fake_scores, real_scores = judged(weights, fake)[0], judged(weights, real)[0]
    gradient = judged(weights, real + mix[:, None, None, None] * (fake - real))[1]
    penalty = np.mean((np.sqrt((gradient ** 2).sum(axis=(1, 2, 3))) - 1) ** 2)
    step, shifts = WaveGANStep(*networks), np.full((3, 4), 2, np.int32)  # which a SpecGAN takes no notice of
    critic = step.critic_losses(real, labels, latents, labels, mix, shifts)
    np.testing.assert_allclose(critic['discriminator/total'], fake_scores.mean() - real_scores.mean() + 10 * penalty,
                               rtol=1e-5)
    np.testing.assert_allclose(step.generator_losses(latents, labels, shifts[0])['generator/total'],
                               -fake_scores.mean(), rtol=1e-5)


def test_one_pixel_spreads_and_one_tap_gathers_as_the_padding_says():
    """'same' at stride 2 with 5 taps: one zero before, two after."""
    kernel = np.zeros((5, 5, 1, 1), np.float32)
    kernel[1, 1] = 1
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    np.testing.assert_array_equal(tf.nn.convolution(x, kernel, 2, 'SAME')[0, :, :, 0], [[0, 2], [8, 10]])
    np.testing.assert_array_equal(convolved(x, kernel)[0, :, :, 0], [[0, 2], [8, 10]])
    stamp = np.arange(25, dtype=np.float32).reshape(5, 5, 1, 1)
    np.testing.assert_array_equal(transposed(np.ones((1, 1, 1, 1)), stamp)[0, :, :, 0], [[6, 7], [11, 12]])


def test_full_size_variables_have_the_originals_names_shapes_and_number():
    config = SpecGANConfig(pitch_loss_weight=0.0)
    generator, critic = Generator.shapes(config, 0), Critic.shapes(config, 0)
    channels = [1024, 512, 256, 128, 64, 1]
    assert generator == {'G/z_project/dense/kernel': (100, 16384), 'G/z_project/dense/bias': (16384,)} | {
        f'G/upconv_{index}/conv2d_transpose/{kind}': shape for index in range(5)
        for kind, shape in (('kernel', (5, 5, channels[index + 1], channels[index])), ('bias', (channels[index + 1],)))}
    channels = [1, 64, 128, 256, 512, 1024]
    assert critic == {'D/output/dense/kernel': (16384, 1), 'D/output/dense/bias': (1,)} | {
        f'D/downconv_{index}/conv2d/{kind}': shape for index in range(5)
        for kind, shape in (('kernel', (5, 5, channels[index], channels[index + 1])), ('bias', (channels[index + 1],)))}
    assert sum(map(math.prod, generator.values())) == 19_065_345
    assert sum(map(math.prod, critic.values())) == 17_427_969
    assert SpecGANConfig().batch_size == 64 and SpecGANConfig().num_critic_updates == 5


def test_there_is_no_phase_shuffle():
    assert not CONFIG.phase_shuffle
    with pytest.raises(InputError, match='phase_shuffle'):
        SpecGANConfig(phase_shuffle=2)


def test_updates_are_adams_at_the_originals_settings(weights, latents):
    """The first step of Adam moves every weight by the learning rate, against the sign of its gradient."""
    networks = fresh(weights)
    step, name = WaveGANStep(*networks), 'D/output/dense/kernel'
    labels, real = np.zeros(2, np.int32), np.zeros((2, 128, 128, 1), np.float32)
    args = real, labels, latents, labels, np.float32([0.5, 0.5]), np.zeros((3, 4), np.int32)
    kernel = networks[1].variables[name].value

    @tf.function
    def gradient_of_kernel():
        with tf.GradientTape() as tape:
            total = step.critic_losses(*args)['discriminator/total']
        return tape.gradient(total, kernel)
    gradient = gradient_of_kernel().numpy()
    step.update_critic(*args)
    clear = np.abs(gradient) > 1e-4
    moved = networks[1].variables[name].numpy() - weights[name]
    np.testing.assert_allclose(moved[clear], -1e-4 * np.sign(gradient[clear]), rtol=2e-3)
    assert clear.sum() > 10
