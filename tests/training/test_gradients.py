"""Gradients of both whole losses against the original's, and against its way of computing: at full size."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.networks import weights
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations, resolutions
from gansynth_tf.training import losses, stages
from gansynth_tf.training.step import TrainingStep

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
NUM_PITCHES = 61


def new_step(config, stage_id):
    networks = Networks.create(config, NUM_PITCHES)
    return networks, TrainingStep(config, stages.all_stages(config)[stage_id], networks,
                                  normalizers.from_config(config), representations.from_config(config))


def discriminator_total(step, *arguments):
    return sum(part()['discriminator/total'] for part in step.objective.discriminator_parts(*arguments))


def gradients(loss, network, num_blocks):
    """The gradient of what `loss()` returns for every variable of the stage that has one, by name."""
    variables = network.variables_of(num_blocks)
    with tf.GradientTape() as tape:
        total = loss()
    by_variable = zip(variables, tape.gradient(total, [variable.value for variable in variables]), strict=True)
    return {variable.path: gradient.numpy() for variable, gradient in by_variable if gradient is not None}


def assert_close(ours, theirs, tolerance):
    """Each array to `tolerance` of its largest magnitude; what is nearly 0 because terms cancel, of 1."""
    for name, array in theirs.items():
        largest = max(np.abs(array).max(), 1e-2)
        np.testing.assert_allclose(ours[name], array, rtol=0, atol=tolerance * largest, err_msg=name)


def test_gradients_of_both_losses_are_the_original_s(tiny_config, golden):
    arrays = golden(3)
    networks, step = new_step(tiny_config, 3)
    for name in ('generator', 'discriminator'):
        weights.from_arrays(getattr(networks, name), {key.removeprefix(f'before/{name}/'): array
                                                      for key, array in arrays.items()
                                                      if key.startswith(f'before/{name}/')})
    feed = {name: tf.constant(arrays[f'net/in_{name}']) for name in ('z', 'labels', 'real_labels', 'real_data')}
    labels, real_labels = (tf.cast(feed[name], tf.int32) for name in ('labels', 'real_labels'))
    mix, progress = tf.constant(arrays['net/in_alpha'].reshape(-1)), tf.constant(arrays['net/progress'])
    ours = {'generator': gradients(
        lambda: step.objective.generator_losses(feed['z'], labels, progress)['generator/total'], networks.generator, 3)}
    ours['discriminator'] = gradients(
        lambda: discriminator_total(step, feed['real_data'], real_labels, feed['z'], labels, mix, progress),
        networks.discriminator, 3)
    theirs = dict(np.load(GOLDEN / 'gradients_tiny_stage3.npz'))
    for network, by_name in ours.items():
        expected = {name.removeprefix(f'{network}/'): array for name, array in theirs.items()
                    if name.startswith(f'{network}/')}
        # RGB layers that have faded out have no gradient here, and one of zeros there.
        at_rest = {'block_1/to_rgb/kernel', 'block_1/to_rgb/bias', 'block_1/from_rgb/kernel', 'block_1/from_rgb/bias'}
        assert expected.keys() - by_name.keys() <= at_rest
        assert all(not expected.pop(name).any() for name in expected.keys() - by_name.keys())
        assert_close(by_name, expected, 1e-4)


class FullSizeStep:
    """The losses as the original computes them: all images at full size, brought down again inside the critic."""

    def __init__(self, config, networks, num_blocks, progress):
        self.num_blocks, self.progress = num_blocks, progress
        self.generator, self.discriminator = networks.generator, networks.discriminator
        self.config = config
        self.normalizer = normalizers.from_config(config)

    def generate(self, latents, labels):
        images = self.generator(latents, labels, num_blocks=self.num_blocks, progress=self.progress)
        return self.normalizer.denormalize(resolutions.enlarge(images, self.config.spec_shape))

    def criticise(self, specgrams):
        images = resolutions.pool(self.normalizer.normalize(specgrams), self.config.resolution(self.num_blocks))
        return self.discriminator(images, num_blocks=self.num_blocks, progress=self.progress)

    def blend(self, specgrams):
        def at(block_id):
            small = resolutions.pool(specgrams, self.config.resolution(block_id))
            return resolutions.enlarge(small, self.config.spec_shape)
        share = float(self.progress) - (self.num_blocks - 2)
        return share * at(self.num_blocks) + (1 - share) * at(max(self.num_blocks - 1, 1))

    def slopes(self, specgrams):
        with tf.GradientTape() as tape:
            tape.watch(specgrams)
            scores, _ = self.criticise(specgrams)
        return tf.sqrt(tf.reduce_sum(tape.gradient(scores, specgrams) ** 2, axis=(1, 2, 3)))

    def generator_total(self, latents, labels):
        scores, logits = self.criticise(self.generate(latents, labels))
        return losses.generator_wasserstein(scores) + 10 * losses.pitch(labels, logits)

    def discriminator_total(self, real, real_labels, latents, labels, mix):
        real, fake = self.blend(real), tf.stop_gradient(self.generate(latents, labels))
        (real_scores, logits), (fake_scores, _) = self.criticise(real), self.criticise(fake)
        slopes = self.slopes(losses.interpolate(real, fake, mix))
        return (losses.critic_wasserstein(real_scores, fake_scores) + 10 * losses.gradient_penalty(slopes, 1.0)
                + 0.001 * losses.real_score_penalty(real_scores) + 10 * losses.pitch(real_labels, logits))


@pytest.mark.parametrize('scale_mode', ['ALL', 'H'])
@pytest.mark.parametrize('stage_id, progress', [(0, 0.0), (1, 0.625), (2, 1.0)])
def test_the_stage_s_resolution_and_full_size_agree(tiny_config, scale_mode, stage_id, progress):
    config = tiny_config.replace(scale_mode=scale_mode, start_width=16 if scale_mode == 'ALL' else 64)
    networks, step = new_step(config, stage_id)
    num_blocks = stages.all_stages(config)[stage_id].num_blocks
    rng = np.random.default_rng(stage_id)
    latents, real = (tf.constant(rng.standard_normal(shape), tf.float32) for shape in ((4, 8), (4, 8, 64, 2)))
    labels, real_labels = (tf.constant(rng.integers(0, 61, 4), tf.int32) for _ in range(2))
    mix, progress = tf.constant(rng.random(4), tf.float32), tf.constant(progress)
    full = FullSizeStep(config, networks, num_blocks, progress)
    small = resolutions.pool(real, config.resolution(num_blocks))

    np.testing.assert_allclose(step.objective.slopes(full.normalizer.scale(small), progress),
                               full.slopes(resolutions.enlarge(small, config.spec_shape)), rtol=1e-5)
    pairs = [
        (networks.generator, lambda: step.objective.generator_losses(latents, labels, progress)['generator/total'],
         lambda: full.generator_total(latents, labels)),
        (networks.discriminator, lambda: discriminator_total(step, small, real_labels, latents, labels, mix, progress),
         lambda: full.discriminator_total(real, real_labels, latents, labels, mix))]
    for network, ours, theirs in pairs:
        np.testing.assert_allclose(ours(), theirs(), rtol=1e-5)
        assert_close(gradients(ours, network, num_blocks), gradients(theirs, network, num_blocks), 1e-4)
