import numpy as np
import pytest

from gansynth_tf.evaluation import interpolation


class Player:
    """Plays its latent's first number as the amplitude of a tone."""

    sample_rate, audio_length, pitches, latent_size = 16000, 800, tuple(range(24, 85)), 2

    def __init__(self, tone):
        self.tone = tone

    def generate(self, latents, pitches):
        return np.stack([latent[0] * self.tone(pitch, seconds=0.05) for latent, pitch in zip(latents, pitches)])


class Roots:
    """An autoencoder whose codes are square roots of levels, of frames of 100 samples."""

    def encode(self, audio):
        return np.sqrt(np.abs(audio).reshape(len(audio), -1, 100).max(axis=2))[..., None]

    def decode(self, encoding):
        return np.repeat(encoding[..., 0] ** 2, 100, axis=1)


def test_rows_and_squares_of_latents_keep_to_the_sphere():
    corners = np.eye(4)
    row = interpolation.grid(corners[:2], 3)
    assert row.shape == (1, 3, 4)
    np.testing.assert_allclose(row[0, 1], [np.sqrt(0.5), np.sqrt(0.5), 0, 0])
    square = interpolation.grid(corners, 5)
    assert square.shape == (5, 5, 4)
    np.testing.assert_allclose(square[[0, 0, -1, -1], [0, -1, 0, -1]], corners)
    np.testing.assert_allclose(np.linalg.norm(square, axis=2), 1)
    np.testing.assert_allclose(square[2, 2], 0.5)


def test_three_ways_agree_at_the_ends_and_differ_between(tone):
    ends = np.array([[0.5, 0], [0, 0.5]])
    ways = interpolation.three_ways(Player(tone), ends, 60, autoencoder=Roots(), num_steps=3)
    assert list(ways) == ['mixed waves', 'mixed codes', 'latents between']
    note = 0.5 * tone(60, seconds=0.05)
    np.testing.assert_allclose(ways['mixed waves'], [note, note / 2, 0 * note], atol=1e-7)
    np.testing.assert_allclose(ways['latents between'], [note, np.sqrt(0.5) * note, 0 * note], atol=1e-6)
    np.testing.assert_allclose(ways['mixed codes'][1], ways['mixed codes'][0] / 4, atol=1e-7)  # half the root
    assert list(interpolation.three_ways(Player(tone), ends, 60)) == ['mixed waves', 'latents between']


class Classifier:
    """Whose features are a note's peak and zero."""

    def outputs(self, waves):
        return {'features': np.stack([np.abs(waves).max(axis=1), np.zeros(len(waves))], axis=1)}


def test_distances_are_told_in_those_of_real_notes(prepare_notes):
    def wave(peak):
        return peak * np.sin(2 * np.pi * 440 * np.arange(320) / 16000)
    notes = prepare_notes([(60, wave(0.5 + 0.004 * number)) for number in range(60)])
    peaks = {split: np.sort([np.abs(note['wave']).max() for note in notes.waves(split).as_numpy_iterator()])
             for split in ('train', 'test')}
    usual = np.mean([np.abs(peaks['train'] - peak).min() for peak in peaks['test']])
    found = interpolation.distances_to_real([wave(0.9), wave(peaks['train'][3])], 16000, 60, notes, Classifier())
    assert found[0] == pytest.approx((np.abs(wave(0.9)).max() - peaks['train'].max()) / usual, rel=0.05)
    assert found[1] == pytest.approx(0, abs=0.3)
    far = interpolation.distances_to_real([wave(0.9)], 16000, 80, notes, Classifier())
    assert np.isnan(far).all()  # there are no real notes of that pitch
