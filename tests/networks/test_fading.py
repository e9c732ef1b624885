import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import fading
from gansynth_tf.networks.network import num_filters
from gansynth_tf.spectral import resolutions


@pytest.mark.parametrize('network', ['full', 'tiny'])
def test_tables_are_the_originals(schedule_tables, network, tiny_config):
    config = {'full': Config(), 'tiny': tiny_config}[network]
    table = schedule_tables[network]
    filters = {str(block_id): num_filters(config, block_id) for block_id in range(config.num_resolutions + 1)}
    assert filters == table['num_filters']
    assert list(config.spec_shape) == table['final_resolutions']


def test_num_filters_decay():
    config = Config(fmap_base=4096, fmap_decay=0.5, fmap_max=2000)
    assert [num_filters(config, block_id) for block_id in (0, 2, 4, 5)] == [2000, 2000, 1024, 724]


@pytest.mark.parametrize('num_blocks', [1, 2, 3, 4])
def test_weights_are_the_originals(layers_unit, num_blocks):
    """The original's generator weighs the images of every block by a triangle over the progress."""
    compared = 0
    for index, progress in enumerate(layers_unit['alpha_progress']):
        if max(0, num_blocks - 2) <= progress <= num_blocks - 1:
            weight = fading.weight(num_blocks, progress)
            weight = 0.0 if weight is None else float(weight)
            assert 1 - weight == layers_unit[f'gen_alpha_b{num_blocks}'][index]
            if num_blocks > 1:
                assert weight == layers_unit[f'gen_alpha_b{num_blocks - 1}'][index]
                assert weight == layers_unit[f'dis_alpha_b{num_blocks - 1}'][index]
            assert all(layers_unit[f'gen_alpha_b{block_id}'][index] == 0 for block_id in range(1, num_blocks - 1))
            compared += 1
    assert compared > 0


@pytest.mark.parametrize('progress, num_blocks', [('0', 1), ('0.625', 2), ('1', 2), ('1', 3), ('1.375', 3), ('2', 3)])
@pytest.mark.parametrize('as_tensor', [False, True])
def test_blend_is_the_originals(layers_unit, progress, num_blocks, as_tensor):
    full_size = layers_unit['blend_in']
    scale = 2 ** (3 - num_blocks)

    def blend(images, value):
        return fading.blend(images, fading.weight(num_blocks, value), (2, 2))

    images = resolutions.downscale(tf.constant(full_size), (scale, scale))
    value = tf.constant(float(progress)) if as_tensor else float(progress)
    blended = (tf.function(blend) if as_tensor else blend)(images, value)
    np.testing.assert_allclose(resolutions.upscale(blended, (scale, scale)),
                               layers_unit[f'blend_p{progress}_nb{num_blocks}'], atol=5e-7)


def test_blend_in_mode_height_leaves_the_width_alone():
    images = tf.random.stateless_normal([2, 4, 4, 2], [1, 2])
    expected = resolutions.upscale(resolutions.downscale(images, (2, 1)), (2, 1))
    np.testing.assert_allclose(fading.blend(images, fading.weight(2, 0.0), (2, 1)), expected, atol=1e-7)


def test_mix():
    coarser, images = tf.constant([[2.0]]), tf.constant([[10.0]])
    assert [float(fading.mix(coarser, images, weight)[0, 0]) for weight in (0.0, 0.25, 1.0)] == [10, 8, 2]


def test_nothing_fades_in_a_stable_stage():
    assert fading.weight(1, tf.Variable(0.0)) is None
    assert fading.weight(3) is None
    assert fading.weight(3, 2) is None
    assert fading.weight(3, np.float32(2)) is None
    assert float(fading.weight(3, 1.75)) == 0.25
    assert float(fading.weight(3, 1)) == 1


def test_progress_that_is_not_known_beforehand():
    weight = tf.function(lambda progress: fading.weight(3, progress))
    assert [float(weight(tf.constant(progress))) for progress in (1.0, 1.25, 2.0)] == [1, 0.75, 0]


@pytest.mark.parametrize('num_blocks, progress, expected', [(1, 0.5, '0 to 0'), (1, -1, '0 to 0'), (3, 0.5, '1 to 2'),
                                                            (3, 2.5, '1 to 2'), (2, float('nan'), '0 to 1')])
def test_impossible_progress(num_blocks, progress, expected):
    with pytest.raises(InputError, match=f'Impossible progress: expected one from {expected} for {num_blocks} blocks'):
        fading.weight(num_blocks, progress)
