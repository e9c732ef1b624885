import keras
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import weights
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import resolutions

MAG_A, MAG_B, P_A = 0.0661371661726, 0.113718730221, 0.8


def denormalize(images):
    return (images - np.float32([MAG_B, 0])) / np.float32([MAG_A, P_A])


def relative_error(ours, expected):
    assert np.shape(ours) == np.shape(expected)
    return np.abs(ours - expected).max() / np.abs(expected).max()


def latents_and_labels(batch=5, seed=1):
    return tf.random.stateless_normal([batch, 8], [seed, 2]), tf.range(batch) * 7


@pytest.fixture(scope='module')
def generator(tiny_config):
    return Generator(tiny_config, 61)


@pytest.mark.parametrize('graph', [False, True])
def test_output_is_the_originals(original, graph):
    generator = original.generator()

    def generate(progress):
        return generator(original['in_z'], original['in_labels'], num_blocks=original.num_blocks, progress=progress)

    images = (tf.function(generate) if graph else generate)(tf.constant(original.progress))
    assert images.shape == (8, *generator.config.resolution(original.num_blocks), 2)
    full_size = denormalize(resolutions.upscale(images, (original.scale, original.scale)))
    assert relative_error(full_size, original['g_data_live']) < 2e-5


def test_output_with_averaged_weights_is_the_originals(original_stage_3):
    images = original_stage_3.generator(ema=True)(original_stage_3['in_z'], original_stage_3['in_labels'], num_blocks=3,
                                                  progress=original_stage_3.progress)
    assert relative_error(denormalize(images), original_stage_3['g_data_ema']) < 2e-5


def test_variables(generator):
    shapes = {variable.path: tuple(variable.shape) for variable in generator.variables}
    expected = {}
    for block_id, channels in (('block_1', 16), ('block_2', 16), ('block_3', 8)):
        expected[f'{block_id}/conv0/kernel'] = {'block_1': (2, 16, 69, 16), 'block_2': (3, 3, 16, 16),
                                                'block_3': (3, 3, 16, 8)}[block_id]
        expected[f'{block_id}/conv1/kernel'] = (3, 3, channels, channels)
        expected[f'{block_id}/to_rgb/kernel'] = (1, 1, channels, 2)
        expected[f'{block_id}/conv0/bias'] = expected[f'{block_id}/conv1/bias'] = (channels,)
        expected[f'{block_id}/to_rgb/bias'] = (2,)
    assert shapes == expected


def test_variables_of_the_first_blocks(generator):
    names = [variable.path for variable in generator.variables_of(2)]
    assert {name.split('/')[0] for name in names} == {'block_1', 'block_2'}
    assert len(names) == 12
    assert len(generator.variables_of(3)) == len(generator.variables)


def test_full_size_network_has_the_originals_number_of_weights():
    assert Generator(Config(), 61).count_params() == 7_311_246


def test_all_blocks_and_no_fading_by_default(generator):
    latents, labels = latents_and_labels()
    images = generator(latents, labels)
    assert images.shape == (5, 8, 64, 2)
    np.testing.assert_array_equal(images, generator(latents, labels, num_blocks=3, progress=2.0))


def test_progress_known_late_gives_the_same(generator):
    latents, labels = latents_and_labels()
    graph = tf.function(lambda progress: generator(latents, labels, num_blocks=3, progress=progress))
    # TensorFlow multiplies constants of a graph in another order.
    np.testing.assert_allclose(graph(tf.constant(2.0)), generator(latents, labels, num_blocks=3), atol=1e-5)


def test_a_block_fades_in_from_the_one_before(generator):
    latents, labels = latents_and_labels()
    coarse, fine = (generator(latents, labels, num_blocks=num_blocks) for num_blocks in (2, 3))
    coarse = resolutions.upscale(coarse, (2, 2))
    for progress in (1.0, 1.25, 1.9):
        images = generator(latents, labels, num_blocks=3, progress=progress)
        np.testing.assert_allclose(images, (2 - progress) * coarse + (progress - 1) * fine, atol=1e-6)


def test_a_batch_is_its_examples_one_by_one(generator):
    latents, labels = latents_and_labels()
    together = generator(latents, labels, num_blocks=3, progress=1.5)
    for i in range(5):
        alone = generator(latents[i:i + 1], labels[i:i + 1], num_blocks=3, progress=1.5)
        np.testing.assert_allclose(alone[0], together[i], atol=1e-5)


def test_pitch_and_latent_both_matter(generator):
    latents, labels = latents_and_labels()
    images = generator(latents, labels)
    assert np.abs(generator(latents, labels + 1) - images).max() > 1e-3
    assert np.abs(generator(-latents, labels) - images).max() > 1e-3


def test_weights_depend_on_the_seed_and_the_name_only(tiny_config):
    arrays = weights.to_arrays(Generator(tiny_config, 61))
    keras.utils.set_random_seed(5)
    np.testing.assert_equal(weights.to_arrays(Generator(tiny_config, 61)), arrays)
    fewer = weights.to_arrays(Generator(tiny_config.replace(num_resolutions=2, audio_length=100), 61))
    for name, array in fewer.items():
        np.testing.assert_array_equal(array, arrays[name])
    other = weights.to_arrays(Generator(tiny_config.replace(seed=1), 61))
    assert not np.array_equal(other['block_1/conv0/kernel'], arrays['block_1/conv0/kernel'])
    assert not np.array_equal(arrays['block_2/conv0/kernel'], arrays['block_2/conv1/kernel'])


