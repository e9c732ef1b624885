"""A start for generators that have little time: learning the training notes by heart before the game with the critic.

Every note gets a random latent of its own, and the generator learns to answer latent and pitch with the note
(generative latent optimisation, Bojanowski et al. 2018, with the latents kept fixed). Latents that belong to no note
then give sounds in between, in tune from the first adversarial step on. The original has no such start.
"""

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.training.optimizer import Adam
from gansynth_tf.training.step import Networks


def warm_up(config: Config, notes: pipeline.PreparedNotes, networks: Networks, normalizer: Normalizer) -> None:
    """Trains the generator, and sets its moving average, on `config.warm_up_num_images` full-size notes.

    Args:
      config: the hyperparameters; batches are of the last resolution's size.
      notes: the prepared data set.
      networks: whose generators are trained.
      normalizer: at full width.
    """
    real, labels = _all_notes(config, notes)
    rng = np.random.default_rng([config.seed, 0x3A12])
    latents = rng.standard_normal((len(real), config.latent_vector_size), np.float32)
    generator, average = networks.generator, networks.generator_ema
    adam = Adam({variable.path: variable for variable in generator.trainable_variables},
                learning_rate=config.generator_learning_rate, beta1=0.9, beta2=config.adam_beta2)
    variables = [variable.value for variable in adam.variables]
    averages = {variable.path: variable for variable in average.trainable_variables}

    @tf.function
    def update(specgrams, latents, labels):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            loss = distance(normalizer.normalize(specgrams), generator(latents, labels))
        adam.apply(tape.gradient(loss, variables))
        for variable in adam.variables:
            rate = 1.0 - config.generator_ema_decay
            averages[variable.path].assign_sub(rate * (averages[variable.path] - variable))
        return loss

    batch_size = config.batch_size_schedule[-1]
    with tqdm.tqdm(total=config.warm_up_num_images, unit='note', desc='warm-up', dynamic_ncols=True) as bar:
        for _ in range(0, config.warm_up_num_images, batch_size):
            places = rng.choice(len(real), batch_size)
            loss = update(real[places], latents[places], labels[places])
            bar.set_postfix_str(f'distance {float(loss):.4f}', refresh=False)
            bar.update(batch_size)


def distance(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Mean difference of normalised specgrams [batch, time, freq, 2]; phase counts where there is something to hear.

    The second channel's squared error is weighted by the real magnitude, 0 at the floor of the range and 1 at its top,
    squared: in silence phase is noise, which nobody can learn.
    """
    loudness = tf.square((real[..., 0] + 1.0) / 2.0)
    return (tf.reduce_mean(tf.abs(real[..., 0] - fake[..., 0]))
            + tf.reduce_mean(loudness * tf.abs(real[..., 1] - fake[..., 1])))


def _all_notes(config: Config, notes: pipeline.PreparedNotes) -> tuple[np.ndarray, np.ndarray]:
    """Every training note once: specgrams [n, time, freq, 2] in their own units, labels [n]."""
    batches = pipeline.specgram_batches(notes, config, resolution=config.spec_shape, batch_size=1,
                                        seed=config.seed)
    epoch = list(batches.take(notes.num_notes('train')).as_numpy_iterator())
    return np.concatenate([specgrams for specgrams, _ in epoch]), np.concatenate([labels for _, labels in epoch])
