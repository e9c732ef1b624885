import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import fading
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.spectral import resolutions

MAG_A, MAG_B, P_A = 0.0661371661726, 0.113718730221, 0.8


def normalize(images):
    return tf.clip_by_value(images * np.float32([MAG_A, P_A]) + np.float32([MAG_B, 0]), -1, 1)


def relative_error(ours, expected):
    assert np.shape(ours) == np.shape(expected)
    return np.abs(ours - expected).max() / np.abs(expected).max()


def downscale(images, factor):
    return resolutions.downscale(tf.constant(images), (factor, factor))


def blend(original):
    return fading.blend(downscale(original['in_real_data'], original.scale),
                        fading.weight(original.num_blocks, original.progress), (2, 2))


def random_images(batch=4, height=8, width=64):
    return tf.tanh(tf.random.stateless_normal([batch, height, width, 2], [1, 2]))


@pytest.fixture(scope='module')
def discriminator(tiny_config):
    return Discriminator(tiny_config, 61)


@pytest.mark.parametrize('graph', [False, True])
def test_judgement_is_the_originals(original, graph):
    discriminator = original.discriminator()

    def judge(images, progress):
        return discriminator(images, num_blocks=original.num_blocks, progress=progress)

    judge = tf.function(judge) if graph else judge
    real = blend(original)
    np.testing.assert_allclose(resolutions.upscale(real, (original.scale, original.scale)), original['real_blended'],
                               atol=5e-6)
    for kind, images in (('real', real), ('fake', downscale(original['g_data_live'], original.scale))):
        scores, logits = judge(normalize(images), tf.constant(original.progress))
        assert relative_error(scores, original[f'd_{kind}_logits'][:, 0]) < 1e-5
        assert relative_error(logits, original[f'd_{kind}_ep_classification_logits']) < 1e-5


def test_gradient_is_the_originals_but_for_the_size_of_a_pixel(original):
    discriminator = original.discriminator()
    real = blend(original)
    fake = downscale(original['g_data_live'], original.scale)
    interpolates = real + original['in_alpha'] * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(interpolates)
        scores, _ = discriminator(normalize(interpolates), num_blocks=original.num_blocks, progress=original.progress)
    gradients = tape.gradient(scores, interpolates)
    assert relative_error(scores, original['gp_d_logits'][:, 0]) < 1e-5
    full_size = resolutions.upscale(gradients, (original.scale, original.scale)) / original.scale ** 2
    assert relative_error(full_size, original['gp_gradients']) < 1e-5
    slopes = tf.norm(tf.reshape(gradients, [8, -1]), axis=1) / original.scale
    assert relative_error(slopes, original['gp_slopes']) < 1e-5


def test_gradients_of_the_original_loss_to_second_order(original_stage_1):
    """The discriminator's whole loss, at full size as the original computes it, slopes and all."""
    original, discriminator = original_stage_1, original_stage_1.discriminator()
    scale = original.scale

    def judge(images):
        return discriminator(normalize(downscale(images, scale)), num_blocks=2, progress=original.progress)

    real, fake = tf.constant(original['real_blended']), tf.constant(original['g_data_live'])
    variables = [variable.value for variable in discriminator.variables_of(2)]
    with tf.GradientTape() as tape:
        interpolates = real + original['in_alpha'] * (fake - real)
        with tf.GradientTape() as inner:
            inner.watch(interpolates)
            scores, _ = judge(interpolates)
        slopes = tf.norm(tf.reshape(inner.gradient(scores, interpolates), [8, -1]), axis=1)
        (fake_scores, _), (real_scores, real_logits) = judge(fake), judge(real)
        pitch_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(original['in_real_labels'], real_logits)
        loss = tf.reduce_mean(fake_scores - real_scores + 10 * (slopes - 1) ** 2 + 0.001 * real_scores ** 2
                              + 10 * pitch_loss)
    assert float(loss) == pytest.approx(float(original['loss_total_discriminator']), rel=1e-6)
    for variable, gradient in zip(discriminator.variables_of(2), tape.gradient(loss, variables)):
        assert relative_error(gradient, original[f'discriminator_gradient/{variable.path}']) < 1e-4, variable.path


def test_variables(discriminator):
    shapes = {variable.path: tuple(variable.shape) for variable in discriminator.variables if 'kernel' in variable.path}
    assert shapes == {
        'block_1/from_rgb/kernel': (1, 1, 2, 16), 'block_1/conv0/kernel': (3, 3, 17, 16),
        'block_1/conv1/kernel': (2, 16, 16, 16), 'block_1/logits/kernel': (16, 1),
        'block_2/from_rgb/kernel': (1, 1, 2, 16), 'block_2/conv0/kernel': (3, 3, 16, 16),
        'block_2/conv1/kernel': (3, 3, 16, 16), 'block_3/from_rgb/kernel': (1, 1, 2, 8),
        'block_3/conv0/kernel': (3, 3, 8, 8), 'block_3/conv1/kernel': (3, 3, 8, 16),
        'classification_logits/kernel': (16, 61)}
    biases = {variable.path: tuple(variable.shape) for variable in discriminator.variables if 'bias' in variable.path}
    assert biases == {name.replace('kernel', 'bias'): shape[-1:] for name, shape in shapes.items()}


