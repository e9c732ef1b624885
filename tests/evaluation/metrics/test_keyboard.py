import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import keyboard


def test_share_off():
    assert keyboard.share_off(np.array([60.4, 61.6, np.nan, 63]), np.array([60, 61, 62, 63])) == 0.5


def test_level_ranges():
    pitches = np.array([*range(60, 68), 60, *range(60, 68), *range(60, 63)])
    instruments = np.repeat([0, 1, 2], [9, 8, 3])
    levels = np.full(20, 0.1)
    levels[3], levels[12] = 0.2, 0.05  # 6.02 dB louder, and as much softer
    np.testing.assert_allclose(keyboard.level_ranges(levels, pitches, instruments), [6.02, 6.02], atol=0.01)


def test_notes_of_one_key_count_as_their_mean():
    pitches = np.array([*range(60, 68), 60])
    levels = np.array([1] * 8 + [0.1])
    assert keyboard.level_ranges(levels, pitches, np.zeros(9)) == pytest.approx([10])


def test_instruments_of_few_keys_have_no_range():
    assert len(keyboard.level_ranges(np.ones(7), np.arange(7), np.zeros(7))) == 0
