import dataclasses

import numpy as np
import pytest

from gansynth_tf.evaluation import features
from gansynth_tf.evaluation.note_sets import NoteSet


@pytest.mark.parametrize('num_samples, frames', [(64000, 15), (32000, 15), (16000, 16)])
def test_shapes_of_log_specgrams(num_samples, frames):
    found = features.log_specgrams(np.zeros((2, num_samples), np.float32), 16000)
    assert found.shape == (2, frames, 128) and found.dtype == np.float32
    np.testing.assert_allclose(found, -80, atol=1e-3)


def test_a_full_scale_sine_is_about_0_db_in_its_band(tone):
    loudest = features.log_specgrams(2 * tone(80, num_partials=1, decay=0)[None], 16000)[0, 5].max()
    assert -6 < loudest < 3


def test_a_grid_leaves_out_what_does_not_sound(tone):
    waves = np.stack([tone(60), np.zeros(16000), np.full(16000, np.nan), 0.5 * tone(64)]).astype(np.float32)
    note_set = NoteSet(name='', num_notes=4, sample_rate=16000, audio_length=16000,
                       batches=lambda: iter([(waves, np.array([60, 61, 62, 64]), np.array([0, 0, 1, 1]))]))
    grid = features.extract_grid(note_set)
    assert grid.pitches.tolist() == [60, 64] and grid.instruments.tolist() == [0, 1]
    np.testing.assert_allclose(grid.fundamentals, [60, 64], atol=0.15)
    np.testing.assert_allclose(grid.levels, np.sqrt(np.mean(waves[[0, 3]] ** 2, axis=1)), rtol=1e-5)
    nothing = dataclasses.replace(note_set, batches=lambda: iter([(waves[1:3], np.array([61, 62]), np.zeros(2))]))
    assert features.extract_grid(nothing) is None
