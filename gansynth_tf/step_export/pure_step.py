"""The training step as a function from state to state, which XLA can compile and which can be exported."""

import keras
import tensorflow as tf

from gansynth_tf.training.optimizer import Adam
from gansynth_tf.training.step import TrainingStep


def pure_step(step: TrainingStep, state: dict[str, tf.Tensor], real: tf.Tensor, real_labels: tf.Tensor,
              draw: dict[str, tf.Tensor], progress: tf.Tensor, *, with_penalty: bool = True
              ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """One iteration of a `TrainingStep` that changes no variable; for use within a `tf.function`.

    Where a scalar is not finite, the new state is not finite either: the caller checks this and keeps the old one.

    Args:
      step: the training step.
      state: the variables that `TrainingStep.variables` names, as tensors.
      real: as in `TrainingStep.iterate`, like the others.
      real_labels: likewise.
      draw: likewise.
      progress: likewise.
      with_penalty: likewise.

    Returns:
      The state after the iteration, and the iteration's scalars.
    """
    variables = step.variables()
    mapping = [(variable, state[name]) for name, variable in variables.items()]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        terms, gradients = step.generator_gradients(real, real_labels, draw, progress)
        assign(step.generator_adam, gradients)
        for average, live in step.averaged():
            average.assign(average.value - step.average_rate * (average.value - live.value))
        more, gradients = step.discriminator_gradients(real, real_labels, draw, progress, with_penalty=with_penalty)
        assign(step.discriminator_adam, gradients)
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
