"""The random numbers of training: functions of seed and notes seen, so that a resumed run repeats them."""

import numpy as np

from gansynth_tf import instrument
from gansynth_tf.config import Config

_SEEDS_OF_A_STREAM = 1_000_003


def order_seed(seed: int, random_stream: int) -> int:
    """The seed of the notes' order; another one in each random stream."""
    return seed + _SEEDS_OF_A_STREAM * random_stream


def draw_numbers(config: Config, image_id: int, batch_size: int, pitch_probabilities: np.ndarray,
                 random_stream: int = 0, codes: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The random numbers of the iteration after `image_id` notes.

    Args:
      config: the hyperparameters.
      image_id: notes seen so far.
      batch_size: notes in the iteration.
      pitch_probabilities: float [num_pitches], by pitch label.
      random_stream: another one gives other numbers after the same number of notes.
      codes: with `latent_noise`, the training notes' timbre codes, float32 [notes, latent_vector_size], around which
        latents lie.

    Returns:
      'generator_latents', float32 [batch, latent_vector_size], and 'generator_labels', int32 [batch], for the
      generator's update; 'discriminator_latents' and 'discriminator_labels' for the critic's; and 'mix', float32
      [batch] in [0, 1]: the place between a real and a fake note at which the critic's gradient is penalised.
    """
    rng = np.random.default_rng([config.seed, image_id, *([random_stream] if random_stream else [])])

    def latents():
        return instrument.random_latents(rng, (batch_size, config.latent_vector_size), noise=config.latent_noise,
                                         codes=codes)

    def labels():
        return rng.choice(len(pitch_probabilities), batch_size, p=pitch_probabilities).astype(np.int32)

    return {'generator_latents': latents(), 'generator_labels': labels(), 'discriminator_latents': latents(),
            'discriminator_labels': labels(), 'mix': rng.random(batch_size, np.float32)}
