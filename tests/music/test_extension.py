import numpy as np
import pytest

from gansynth_tf.music import extension

RATE = 16000


def partials(pitch, seconds, *, decay=0.0, seed=0):
    """Ten partials, the k-th losing k times as much."""
    times, rng = np.arange(int(seconds * RATE)) / RATE, np.random.default_rng(seed)
    hz = 440 * 2 ** ((pitch - 69) / 12)
    return 0.2 * sum(np.sin(2 * np.pi * k * hz * times + rng.uniform(0, 6)) * np.exp(-decay * k * times) / k
                     for k in range(1, 11) if k * hz < 7500)


def extended(wave, seconds, pitch, seed=0):
    return extension.extend(wave, int(seconds * RATE), sample_rate=RATE, pitch=pitch, held_samples=3 * RATE,
                            rng=np.random.default_rng(seed))


def cents_off(wave, pitch):
    hz = 440 * 2 ** ((pitch - 69) / 12)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 8 * len(wave)))
    frequencies = np.fft.rfftfreq(8 * len(wave), 1 / RATE)
    return 1200 * np.log2(frequencies[np.argmax(spectrum * (np.abs(frequencies / hz - 1) < 0.03))] / hz)


def levels_db(wave):
    """Every tenth of a second."""
    return 10 * np.log10(np.mean(wave[:len(wave) // 1600 * 1600].reshape(-1, 1600) ** 2, axis=1))


@pytest.mark.parametrize('pitch', [24, 45, 60, 84])
def test_thirty_seconds_keep_pitch_and_level(pitch):
    wave = partials(pitch, 4)
    long = extended(wave, 30, pitch)
    assert len(long) == 30 * RATE
    np.testing.assert_allclose(long[:int(2.5 * RATE)], wave[:int(2.5 * RATE)], atol=1e-9)
    assert abs(cents_off(long[20 * RATE:24 * RATE], pitch)) < 1
    own = levels_db(partials(pitch, 30))
    np.testing.assert_allclose(levels_db(long)[:-2], own[:-2], atol=0.2)


def test_a_decaying_note_decays_on_as_it_did_at_each_frequency():
    wave = partials(57, 4, decay=0.5)
    long, own = extended(wave, 10, 57), partials(57, 10, decay=0.5)
    np.testing.assert_allclose(levels_db(long)[:-2], levels_db(own)[:-2], atol=0.5)
    hz = 440 * 2 ** ((57 - 69) / 12)
    times = np.arange(RATE) / RATE
    for k in (1, 3):  # a second, 5 s in
        turning = np.exp(-2j * np.pi * k * hz * times)
        ours, real = (np.abs(np.sum(part[5 * RATE:6 * RATE] * turning)) for part in (long, own))
        assert abs(20 * np.log10(ours / real)) < 1


def test_there_is_no_line_in_the_spectral_flux_at_the_seam():
    rng = np.random.default_rng(0)
    noise = np.convolve(rng.standard_normal(4 * RATE), np.ones(4) / 4, 'same')
    wave = partials(60, 4) * (1 + 0.1 * np.sin(2 * np.pi * 5 * np.arange(4 * RATE) / RATE)) + 0.005 * noise
    long = extended(wave, 12, 60)
    frames = np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(long, 1024)[::256] * np.hanning(1024)))
    flux = np.maximum(np.diff(np.log(frames + 1e-4), axis=0), 0).sum(axis=1)
    seconds = (np.arange(len(flux)) * 256 + 640) / RATE
    own, seams = flux[(seconds > 0.5) & (seconds < 2.5)], flux[(seconds > 2.6) & (seconds < 11.8)]
    assert seams.max() < 1.25 * own.max()


def test_it_does_not_repeat():
    wave = partials(60, 4) * (1 + 0.3 * np.sin(2 * np.pi * 1.3 * np.arange(4 * RATE) / RATE))
    levels = levels_db(extended(wave, 30, 60))[40:]
    centred = levels - levels.mean()
    similar = [np.corrcoef(centred[:-lag], centred[lag:])[0, 1] for lag in range(10, 100)]
    assert max(similar) < 0.9
    assert np.any(extended(wave, 10, 60, seed=1) != extended(wave, 10, 60, seed=2))


@pytest.mark.parametrize('num_samples, rate, pitch', [
    (400, 100, 60), (100, 16000, 24), (30, 16000, 60), (8000, 8000, 36)])
def test_any_note_can_be_extended(num_samples, rate, pitch):
    wave = np.random.default_rng(0).standard_normal(num_samples)
    long = extension.extend(wave, 5 * num_samples, sample_rate=rate, pitch=pitch, held_samples=num_samples * 3 // 4,
                            rng=np.random.default_rng(0))
    assert len(long) == 5 * num_samples and np.all(np.isfinite(long)) and np.max(np.abs(long)) < 20
    silence = extension.extend(0 * wave, 9000, sample_rate=rate, pitch=pitch, held_samples=num_samples,
                               rng=np.random.default_rng(0))
    assert np.max(np.abs(silence)) < 1e-6


@pytest.mark.parametrize('pitch, decay', [(33, 0.6), (69, 1.0)])
def test_of_a_decaying_note_no_noise_is_left_in_the_end(pitch, decay):
    noise = 0.003 * np.random.default_rng(1).standard_normal(4 * RATE)
    long = extended(partials(pitch, 4, decay=decay) + noise, 12, pitch)[6 * RATE:10 * RATE]
    hz = 440 * 2 ** ((pitch - 69) / 12)
    power = np.abs(np.fft.rfft(long * np.hanning(len(long)))) ** 2
    tone = power[np.abs(np.fft.rfftfreq(len(long), 1 / RATE) / hz - 1) < 0.03].sum()
    assert tone > 4 * (power.sum() - tone)
    assert abs(cents_off(long, pitch)) < 1
