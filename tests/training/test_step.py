"""The training step against the original's: losses, slopes, and two whole iterations to the last variable."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.networks import weights
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.step_export.pure_step import pure_step
from gansynth_tf.training import stages
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.step import TrainingStep

NUM_PITCHES = 61


def restored(config, stage_id, golden):
    """Networks and step of a stage, with the weights and moments that the golden iterations start from."""
    networks = Networks.create(config, NUM_PITCHES)
    for prefix, network in networks.by_name().items():
        given = {name.removeprefix(f'before/{prefix}/'): array for name, array in golden.items()
                 if name.startswith(f'before/{prefix}/')}
        weights.from_arrays(network, weights.to_arrays(network) | given)  # blocks that come later are not given
    stage = stages.all_stages(config)[stage_id]
    step = TrainingStep(config, stage, networks, normalizers.from_config(config), representations.from_config(config))
    for name, variable in step.state().items():
        variable.assign(golden.get(f'before/{name}', np.zeros(variable.shape)))
    return networks, step


def feed(golden, prefix, **renamed):
    """Arguments for the step from golden arrays, labels as int32, the mix as [batch]."""
    arguments = {ours: golden[f'{prefix}{theirs}'] for ours, theirs in renamed.items()}
    return {name: tf.constant(np.squeeze(array, (1, 2, 3)) if name == 'mix' else
                              array.astype(np.int32) if 'labels' in name else array)
            for name, array in arguments.items()}


def discriminator_losses(step, **arguments):
    """The terms of all parts of the critic's loss."""
    parts = [part() for part in step.objective.discriminator_parts(**arguments)]
    terms = {name: value for part in parts for name, value in part.items()}
    return terms | {'discriminator/total': sum(part['discriminator/total'] for part in parts)}


GENERATOR = dict(latents='in_z', labels='in_labels', progress='progress')
DISCRIMINATOR = GENERATOR | dict(real='in_real_data', real_labels='in_real_labels', mix='in_alpha')
LOSSES = {
    'generator/wasserstein': 'generator_wasserstein_loss.generator_wass_loss',
    'generator/pitch': 'losses.fake_ac_loss',
    'generator/total': 'losses.total_gen_loss',
    'discriminator/wasserstein': 'discriminator_wasserstein_loss.discriminator_wass_loss',
    'discriminator/pitch': 'losses.real_ac_loss',
    'discriminator/gradient_penalty': 'wasserstein_gradient_penalty.gradient_penalty_loss',
    'discriminator/real_score_penalty': 'real_score_penalty',
    'discriminator/total': 'losses.total_dis_loss',
}


@pytest.mark.parametrize('stage_id', [1, 3])
def test_losses_are_the_original_s(tiny_config, golden, stage_id):
    arrays = golden(stage_id)
    _, step = restored(tiny_config, stage_id, arrays)
    terms = (step.objective.generator_losses(**feed(arrays, 'net/', **GENERATOR))
             | discriminator_losses(step, **feed(arrays, 'net/', **DISCRIMINATOR)))
    for ours, theirs in LOSSES.items():
        np.testing.assert_allclose(terms[ours], arrays[f'net/loss_{theirs}'], rtol=1e-5, atol=1e-6, err_msg=ours)


@pytest.mark.parametrize('stage_id', [1, 3])
def test_slopes_and_scores_are_the_original_s(tiny_config, golden, stage_id):
    arrays = golden(stage_id)
    _, step = restored(tiny_config, stage_id, arrays)
    progress = tf.constant(arrays['net/progress'])
    images = normalizers.from_config(tiny_config).scale(tf.constant(arrays['net/gp_interpolates']))
    slopes = step.objective.slopes(images, progress)
    np.testing.assert_allclose(slopes, arrays['net/gp_slopes'], rtol=1e-4)


def test_griffin_lim_consistency_is_the_original_s(tiny_config, golden):
    arrays = golden(3)
    _, step = restored(tiny_config, 3, arrays)
    images = step.objective.generate(**feed(arrays, 'net/', **GENERATOR))
    specgrams = normalizers.from_config(tiny_config).denormalize(images)
    np.testing.assert_allclose(step.objective.griffin_lim_consistency(specgrams),
                               arrays['net/loss_losses.fake_gl_loss'], rtol=1e-4)


def iteration_arguments(arrays, prefix):
    """What `TrainingStep.iterate` takes, from the arrays of one golden iteration."""
    draw = feed(arrays, f'{prefix}_G_', generator_latents='in_z', generator_labels='in_labels')
    draw |= feed(arrays, f'{prefix}_D_', discriminator_latents='in_z', discriminator_labels='in_labels', mix='in_alpha')
    return feed(arrays, f'{prefix}_D_', real='in_real_data', real_labels='in_real_labels') | {
        'draw': draw, 'progress': tf.constant(arrays[f'{prefix}_progress'])}