def test_gradient_reaches_what_is_in_use(generator):
    latents, labels = latents_and_labels()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(generator(latents, labels, num_blocks=3, progress=1.5) ** 2)
    gradients = tape.gradient(loss, [variable.value for variable in generator.variables_of(3)])
    without = {variable.path for variable, gradient in zip(generator.variables_of(3), gradients) if gradient is None}
    assert without == {'block_1/to_rgb/kernel', 'block_1/to_rgb/bias'}
    assert all(np.abs(gradient).max() > 0 for gradient in gradients if gradient is not None)


def test_mode_height_grows_the_time_axis_only(tiny_config):
    generator = Generator(tiny_config.replace(scale_mode='H', start_width=64), 5)
    images = generator(tf.zeros([2, 8]), tf.constant([0, 4]), num_blocks=2, progress=0.5)
    assert images.shape == (2, 4, 64, 2)


def test_linear_rgb_is_tanh_undone(tiny_config, generator):
    linear = Generator(tiny_config.replace(to_rgb_activation='linear'), 61)
    latents, labels = latents_and_labels()
    np.testing.assert_allclose(np.tanh(linear(latents, labels)), generator(latents, labels), atol=1e-6)
    assert np.abs(linear(latents, labels)).max() > 1


@pytest.mark.parametrize('scale_mode', ['ALL', 'H'])
def test_simple_architecture(tiny_config, scale_mode):
    generator = Generator(tiny_config.replace(simple_arch=True, scale_mode=scale_mode, start_width=64), 5)
    shapes = {variable.path: tuple(variable.shape) for variable in generator.variables_of(2)
              if 'kernel' in variable.path}
    assert shapes == {'block_1/dense/kernel': (13, 2 * 64 * 16), 'block_1/to_rgb/kernel': (1, 1, 16, 2),
                      'block_2/conv2d_transpose/kernel': (3, 3, 16, 16), 'block_2/to_rgb/kernel': (1, 1, 16, 2)}
    images = generator(tf.random.stateless_normal([3, 8], [1, 2]), tf.constant([0, 1, 2]), num_blocks=2, progress=0.5)
    assert images.shape == (3, *generator.config.resolution(2), 2)
    assert 0 < np.abs(images).max() <= 1


def test_simple_architecture_by_hand(tiny_config):
    config = tiny_config.replace(simple_arch=True, num_resolutions=1, start_height=1, start_width=4,
                                 latent_vector_size=2, audio_length=4, fmap_max=1)
    generator = Generator(config, 2)
    weights.from_arrays(generator, {'block_1/dense/kernel': np.arange(16.0).reshape(4, 4) - 6,
                                    'block_1/dense/bias': np.float32([0, 0, 0, -20]),
                                    'block_1/to_rgb/kernel': np.float32([0.5, -1]).reshape(1, 1, 1, 2),
                                    'block_1/to_rgb/bias': np.float32([0, 0.25])})
    # Inputs (1, 0, 0, 1) pick the first and the last row, -6..-3 and 6..9; the last column ends below 0.
    images = generator(tf.constant([[1.0, 0.0]]), tf.constant([1]))
    expected = np.tanh([[[0, 0.25], [1, -1.75], [2, -3.75], [0, 0.25]]])
    np.testing.assert_allclose(images[0], expected, atol=1e-6)


def test_saved_for_other_programs(generator, tmp_path):
    module = tf.Module()
    module.generator = generator
    module.generate = tf.function(lambda latents, labels: generator(latents, labels, num_blocks=3, progress=1.5),
                                  input_signature=[tf.TensorSpec([None, 8]), tf.TensorSpec([None], tf.int32)])
    tf.saved_model.save(module, tmp_path)
    latents, labels = latents_and_labels()
    loaded = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(loaded.generate(latents, labels),
                               generator(latents, labels, num_blocks=3, progress=1.5), atol=1e-5)


def test_impossible_inputs(generator):
    latents, labels = latents_and_labels()
    with pytest.raises(InputError) as error:
        generator(latents, labels, num_blocks=4)
    assert str(error.value) == 'Impossible number of blocks: expected one from 1 to num_resolutions (3). Received: 4'
    with pytest.raises(InputError, match='Impossible progress: expected one from 0 to 1 for 2 blocks. Received: 1.5'):
        generator(latents, labels, num_blocks=2, progress=1.5)
    with pytest.raises(InputError) as error:
        generator(latents[:, :7], labels)
    assert str(error.value) == ('Impossible inputs for the generator: expected shape [None, 8] for 3 blocks. '
                                'Received: [5, 7]')


def test_the_frames_of_a_pixel_begin_equal():
    config = Config(num_resolutions=2, start_height=2, start_width=4, time_patch=4, latent_vector_size=8, fmap_base=16,
                    fmap_max=8, audio_length=40)
    images = Generator(config, 3)(*[tf.ones([2, 8]), tf.constant([0, 2])]).numpy().reshape(2, 4, 4, 8, 2)
    np.testing.assert_allclose(images - images[:, :, :1], 0, atol=1e-6)
    assert images.std() > 0.01
