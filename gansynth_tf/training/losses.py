"""The losses of GANSynth: Wasserstein with gradient penalty, and the auxiliary pitch loss.

Source: Engel et al. 2019, section 2; Gulrajani et al. 2017 (WGAN-GP); Karras et al. 2018 (drift penalty);
Odena et al. 2017 (auxiliary classifier). Every function takes tensors and returns a scalar unless it says otherwise.
"""

import tensorflow as tf

_ENVELOPE_NATS = 9.0  # below a note's loudest frame; softer frames count as silence


def generator_wasserstein(fake_scores: tf.Tensor) -> tf.Tensor:
    """-E[D(fake)], for scores [batch]."""
    return -tf.reduce_mean(fake_scores)


def critic_wasserstein(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> tf.Tensor:
    """E[D(fake)] - E[D(real)]: the negated estimate of the Wasserstein distance."""
    return tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores)


def gradient_penalty(slopes: tf.Tensor, target: float) -> tf.Tensor:
    """E[(|grad D| / target - 1)^2], for slopes [batch]."""
    return tf.reduce_mean(tf.square(slopes / target - 1.0))


def real_score_penalty(real_scores: tf.Tensor) -> tf.Tensor:
    """E[D(real)^2], which keeps the critic's scores from drifting away from 0."""
    return tf.reduce_mean(tf.square(real_scores))


def pitch(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross entropy, in nats, of pitch logits [batch, num_pitches] against labels [batch]."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def interpolate(real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor) -> tf.Tensor:
    """Points between real and fake images: one `mix` in [0, 1] for each note, [batch]."""
    return real + mix[:, tf.newaxis, tf.newaxis, tf.newaxis] * (fake - real)


def norm(gradients: tf.Tensor) -> tf.Tensor:
    """L2 norm [batch] of image gradients, whose own gradient is 0 rather than NaN where the norm is 0."""
    squares = tf.reduce_sum(tf.square(gradients), axis=(1, 2, 3))
    positive = squares > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)


def reconstruction(real: tf.Tensor, played: tf.Tensor) -> tf.Tensor:
    """Mean L2 distance between real images and what is played at their codes, normalised [batch, height, width, 2].

    With a critic whose slope is held at 1 in these units, this is about as large as the Wasserstein distance that it
    estimates (of one way to pair real with fake, an upper bound), and the two gradients are of one size. Phase counts
    the more the louder it sounds: the phase of partials makes the pitch, that of the noise between them is random.
    """
    weights = tf.concat([tf.ones_like(real[..., :1]), _audibility(real)], axis=-1)
    return tf.reduce_mean(norm((played - real) * weights))


def partials(real: tf.Tensor, played: tf.Tensor) -> tf.Tensor:
    """Mean L2 distance between the frequencies of real notes and of others played at their pitches.

    Partials of one pitch lie at the same frequencies whatever the timbre: where both notes sound, played frequencies
    are drawn to the real ones, and over a data set to their average.

    Args:
      real: normalised images [batch, height, width, 2] with instantaneous frequencies.
      played: other notes of the same pitches, likewise. Their loudness gets no gradient.
    """
    weights = tf.minimum(_audibility(real), tf.stop_gradient(_audibility(played)))
    return tf.reduce_mean(norm((played - real)[..., 1:] * weights))


def envelope(real: tf.Tensor, played: tf.Tensor) -> tf.Tensor:
    """Mean difference between the levels over time of real notes and of those that are played for them, in nats.

    The distance of pictures depends little on the loudness of whole frames, which a listener notices first: as attack
    and decay, and as a tremolo where levels follow the frames of a pixel.

    Args:
      real: log magnitudes or powers [batch, height, width], in their own units.
      played: likewise, the same notes.
    """
    levels = tf.reduce_logsumexp(real, axis=2)
    floor = tf.reduce_max(levels, axis=1, keepdims=True) - _ENVELOPE_NATS
    heard, others = tf.maximum(levels, floor), tf.reduce_logsumexp(played, axis=2)
    return tf.reduce_mean(tf.abs(tf.maximum(others, floor) - heard))


def with_phase_by_loudness(images: tf.Tensor, floor: float) -> tf.Tensor:
    """Normalised images [batch, height, width, 2] as a critic sees them: phase is scaled by the loudness at its pixel.

    Most of a picture is silence, whose phase is chance: a critic could tell notes by it alone. There phase counts
    `floor`, and 1 where it is audible; loudness gets no gradient by this.
    """
    weights = floor + (1 - floor) * tf.minimum(1.0, tf.stop_gradient(_audibility(images)))
    return tf.concat([images[..., :1], images[..., 1:] * weights], axis=-1)


def _audibility(images: tf.Tensor) -> tf.Tensor:
    """The weight of the phase of each pixel, [batch, height, width, 1], by its loudness: 0 for silence, 3 at most."""
    return 3 * (tf.nn.relu(images[..., :1] + 1) / 2) ** 3


def griffin_lim_consistency(stfts: tf.Tensor, resynthesised_stfts: tf.Tensor) -> tf.Tensor:
    """The distance between the magnitudes of STFTs [batch, time, freq] and those of the audio made from them.

    Each note is scaled by the larger of the two maxima, at least 1. Source: Magenta's `model.py`.
    """
    magnitude, resynthesised = tf.abs(stfts), tf.abs(resynthesised_stfts)
    scale = tf.reduce_max(tf.maximum(magnitude, resynthesised), axis=(1, 2), keepdims=True)
    return tf.reduce_mean(tf.square((magnitude - resynthesised) / tf.maximum(scale, 1.0)))
