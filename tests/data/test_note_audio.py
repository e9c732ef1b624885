import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from gansynth_tf.data import note_audio
from gansynth_tf.errors import InputError


def sine(rate, num_samples, *, hz=440.0, peak=0.5):
    """float32 [num_samples, 1]."""
    return (peak * np.sin(2 * np.pi * hz * np.arange(num_samples) / rate)).astype(np.float32)[:, np.newaxis]


def conform(samples, rate=16000, *, sample_rate=16000, audio_length=64, **options):
    return note_audio.conform(np.asarray(samples, np.float32), rate, sample_rate=sample_rate, audio_length=audio_length,
                              **options)


@pytest.mark.parametrize(('samples', 'reason'), [
    (np.zeros([0, 1]), 'Audio file empty: expected samples. Received: none'),
    ([[0], [np.nan]], 'Audio not finite: expected numbers. Received: NaN or infinity'),
    ([[0], [-np.inf]], 'Audio not finite: expected numbers. Received: NaN or infinity'),
    (np.zeros([64, 1]), 'Audio silent: expected sound. Received: 64 samples from 0 to 0'),
    (np.full([64, 2], 0.5), 'Audio silent: expected sound. Received: 64 samples from 0.5 to 0.5'),
    ([[0], [5e-5]], 'Audio silent: expected sound. Received: 2 samples from 0 to 5e-05'),
    (np.ones([64, 1]), 'Audio clipped: expected at most 50% of the sound at full scale. Received: 100%'),
    (np.clip(sine(16000, 64, peak=4), -1, 1),
     'Audio clipped: expected at most 50% of the sound at full scale. Received: 84%'),
])
def test_unusable_audio_is_refused_with_its_reason(samples, reason):
    with pytest.raises(InputError) as error:
        conform(samples)
    assert str(error.value) == reason


def test_every_16_bit_sample_is_kept_and_finer_ones_are_rounded():
    every = np.arange(-32768, 32768).astype(np.int16)
    kept = conform(every[:, np.newaxis] / np.float32(32768), 8000, sample_rate=8000, audio_length=65536)
    np.testing.assert_array_equal(kept, every)
    np.testing.assert_array_equal(conform([[1.0], [0.5], [0.25], [0.4 / 32768], [-0.6 / 32768]]),
                                  [32767, 16384, 8192, 0, -1])


def test_channels_are_averaged():
    np.testing.assert_array_equal(conform([[0.5, 0.25, 0], [-0.5, 0, 0.125]]), [8192, -4096])


def test_sound_beyond_full_scale_is_scaled_down_to_it():
    np.testing.assert_array_equal(conform([[0.0], [2.0], [-4.0]]), [0, 16384, -32768])
    assert np.abs(conform(sine(16000, 64, peak=3)).astype(int)).max() >= 32767  # loud, but not cut off: no clipping


def test_a_long_note_fades_out_before_the_cut():
    conformed = conform([[0.5]] * 4 + [[0.25]] * 8, audio_length=8, fade_seconds=3 / 16000)
    np.testing.assert_array_equal(conformed / 32768, [.5, .5, .5, .5, .25, .1875, .125, .0625])


def test_a_note_that_is_not_too_long_is_not_faded():
    np.testing.assert_array_equal(conform([[0.5], [0.25]], audio_length=2, fade_seconds=1), [16384, 8192])


@pytest.mark.parametrize('rate', [8000, 11025, 22050, 44100, 48000, 96000, 44101])
def test_another_rate_is_converted(rate):
    conformed = conform(sine(rate, rate // 4), rate, audio_length=64000) / 32768
    expected = sine(16000, 4000)[:, 0]
    assert abs(len(conformed) - 4000) <= 1
    np.testing.assert_allclose(conformed[200:3800], expected[200:3800], atol=5e-3)


def test_what_the_new_rate_cannot_hold_is_filtered_out():
    kept, removed = (np.abs(conform(sine(44100, 44100, hz=hz), 44100, audio_length=64000)[1000:-1000]).max() / 16384
                     for hz in (6000, 10000))
    assert kept == pytest.approx(1, abs=0.01)
    assert removed < 0.003  # -50 dB


@hypothesis.settings(derandomize=True, deadline=None, max_examples=30)
@hypothesis.given(num_samples=st.integers(2, 200), rate=st.sampled_from([8000, 16000, 44100]),
                  channels=st.integers(1, 3), audio_length=st.integers(16, 100))
def test_what_comes_out_is_never_too_long_and_never_louder_than_full_scale(num_samples, rate, channels, audio_length):
    samples = np.random.default_rng(num_samples).normal(size=[num_samples, channels]).astype(np.float32)
    conformed = conform(samples, rate, audio_length=audio_length)
    assert conformed.dtype == np.int16 and conformed.ndim == 1
    assert len(conformed) == min(audio_length, -(-num_samples * 16000 // rate))


def test_the_silence_before_a_note_is_taken_off():
    samples = np.concatenate([np.zeros([1000, 1]), np.full([10, 1], 1e-5), np.full([50, 1], 0.5)])
    trimmed = note_audio.trim_start(samples, 16000)
    np.testing.assert_array_equal(trimmed, samples[1010 - 80:])  # 5 ms are left


@pytest.mark.parametrize('samples', [np.zeros([0, 1]), np.zeros([9, 2]), np.full([3, 1], np.nan), np.ones([5, 1])])
def test_where_there_is_no_silence_before_a_note_nothing_is_taken_off(samples):
    np.testing.assert_array_equal(note_audio.trim_start(samples, 16000), samples)


def test_channels_in_antiphase_do_not_fall_silent():
    wave = np.sin(np.arange(4000) / 7)
    np.testing.assert_array_equal(note_audio.mono(np.stack([wave, -wave], axis=1)), wave)
    np.testing.assert_allclose(note_audio.mono(np.stack([wave, 0 * wave], axis=1)), wave / 2)


@pytest.mark.parametrize('rate', [8000, 44100, 44101, 47999, 96000])
def test_odd_rates_cost_no_more_than_usual_ones(rate):
    wave = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    resampled = note_audio.resample(wave, rate, 16000)
    assert abs(len(resampled) - 16000) <= 1
    expected = np.sin(2 * np.pi * 440 * np.arange(len(resampled)) / 16000)
    np.testing.assert_allclose(resampled[500:-500], expected[500:-500], atol=0.02)