@pytest.mark.parametrize('is_pure', [False, True])
def test_two_iterations_are_the_original_s(tiny_config, golden, is_pure):
    arrays = golden(3)
    networks, step = restored(tiny_config, 3, arrays)
    start = {name: variable.numpy() for name, variable in step.variables().items()}
    state = {name: tf.constant(array) for name, array in start.items()}
    pure = tf.function(functools.partial(pure_step, step))
    for iteration in ('it1', 'it2'):
        arguments = iteration_arguments(arrays, f'train/{iteration}')
        if is_pure:
            state, terms = pure(state, **arguments)
        else:
            terms = step.iterate(**arguments)
        np.testing.assert_allclose(terms['generator/total'], arrays[f'train/{iteration}_G_loss_before'], rtol=1e-5)
        np.testing.assert_allclose(terms['discriminator/total'], arrays[f'train/{iteration}_D_loss'], rtol=1e-5)
    if is_pure:  # a function changes nothing but what it returns
        for name, variable in step.variables().items():
            np.testing.assert_array_equal(variable, start[name])
            variable.assign(state[name])
    after = {name: variable.numpy() for name, variable in step.state().items()}
    for prefix, network in networks.by_name().items():
        after |= {f'{prefix}/{name}': array for name, array in weights.to_arrays(network).items()}
    expected = {name.removeprefix('train/after/'): array for name, array in arrays.items()
                if name.startswith('train/after/')}
    assert after.keys() - {'generator_adam/iterations', 'discriminator_adam/iterations'} == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(after[name], array, rtol=1e-3, atol=1e-4 * np.abs(array).max() + 1e-7, err_msg=name)


def test_penalty_in_the_stage_s_domain_is_of_the_normalised_image(tiny_config, golden):
    arrays = golden(3)
    specgrams, progress = tf.constant(arrays['net/gp_interpolates']), tf.constant(arrays['net/progress'])
    _, step = restored(tiny_config.replace(gradient_penalty_domain='stage'), 3, arrays)
    normalizer = normalizers.from_config(tiny_config)
    inputs = normalizer.normalize(specgrams)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        scores, _ = step.objective.criticise(inputs, progress)
    gradients = tape.gradient(scores, inputs).numpy()
    np.testing.assert_allclose(step.objective.slopes(normalizer.scale(specgrams), progress),
                               np.sqrt((gradients ** 2).sum((1, 2, 3))), rtol=1e-4)


def test_a_critic_without_slope_keeps_its_weights_finite(tiny_config, golden):
    arrays = golden(3)
    networks, step = restored(tiny_config, 3, arrays)
    network = networks.discriminator
    weights.from_arrays(network, {name: np.zeros_like(array) for name, array in weights.to_arrays(network).items()})
    terms = step.iterate(**iteration_arguments(arrays, 'train/it1'))
    assert float(terms['discriminator/slope']) == 0 and np.isfinite(float(terms['discriminator/gradient_norm']))
    assert all(np.isfinite(array).all() for array in weights.to_arrays(network).values())


def test_a_penalty_every_other_update_weighs_twice(tiny_config, golden):
    arrays = golden(3)
    arguments = feed(arrays, 'net/', **DISCRIMINATOR)
    _, every = restored(tiny_config, 3, arrays)
    _, other = restored(tiny_config.replace(gradient_penalty_interval=2), 3, arrays)
    full, double = discriminator_losses(every, **arguments), discriminator_losses(other, **arguments)
    without = discriminator_losses(other, **arguments, with_penalty=False)
    assert 'discriminator/gradient_penalty' not in without
    full, double, without = (float(terms['discriminator/total']) for terms in (full, double, without))
    assert double - without == pytest.approx(2 * (full - without), rel=1e-4)


def test_draws_depend_on_seed_and_place_alone(tiny_config):
    probabilities = np.array([0.0, 0.25, 0.75])
    draw = draw_numbers(tiny_config, 16, 8, probabilities)
    again = draw_numbers(tiny_config, 16, 8, probabilities)
    for name, array in draw.items():
        np.testing.assert_array_equal(array, again[name])
    elsewhere = draw_numbers(tiny_config, 24, 8, probabilities)
    assert not np.array_equal(draw['generator_latents'], elsewhere['generator_latents'])
    assert not np.array_equal(draw['generator_latents'], draw['discriminator_latents'])
    many = draw_numbers(tiny_config, 0, 10_000, probabilities)['generator_labels']
    np.testing.assert_allclose(np.bincount(many, minlength=3) / 10_000, probabilities, atol=0.02)
