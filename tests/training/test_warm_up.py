import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.networks import weights
from gansynth_tf.spectral import normalizers
from gansynth_tf.training import warm_up
from gansynth_tf.training.step import Networks


@pytest.fixture(scope='module')
def config():
    return Config(num_resolutions=2, start_height=4, start_width=32, audio_length=320, latent_vector_size=16,
                  fmap_base=64, fmap_max=16, batch_size_schedule=(4,), warm_up_num_images=400,
                  generator_learning_rate=0.01, generator_ema_decay=0.9)


def test_the_generator_comes_closer_to_the_notes_and_its_average_follows(config, notes):
    networks = Networks.create(config, len(notes.vocabulary.pitches))
    normalizer = normalizers.from_config(config)
    discriminator = weights.to_arrays(networks.discriminator)
    specgrams, labels = next(iter(pipeline.specgram_batches(notes, config, resolution=config.spec_shape,
                                                            batch_size=4, seed=0)))
    real, latents = normalizer.normalize(specgrams), tf.zeros([4, 16])

    def distance(generator):
        return float(warm_up.distance(real, generator(latents, labels)))
    before = distance(networks.generator)
    warm_up.warm_up(config, notes, networks, normalizer)
    assert distance(networks.generator) < 0.7 * before
    assert distance(networks.generator_ema) < 0.7 * before
    for name, array in weights.to_arrays(networks.discriminator).items():
        np.testing.assert_array_equal(array, discriminator[name])


def test_distance_by_hand():
    real = tf.constant([[[[1.0, 0.5], [-1.0, 0.5], [0.0, 0.0]]]])
    fake = tf.constant([[[[0.5, 0.0], [-1.0, -0.5], [0.0, 0.4]]]])
    # Magnitude: 0.5, 0, 0. Phase: 0.5 where it is loudest, 1 in silence (weight 0), 0.4 half way (weight 1/4).
    assert float(warm_up.distance(real, fake)) == pytest.approx(0.5 / 3 + (0.5 + 0.0 + 0.1) / 3)
