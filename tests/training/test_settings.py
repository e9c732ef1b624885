"""The settings of the original that its usual configurations leave alone: each trains, and does what it says."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.networks import weights
from gansynth_tf.networks.network import num_filters
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import loop, losses, stages, trainer
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.step import TrainingStep

NUM_PITCHES = 3
SETTINGS = {
    'simple_arch': dict(simple_arch=True),
    'to_rgb_activation': dict(to_rgb_activation='linear'),
    'scale_mode': dict(scale_mode='H', start_width=64),
    'simple_arch and scale_mode': dict(simple_arch=True, scale_mode='H', start_width=64),
    'fmap_decay': dict(fmap_decay=0.5, fmap_base=24),
    'gen_gl_consistency_loss_weight': dict(gen_gl_consistency_loss_weight=2.0),
    'generator_reconstruction_weight': dict(generator_reconstruction_weight=2.0),
    'generator_envelope_weight': dict(generator_reconstruction_weight=2.0, generator_envelope_weight=3.0),
    'generator_partials_weight': dict(generator_partials_weight=2.0),
    'time_patch': dict(time_patch=4, critic_phase_floor=0.1),
}


def one_iteration(config, stage_id, normalizer=None):
    """Trains new networks for one iteration; returns them as they were and as they are, the losses and the step."""
    networks = Networks.create(config, NUM_PITCHES)
    stage = stages.all_stages(config)[stage_id]
    height, width = config.resolution(stage.num_blocks)
    normalizer = (normalizer or normalizers.from_config(config)).at_width(width)
    rng = np.random.default_rng(0)
    real = tf.constant(rng.uniform(-4, 1, (4, height, width, 2)), tf.float32)
    labels = tf.constant(rng.integers(0, NUM_PITCHES, 4), tf.int32)
    step = TrainingStep(config, stage, networks, normalizer, representations.from_config(config))
    before = {name: weights.to_arrays(getattr(networks, name)) for name in ('generator', 'discriminator')}
    latents = tf.constant(rng.standard_normal((4, config.latent_vector_size)), tf.float32)
    progress = tf.constant(stage.num_blocks - 1.5 if stage.is_transition else stage.num_blocks - 1.0)
    draw = {'generator_latents': latents, 'generator_labels': labels, 'discriminator_latents': latents,
            'discriminator_labels': labels, 'mix': tf.constant(rng.random(4), tf.float32),
            'real_codes': tf.reverse(latents, [0])}
    terms = step.iterate(real, labels, draw, progress)
    after = {name: weights.to_arrays(getattr(networks, name)) for name in ('generator', 'discriminator')}
    return before, after, {name: float(value) for name, value in terms.items()}, step


@pytest.mark.parametrize('stage_id', [3, 4])
@pytest.mark.parametrize('setting', SETTINGS)
def test_every_kernel_in_use_is_trained(tiny_config, eagerly, setting, stage_id):
    before, after, terms, _ = one_iteration(tiny_config.replace(**SETTINGS[setting]), stage_id)
    assert all(np.isfinite(value) for value in terms.values())
    in_use = ('block_2', 'block_3') if stage_id == 3 else ('block_3',)
    for network, arrays in before.items():
        for name, array in arrays.items():
            assert np.isfinite(after[network][name]).all(), name
            at_rest = name.endswith('rgb/kernel') and not name.startswith(in_use)
            if 'kernel' in name:
                assert np.array_equal(after[network][name], array) == at_rest, name


def test_griffin_lim_consistency_counts_in_the_last_stage_alone(tiny_config, eagerly):
    config = tiny_config.replace(**SETTINGS['gen_gl_consistency_loss_weight'])
    *_, last, _ = one_iteration(config, 4)
    without = last['generator/wasserstein'] + 10 * last['generator/pitch']
    assert last['generator/griffin_lim_consistency'] > 1e-4
    assert last['generator/total'] - without == pytest.approx(2 * last['generator/griffin_lim_consistency'], rel=1e-3)
    *_, before_last, _ = one_iteration(config, 3)
    assert 'generator/griffin_lim_consistency' not in before_last


@pytest.mark.parametrize('stage_id, factor', [(2, 1.0), (3, 0.25)])
def test_learning_rates_are_those_of_the_resolution(tiny_config, eagerly, stage_id, factor):
    config = tiny_config.replace(learning_rate_schedule=(1.0, 0.25), generator_learning_rate=0.004,
                                 discriminator_learning_rate=0.002)
    before, after, *_ = one_iteration(config, stage_id)
    for network, rate in (('generator', 0.004), ('discriminator', 0.002)):
        # Adam's first step is as long as the learning rate, whatever the gradient.
        steps = after[network]['block_2/conv0/kernel'] - before[network]['block_2/conv0/kernel']
        np.testing.assert_allclose(np.abs(steps).max(), factor * rate, rtol=1e-3)


@pytest.mark.parametrize('loss, least', [('reconstruction', 1), ('partials', 0.1)])
def test_distance_to_real_notes_counts_in_every_stage(tiny_config, eagerly, loss, least):
    config = tiny_config.replace(**SETTINGS[f'generator_{loss}_weight'])
    for stage_id in (0, 3):
        *_, terms, _ = one_iteration(config, stage_id)
        without = terms['generator/wasserstein'] + 10 * terms['generator/pitch']
        assert terms[f'generator/{loss}'] > least
        assert terms['generator/total'] - without == pytest.approx(2 * terms[f'generator/{loss}'], rel=1e-3)


def test_with_constant_scale_distances_count_less_the_larger_the_image(tiny_config, eagerly):
    config = tiny_config.replace(generator_reconstruction_weight=2.0, generator_partials_weight=3.0,
                                 gradient_penalty_domain='stage', constant_scale=True)
    for stage_id, scale in ((0, 1.0), (3, 0.25)):  # of three blocks, with 16 times the pixels of the first
        *_, terms, _ = one_iteration(config, stage_id)
        distances = 2 * terms['generator/reconstruction'] + 3 * terms['generator/partials']
        without = terms['generator/wasserstein'] + 10 * terms['generator/pitch']
        assert terms['generator/total'] - without == pytest.approx(scale * distances, rel=1e-3)
        *_, unscaled, _ = one_iteration(config.replace(constant_scale=False), stage_id)
        slope = unscaled['discriminator/slope']
        mean_square = unscaled['discriminator/gradient_penalty'] - 1 + 2 * slope
        assert terms['discriminator/gradient_penalty'] == pytest.approx(
            mean_square / scale ** 2 - 2 * slope / scale + 1, rel=0.1)


def test_what_is_played_at_codes_leaves_the_rest_alone(tiny_config):
    config = tiny_config.replace(generator_reconstruction_weight=1.0)
    rng, normalizer = np.random.default_rng(0), normalizers.from_config(config)
    real = tf.constant(rng.uniform(-4, 1, (4, 4, 32, 2)), tf.float32)
    labels = tf.constant([0, 1, 2, 1])
    codes = tf.constant(rng.standard_normal((4, config.latent_vector_size)), tf.float32)
    networks, stage = Networks.create(config, NUM_PITCHES), stages.all_stages(config)[2]
    of_batch = dict(latents=tf.constant(rng.standard_normal((4, config.latent_vector_size)), tf.float32),
                    labels=tf.reverse(labels, [0]), progress=1.0, real=real, real_labels=labels,
                    real_codes=codes)
    terms = {}
    for weight in (0.0, 1.0):
        step = TrainingStep(config.replace(generator_reconstruction_weight=weight), stage, networks, normalizer,
                            representations.from_config(config))
        terms[weight] = step.objective.generator_losses(**of_batch)
    played = networks.generator(codes, labels, num_blocks=2)
    np.testing.assert_allclose(terms[1.0]['generator/reconstruction'],
                               losses.reconstruction(normalizer.normalize(real), played), rtol=1e-5)
    for name in ('generator/wasserstein', 'generator/pitch'):
        np.testing.assert_allclose(terms[1.0][name], terms[0.0][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('loss', ['reconstruction', 'partials'])
def test_distance_to_real_notes_alone_teaches_them(tiny_config, loss):
    """Forty iterations at one batch bring what is played nearer to it: at its codes, or whatever the timbre."""
    config = tiny_config.replace(generator_ac_loss_weight=0.0, generator_learning_rate=3e-3,
                                 gradient_penalty_domain='stage', **{f'generator_{loss}_weight': 1.0})
    stage = stages.all_stages(config)[0]
    networks, rng = Networks.create(config, NUM_PITCHES), np.random.default_rng(0)
    height, width = config.resolution(1)
    notes, places = rng.uniform(-8, 1, (8, height, width, 2)), rng.integers(0, NUM_PITCHES, 8)
    if loss == 'partials':
        notes[..., 1] = rng.uniform(-1, 1, (NUM_PITCHES, height, width))[places]  # the same for all notes of a pitch
    real, labels = tf.constant(notes, tf.float32), tf.constant(places, tf.int32)
    codes = {'real_codes': tf.constant(rng.standard_normal((8, config.latent_vector_size)), tf.float32)}
    step = TrainingStep(config, stage, networks, normalizers.from_config(config).at_width(width),
                        representations.from_config(config))
    distances = []
    for image_id in range(0, 320, 8):
        draw = draw_numbers(config, image_id, 8, np.ones(NUM_PITCHES) / NUM_PITCHES)
        terms = step.iterate(real, labels, codes | {name: tf.constant(array) for name, array in draw.items()},
                             tf.constant(0.0))
        distances.append(float(terms[f'generator/{loss}']))
    assert distances[-1] < 0.9 * distances[0]


def test_fmap_decay_thins_the_blocks_out_by_its_power(tiny_config):
    config = tiny_config.replace(fmap_decay=0.5, fmap_base=24, fmap_max=16)
    assert [num_filters(config, block_id) for block_id in range(4)] == [16, 16, 12, 8]  # 24, 16.97, 12, 8.49


@pytest.mark.parametrize('name', ['specgrams_prespecified_normalizer', 'specgrams_simple_normalizer',
                                  'specgrams_freq_normalizer', 'none'])
def test_every_normalizer_stands_between_data_and_networks(tiny_config, eagerly, name):
    config = tiny_config.replace(data_normalizer=name)
    normalizer = None
    if normalizers.needs_data(config):
        rng = np.random.default_rng(1)
        normalizer = normalizers.fit(config, [rng.uniform(-4, 1, (8, 8, 64, 2))])
    _, _, terms, step = one_iteration(config, 1, normalizer)
    assert all(np.isfinite(value) for value in terms.values())
    images = step.objective.generate(tf.zeros([2, 8]), tf.constant([0, 1]), tf.constant(0.5))
    images = (normalizer or normalizers.from_config(config)).at_width(32).denormalize(images).numpy()
    lowest, highest = {'specgrams_prespecified_normalizer': (-16.9, 13.5), 'none': (-1, 1)}.get(name, (-4.7, 1.7))
    assert lowest < images[..., 0].min() < images[..., 0].max() < highest


@pytest.fixture
def run(notes, tmp_path, monkeypatch):
    """Runs the trainer with iterations that take a second each and do nothing; returns (image, batch size) by stage."""
    seen, clock = collections.defaultdict(list), [0.0]

    monkeypatch.setattr(trainer.Gansynth, 'show_notes', lambda *_: None)

    def iterate(self, batch, image_id):
        clock[0] += 1.0
        seen[self._stage.stage_id].append((image_id, len(batch['real'])))
        return dict.fromkeys(('generator/pitch', 'discriminator/pitch', 'discriminator/wasserstein'), 0.0)

    monkeypatch.setattr(trainer.Gansynth, 'iterate', iterate)
    monkeypatch.setattr(trainer.Gansynth, 'summarise', lambda *_: {})
    monkeypatch.setattr(loop.time, 'monotonic', lambda: clock[0])

    def train(config):
        trainer.train(config, notes, tmp_path)
        return dict(seen)
    return train


def test_batch_size_schedule_is_by_resolution_and_stages_end_at_their_images(run, tiny_config):
    seen = run(tiny_config.replace(batch_size_schedule=(8, 5)))  # the first of three resolutions has the first, too
    assert {stage_id: {size for _, size in places} for stage_id, places in seen.items()} == {
        0: {8}, 1: {8}, 2: {8}, 3: {5}, 4: {5}}
    assert [image_id for image_id, _ in seen[0] + seen[1]] == list(range(0, 64, 8))
    assert [image_id for image_id, _ in seen[3]] == list(range(96, 128, 5))
    assert seen[4][0][0] == 128


def test_not_progressive_trains_the_last_stage_from_the_first_image_on(run, tiny_config):
    seen = run(tiny_config.replace(train_progressive=False, batch_size_schedule=(8, 4)))
    assert seen == {4: [(image_id, 4) for image_id in range(0, 160, 4)]}


def test_time_limit_gives_each_stage_its_multiple_of_the_one_before(run, tiny_config):
    many = dict(stable_stage_num_images=10**6, transition_stage_num_images=10**6, total_num_images=10**7)
    seen = run(tiny_config.replace(train_time_limit=70.0, train_time_stage_multiplier=2.0, batch_size_schedule=(1,),
                                   num_resolutions=2, start_height=4, start_width=32, **many))
    numbers = [len(seen[stage_id]) for stage_id in range(3)]
    assert numbers[1] / numbers[0] == pytest.approx(2, rel=0.1) and numbers[2] / numbers[1] == pytest.approx(2, rel=0.1)


def test_mixed_precision_has_nearly_the_losses_of_float32(tiny_config):
    """The first 20 iterations, each network on its own."""
    seen = {}
    for mixed in (False, True):
        config = tiny_config.replace(mixed_precision=mixed, batch_size_schedule=(4,), generator_learning_rate=1e-4,
                                     discriminator_learning_rate=1e-4, gradient_penalty_domain='stage')
        networks, stage = Networks.create(config, NUM_PITCHES), stages.all_stages(config)[2]
        step = TrainingStep(config, stage, networks, normalizers.from_config(config).at_width(32),
                            representations.from_config(config))
        rng = np.random.default_rng(0)
        seen[mixed] = []
        for image_id in range(0, 80, 4):
            draw = draw_numbers(config, image_id, 4, np.ones(3) / 3)
            draw = {name: tf.constant(array) for name, array in draw.items()}
            real = tf.constant(rng.uniform(-8, 1, (4, 4, 32, 2)), tf.float32)
            terms = step.iterate(real, draw['generator_labels'], draw, tf.constant(1.0))
            seen[mixed].append([float(terms[f'{name}/total']) for name in ('generator', 'discriminator')])
        assert {variable.dtype for variable in step.variables().values()} == {'float32', 'int32'}
    exact, mixed = np.array(seen[False]), np.array(seen[True])
    assert not np.array_equal(exact, mixed)
    differences = np.abs(mixed / exact - 1)
    assert differences.mean() < 0.02 and differences.max() < 0.05
