import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import phase_coherence


@pytest.mark.parametrize('pitch', [24, 40, 60, 72, 84])
def test_a_periodic_note_is_coherent_at_its_pitch(tone, pitch):
    assert phase_coherence.coherence(tone(pitch, decay=0), pitch, 16000) > 0.99


def test_noise_is_not():
    noise = np.random.default_rng(0).normal(size=16000)
    assert abs(phase_coherence.coherence(noise, 60, 16000)) < 0.15


def test_phases_that_jump_from_frame_to_frame_lower_it(tone):
    wave = tone(60)
    spectrum = np.fft.rfft(wave.reshape(-1, 500))
    jumps = np.random.default_rng(0).normal(0, 1, spectrum.shape)
    blurred = np.fft.irfft(spectrum * np.exp(1j * jumps)).ravel()
    assert phase_coherence.coherence(blurred, 60, 16000) < 0.7 < phase_coherence.coherence(wave, 60, 16000)


def test_partials_off_the_series_lower_it(tone):
    wrong = tone(60, num_partials=1) + tone(65.4, num_partials=1)
    assert phase_coherence.coherence(wrong, 60, 16000) < 0.9


@pytest.mark.parametrize('wave', [np.zeros(16000), np.ones(100)])
def test_silence_and_the_shortest_notes_have_none(wave):
    assert np.isnan(phase_coherence.coherence(wave, 60, 16000))


def test_periods_of_a_steady_note_lie_over_each_other(tone):
    # A little sharp: the periods are cut at the fundamental that is there.
    cut = phase_coherence.periods(tone(60.2, decay=0), 60, 16000, start_seconds=0.1, num_periods=20)
    assert cut.shape == (20, 128)
    assert np.var(cut, axis=0).mean() < 0.002 * np.var(cut)


def test_a_note_that_ends_has_fewer_periods(tone):
    assert len(phase_coherence.periods(tone(60, seconds=0.2), 60, 16000, start_seconds=0.1, num_periods=60)) == 26
