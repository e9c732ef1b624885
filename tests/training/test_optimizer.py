import keras
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.step_export import pure_step
from gansynth_tf.training.optimizer import Adam


def adam_by_hand(weight, gradients, rate, beta1, beta2, epsilon=1e-8):
    m = v = 0.0
    for count, gradient in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient ** 2
        weight -= rate * np.sqrt(1 - beta2 ** count) / (1 - beta1 ** count) * m / (np.sqrt(v) + epsilon)
    return weight, m, v


@pytest.mark.parametrize('way', [Adam.apply, pure_step.assign])
@pytest.mark.parametrize('beta1', [0.0, 0.9])
def test_three_updates(beta1, way):
    variable = keras.Variable([1.0, -2.0])
    optimizer = Adam({'w': variable}, learning_rate=0.1, beta1=beta1, beta2=0.99)
    gradients = np.array([[0.5, -3.0], [0.1, 1.0], [-2.0, 0.0]])
    for gradient in gradients:
        way(optimizer, [tf.constant(gradient, tf.float32)])
    expected = [adam_by_hand(start, gradients[:, i], 0.1, beta1, 0.99) for i, start in enumerate([1.0, -2.0])]
    weight, m, v = np.transpose(expected)
    np.testing.assert_allclose(variable, weight, rtol=1e-5)
    np.testing.assert_allclose(optimizer.state['m/w'], m, rtol=1e-5)
    np.testing.assert_allclose(optimizer.state['v/w'], v, rtol=1e-5)
    assert int(optimizer.state['iterations']) == 3


@pytest.mark.parametrize('way', [Adam.apply, pure_step.assign])
def test_no_gradient_is_a_gradient_of_zero(way):
    variable = keras.Variable([1.0])
    optimizer = Adam({'w': variable}, learning_rate=0.1, beta1=0.0, beta2=0.5)
    optimizer.state['v/w'].assign([8.0])
    way(optimizer, [None])
    assert variable.numpy() == [1.0]
    assert optimizer.state['v/w'].numpy() == [4.0]


def test_as_many_gradients_as_variables():
    with pytest.raises(ValueError, match='zip'):
        Adam({'w': keras.Variable([1.0])}, learning_rate=0.1, beta1=0.0, beta2=0.5).apply([])
