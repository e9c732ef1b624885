"""The random numbers of training: a function of seed and images seen, so that a resumed run repeats them."""

import dataclasses

import numpy as np

from gansynth_tf import instrument
from gansynth_tf.config import Config


@dataclasses.dataclass(frozen=True)
class Draw:
    """The random numbers of one iteration.

    Attributes:
      generator_latents: float32 [batch, latent_vector_size], random, for the generator's update.
      generator_labels: int32 [batch] pitch labels for it, as often as the data has them.
      discriminator_latents, discriminator_labels: the same for the critic's update.
      mix: float32 [batch] in [0, 1): where between real and fake notes the critic's gradient is penalised.
    """

    generator_latents: np.ndarray
    generator_labels: np.ndarray
    discriminator_latents: np.ndarray
    discriminator_labels: np.ndarray
    mix: np.ndarray

    @classmethod
    def at(cls, config: Config, image_id: int, batch_size: int, pitch_probabilities: np.ndarray,
           random_stream: int = 0, codes: np.ndarray | None = None) -> 'Draw':
        """The draw after `image_id` images; another `random_stream` gives other numbers at the same image.

        With `latent_noise`, latents lie around the training notes' `codes`, float32 [notes, latent_vector_size].
        """
        rng = np.random.default_rng([config.seed, image_id, *([random_stream] if random_stream else [])])

        def latents():
            return instrument.random_latents(rng, (batch_size, config.latent_vector_size), noise=config.latent_noise,
                                             codes=codes)

        def labels():
            return rng.choice(len(pitch_probabilities), batch_size, p=pitch_probabilities).astype(np.int32)

        return cls(latents(), labels(), latents(), labels(), rng.random(batch_size, np.float32))

    def by_name(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