def test_variables_of_the_first_blocks(discriminator):
    assert [len(discriminator.variables_of(num_blocks)) for num_blocks in (1, 2, 3)] == [10, 16, 22]
    assert {variable.path.split('/')[0] for variable in discriminator.variables_of(1)} == {'block_1',
                                                                                          'classification_logits'}


def test_full_size_network_has_the_originals_number_of_weights():
    assert Discriminator(Config(), 61).count_params() == 6_831_230


def test_all_blocks_and_no_fading_by_default(discriminator):
    scores, logits = discriminator(random_images())
    assert (scores.shape, logits.shape) == ((4,), (4, 61))
    late = tf.function(lambda progress: discriminator(random_images(), num_blocks=3, progress=progress))
    for ours, expected in zip(late(tf.constant(2.0)), (scores, logits)):
        np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_a_block_fades_in_from_the_one_before(discriminator):
    images = random_images()
    faded = discriminator(images, num_blocks=3, progress=1.0)
    coarse = discriminator(downscale(images, 2), num_blocks=2)
    for ours, expected in zip(faded, coarse):
        np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_order_of_a_batch_does_not_matter(discriminator):
    images = random_images()
    scores, logits = discriminator(images)
    reversed_scores, reversed_logits = discriminator(images[::-1])
    np.testing.assert_allclose(reversed_scores, scores[::-1], atol=1e-6)
    np.testing.assert_allclose(reversed_logits, logits[::-1], atol=1e-5)


def test_batches_in_one_pass_are_judged_as_if_alone(discriminator):
    images = random_images()
    other = 0.1 * images[::-1]
    scores, logits = discriminator(tf.concat([images, other], axis=0), num_batches=2)
    for half, batch in enumerate((images, other)):
        expected_scores, expected_logits = discriminator(batch)
        np.testing.assert_allclose(tf.split(scores, 2)[half], expected_scores, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(tf.split(logits, 2)[half], expected_logits, rtol=1e-4, atol=1e-5)
    together, _ = discriminator(tf.concat([images, other], axis=0))
    assert np.abs(together - scores).max() > 1e-3


def test_gradient_reaches_what_is_in_use(discriminator):
    with tf.GradientTape() as tape:
        scores, logits = discriminator(random_images(), num_blocks=3, progress=1.5)
        loss = tf.reduce_sum(scores ** 2) + tf.reduce_sum(logits ** 2)
    variables = discriminator.variables_of(3)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    without = {variable.path for variable, gradient in zip(variables, gradients) if gradient is None}
    assert without == {'block_1/from_rgb/kernel', 'block_1/from_rgb/bias'}


def test_kernels_differ_from_those_of_the_generator(tiny_config, discriminator):
    from gansynth_tf.networks.generator import Generator
    mine, others = ({variable.path: variable.numpy() for variable in model.variables}['block_2/conv0/kernel']
                    for model in (discriminator, Generator(tiny_config, 61)))
    assert mine.shape == others.shape
    assert not np.array_equal(mine, others)


def test_mode_height(tiny_config):
    discriminator = Discriminator(tiny_config.replace(scale_mode='H', start_width=64), 5)
    scores, logits = discriminator(random_images(height=4), num_blocks=2, progress=0.5)
    assert (scores.shape, logits.shape) == ((4,), (4, 5))


@pytest.mark.parametrize('scale_mode, strided', [('ALL', (4, 32)), ('H', (4, 64))])
def test_simple_architecture(tiny_config, scale_mode, strided):
    discriminator = Discriminator(tiny_config.replace(simple_arch=True, scale_mode=scale_mode,
                                                      start_width=16 if scale_mode == 'ALL' else 64), 5)
    assert discriminator.config.resolution(2) == strided
    kernels = {variable.path: tuple(variable.shape) for variable in discriminator.variables_of(2)
               if 'kernel' in variable.path}
    features = 2 * discriminator.config.start_width * 17
    assert kernels == {'block_1/from_rgb/kernel': (1, 1, 2, 16), 'block_1/last_conv/kernel': (features, 16),
                       'block_1/logits/kernel': (16, 1), 'block_2/from_rgb/kernel': (1, 1, 2, 16),
                       'block_2/conv/kernel': (3, 3, 16, 16), 'classification_logits/kernel': (16, 5)}
    scores, logits = discriminator(random_images(), num_blocks=3, progress=1.5)
    assert (scores.shape, logits.shape) == ((4,), (4, 5))
    assert np.std(scores) > 0


def test_impossible_inputs(discriminator):
    with pytest.raises(InputError) as error:
        discriminator(random_images(), num_blocks=2)
    assert str(error.value) == ('Impossible inputs for the discriminator: expected shape [None, 4, 32, 2] for 2 '
                                'blocks. Received: [4, 8, 64, 2]')
    with pytest.raises(InputError, match='Impossible number of blocks'):
        discriminator(random_images(), num_blocks=0)
