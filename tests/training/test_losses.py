import math

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.training import losses


def test_wasserstein_by_hand():
    real, fake = tf.constant([1.0, 3.0]), tf.constant([-1.0, 0.0])
    assert losses.generator_wasserstein(fake).numpy() == 0.5
    assert losses.critic_wasserstein(real, fake).numpy() == -2.5


def test_penalties_by_hand():
    assert losses.gradient_penalty(tf.constant([1.0, 3.0]), target=2.0).numpy() == pytest.approx(0.25)
    assert losses.real_score_penalty(tf.constant([1.0, -3.0])).numpy() == 5.0


def test_pitch_is_the_cross_entropy_in_nats():
    logits = tf.math.log(tf.constant([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    expected = (math.log(2) + math.log(10)) / 2
    assert losses.pitch(tf.constant([0, 2]), logits).numpy() == pytest.approx(expected, abs=1e-6)


def test_interpolate_has_one_mix_per_example():
    real, fake = tf.zeros([2, 1, 3, 2]), tf.ones([2, 1, 3, 2])
    between = losses.interpolate(real, fake, tf.constant([0.25, 1.0])).numpy()
    assert (between[0] == 0.25).all() and (between[1] == 1.0).all()


def test_phase_by_loudness_by_hand():
    silence, loud, middle = (-1.0, 0.8), (1.0, 0.8), (2 * 6 ** (-1 / 3) - 1, 0.8)  # audible 0, 3 and 1/2
    image = tf.constant([silence, loud, middle])[None, None]
    seen = losses.with_phase_by_loudness(image, 0.25)[0, 0].numpy()
    np.testing.assert_array_equal(seen[:, 0], image[0, 0, :, 0])
    np.testing.assert_allclose(seen[:, 1], [0.2, 0.8, 0.5], rtol=1e-6)
    with tf.GradientTape() as tape:
        tape.watch(image)
        seen = losses.with_phase_by_loudness(image, 0.25)
    np.testing.assert_allclose(tape.gradient(seen, image)[0, 0], [[1, 0.25], [1, 1], [1, 0.625]], rtol=1e-6)


def test_norm_by_hand_and_its_gradient():
    gradients = tf.constant([[3.0, 4.0], [0.0, 0.0]])[:, :, None, None]
    with tf.GradientTape() as tape:
        tape.watch(gradients)
        norms = losses.norm(gradients)
    np.testing.assert_allclose(norms, [5.0, 0.0])
    # The plain root's gradient at 0 is NaN, which would spoil every weight of the critic.
    np.testing.assert_allclose(tape.gradient(norms, gradients)[:, :, 0, 0], [[0.6, 0.8], [0.0, 0.0]])


def test_griffin_lim_consistency_by_hand():
    stfts = tf.complex(tf.constant([[[3.0, 0.0]]]), tf.constant([[[4.0, 0.5]]]))
    other = tf.complex(tf.constant([[[10.0, 0.0]]]), tf.constant([[[0.0, 0.5]]]))
    assert losses.griffin_lim_consistency(stfts, other).numpy() == pytest.approx(0.5 ** 2 / 2)
    assert losses.griffin_lim_consistency(stfts, stfts).numpy() == 0.0
    quiet = stfts * 0.1  # maxima below 1 are not scaled up
    expected = (0.5 ** 2 + 0.05 ** 2) / 2
    assert losses.griffin_lim_consistency(quiet, 2 * quiet).numpy() == pytest.approx(expected, rel=1e-5)


def test_envelope_by_hand():
    # Two bins a frame: levels ln(e^a + e^a) = a + ln 2. What lies 9 nats below the loudest frame is as good as silence.
    real = np.array([[[4, 4], [2, 2], [-20, -20]]], np.float32)
    played = np.array([[[3, 3], [2.5, 2.5], [-50, -50]]], np.float32)
    np.testing.assert_allclose(losses.envelope(tf.constant(real), tf.constant(played)), (1 + 0.5 + 0) / 3, rtol=1e-6)
    late = np.array([[[4, 4], [2, 2], [0, 0]]], np.float32)  # 5 nats above the floor where there should be silence
    np.testing.assert_allclose(losses.envelope(tf.constant(real), tf.constant(late)), 5 / 3, rtol=1e-6)
    assert losses.envelope(tf.constant(real), tf.constant(real)) == 0


def test_reconstruction_by_hand():
    """Two images of two pixels. Phase counts three times where it is loudest, half way an eighth of that, else not."""
    real = np.array([[[[1, 0.5], [-1, 0.5]]], [[[0, 0], [0, 0]]]], np.float32)
    played = np.array([[[[1, -0.5], [3, -0.5]]], [[[0, 2], [0, 0]]]], np.float32)
    np.testing.assert_allclose(losses.reconstruction(tf.constant(real), tf.constant(played)), (5 + 0.75) / 2,
                               rtol=1e-6)
    assert losses.reconstruction(tf.constant(real), tf.constant(real)) == 0


def test_partials_by_hand():
    """Frequencies count where both notes sound, as much as in the quieter of the two; magnitudes do not."""
    real = np.array([[[[1, 0.5], [-1, 0.5], [1, 0.5]]], [[[0, 0], [0, 0], [0, 0]]]], np.float32)
    played = np.array([[[[1, 0.1], [1, -0.5], [-1, 0]]], [[[1, 0.8], [-0.5, 64], [-1, 9]]]], np.float32)
    first, second = 3 * 0.4, np.hypot(3 / 8 * 0.8, 3 / 64 * 64)
    np.testing.assert_allclose(losses.partials(tf.constant(real), tf.constant(played)), (first + second) / 2, rtol=1e-6)


def test_partials_leave_loudness_alone():
    """A note that does not know its pitch does not fall silent for it."""
    rng = np.random.default_rng(0)
    real, played = (tf.constant(rng.uniform(-1, 1, (2, 3, 4, 2)), tf.float32) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch(played)
        loss = losses.partials(real, played)
    gradient = tape.gradient(loss, played).numpy()
    assert not gradient[..., 0].any()
    assert np.abs(gradient[..., 1]).max() > 0.01
