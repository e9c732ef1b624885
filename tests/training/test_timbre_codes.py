"""Codes are white over the data they were fitted to, know nothing of the pitch, and are equal at every resolution."""

import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.training import timbre_codes

NUM_PITCHES = 9
HEIGHT = 2


@pytest.fixture(scope='module')
def notes():
    """Specgrams of 200 notes, [200, 2, 16, 2], whose levels vary in more ways than a code can hold; their labels."""
    rng = np.random.default_rng(1)
    timbres = rng.standard_normal((200, 8)).astype(np.float32)
    shapes = rng.standard_normal((8, HEIGHT * 16)).astype(np.float32)
    specgrams = rng.standard_normal((200, HEIGHT, 16, 2)).astype(np.float32)
    specgrams[..., 0] = -4 + (timbres @ shapes).reshape(200, HEIGHT, 16)
    return specgrams, rng.integers(NUM_PITCHES, size=200).astype(np.int32)


def fit(specgrams, labels, size=4):
    return timbre_codes.fit(specgrams, labels, height=HEIGHT, num_pitches=NUM_PITCHES, size=size)


def test_codes_of_the_data_are_white(notes):
    codes = fit(*notes).encode(*notes).numpy()
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(codes.T @ codes / len(codes), np.eye(4), atol=1e-3)


def test_the_same_timbre_has_the_same_code_at_every_pitch(notes):
    specgrams, labels = notes
    position = 2 * labels / (NUM_PITCHES - 1) - 1
    brightness = np.linspace(-1, 1, 16, dtype=np.float32)
    with_pitch = specgrams.copy()
    with_pitch[..., 0] += (3 * position - 2 * position ** 3)[:, None, None] * brightness
    np.testing.assert_allclose(fit(with_pitch, labels).encode(with_pitch, labels),
                               fit(specgrams, labels).encode(specgrams, labels), atol=1e-3)


def test_codes_are_equal_at_a_finer_resolution(notes):
    specgrams, labels = notes
    codes = fit(specgrams, labels)
    finer = np.repeat(specgrams, 4, axis=1)
    finer[:, ::2, :, 0] += 1
    finer[:, 1::2, :, 0] -= 1
    np.testing.assert_allclose(codes.encode(finer, labels), codes.encode(specgrams, labels), atol=1e-4)


def test_phase_does_not_matter(notes):
    specgrams, labels = notes
    codes = fit(specgrams, labels)
    other_phase = np.concatenate([specgrams[..., :1], -specgrams[..., 1:]], axis=-1)
    np.testing.assert_array_equal(codes.encode(other_phase, labels), codes.encode(specgrams, labels))


def test_data_that_varies_in_few_ways_has_zeros_in_the_rest_of_its_codes(notes):
    specgrams, labels = notes
    flat = np.zeros_like(specgrams)
    flat[..., 0] = np.random.default_rng(2).standard_normal(200)[:, None, None]
    codes = fit(flat, labels, size=4).encode(flat, labels).numpy()
    np.testing.assert_allclose(codes[:, 0].std(), 1, atol=1e-3)
    np.testing.assert_array_equal(codes[:, 1:], 0)


def test_written_and_read_they_are_the_same(notes, tmp_path):
    codes = fit(*notes)
    timbre_codes.write(codes, tmp_path)
    np.testing.assert_array_equal(timbre_codes.read(tmp_path).encode(*notes), codes.encode(*notes))


@pytest.mark.parametrize('content', [None, b'', b'no archive'])
def test_unreadable_codes_are_named(tmp_path, content):
    if content is not None:
        (tmp_path / 'timbre_codes.npz').write_bytes(content)
    with pytest.raises(InputError, match='Cannot read timbre_codes.npz: expected one'):
        timbre_codes.read(tmp_path)
