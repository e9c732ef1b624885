import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.errors import InputError
from gansynth_tf.spectral import transform

SMALL = transform.Framing(num_frames=8, num_bins=64, audio_length=320)
UNPADDED = transform.Framing(num_frames=20, num_bins=64, audio_length=736)


@pytest.mark.parametrize(('shape', 'n_fft', 'hop_length', 'padding'), [
    ((128, 1024), 2048, 512, 3072),
    ((256, 512), 1024, 256, 2304),
])
def test_framing_of_the_papers_shapes(shape, n_fft, hop_length, padding):
    framing = transform.Framing(*shape, audio_length=64000)
    assert (framing.n_fft, framing.hop_length, framing.padding) == (n_fft, hop_length, padding)


def test_frames_are_fourier_transforms_of_hann_windowed_samples():
    wave = np.random.default_rng(0).normal(size=320)
    padded = np.concatenate([np.zeros(SMALL.padding), wave])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(128) / 128)
    expected = [np.fft.rfft(hann * padded[start:start + 128])[1:] for start in range(0, 8 * 32, 32)]
    stfts = transform.waves_to_stfts(tf.constant(wave[np.newaxis, :, np.newaxis], tf.float32), SMALL)
    assert stfts.dtype == tf.complex64
    np.testing.assert_allclose(stfts[0], expected, atol=2e-5)


def test_padding_goes_before_the_wave():
    framing = transform.Framing(num_frames=8, num_bins=64, audio_length=100)  # 252 samples of silence
    stfts = transform.waves_to_stfts(tf.ones([1, 100, 1]), framing).numpy()[0]
    silent = np.abs(stfts).max(axis=1) == 0.0
    np.testing.assert_array_equal(silent, [frame * 32 + 128 <= 252 for frame in range(8)])
    waves = transform.stfts_to_waves(tf.zeros([2, 8, 64], tf.complex64), framing)
    assert waves.shape == (2, 100, 1)


@hypothesis.settings(max_examples=15, derandomize=True, deadline=None)
@hypothesis.given(frequency=st.floats(0.1, 0.4), phase=st.floats(0.0, 6.2), gain=st.floats(0.01, 2.0))
def test_round_trip_of_a_tone(frequency, phase, gain):
    # A tone that fades in and out where all four windows overlap has next to nothing at 0 Hz to lose.
    fade = np.sin(np.pi * np.arange(540) / 540) ** 2
    tone = gain * fade * np.sin(2 * np.pi * frequency * np.arange(540) + phase)
    waves = np.pad(tone, 98).astype(np.float32)[np.newaxis, :, np.newaxis]
    again = transform.stfts_to_waves(transform.waves_to_stfts(waves, UNPADDED), UNPADDED)
    np.testing.assert_allclose(again, waves, atol=1e-4 * gain)


def test_zero_hertz_is_left_out():
    ones = tf.ones([1, 736, 1])
    waves = transform.stfts_to_waves(transform.waves_to_stfts(ones, UNPADDED), UNPADDED).numpy()[0, :, 0]
    # In frames of a Hann window and a constant, 0 Hz holds 1/2 and the next bin -1/4 on both sides of it; without the
    # first, what is left is the window times -cos.
    frame = -0.5 * np.cos(2 * np.pi * np.arange(128) / 128)
    hann = 0.5 + frame
    expected = sum(np.roll(frame * hann, shift) for shift in range(0, 128, 32)) / 1.5
    np.testing.assert_allclose(waves[128:256], expected, atol=1e-5)


def test_nyquist_frequency_is_kept():
    alternating = (1.0 - 2.0 * (np.arange(736) % 2)).astype(np.float32)[np.newaxis, :, np.newaxis]
    again = transform.stfts_to_waves(transform.waves_to_stfts(alternating, UNPADDED), UNPADDED).numpy()
    np.testing.assert_allclose(again[:, 128:-128], alternating[:, 128:-128], atol=1e-5)


def test_wrong_shapes_are_input_errors():
    with pytest.raises(InputError, match=r'Impossible waves: expected .* \[any, 320, 1\].*\(1, 300, 1\)'):
        transform.waves_to_stfts(tf.zeros([1, 300, 1]), SMALL)
    with pytest.raises(InputError, match=r'Impossible stfts: expected .* \[any, 8, 64\].*\(1, 8, 65\)'):
        transform.stfts_to_waves(tf.zeros([1, 8, 65], tf.complex64), SMALL)
