import numpy as np
import pytest

from gansynth_tf.spectral import pitch

RATE = 16000
LOWEST_HZ, HIGHEST_HZ = 27.5, 4186.0
LIBROSA = [311.98178, 311.87663, 312.18338, 312.28972, 312.27275, 312.78389, 312.49899, 155.44067, 312.55777]


def found(wave, **changes):
    settings = dict(lowest_hz=LOWEST_HZ, highest_hz=HIGHEST_HZ, frame_length=2048, hop_length=1024)
    return pitch.yin(wave, RATE, **{**settings, **changes})


def test_hertz_and_names():
    assert pitch.midi_to_hz(69) == 440 and pitch.midi_to_hz(81) == pytest.approx(880)
    np.testing.assert_allclose(pitch.hz_to_midi(pitch.midi_to_hz(np.array([21, 60.5, 108]))), [21, 60.5, 108])
    assert [pitch.note_name(number) for number in (0, 21, 60, 70)] == ['C-1', 'A0', 'C4', 'A♯4']


@pytest.mark.parametrize('hz', [55.0, 220.0, 441.3, 1046.5])
def test_the_frequency_of_a_wave_of_partials(hz):
    times = np.arange(RATE) / RATE
    wave = sum(np.sin(2 * np.pi * hz * k * times + k) / k for k in (1, 2, 3))
    np.testing.assert_allclose(found(wave)[2:-2], hz, rtol=5e-3)  # 9 cents


def test_frames_are_centred_and_zeros_stand_around_the_wave():
    levels = pitch.frame_levels(np.ones(4096), 2048, 1024)
    np.testing.assert_allclose(levels, np.sqrt([0.5, 1, 1, 1, 0.5]))
    assert len(found(np.ones(4096))) == 5


# From librosa 0.11: librosa.yin(wave, fmin=27.5, fmax=4186, sr=16000, frame_length=2048, hop_length=1024).
def test_the_reference_implementation_finds_the_same():
    random = np.random.default_rng(0)
    times = np.arange(8192) / RATE
    wave = np.exp(-3 * times) * sum(np.sin(2 * np.pi * 311 * k * times * (1 + 1e-4 * k * k)) / k for k in range(1, 8))
    wave = wave + random.normal(0, 0.2, 8192)
    np.testing.assert_allclose(found(wave), LIBROSA, rtol=1e-7)
