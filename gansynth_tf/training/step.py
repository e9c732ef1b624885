"""One iteration of training: the generator, its moving average, then the critic against the new generator."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks.layers import mean_over_replicas
from gansynth_tf.networks.network import ProgressiveNetwork
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.representations import Representation
from gansynth_tf.training.distribution import Distribution
from gansynth_tf.training.objective import Objective
from gansynth_tf.training.optimizer import Adam
from gansynth_tf.training.stages import Stage


class TrainingStep:
    """The update rule of one stage, with fresh optimizers.

    Args:
      config: the hyperparameters.
      stage: the stage to train.
      networks: what to train.
      normalizer: between specgrams in log-magnitude and phase units, and the networks' [-1, 1], at the stage's width.
      representation: for the Griffin-Lim consistency loss of the last stage.
      distribution: how `iterate` is spread over replicas; the networks were made in its scope.

    Attributes:
      objective: the losses.
      generator_adam, discriminator_adam: the optimizers.
      average_rate: the share of the distance to the live weights that the averaged ones move in an iteration.
    """

    def __init__(self, config: Config, stage: Stage, networks: Networks, normalizer: Normalizer,
                 representation: Representation, distribution: Distribution | None = None):
        self.average_rate = 1.0 - config.generator_ema_decay
        self._stage = stage
        self._networks = networks
        self._distribution = distribution or Distribution()
        self.objective = Objective(config, stage, networks.generator, networks.discriminator, normalizer,
                                   representation)
        factor, betas = stage.learning_rate_factor, dict(beta1=config.adam_beta1, beta2=config.adam_beta2)
        with self._distribution.scope():
            self.generator_adam = Adam(_by_name(networks.generator, stage),
                                       learning_rate=factor * config.generator_learning_rate, **betas)
            self.discriminator_adam = Adam(_by_name(networks.discriminator, stage),
                                           learning_rate=factor * config.discriminator_learning_rate, **betas)
        self._train_generator = tf.function(self._update_generator, autograph=False)
        self._train_discriminator = tf.function(self._update_discriminator, autograph=False)
        self._train_on_replicas = tf.function(self._update_on_replicas, autograph=False)

    def iterate(self, real: tf.Tensor, real_labels: tf.Tensor, draw: dict[str, tf.Tensor], progress: tf.Tensor, *,
                with_penalty: bool = True) -> dict[str, tf.Tensor]:
        """One iteration, in place.

        A network whose loss or gradient is not finite stays as it is, and the critic also stays if the generator does.

        Args:
          real: float32 [batch, height, width, 2] specgrams at the stage's resolution, not normalised.
          real_labels: int32 [batch].
          draw: the random numbers that `draw_numbers` returns; with a reconstruction loss also 'real_codes', float32
            [batch, latent_vector_size], the codes of the real notes.
          progress: float32 scalar.
          with_penalty: whether the critic's update has the gradient penalty.

        Returns:
          Scalars by name, in the order in which they are computed: the loss terms before the update, and the norms of
          the gradients.
        """
        if self._distribution.strategy is not None:
            parts = self._distribution.split(draw | {'real': real, 'real_labels': real_labels})
            return self._train_on_replicas(parts, progress, with_penalty=with_penalty)
        terms, is_finite = self._train_generator(real, real_labels, draw, progress)
        more = self._train_discriminator(real, real_labels, draw, progress, is_finite, with_penalty=with_penalty)
        return terms | more

    def variables(self) -> dict[str, keras.Variable]:
        """All that an iteration reads and changes, by checkpoint name."""
        networks = {f'{prefix}/{name}': variable for prefix, network in self._networks.by_name().items()
                    for name, variable in _by_name(network, self._stage).items()}
        return networks | self.state()

    def state(self) -> dict[str, keras.Variable]:
        """The optimizers' variables by checkpoint name."""
        return ({f'generator_adam/{name}': variable for name, variable in self.generator_adam.state.items()}
                | {f'discriminator_adam/{name}': variable for name, variable in self.discriminator_adam.state.items()})

    def _update_on_replicas(self, parts, progress, *, with_penalty: bool):
        """An iteration on all replicas, each with its part of the batch; the scalars are the same on all."""
        def update(part):
            terms, is_finite = self._update_generator(part['real'], part['real_labels'], part, progress)
            more = self._update_discriminator(part['real'], part['real_labels'], part, progress, is_finite,
                                              with_penalty=with_penalty)
            return terms | more

        strategy = self._distribution.strategy
        assert strategy is not None
        terms = strategy.run(update, (parts,))
        return {name: strategy.experimental_local_results(value)[0] for name, value in terms.items()}

    def generator_gradients(self, real, real_labels, draw, progress) -> tuple[dict[str, tf.Tensor], list]:
        """The generator's loss terms, and the gradient of its every variable. Arguments are as in `iterate`."""
        return _terms_and_gradients('generator', self.generator_adam.variables, [lambda: (
            self.objective.generator_losses(draw['generator_latents'], draw['generator_labels'],
                                            self._fading(progress), real, real_labels,
                                            draw.get('real_codes')))])

    def discriminator_gradients(self, real, real_labels, draw, progress, *, with_penalty: bool
                                ) -> tuple[dict[str, tf.Tensor], list]:
        """The critic's loss terms, and the gradient of its every variable."""
        return _terms_and_gradients(
            'discriminator', self.discriminator_adam.variables,
            self.objective.discriminator_parts(real, real_labels, draw['discriminator_latents'],
                                               draw['discriminator_labels'], draw['mix'], self._fading(progress),
                                               with_penalty))

    def averaged(self) -> list[tuple[keras.Variable, keras.Variable]]:
        """The averaged weights, each with the live one that it follows."""
        live = _by_name(self._networks.generator, self._stage)
        return [(average, live[name]) for name, average in
                _by_name(self._networks.generator_ema, self._stage).items()]

    def _update_generator(self, real, real_labels, draw, progress):
        """One update of the generator and of its moving average; (scalars, whether all are finite)."""
        def update():
            self.generator_adam.apply(gradients)
            # Without debiasing, as the original.
            for average, live in self.averaged():
                tf.raw_ops.ResourceApplyGradientDescent(var=average.value.handle, alpha=self.average_rate,
                                                        delta=average.value - live.value)

        terms, gradients = self.generator_gradients(real, real_labels, draw, progress)
        is_finite = _all_finite(terms)
        _run_if(is_finite, update)
        return terms, is_finite

    def _update_discriminator(self, real, real_labels, draw, progress, allowed, *, with_penalty: bool):
        """One update of the critic, if `allowed`; its scalars."""
        terms, gradients = self.discriminator_gradients(real, real_labels, draw, progress, with_penalty=with_penalty)
        _run_if(tf.logical_and(allowed, _all_finite(terms)), lambda: self.discriminator_adam.apply(gradients))
        return terms

    def _fading(self, progress):
        """Progress in a transition; None in a stable stage, which lets the networks leave out what has faded away."""
        return progress if self._stage.is_transition else None


