import keras
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.networks import layers
from gansynth_tf.spectral import resolutions


def with_weights(layer, arrays, name, input_shape):
    layer.build(input_shape)
    layer.kernel.assign(arrays[f'{name}_w_kernel'])
    layer.bias.assign(arrays[f'{name}_w_bias'])
    return layer


@pytest.mark.parametrize('name, layer', [
    ('custom_conv', layers.EqualizedConv2D(6, 3, he_slope=0.0, activation='leaky_relu')),
    ('custom_convs1', layers.EqualizedConv2D(6, (2, 4), padding='valid')),
    ('custom_dense', layers.EqualizedDense(7)),
])
def test_equalized_layers_are_the_originals(layers_unit, name, layer):
    images = layers_unit['x']
    expected = layers_unit[f'{name}_out']
    assert layer.compute_output_shape(images.shape) == expected.shape
    outputs = with_weights(layer, layers_unit, name, images.shape)(images)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=2e-6)


def test_pixel_norm_is_the_originals(layers_unit):
    np.testing.assert_allclose(layers.PixelNorm()(layers_unit['x']), layers_unit['pixel_norm'], rtol=1e-6, atol=1e-7)


def test_pixel_norm_keeps_zeros():
    np.testing.assert_array_equal(layers.PixelNorm()(tf.zeros([1, 2, 2, 3])), np.zeros([1, 2, 2, 3]))


def test_leaky_relu_is_the_originals(layers_unit):
    identity = layers.EqualizedConv2D(5, 1, activation='leaky_relu')
    identity.build(layers_unit['x'].shape)
    identity.kernel.assign(np.eye(5)[None, None] / layers.he_scale((1, 1, 5, 5)))
    np.testing.assert_allclose(identity(layers_unit['x']), layers_unit['lrelu'], rtol=1e-6, atol=1e-6)


def test_minibatch_stddev_is_the_originals(layers_unit):
    outputs = layers.MinibatchStddev()(layers_unit['x'])
    np.testing.assert_allclose(outputs, layers_unit['scalar_concat'], rtol=1e-6)
    np.testing.assert_allclose(outputs[..., -1], np.full([4, 8, 12], layers_unit['minibatch_mean_stddev']), rtol=1e-6)


def test_minibatch_stddev_by_hand():
    images = tf.reshape([[1.0, 0.0], [3.0, 0.0]], [2, 1, 1, 2])  # standard deviations 1 and 0
    expected = (np.sqrt(1 + 1e-6) + np.sqrt(1e-6)) / 2
    outputs = layers.MinibatchStddev()(images)[:, 0, 0]
    np.testing.assert_allclose(outputs, [[1, 0, expected], [3, 0, expected]], rtol=1e-6)


def test_minibatch_stddev_of_two_batches_in_one():
    rng = np.random.default_rng(0)
    first, second = (tf.constant(rng.normal(0, scale, (3, 2, 4, 5)), tf.float32) for scale in (1, 4))
    both = layers.MinibatchStddev()(tf.concat([first, second], axis=0), num_batches=2)
    alone = [layers.MinibatchStddev()(images) for images in (first, second)]
    np.testing.assert_allclose(both, tf.concat(alone, axis=0), rtol=1e-6)
    assert abs(alone[0][0, 0, 0, -1] - alone[1][0, 0, 0, -1]) > 1


