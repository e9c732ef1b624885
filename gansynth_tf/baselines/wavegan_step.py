"""The update rules of WaveGAN and SpecGAN: several of the critic, then one of the generator.

Source: Gulrajani et al. 2017 (WGAN-GP) as github.com/chrisdonahue/wavegan, train_wavegan.py, has it. The pitch loss is
this project's, after Odena et al. 2017 as GANSynth has it.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines.wavegan_config import WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import NUM_SHUFFLES, Critic, Generator
from gansynth_tf.training import losses
from gansynth_tf.training.optimizer import Adam

Terms = dict[str, tf.Tensor]


class WaveGANStep:
    """Losses and updates of one model, with fresh optimizers.

    Args:
      generator: to train.
      critic: to train.
    """

    def __init__(self, generator: Generator, critic: Critic):
        self.generator, self.critic = generator, critic
        self._config = config = generator.config
        settings = dict(learning_rate=config.learning_rate, beta1=config.adam_beta1, beta2=config.adam_beta2)
        self.generator_adam = Adam(generator.trainable, **settings)
        self.critic_adam = Adam(critic.trainable, **settings)
        self.update_generator = tf.function(self._update_generator, autograph=False)
        self.update_critic = tf.function(self._update_critic, autograph=False)

    def iterate(self, batch: Mapping[str, tf.Tensor]) -> Terms:
        """All updates of the critic, and one of the generator.

        Args:
          batch: 'real' and 'real_labels' with num_critic_updates * batch_size notes, and what `draw` gives.

        Returns:
          The terms of the last update of the critic, and of the generator's.
        """
        terms: Terms = {}
        size, num_updates = self._config.batch_size, self._config.num_critic_updates
        for update in range(num_updates):
            here = slice(update * size, (update + 1) * size)
            terms |= self.update_critic(batch['real'][here], batch['real_labels'][here], batch['latents'][update],
                                        batch['labels'][update], batch['mix'][update], batch['shifts'][update])
        return terms | self.update_generator(batch['latents'][num_updates], batch['labels'][num_updates],
                                             batch['shifts'][num_updates, 1])

    def state(self) -> dict:
        """The optimizers' variables by checkpoint name."""
        return ({f'G_adam/{name}': variable for name, variable in self.generator_adam.state.items()}
                | {f'D_adam/{name}': variable for name, variable in self.critic_adam.state.items()})

    def generator_losses(self, latents: tf.Tensor, labels: tf.Tensor, shifts: tf.Tensor) -> Terms:
        """The generator's terms, 'generator/total' their sum.

        Args:
          latents: float32 [batch, latent_size].
          labels: int32 [batch], the pitches to play.
          shifts: int32 [4] of the phase shuffle.
        """
        scores, logits = self.critic(self.generator(latents, labels, training=True, moves=True), self._shifts(shifts))
        return self._with_pitch('generator', {'generator/wasserstein': losses.generator_wasserstein(scores)},
                                losses.generator_wasserstein(scores), labels, logits)

    def critic_losses(self, real: tf.Tensor, real_labels: tf.Tensor, latents: tf.Tensor, labels: tf.Tensor,
                      mix: tf.Tensor, shifts: tf.Tensor) -> Terms:
        """The critic's terms, 'discriminator/total' their sum.

        Args:
          real: what the critic sees of real notes.
          real_labels: int32 [batch], their pitches.
          latents: float32 [batch, latent_size].
          labels: int32 [batch], the pitches to play.
          mix: float32 [batch] in [0, 1]: where between real and fake the slope is penalised.
          shifts: int32 [3, 4] of the phase shuffle, for real notes, fake ones and those between.
        """
        fake = self.generator(latents, labels, training=True, moves=True)
        real_scores, logits = self.critic(real, self._shifts(shifts[0]))
        fake_scores, _ = self.critic(fake, self._shifts(shifts[1]))
        wasserstein = losses.critic_wasserstein(real_scores, fake_scores)
        slopes = self.slopes(real, fake, mix, shifts[2])
        penalty = losses.gradient_penalty(slopes, 1.0)
        terms = {'discriminator/wasserstein': wasserstein, 'discriminator/gradient_penalty': penalty,
                 'discriminator/slope': tf.reduce_mean(slopes)}
        return self._with_pitch('discriminator', terms, wasserstein + self._config.gradient_penalty_weight * penalty,
                                real_labels, logits)

    def slopes(self, real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor, shifts: tf.Tensor) -> tf.Tensor:
        """Norms [batch] of the critic's gradient between real and fake; `shifts` is int32 [4]."""
        between = real + tf.reshape(mix, [-1] + [1] * (len(real.shape) - 1)) * (fake - real)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(between)
            scores, _ = self.critic(between, self._shifts(shifts))
        return losses.norm(tf.reshape(tape.gradient(scores, between), [tf.shape(real)[0], -1, 1, 1]))

    def _shifts(self, shifts: tf.Tensor) -> tf.Tensor | None:
        return shifts if self._config.phase_shuffle > 0 else None

    def _with_pitch(self, name: str, terms: Terms, total: tf.Tensor, labels, logits) -> Terms:
        if logits is not None:
            terms = terms | {f'{name}/pitch': losses.pitch(labels, logits)}
            total += self._config.pitch_loss_weight * terms[f'{name}/pitch']
        return terms | {f'{name}/total': total}

    def _update_generator(self, *inputs) -> Terms:
        return _update('generator', self.generator_adam, lambda: self.generator_losses(*inputs))

    def _update_critic(self, *inputs) -> Terms:
        return _update('discriminator', self.critic_adam, lambda: self.critic_losses(*inputs))


def draw(config: WaveGANConfig, image_id: int, pitch_probabilities: np.ndarray, random_stream: int = 0
         ) -> dict[str, np.ndarray]:
    """The random numbers of one iteration, a function of seed and notes seen, so that a resumed run repeats them.

    Returns:
      'latents' float32 [n + 1, batch_size, latent_size] from U(-1, 1), of the critic's n updates and the generator's;
      'labels' int32 [n + 1, batch_size], as frequent as in the data; 'mix' float32 [n, batch_size] from U(0, 1);
      'shifts' int32 [n + 1, 3, 4]: for real notes, fake ones and those between, one for each shuffled layer.
    """
    rng = np.random.default_rng([config.seed, image_id, random_stream])
    num, size = config.num_critic_updates, config.batch_size
    return {'latents': rng.uniform(-1, 1, (num + 1, size, config.latent_size)).astype(np.float32),
            'labels': rng.choice(len(pitch_probabilities), (num + 1, size), p=pitch_probabilities).astype(np.int32),
            'mix': rng.random((num, size), np.float32),
            'shifts': rng.integers(-config.phase_shuffle, config.phase_shuffle, (num + 1, 3, NUM_SHUFFLES),
                                   endpoint=True, dtype=np.int32)}


def _update(name: str, adam: Adam, losses_of: Callable[[], Terms]) -> Terms:
    """One update; where a term or the gradient is not finite, everything stays as it was."""
    watched = [variable.value for variable in adam.variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(watched)
        terms = losses_of()
    gradients = tape.gradient(terms[f'{name}/total'], watched)
    terms = terms | {f'{name}/gradient_norm': tf.linalg.global_norm([part for part in gradients if part is not None])}

    def apply():
        adam.apply(gradients)
        return True
    tf.cond(tf.reduce_all(tf.math.is_finite(tf.stack(list(terms.values())))), apply, lambda: False)
    return terms
