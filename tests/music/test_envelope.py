import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansynth_tf.music import envelope

GOLDEN = np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'midi_envelopes.npz')
ATTACK = 160  # samples, 10 ms


def ramps(held_seconds, *, sample_rate=16000, model_seconds=4.0):
    held, release = envelope.longest(model_seconds)
    return envelope.ramps(int(sample_rate * min(held_seconds, held)), int(sample_rate * release), sample_rate)


@pytest.mark.parametrize('held_seconds', [0.01, 0.0101, 0.5, 2.9999, 7])
def test_equals_the_original(held_seconds):
    ours = ramps(held_seconds)
    assert ours.shape == GOLDEN[f'len_{held_seconds}'].shape
    np.testing.assert_allclose(ours, GOLDEN[f'len_{held_seconds}'], rtol=0, atol=1e-12)


@pytest.mark.parametrize('held_seconds', [0, 0.004])
def test_a_very_short_note_still_has_its_attack(held_seconds):
    ours, original = ramps(held_seconds), GOLDEN[f'len_{held_seconds}']
    held = int(16000 * held_seconds)
    assert original[held] == 1 and ours.shape == original.shape  # the original's fault: it jumps to full amplitude
    np.testing.assert_allclose(ours[:held], original[:held], atol=1e-12)
    np.testing.assert_allclose(ours[ATTACK:], original[ATTACK:], atol=1e-12)
    assert ours[0] == 0 and np.all(np.diff(ours[:ATTACK]) > 0) and np.max(np.abs(np.diff(ours))) < 0.0064


def test_by_hand():
    ours = ramps(0.03, sample_rate=400)  # attack of 4 samples, 12 held, release of 120
    np.testing.assert_allclose(ours[:6], [0, 1 / 3, 2 / 3, 1, 1, 1])
    np.testing.assert_allclose(ours[12:15], [1, 118 / 119, 117 / 119])
    assert len(ours) == 132 and ours[-1] == 0


@pytest.mark.parametrize('model_seconds, expected', [
    (4.0, (3.0, 0.3)), (8.0, (7.0, 0.3)), (3.5, (3.0, 0.3)), (2.0, (1.7, 0.3)), (1.0, (0.75, 0.25)),
    (0.02, (0.015, 0.005))])
def test_longest_note_by_the_models_length(model_seconds, expected):
    np.testing.assert_allclose(envelope.longest(model_seconds), expected)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(num_samples=st.integers(1, 200_000), sample_rate=st.sampled_from([8000, 16000, 22050, 44100]),
       held_seconds=st.floats(0, 10))
def test_fits_the_models_note_and_stays_within_0_and_1(num_samples, sample_rate, held_seconds):
    ours = ramps(held_seconds, sample_rate=sample_rate, model_seconds=num_samples / sample_rate)
    assert len(ours) <= num_samples
    assert np.all((ours >= 0) & (ours <= 1))
