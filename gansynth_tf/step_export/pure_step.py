"""The training step as a function from state to state, which XLA can compile and which can be exported."""

import keras
import tensorflow as tf

from gansynth_tf.training.optimizer import Adam
from gansynth_tf.training.step import TrainingStep


class PureStep:
    """The iteration of a `TrainingStep`, without a variable that changes. For use within a `tf.function`.

    Args:
      step: whose iteration it is.
    """

    def __init__(self, step: TrainingStep):
        self._step = step

    def __call__(self, state: dict[str, tf.Tensor], real: tf.Tensor, real_labels: tf.Tensor, draw: dict[str, tf.Tensor],
                 progress: tf.Tensor, *, with_penalty: bool = True
                 ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """One iteration: the state after it, and its scalars.

        Where a scalar is not finite, nor is the state: whoever calls this looks, and keeps the state before.

        Args:
          state: what `TrainingStep.variables` names, as tensors.
          real: as in `TrainingStep.iterate`, like the others.
          real_labels: likewise.
          draw: likewise.
          progress: likewise.
          with_penalty: likewise.
        """
        variables = self._step.variables()
        mapping = [(variable, state[name]) for name, variable in variables.items()]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            terms, gradients = self._step.generator_gradients(real, real_labels, draw, progress)
            assign(self._step.generator_adam, gradients)
            for average, live in self._step.averaged():
                average.assign(average.value - self._step.average_rate * (average.value - live.value))
            more, gradients = self._step.discriminator_gradients(real, real_labels, draw, progress,
                                                                 with_penalty=with_penalty)
            assign(self._step.discriminator_adam, gradients)
        return {name: scope.get_current_value(variable) for name, variable in variables.items()}, terms | more


def assign(adam: Adam, gradients: list[tf.Tensor | None]) -> None:
    """The update of `Adam.apply` in operations that also work within a `keras.StatelessScope`."""
    count = adam.state['iterations'].value + 1
    adam.state['iterations'].assign(count)
    count = tf.cast(count, tf.float32)
    rate = adam.learning_rate * tf.sqrt(1.0 - adam.beta2 ** count) / (1.0 - adam.beta1 ** count)
    for (name, variable), gradient in zip(adam.by_name.items(), gradients, strict=True):
        gradient = tf.zeros(variable.shape) if gradient is None else gradient
        m, v = adam.state[f'm/{name}'], adam.state[f'v/{name}']
        m.assign(m.value + (1.0 - adam.beta1) * (gradient - m.value))
        v.assign(v.value + (1.0 - adam.beta2) * (tf.square(gradient) - v.value))
        variable.assign(variable.value - rate * m.value / (tf.sqrt(v.value) + adam.epsilon))
