"""SpecGAN's pictures against the original code's, and back."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines import specgan_spectrograms
from gansynth_tf.baselines.specgan_spectrograms import Moments
from gansynth_tf.errors import InputError

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


@pytest.fixture(scope='module')
def golden():
    return dict(np.load(GOLDEN / 'specgan_unit.npz'))


@pytest.fixture(scope='module')
def moments(golden):
    return Moments(golden['mean'], golden['std'])


def test_moments_are_the_originals_whatever_the_batches(golden):
    for batches in ([golden['audio']], [golden['audio'][:1], golden['audio'][1:]]):
        found = specgan_spectrograms.fit(batches)
        np.testing.assert_allclose(found.mean, golden['mean'], atol=1e-5)
        np.testing.assert_allclose(found.std, golden['std'], atol=1e-5)


def test_pictures_are_the_originals(golden, moments):
    pictures = specgan_spectrograms.waves_to_pictures(golden['audio'], moments)
    np.testing.assert_allclose(pictures[:, ::4, :, 0], golden['spectrogram_every_4'], atol=1e-5)
    np.testing.assert_allclose(pictures[:1], golden['picture'], atol=1e-5)


@pytest.mark.parametrize('iterations, tolerance', [(0, 1e-6), (1, 1e-5), (16, 1e-4)])
def test_waves_are_the_originals(golden, moments, iterations, tolerance):
    waves = specgan_spectrograms.pictures_to_waves(golden['picture'], moments, iterations=iterations, even_gain=False)
    np.testing.assert_allclose(waves[:, ::4], golden[f'audio_griffin_lim_{iterations}'], atol=tolerance)


def test_an_even_gain_comes_nearer_to_the_magnitudes(golden, moments):
    def distance(**settings):
        waves = specgan_spectrograms.pictures_to_waves(golden['picture'], moments, **settings)
        wanted, found = (np.abs(tf.signal.stft(wave, 256, 128)) for wave in (golden['audio'][:1], waves))
        return np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert distance() < 0.75 * distance(even_gain=False)


def test_a_steady_tone_keeps_its_loudness_within_a_hop_only_with_an_even_gain():
    tone = np.sin(np.arange(16384) * 2 * np.pi * 1000 / 16000).astype(np.float32)[np.newaxis]
    noise = np.random.default_rng(0).standard_normal((4, 16384)).astype(np.float32) * 0.1
    moments = specgan_spectrograms.fit([np.concatenate([tone, noise])])
    pictures = specgan_spectrograms.waves_to_pictures(tone, moments)

    def swing(even_gain):
        wave = specgan_spectrograms.pictures_to_waves(pictures, moments, iterations=4, even_gain=even_gain)[0]
        level = np.sqrt(np.mean(np.reshape(wave[2048:10240], (-1, 8, 16)) ** 2, axis=(0, 2)))  # by place in the hop
        return level.max() / level.min()
    assert swing(True) < 1.1 and swing(False) > 1.5


def test_the_nyquist_bin_comes_back_as_its_mean(moments):
    waves = specgan_spectrograms.pictures_to_waves(np.full((1, 128, 128, 1), -1, np.float32),
                                                   Moments(np.zeros(129, np.float32), np.full(129, 9, np.float32)),
                                                   iterations=0)
    magnitudes = np.abs(tf.signal.stft(waves, 256, 128))[0, 5:-5].mean(axis=0)
    assert magnitudes[128] > 0.5 and magnitudes[:120].max() < 1e-3


def test_a_bin_that_never_changes_does_no_harm():
    silence = np.zeros((1, 16384), np.float32)
    moments = specgan_spectrograms.fit([silence])
    assert not moments.std.any()
    assert not specgan_spectrograms.waves_to_pictures(silence, moments).numpy().any()


def test_moments_are_read_as_written_and_nothing_else(moments, tmp_path):
    specgan_spectrograms.write(moments, tmp_path)
    np.testing.assert_array_equal(specgan_spectrograms.read(tmp_path), moments)
    for arrays, message in (({'mean': np.zeros(129)}, 'mean and std'),
                            ({'mean': np.zeros(3), 'std': np.zeros(3)}, '129 bins')):
        np.savez(tmp_path / 'moments.npz', **arrays)
        with pytest.raises(InputError, match=message):
            specgan_spectrograms.read(tmp_path)
    (tmp_path / 'moments.npz').write_bytes(b'')
    with pytest.raises(InputError, match='Cannot read the moments'):
        specgan_spectrograms.read(tmp_path)
