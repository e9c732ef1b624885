import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies

from gansynth_tf.config import Config, preset
from gansynth_tf.errors import InputError
from gansynth_tf.networks import image_ops, resolution_schedule
from gansynth_tf.networks.resolution_schedule import ResolutionSchedule


@pytest.mark.parametrize('network', ['full', 'tiny'])
def test_tables_are_the_originals(schedule_tables, network, tiny_config):
    config = {'full': Config(), 'tiny': tiny_config}[network]
    table = schedule_tables[network]
    filters = {str(block_id): resolution_schedule.num_filters(config, block_id)
               for block_id in range(config.num_resolutions + 1)}
    assert filters == table['num_filters']
    assert list(ResolutionSchedule.from_config(config).final_resolutions) == table['final_resolutions']


def test_num_filters_decay():
    config = Config(fmap_base=4096, fmap_decay=0.5, fmap_max=2000)
    assert [resolution_schedule.num_filters(config, block_id) for block_id in (0, 2, 4, 5)] == [2000, 2000, 1024, 724]


def test_resolutions_of_both_modes():
    both = ResolutionSchedule((2, 16), num_resolutions=4)
    assert [both.resolution(block_id) for block_id in (1, 2, 3, 4)] == [(2, 16), (4, 32), (8, 64), (16, 128)]
    assert [both.scale_factor(block_id) for block_id in (1, 2, 3, 4)] == [8, 4, 2, 1]
    assert both.factors == (2, 2)
    height = ResolutionSchedule((2, 16), scale_base=3, num_resolutions=3, scale_mode='H')
    assert [height.resolution(block_id) for block_id in (1, 2, 3)] == [(2, 16), (6, 16), (18, 16)]
    assert height.factors == (3, 1)


@pytest.mark.parametrize('name', ['mel_prog_hires', 'mel_prog', 'tiny'])
def test_the_last_resolution_is_that_of_the_config(name):
    assert ResolutionSchedule.from_config(preset(name)).final_resolutions == preset(name).spec_shape


@pytest.mark.parametrize('block_id', [1, 2, 3, 4])
def test_alphas_are_the_originals(layers_unit, block_id):
    progress = layers_unit['alpha_progress']
    np.testing.assert_array_equal(resolution_schedule.generator_alpha(block_id, progress),
                                  layers_unit[f'gen_alpha_b{block_id}'])
    np.testing.assert_array_equal(resolution_schedule.discriminator_alpha(block_id, progress),
                                  layers_unit[f'dis_alpha_b{block_id}'])


@hypothesis.settings(derandomize=True, deadline=None, max_examples=25)
@hypothesis.given(num_blocks=strategies.integers(1, 7), fraction=strategies.floats(0, 1, width=32))
def test_only_the_last_two_blocks_have_a_say(num_blocks, fraction):
    progress = max(0, num_blocks - 2 + fraction)
    alphas = [float(resolution_schedule.generator_alpha(block_id, progress)) for block_id in range(1, num_blocks + 1)]
    assert sum(alphas[-2:]) == pytest.approx(1, abs=1e-6)
    assert not any(alphas[:-2])
    weight = ResolutionSchedule((2, 16)).fading_weight(num_blocks, progress)
    assert alphas[-1] == pytest.approx(1 if weight is None else 1 - float(weight), abs=1e-6)


@pytest.mark.parametrize('progress, num_blocks', [('0', 1), ('0.625', 2), ('1', 2), ('1', 3), ('1.375', 3), ('2', 3)])
@pytest.mark.parametrize('as_tensor', [False, True])
def test_blend_is_the_originals(layers_unit, progress, num_blocks, as_tensor):
    schedule = ResolutionSchedule((2, 16), num_resolutions=3)
    scale = schedule.scale_factor(num_blocks)

    def blend(images, value):
        return schedule.blend(images, num_blocks, value)

    images = schedule.downscale(tf.constant(layers_unit['blend_in']), scale)
    value = tf.constant(float(progress)) if as_tensor else float(progress)
    blended = (tf.function(blend) if as_tensor else blend)(images, value)
    np.testing.assert_allclose(schedule.upscale(blended, scale), layers_unit[f'blend_p{progress}_nb{num_blocks}'],
                               atol=5e-7)


def test_blend_in_mode_height_leaves_the_width_alone():
    schedule = ResolutionSchedule((2, 4), num_resolutions=2, scale_mode='H')
    images = tf.random.stateless_normal([2, 4, 4, 2], [1, 2])
    expected = image_ops.upscale(image_ops.downscale(images, (2, 1)), (2, 1))
    np.testing.assert_allclose(schedule.blend(images, 2, 0.0), expected, atol=1e-7)


def test_nothing_fades_in_a_stable_stage():
    schedule = ResolutionSchedule((2, 16))
    assert schedule.fading_weight(1, tf.Variable(0.0)) is None
    assert schedule.fading_weight(3) is None
    assert schedule.fading_weight(3, 2) is None
    assert schedule.fading_weight(3, np.float32(2)) is None
    assert float(schedule.fading_weight(3, 1.75)) == 0.25
    assert float(schedule.fading_weight(3, 1)) == 1


def test_progress_that_is_not_known_beforehand():
    schedule = ResolutionSchedule((2, 16))
    weight = tf.function(lambda progress: schedule.fading_weight(3, progress))
    assert [float(weight(tf.constant(progress))) for progress in (1.0, 1.25, 2.0)] == [1, 0.75, 0]


@pytest.mark.parametrize('num_blocks', [0, 8, -1])
def test_impossible_number_of_blocks(num_blocks):
    schedule = ResolutionSchedule((2, 16))
    for function in (schedule.resolution, schedule.scale_factor, schedule.fading_weight):
        with pytest.raises(InputError, match=f'expected one from 1 to num_resolutions \\(7\\). Received: {num_blocks}'):
            function(num_blocks)


@pytest.mark.parametrize('num_blocks, progress, expected', [(1, 0.5, '0 to 0'), (1, -1, '0 to 0'), (3, 0.5, '1 to 2'),
                                                            (3, 2.5, '1 to 2'), (2, float('nan'), '0 to 1')])
def test_impossible_progress(num_blocks, progress, expected):
    with pytest.raises(InputError, match=f'Impossible progress: expected one from {expected} for {num_blocks} blocks'):
        ResolutionSchedule((2, 16)).fading_weight(num_blocks, progress)
