"""The losses that a stage minimises, the generator's and the critic's, with all their terms.

Everything runs at the stage's own resolution, on normalised images. The original works on full-size images, upscaled
from the stage's, in the data's units; all quantities are equal but the norm of the critic's gradient, which this module
scales to them.
"""

from collections.abc import Callable
from typing import cast

import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks import fading
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import transform
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.representations import Representation, SpectralRepresentation
from gansynth_tf.training import losses
from gansynth_tf.training.stages import Stage


class Objective:
    """The losses of one stage.

    Args:
      config: the hyperparameters.
      stage: the stage to train.
      generator, discriminator: whose losses these are.
      normalizer: between specgrams in log-magnitude and phase units, and the networks' [-1, 1], at the stage's width.
      representation: for the Griffin-Lim consistency loss of the last stage.
    """

    def __init__(self, config: Config, stage: Stage, generator: Generator, discriminator: Discriminator,
                 normalizer: Normalizer, representation: Representation):
        self._config = config
        self._stage = stage
        self._generator = generator
        self._discriminator = discriminator
        self._normalizer = normalizer
        self._representation = representation
        height, width = stage.resolution
        full_height, full_width = config.spec_shape
        # One pixel of the stage stands for this many of the full size, which share its gradient among them.
        self._pixels_per_pixel = full_height * full_width / (height * width)
        first_height, first_width = config.resolution(1)
        self._scale = (first_height * first_width / (height * width)) ** 0.5 if config.constant_scale else 1.0

    def generator_losses(self, latents, labels, progress, real=None, real_labels=None, real_codes=None
                         ) -> dict[str, tf.Tensor]:
        """The generator's loss terms.

        Args:
          latents: float32 [batch, latent_vector_size], drawn from N(0, 1).
          labels: int32 [batch] pitch labels, drawn as often as the data has them; with a partials loss the real notes'
            are played instead, which are as frequent.
          progress: float32 scalar, or None where nothing fades in.
          real: specgrams as in `discriminator_parts`, for the losses that compare with real notes.
          real_labels: likewise.
          real_codes: float32 [batch, latent_vector_size], their timbre codes, for the reconstruction loss.

        Returns:
          Scalars by name; 'generator/total' is what is minimised.
        """
        labels = real_labels if self._config.generator_partials_weight else labels
        fake, at_codes = self._play(latents, labels, progress, real_labels, real_codes)
        scores, logits = self.criticise(fake, progress)
        terms = {'generator/wasserstein': losses.generator_wasserstein(scores),
                 'generator/pitch': losses.pitch(labels, logits)}
        pitch_weight = self._stage.ac_loss_factor * self._config.generator_ac_loss_weight
        total = terms['generator/wasserstein'] + pitch_weight * terms['generator/pitch']
        weight = self._config.gen_gl_consistency_loss_weight
        if weight and self._stage.num_blocks == self._config.num_resolutions and not self._stage.is_transition:
            terms['generator/griffin_lim_consistency'] = self.griffin_lim_consistency(
                self._normalizer.denormalize(fake))
            total += weight * terms['generator/griffin_lim_consistency']
        if self._config.generator_reconstruction_weight or self._config.generator_partials_weight:
            seen = self._normalizer.clip(self._seen(real, progress))
        if self._config.generator_reconstruction_weight:
            terms['generator/reconstruction'] = losses.reconstruction(seen, at_codes)
            total += self._scale * self._config.generator_reconstruction_weight * terms['generator/reconstruction']
        if self._config.generator_envelope_weight:  # never without that for reconstruction
            terms['generator/envelope'] = losses.envelope(*(self._normalizer.denormalize(images)[..., 0]
                                                            for images in (seen, self._normalizer.clip(at_codes))))
            total += self._config.generator_envelope_weight * terms['generator/envelope']
        if self._config.generator_partials_weight:
            terms['generator/partials'] = losses.partials(seen, self._normalizer.clip(fake))
            total += self._scale * self._config.generator_partials_weight * terms['generator/partials']
        return terms | {'generator/total': total, 'generator/pitch_accuracy': _accuracy(labels, logits)}

    def discriminator_parts(self, real, real_labels, latents, labels, mix, progress,
                            with_penalty: bool = True) -> list[Callable[[], dict[str, tf.Tensor]]]:
        """Functions that compute the critic's loss terms, a part of them each, so that memory holds one at a time.

        Args:
          real: float32 [batch, height, width, 2] specgrams at the stage's resolution, not normalised.
          real_labels: int32 [batch].
          latents: what to generate the fakes from, as in `generator_losses`.
          labels: likewise.
          mix: float32 [batch] in [0, 1]: where between real and fake the gradient is penalised.
          progress: as in `generator_losses`.
          with_penalty: whether there is a gradient penalty.

        Returns:
          Functions that return scalars by name; the sum of all their 'discriminator/total' is what is minimised.
        """
        real = self._seen(real, progress)
        fake = tf.stop_gradient(self.generate(latents, labels, progress))
        parts = [lambda: self._critic_terms(real, real_labels, fake, progress)]
        if with_penalty:
            parts.append(lambda: self._penalty_terms(losses.interpolate(real, fake, mix), progress))
        return parts

    def _critic_terms(self, real, real_labels, fake, progress) -> dict[str, tf.Tensor]:
        # In one pass, so that kernels are read and arranged once.
        scores, logits = self.criticise(tf.concat([real, fake], axis=0), progress, num_batches=2)
        (real_scores, fake_scores), (real_logits, _) = tf.split(scores, 2), tf.split(logits, 2)
        terms = {'discriminator/wasserstein': losses.critic_wasserstein(real_scores, fake_scores),
                 'discriminator/real_score_penalty': losses.real_score_penalty(real_scores),
                 'discriminator/pitch': losses.pitch(real_labels, real_logits)}
        total = (terms['discriminator/wasserstein']
                 + self._config.real_score_penalty_weight * terms['discriminator/real_score_penalty']
                 + (self._stage.ac_loss_factor * self._config.discriminator_ac_loss_weight
                    * terms['discriminator/pitch']))
        return terms | {'discriminator/total': total,
                        'discriminator/pitch_accuracy': _accuracy(real_labels, real_logits)}

    def _penalty_terms(self, images, progress) -> dict[str, tf.Tensor]:
        slopes = self.slopes(images, progress)
        penalty = losses.gradient_penalty(slopes, self._scale * self._config.gradient_penalty_target)
        weight = self._config.gradient_penalty_weight * self._config.gradient_penalty_interval
        return {'discriminator/gradient_penalty': penalty, 'discriminator/slope': tf.reduce_mean(slopes),
                'discriminator/total': weight * penalty}

    def generate(self, latents, labels, progress) -> tf.Tensor:
        """Images [batch, height, width, 2] of the live generator, normalised."""
        return self._generator(latents, labels, num_blocks=self._stage.num_blocks, progress=progress)

    def criticise(self, images, progress, num_batches: int = 1) -> tuple[tf.Tensor, tf.Tensor]:
        """(scores [batch], pitch logits [batch, num_pitches]) of normalised images, which it clips."""
        seen = self._normalizer.clip(images)
        if self._config.critic_phase_floor < 1:
            seen = losses.with_phase_by_loudness(seen, self._config.critic_phase_floor)
        return self._discriminator(seen, num_blocks=self._stage.num_blocks, progress=progress, num_batches=num_batches)

    def slopes(self, images, progress) -> tf.Tensor:
        """L2 norms [batch] of the critic's gradient at normalised images, in the configuration's domain.

        'image': with respect to full-size images in the data's units, as the original has it. 'stage': with respect to
        normalised and clipped images of the stage's size, as in Karras et al. 2018.
        """
        in_image_domain = self._config.gradient_penalty_domain == 'image'
        images = images if in_image_domain else self._normalizer.clip(images)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            scores, _ = self.criticise(images, progress)
        gradients = tape.gradient(scores, images)
        if not in_image_domain:
            return losses.norm(gradients)
        return losses.norm(gradients * self._normalizer.a.astype('float32')) / self._pixels_per_pixel ** 0.5

    def griffin_lim_consistency(self, specgrams) -> tf.Tensor:
        """The loss of that name for full-size specgrams in the data's units."""
        representation = cast(SpectralRepresentation, self._representation)  # the configuration forbids it for waves
        framing = representation.framing
        stfts = representation.specgrams_to_stfts(specgrams)
        return losses.griffin_lim_consistency(
            stfts, transform.waves_to_stfts(transform.stfts_to_waves(stfts, framing), framing))

    def _seen(self, real, progress) -> tf.Tensor:
        """Real specgrams as images like the generator's: faded in, and normalised, but not clipped."""
        return self._normalizer.scale(fading.blend(real, fading.weight(self._stage.num_blocks, progress),
                                                   self._config.growth))

    def _play(self, latents, labels, progress, real_labels, real_codes) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The generator's notes at `latents`, and at the codes of real notes if there is a reconstruction loss.

        In one pass, so that kernels are read once.
        """
        if not self._config.generator_reconstruction_weight:
            return self.generate(latents, labels, progress), None
        return tf.split(self.generate(tf.concat([latents, real_codes], axis=0),
                                      tf.concat([labels, real_labels], axis=0), progress), 2)


def _accuracy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), labels), tf.float32))
