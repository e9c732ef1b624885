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
        self.by_name = variables
        self.learning_rate, self.beta1, self.beta2, self.epsilon = learning_rate, beta1, beta2, epsilon
        self.state = {'iterations': keras.Variable(0, dtype='int32', trainable=False)}
        for name, variable in variables.items():
            for moment in 'mv':
                self.state[f'{moment}/{name}'] = keras.Variable(tf.zeros(variable.shape), trainable=False)

    @property
    def variables(self) -> list:
        return list(self.by_name.values())

    def apply(self, gradients: list[tf.Tensor | None]) -> None:
        """Updates every variable in place; None counts as a gradient of 0."""
        self.state['iterations'].value.assign_add(1)
        count = tf.cast(self.state['iterations'].value, tf.float32)
        for (name, variable), gradient in zip(self.by_name.items(), gradients, strict=True):
            # One operation a variable instead of a dozen: at the small resolutions these calls are most of the time.
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle, m=self.state[f'm/{name}'].value.handle,
                v=self.state[f'v/{name}'].value.handle, beta1_power=self.beta1 ** count,
                beta2_power=self.beta2 ** count, lr=self.learning_rate, beta1=self.beta1, beta2=self.beta2,
                epsilon=self.epsilon, grad=tf.zeros(variable.shape) if gradient is None else gradient)
