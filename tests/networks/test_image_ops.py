import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.networks import image_ops
from gansynth_tf.spectral import resolutions


@pytest.mark.parametrize('axes, factors', [('', (2, 2)), ('', (4, 4)), ('height_', (2, 1)), ('height_', (4, 1))])
def test_rescaling_is_the_originals(layers_unit, axes, factors):
    images = layers_unit['x']
    np.testing.assert_array_equal(resolutions.upscale(images, factors), layers_unit[f'upscale_{axes}{factors[0]}'])
    np.testing.assert_allclose(resolutions.downscale(images, factors), layers_unit[f'downscale_{axes}{factors[0]}'],
                               atol=2e-7)


def test_rescaling_by_hand():
    image = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])[None, :, :, None]
    wide = [[1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 6, 6]]
    np.testing.assert_array_equal(resolutions.upscale(image, (1, 2))[0, :, :, 0], wide)
    np.testing.assert_array_equal(resolutions.downscale(image, (2, 3))[0, :, :, 0], [[3.5]])
    np.testing.assert_array_equal(resolutions.upscale(image, (1, 1)), image)
    np.testing.assert_array_equal(resolutions.downscale(image, (1, 1)), image)


def test_frames_of_a_pixel_follow_one_another_in_time():
    pixels = tf.constant([[[[1.0, 10.0, 2.0, 20.0, 3.0, 30.0], [4.0, 40.0, 5.0, 50.0, 6.0, 60.0]],
                           [[7.0, 70.0, 8.0, 80.0, 9.0, 90.0], [10.0, 100.0, 11.0, 110.0, 12.0, 120.0]]]])
    frames = image_ops.depth_to_time(pixels, 3)
    np.testing.assert_array_equal(frames[0, :, :, 0], [[1, 4], [2, 5], [3, 6], [7, 10], [8, 11], [9, 12]])
    np.testing.assert_array_equal(frames[..., 1], 10 * frames[..., 0])
    np.testing.assert_array_equal(image_ops.time_to_depth(frames, 3), pixels)


def naive_upscale(images, factors):
    return tf.repeat(tf.repeat(images, factors[0], axis=1), factors[1], axis=2)


def naive_downscale(images, factors):
    return tf.nn.avg_pool2d(images, factors, factors, 'VALID')


def naive_conv2d_same(images, kernel):
    return tf.nn.conv2d(images, kernel, 1, 'SAME')


def all_derivatives(function, inputs):
    """Output, gradients, and gradients of the gradients' squares, as in a gradient penalty."""
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            output = tf.sin(function(*inputs))
        gradients = inner.gradient(output, inputs)
        penalty = tf.add_n([tf.reduce_sum(gradient ** 2) for gradient in gradients])
    return [output, *gradients, *outer.gradient(penalty, inputs)]


@pytest.mark.parametrize('fast, naive', [(resolutions.upscale, naive_upscale),
                                         (resolutions.downscale, naive_downscale)])
@pytest.mark.parametrize('factors', [(2, 2), (3, 1), (1, 2)])
def test_gradients_of_rescaling_to_second_order(fast, naive, factors):
    images = tf.random.stateless_normal([2, 6, 4, 3], [1, 2])
    ours = all_derivatives(lambda x: fast(x, factors), [images])
    for mine, theirs in zip(ours, all_derivatives(lambda x: naive(x, factors), [images])):
        np.testing.assert_allclose(mine, theirs, atol=2e-6)


def test_gradients_of_leaky_relu_to_second_order():
    features = tf.constant([-2.0, -0.5, 0.0, 0.5, 2.0])
    ours = all_derivatives(image_ops.leaky_relu, [features])
    for mine, theirs in zip(ours, all_derivatives(lambda x: tf.nn.leaky_relu(x, 0.2), [features])):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(image_ops.leaky_relu(features), [-0.4, -0.1, 0.0, 0.5, 2.0])


@pytest.mark.parametrize('shape', [(2, 6, 7, 3), (5, 3)])
def test_gradients_of_a_bias_to_second_order(shape):
    inputs = [tf.random.stateless_normal(shape, [1, 2]), tf.constant([0.5, -1.0, 2.0])]
    ours = all_derivatives(image_ops.add_bias, inputs)
    for mine, theirs in zip(ours, all_derivatives(lambda x, bias: x + bias, inputs)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('size', [(3, 3), (1, 1), (5, 3)])
def test_gradients_of_convolution_to_second_order(size):
    inputs = [tf.random.stateless_normal([2, 6, 7, 3], [1, 2]), tf.random.stateless_normal([*size, 3, 4], [3, 4])]
    ours = all_derivatives(image_ops.conv2d_same, inputs)
    for mine, theirs in zip(ours, all_derivatives(naive_conv2d_same, inputs)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5 * float(tf.reduce_max(tf.abs(theirs))))


def test_graphs_with_unknown_batch_size():
    images = tf.random.stateless_normal([5, 4, 6, 2], [1, 2])
    kernel = tf.random.stateless_normal([3, 3, 2, 2], [3, 4])

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 6, 2])])
    def graph(x):
        return resolutions.downscale(image_ops.conv2d_same(resolutions.upscale(x, (2, 2)), kernel), (2, 2))

    eager = resolutions.downscale(image_ops.conv2d_same(resolutions.upscale(images, (2, 2)), kernel), (2, 2))
    np.testing.assert_allclose(graph(images), eager, atol=1e-6)