def _terms_and_gradients(name: str, variables: list, parts: Sequence[Callable[[], dict[str, tf.Tensor]]]):
    """The terms of all `parts`, with the norm of the gradient of '`name`/total', and that gradient for every variable.

    A part begins when the gradient of the one before is there: what the two keep for their gradients is never in memory
    at once. Terms and gradients are of the whole batch, whose parts may be on several replicas.
    """
    watched = [variable.value for variable in variables]
    total = f'{name}/total'
    terms: dict[str, tf.Tensor] = {}
    gradients: list = [None] * len(watched)
    for part in parts:
        with tf.control_dependencies(_given(gradients)):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(watched)
                of_part = part()
            gradients = [_sum(*both) for both in zip(gradients, tape.gradient(of_part[total], watched))]
        terms |= of_part | {total: _sum(terms.get(total), of_part[total])}
    averaged = iter(mean_over_replicas([*terms.values(), *_given(gradients)]))
    terms = {name: next(averaged) for name in terms}
    gradients = [None if gradient is None else next(averaged) for gradient in gradients]
    return terms | {f'{name}/gradient_norm': tf.linalg.global_norm(_given(gradients))}, gradients


def _given(gradients: list) -> list:
    return [gradient for gradient in gradients if gradient is not None]


def _sum(one, other):
    return other if one is None else one if other is None else one + other


def _run_if(condition: tf.Tensor, action: Callable[[], None]) -> None:
    def run():
        action()
        return True

    tf.cond(condition, run, lambda: False)


def _all_finite(terms: dict[str, tf.Tensor]) -> tf.Tensor:
    return tf.reduce_all(tf.math.is_finite(tf.stack(list(terms.values()))))


def _by_name(network: ProgressiveNetwork, stage: Stage) -> dict:
    """The variables that a stage trains, by the names they have in files."""
    return {variable.path: variable for variable in network.variables_of(stage.num_blocks)}