def test_minibatch_stddev_curves_as_the_original_with_a_fixed_mean():
    images = tf.constant([1.0, 2.0, 6.0])
    spread = layers.MinibatchStddev()
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape() as inner:
            inner.watch(images)
            deviation = spread(tf.reshape(images, [3, 1, 1, 1]))[0, 0, 0, 1]
        gradient = inner.gradient(deviation, images)
    offsets = np.array([1.0, 2.0, 6.0]) - 3
    stddev = np.sqrt(np.mean(offsets ** 2))
    np.testing.assert_allclose(gradient, offsets / (3 * stddev), rtol=1e-6)
    # With a mean that moves, 1/3 would be taken from every element of the identity.
    expected = (np.eye(3) - np.outer(offsets, offsets) / (3 * stddev ** 2)) / (3 * stddev)
    np.testing.assert_allclose(outer.jacobian(gradient, images), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize('shape, name', [((3, 3, 17, 16), '3x3x17x16'), ((2, 16, 317, 256), '2x16x317x256'),
                                         ((1, 1, 32, 2), '1x1x32x2'), ((256, 61), '256x61')])
@pytest.mark.parametrize('slope', [0, 1])
def test_he_scale_is_the_originals(layers_unit, shape, name, slope):
    expected = float(layers_unit[f'he_scale_{name}_slope{slope}'])
    assert layers.he_scale(shape, slope) == pytest.approx(expected, rel=1e-12)


def test_latent_to_image_is_a_valid_convolution_over_zeros():
    latents = tf.random.stateless_normal([3, 7], [1, 2])
    layer = layers.LatentToImage(5, (2, 4), he_slope=0.0, activation='leaky_relu')
    outputs = layer(latents)
    conv = layers.EqualizedConv2D(5, (2, 4), padding='valid', he_slope=0.0, activation='leaky_relu')
    padded = tf.pad(latents[:, None, None, :], [[0, 0], [1, 1], [3, 3], [0, 0]])
    conv.build(padded.shape)
    layer.bias.assign(np.arange(5.0))
    conv.set_weights(layer.get_weights())
    outputs = layer(latents)
    assert outputs.shape == layer.compute_output_shape((3, 7)) == (3, 2, 4, 5)
    np.testing.assert_allclose(outputs, conv(padded), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('factors', [(2, 2), (2, 1), (3, 2), (1, 1)])
@pytest.mark.parametrize('size', [3, 5, (1, 3)])
def test_upscale_conv_is_upscaling_and_a_convolution(factors, size):
    images = tf.random.stateless_normal([2, 4, 5, 3], [1, 2])
    layer = layers.UpscaleConv2D(6, size, factors=factors, activation='tanh')
    layer.build(images.shape)
    layer.bias.assign(np.arange(6.0) / 6)
    conv = layers.EqualizedConv2D(6, size, activation='tanh')
    conv.build(images.shape)
    conv.set_weights(layer.get_weights())
    outputs = layer(images)
    assert outputs.shape == layer.compute_output_shape(images.shape)
    np.testing.assert_allclose(outputs, conv(resolutions.upscale(images, factors)), atol=2e-6)


def test_kernels_are_drawn_from_a_unit_normal_and_biases_are_zero():
    layer = layers.EqualizedConv2D(64, 3, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0, seed=3))
    layer.build((None, 8, 8, 64))
    kernel = layer.kernel.numpy()
    assert abs(kernel.mean()) < 0.02
    assert abs(kernel.std() - 1) < 0.02
    assert not layer.bias.numpy().any()


def test_equalized_layers_keep_the_variance():
    images = tf.random.stateless_normal([4, 16, 16, 32], [1, 2])
    layer = layers.EqualizedConv2D(32, 3, padding='valid',
                                   kernel_initializer=keras.initializers.RandomNormal(stddev=1.0, seed=3))
    assert np.std(layer(images)) == pytest.approx(1, rel=0.05)


IMAGES = (2, 4, 6, 3)
EVERY_LAYER = [
    (layers.EqualizedConv2D(4, (3, 5), he_slope=0.5, activation='tanh', name='conv'), IMAGES),
    (layers.EqualizedConv2D(4, 2, padding='valid'), IMAGES),
    (layers.UpscaleConv2D(4, 3, factors=(2, 1), he_slope=0.0), IMAGES),
    (layers.EqualizedDense(5, activation='leaky_relu'), IMAGES),
    (layers.LatentToImage(4, (2, 3)), (2, 5)),
    (layers.PixelNorm(), IMAGES),
    (layers.MinibatchStddev(), IMAGES),
    (layers.Downscale((1, 2)), IMAGES),
]


@pytest.mark.parametrize('layer, shape', EVERY_LAYER)
def test_every_layer_s_output_has_the_shape_it_says(layer, shape):
    assert layer.compute_output_shape(shape) == layer(tf.random.stateless_normal(shape, [1, 2])).shape


@pytest.mark.parametrize('layer_class, settings, shape', [
    (layers.EqualizedConv2D, dict(filters=3, kernel_size=3), (2, 3, 4, 2)),
    (layers.EqualizedConv2D, dict(filters=3, kernel_size=(2, 3), padding='valid'), (2, 3, 4, 2)),
    (layers.UpscaleConv2D, dict(filters=2, kernel_size=3), (2, 2, 3, 2)),
    (layers.EqualizedDense, dict(units=3), (2, 5)),
    (layers.LatentToImage, dict(filters=2, image_size=(2, 2)), (2, 4)),
    (layers.PixelNorm, {}, (2, 2, 2, 3)),
    (layers.Downscale, {}, (1, 4, 2, 2)),
])
def test_second_derivatives_of_every_layer(layer_class, settings, shape):
    """Those of a penalty on the gradient, against finite differences in float64."""
    layer = layer_class(dtype='float64', **settings)
    inputs = tf.random.stateless_normal(shape, [1, 2], dtype='float64')

    def penalty(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = tf.reduce_sum(tf.sin(layer(x)))
        return tf.reduce_sum(tape.gradient(output, x) ** 2)

    (analytic,), (numeric,) = tf.test.compute_gradient(penalty, [inputs], delta=1e-5)
    np.testing.assert_allclose(analytic, numeric, rtol=1e-6, atol=1e-7)
