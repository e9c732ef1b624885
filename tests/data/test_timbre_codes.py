"""Codes are white over their notes, know nothing of the pitch, and tell how a note begins."""

import numpy as np
import pytest

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, timbre_code_file, timbre_codes
from gansynth_tf.errors import InputError

NUM_PITCHES = 9


@pytest.fixture(scope='module')
def rows():
    """Envelopes of 200 notes, [200, 32], that vary in more ways than a code can hold; their labels."""
    rng = np.random.default_rng(1)
    return rng.standard_normal((200, 8)) @ rng.standard_normal((8, 32)) - 4, rng.integers(NUM_PITCHES, size=200)


def fit(rows, labels, size=4):
    return timbre_codes.fit(rows, labels, num_pitches=NUM_PITCHES, size=size)[0]


def test_codes_are_white(rows):
    codes = fit(*rows)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(codes.T @ codes / len(codes), np.eye(4), atol=1e-3)


def test_the_same_timbre_has_the_same_code_at_every_pitch(rows):
    levels, labels = rows
    position = 2 * labels / (NUM_PITCHES - 1) - 1
    with_pitch = levels + (3 * position - 2 * position ** 3)[:, None] * np.linspace(-1, 1, 32)
    np.testing.assert_allclose(fit(with_pitch, labels), fit(levels, labels), atol=1e-3)


def test_data_that_varies_in_few_ways_has_zeros_in_the_rest_of_its_codes(rows):
    flat = np.repeat(np.random.default_rng(2).standard_normal((200, 1)), 32, axis=1)
    codes = fit(flat, rows[1])
    np.testing.assert_allclose(codes[:, 0].std(), 1, atol=1e-3)
    np.testing.assert_array_equal(codes[:, 1:], 0)


def test_envelopes_by_hand():
    """Sixteen frames: spans end at 1, 2, 3, 4, 6, 8, 12 and 16; of 64 bins each band has two."""
    specgrams = np.zeros((1, 16, 64, 2), np.float32)
    specgrams[0, :, :, 0] = np.arange(16)[:, None] + 100 * np.arange(64)
    specgrams[..., 1] = 7  # phase does not matter
    envelope = timbre_codes.envelopes(specgrams).numpy().reshape(8, 32)
    np.testing.assert_allclose(envelope[:, 0], 50 + np.array([0, 1, 2, 3, 4.5, 6.5, 9.5, 13.5]))
    np.testing.assert_allclose(envelope[0], 50 + 200 * np.arange(32))


def test_envelopes_of_a_full_size_spectrogram_have_fifteen_spans():
    assert timbre_codes.envelopes(np.zeros((2, 128, 64, 2), np.float32)).shape == (2, 15 * 32)


def test_they_tell_how_a_note_begins():
    """Of two hundred notes that differ in attack time and brightness, codes say the attack by a linear rule."""
    rng = np.random.default_rng(3)
    log_attack, brightness = rng.uniform(0, np.log(24), 200), rng.standard_normal(200)  # in frames, from the seventh on
    rise = np.clip((np.arange(128) - 6) / np.exp(log_attack)[:, None], 1e-2, 1)
    specgrams = np.zeros((200, 128, 32, 2), np.float32)
    specgrams[..., 0] = np.log(rise)[:, :, None] + brightness[:, None, None] * np.linspace(-1, 1, 32)
    codes = fit(timbre_codes.envelopes(specgrams).numpy(), rng.integers(NUM_PITCHES, size=200))
    design = np.pad(codes, [(0, 0), (0, 1)], constant_values=1)
    weights, *_ = np.linalg.lstsq(design[:100], log_attack[:100], rcond=None)
    error = log_attack[100:] - design[100:] @ weights
    assert 1 - np.var(error) / np.var(log_attack[100:]) > 0.9


def test_each_batch_has_the_codes_of_its_notes(notes):
    """A code is handed over with its note, wherever the stream begins."""
    config = Config(num_resolutions=2, start_height=4, start_width=32, audio_length=320)
    codes, projection = timbre_codes.of_notes(notes, config.replace(latent_vector_size=3))
    full = np.concatenate([specgrams for specgrams, _ in pipeline.in_order(notes, config)])
    assert codes.shape == (len(full), 3)
    config_of_codes = config.replace(latent_vector_size=3)
    labels = notes.vocabulary.labels(notes.pitches('train'))
    for note, label, code in zip(notes.waves('train', audio_length=320), labels, codes):  # as if they were others
        found = timbre_codes.of_wave(note['wave'][:, 0], label, projection, config_of_codes,
                                     num_pitches=len(notes.vocabulary.pitches))
        np.testing.assert_allclose(found, code, atol=1e-3)
    for start in (0, 5):
        batches = pipeline.specgram_batches(notes, config, resolution=config.spec_shape, batch_size=4, seed=1,
                                            start=start, codes=codes)
        for specgrams, _, given in batches.take(4):
            for specgram, code in zip(specgrams, given):
                place = np.argmin(np.abs(full - specgram).sum(axis=(1, 2, 3)))
                np.testing.assert_array_equal(code, codes[place])
    with pytest.raises(InputError, match=f'Codes of other notes: expected {len(full)}.* Received: 1'):
        pipeline.specgram_batches(notes, config, resolution=config.spec_shape, batch_size=4, seed=1, codes=codes[:1])


def test_the_projection_is_kept_with_the_codes_if_it_fits_them(rows, tmp_path):
    codes, projection = timbre_codes.fit(*rows, num_pitches=NUM_PITCHES, size=4)
    timbre_code_file.write(codes, tmp_path, projection)
    kept = timbre_code_file.read_projection(tmp_path, 4)
    np.testing.assert_array_equal(kept.matrix, projection.matrix)
    np.testing.assert_array_equal(kept.trend, projection.trend)
    assert timbre_code_file.read_projection(tmp_path, 3) is None
    timbre_code_file.write(codes, tmp_path)
    assert timbre_code_file.read_projection(tmp_path, 4) is None


def test_written_and_read_they_are_the_same(rows, tmp_path):
    timbre_code_file.write(fit(*rows), tmp_path)
    np.testing.assert_array_equal(timbre_code_file.read(tmp_path, 4), fit(*rows))


@pytest.mark.parametrize('content', [None, b'', b'no archive'])
def test_unreadable_codes_are_named(tmp_path, content):
    if content is not None:
        (tmp_path / 'timbre_codes.npz').write_bytes(content)
    with pytest.raises(InputError, match='Cannot read timbre_codes.npz: expected one'):
        timbre_code_file.read(tmp_path, 4)


@pytest.mark.parametrize('codes', [np.zeros((3, 5), np.float32), np.zeros((0, 4), np.float32), np.zeros((3, 4)),
                                   np.full((3, 4), np.nan, np.float32), np.zeros(4, np.float32)])
def test_codes_that_cannot_be_played_are_refused(tmp_path, codes):
    timbre_code_file.write(codes, tmp_path)
    with pytest.raises(InputError, match=r'Unusable timbre_codes.npz: expected finite float32 \[notes, 4\]'):
        timbre_code_file.read(tmp_path, 4)
