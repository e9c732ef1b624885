"""One iteration of training: the generator, its moving average, then the critic against the new generator.

Everything runs at the stage's own resolution. The original works on full-size images, upscaled from the stage's; all
quantities are equal but the norm of the critic's gradient, which this module scales to the full size.
"""

import dataclasses
from typing import cast

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator
from gansynth_tf.networks.network import ProgressiveNetwork
from gansynth_tf.networks.resolution_schedule import ResolutionSchedule
from gansynth_tf.spectral import transform
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.representations import Representation, SpectralRepresentation
from gansynth_tf.training import losses
from gansynth_tf.training.optimizer import Adam
from gansynth_tf.training.stages import Stage


@dataclasses.dataclass(frozen=True)
class Networks:
    """The three networks that training changes."""

    generator: Generator
    generator_ema: Generator
    discriminator: Discriminator

    @classmethod
    def create(cls, config: Config, num_pitches: int) -> 'Networks':
        """New networks; the average starts at the generator's initial weights."""
        return cls(Generator(config, num_pitches), Generator(config, num_pitches), Discriminator(config, num_pitches))

    def by_name(self) -> dict[str, ProgressiveNetwork]:
        """The networks by the names under which checkpoints hold them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


class TrainingStep:
    """The update rule of one stage, with fresh optimizers.

    Args:
      config: the hyperparameters.
      stage: the stage to train.
      networks: what to train.
      normalizer: between specgrams in log-magnitude and phase units, and the networks' [-1, 1], at the stage's width.
      representation: for the Griffin-Lim consistency loss of the last stage.
    """

    def __init__(self, config: Config, stage: Stage, networks: Networks, normalizer: Normalizer,
                 representation: Representation):
        self._config = config
        self._stage = stage
        self._networks = networks
        self._normalizer = normalizer
        self._representation = representation
        self._schedule = ResolutionSchedule.from_config(config)
        height, width = self._schedule.resolution(stage.num_blocks)
        full_height, full_width = self._schedule.final_resolutions
        # One pixel of the stage stands for this many of the full size, which share its gradient among them.
        self._pixels_per_pixel = full_height * full_width / (height * width)
        adam = dict(beta1=config.adam_beta1, beta2=config.adam_beta2)
        self.generator_adam = Adam(_by_name(networks.generator, stage),
                                   learning_rate=config.generator_learning_rate, **adam)
        self.discriminator_adam = Adam(_by_name(networks.discriminator, stage),
                                       learning_rate=config.discriminator_learning_rate, **adam)

    @tf.function
    def train_generator(self, latents: tf.Tensor, labels: tf.Tensor, progress: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update of the generator and of its moving average.

        Args:
          latents: float32 [batch, latent_vector_size], drawn from N(0, 1).
          labels: int32 [batch] pitch labels, drawn as often as the data has them.
          progress: float32 scalar.

        Returns:
          The loss terms by name, before the update.
        """
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in self.generator_adam.variables])
            terms = self.generator_losses(latents, labels, progress)
        self.generator_adam.apply(tape.gradient(terms['generator/total'],
                                                [variable.value for variable in self.generator_adam.variables]))
        self._average()
        return terms

    @tf.function
    def train_discriminator(self, real: tf.Tensor, real_labels: tf.Tensor, latents: tf.Tensor, labels: tf.Tensor,
                            mix: tf.Tensor, progress: tf.Tensor, with_penalty: bool = True) -> dict[str, tf.Tensor]:
        """One update of the critic.

        Args:
          real: float32 [batch, height, width, 2] specgrams at the stage's resolution, not normalised.
          real_labels: int32 [batch].
          latents: what to generate the fakes from, as in `train_generator`.
          labels: likewise.
          mix: float32 [batch] in [0, 1]: where between real and fake the gradient is penalised.
          progress: float32 scalar.
          with_penalty: whether this update has the gradient penalty.

        Returns:
          The loss terms by name, before the update.
        """
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in self.discriminator_adam.variables])
            terms = self.discriminator_losses(real, real_labels, latents, labels, mix, progress, with_penalty)
        self.discriminator_adam.apply(tape.gradient(terms['discriminator/total'],
                                                    [variable.value for variable in self.discriminator_adam.variables]))
        return terms

    def generator_losses(self, latents, labels, progress) -> dict[str, tf.Tensor]:
        """The generator's loss terms, arguments as for `train_generator`."""
        fake = self.generate(latents, labels, progress)
        scores, logits = self.criticise(fake, progress)
        terms = {'generator/wasserstein': losses.generator_wasserstein(scores),
                 'generator/pitch': losses.pitch(labels, logits)}
        pitch_weight = self._stage.ac_loss_factor * self._config.generator_ac_loss_weight
        total = terms['generator/wasserstein'] + pitch_weight * terms['generator/pitch']
        weight = self._config.gen_gl_consistency_loss_weight
        if weight and self._stage.num_blocks == self._config.num_resolutions and not self._stage.is_transition:
            terms['generator/griffin_lim_consistency'] = self.griffin_lim_consistency(fake)
            total += weight * terms['generator/griffin_lim_consistency']
        return terms | {'generator/total': total, 'generator/pitch_accuracy': _accuracy(labels, logits)}

    def discriminator_losses(self, real, real_labels, latents, labels, mix, progress,
                             with_penalty: bool = True) -> dict[str, tf.Tensor]:
        """The critic's loss terms, arguments as for `train_discriminator`."""
        config = self._config
        real = self._schedule.blend(real, self._stage.num_blocks, self._known(progress))
        fake = tf.stop_gradient(self.generate(latents, labels, progress))
        real_scores, real_logits = self.criticise(real, progress)
        fake_scores, _ = self.criticise(fake, progress)
        terms = {'discriminator/wasserstein': losses.critic_wasserstein(real_scores, fake_scores),
                 'discriminator/real_score_penalty': losses.real_score_penalty(real_scores),
                 'discriminator/pitch': losses.pitch(real_labels, real_logits)}
        total = (terms['discriminator/wasserstein']
                 + config.real_score_penalty_weight * terms['discriminator/real_score_penalty']
                 + self._stage.ac_loss_factor * config.discriminator_ac_loss_weight * terms['discriminator/pitch'])
        if with_penalty:
            slopes = self.slopes(losses.interpolate(real, fake, mix), progress)
            terms['discriminator/gradient_penalty'] = losses.gradient_penalty(slopes, config.gradient_penalty_target)
            terms['discriminator/slope'] = tf.reduce_mean(slopes)
            total += (config.gradient_penalty_weight * config.gradient_penalty_interval
                      * terms['discriminator/gradient_penalty'])
        return terms | {'discriminator/total': total,
                        'discriminator/pitch_accuracy': _accuracy(real_labels, real_logits)}

    def generate(self, latents, labels, progress) -> tf.Tensor:
        """Specgrams [batch, height, width, 2] of the live generator, in the data's units."""
        return self._normalizer.denormalize(self._networks.generator(
            latents, labels, num_blocks=self._stage.num_blocks, progress=self._known(progress)))

    def criticise(self, specgrams, progress) -> tuple[tf.Tensor, tf.Tensor]:
        """(scores [batch], pitch logits [batch, num_pitches]) of specgrams in the data's units."""
        return self._criticise_normalized(self._normalizer.normalize(specgrams), progress)

    def slopes(self, specgrams, progress) -> tf.Tensor:
        """L2 norms [batch] of the critic's gradient at `specgrams`, in the configuration's domain.

        'image': with respect to full-size images in the data's units, as the original has it. 'stage': with respect to
        normalised images of the stage's size, as in Karras et al. 2018.
        """
        in_image_domain = self._config.gradient_penalty_domain == 'image'
        inputs = specgrams if in_image_domain else self._normalizer.normalize(specgrams)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            normalized = self._normalizer.normalize(inputs) if in_image_domain else inputs
            scores, _ = self._criticise_normalized(normalized, progress)
        norms = losses.norm(tape.gradient(scores, inputs))
        return norms / self._pixels_per_pixel ** 0.5 if in_image_domain else norms

    def griffin_lim_consistency(self, specgrams) -> tf.Tensor:
        """The loss of that name for full-size specgrams in the data's units."""
        representation = cast(SpectralRepresentation, self._representation)  # the configuration forbids it for waves
        framing = representation.framing
        stfts = representation.specgrams_to_stfts(specgrams)
        return losses.griffin_lim_consistency(
            stfts, transform.waves_to_stfts(transform.stfts_to_waves(stfts, framing), framing))

    def state(self) -> dict[str, tf.Variable]:
        """The optimizers' variables by checkpoint name."""
        return ({f'generator_adam/{name}': variable for name, variable in self.generator_adam.state.items()}
                | {f'discriminator_adam/{name}': variable for name, variable in self.discriminator_adam.state.items()})

    def _criticise_normalized(self, specgrams, progress):
        return self._networks.discriminator(specgrams, num_blocks=self._stage.num_blocks,
                                            progress=self._known(progress))

    def _known(self, progress) -> tf.Tensor | float:
        """In a stable stage progress is a constant, which lets the networks leave out what has faded away."""
        return progress if self._stage.is_transition else self._stage.progress(0)

    def _average(self) -> None:
        """Moves the averaged weights towards the live ones (without debiasing, as the original)."""
        live = _by_name(self._networks.generator, self._stage)
        for name, average in _by_name(self._networks.generator_ema, self._stage).items():
            average.assign_sub((1.0 - self._config.generator_ema_decay) * (average - live[name]))


@dataclasses.dataclass(frozen=True)
class Draw:
    """The random numbers of one iteration: a function of seed and images seen, so that a resumed run repeats them."""

    generator_latents: np.ndarray
    generator_labels: np.ndarray
    discriminator_latents: np.ndarray
    discriminator_labels: np.ndarray
    mix: np.ndarray

    @classmethod
    def at(cls, config: Config, image_id: int, batch_size: int, pitch_probabilities: np.ndarray) -> 'Draw':
        rng = np.random.default_rng([config.seed, image_id])

        def latents():
            return rng.standard_normal((batch_size, config.latent_vector_size), np.float32)

        def labels():
            return rng.choice(len(pitch_probabilities), batch_size, p=pitch_probabilities).astype(np.int32)

        return cls(latents(), labels(), latents(), labels(), rng.random(batch_size, np.float32))


def _by_name(network: ProgressiveNetwork, stage: Stage) -> dict:
    """The variables that a stage trains, by the names they have in files."""
    return {variable.path: variable for variable in network.variables_of(stage.num_blocks)}


def _accuracy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels), tf.float32))
