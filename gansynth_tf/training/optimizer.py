"""Adam, with its moments named after the variables they belong to.

Keras has an equal one; this one keeps its state in a plain dict, so that a checkpoint (of this project or of the
original) can be read and written by name.
"""

import keras
import tensorflow as tf


class Adam:
    """Kingma and Ba 2015, with bias correction, and epsilon outside the root as in TensorFlow's original.

    Args:
      variables: the Keras variables by name, in the order in which their gradients come.
      learning_rate, beta1, beta2, epsilon: as in the paper.
    """

    def __init__(self, variables: dict, *, learning_rate: float, beta1: float, beta2: float, epsilon: float = 1e-8):
        self._variables = variables
        self._learning_rate, self._beta1, self._beta2, self._epsilon = learning_rate, beta1, beta2, epsilon
        self.state = {'iterations': keras.Variable(0, dtype='int32', trainable=False)}
        for name, variable in variables.items():
            for moment in 'mv':
                self.state[f'{moment}/{name}'] = keras.Variable(tf.zeros(variable.shape), trainable=False)

    @property
    def variables(self) -> list:
        return list(self._variables.values())

    def apply(self, gradients: list[tf.Tensor | None]) -> None:
        """Updates every variable in place; None counts as a gradient of 0."""
        self.state['iterations'].value.assign_add(1)
        count = tf.cast(self.state['iterations'].value, tf.float32)
        for (name, variable), gradient in zip(self._variables.items(), gradients, strict=True):
            # One operation a variable instead of a dozen: at the small resolutions these calls are most of the time.
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle, m=self.state[f'm/{name}'].value.handle,
                v=self.state[f'v/{name}'].value.handle, beta1_power=self._beta1 ** count,
                beta2_power=self._beta2 ** count, lr=self._learning_rate, beta1=self._beta1, beta2=self._beta2,
                epsilon=self._epsilon, grad=tf.zeros(variable.shape) if gradient is None else gradient)

    def assign(self, gradients: list[tf.Tensor | None]) -> None:
        """The same update in operations that also work within a `keras.StatelessScope`, where nothing is in place."""
        count = self.state['iterations'].value + 1
        self.state['iterations'].assign(count)
        count = tf.cast(count, tf.float32)
        rate = self._learning_rate * tf.sqrt(1.0 - self._beta2 ** count) / (1.0 - self._beta1 ** count)
        for (name, variable), gradient in zip(self._variables.items(), gradients, strict=True):
            gradient = tf.zeros(variable.shape) if gradient is None else gradient
            m, v = self.state[f'm/{name}'], self.state[f'v/{name}']
            m.assign(m.value + (1.0 - self._beta1) * (gradient - m.value))
            v.assign(v.value + (1.0 - self._beta2) * (tf.square(gradient) - v.value))
            variable.assign(variable.value - rate * m.value / (tf.sqrt(v.value) + self._epsilon))
