import itertools

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.data import pipeline, prepare
from gansynth_tf.data.sources import nsynth
from gansynth_tf.data.sources.note_source import split_of
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import representations

RESOLUTION = (16, 32)


@pytest.fixture(params=['cached', 'on the fly'])
def cache_bytes(request):
    return {'cached': pipeline.CACHE_BYTES, 'on the fly': 0}[request.param]


def take(notes, config, num_batches, *, batch_size=4, seed=7, resolution=RESOLUTION, **options):
    """(specgrams [notes, height, width, 2], labels [notes]) of the stream's first batches."""
    batches = pipeline.specgram_batches(notes, config, resolution=resolution, batch_size=batch_size, seed=seed,
                                        **options)
    specgrams, labels = zip(*itertools.islice(batches.as_numpy_iterator(), num_batches))
    return np.concatenate(specgrams), np.concatenate(labels)


def test_batches_have_their_shapes_and_types(prepared, config, cache_bytes):
    batches = pipeline.specgram_batches(prepared, config, resolution=RESOLUTION, batch_size=4, seed=0,
                                        cache_bytes=cache_bytes)
    assert batches.element_spec == (tf.TensorSpec([4, 16, 32, 2], tf.float32), tf.TensorSpec([4], tf.int32))


def test_a_specgram_is_the_mean_over_blocks_of_its_notes_full_size_one(prepared, config, cache_bytes):
    specgrams, labels = take(prepared, config, 4, cache_bytes=cache_bytes)
    representation = representations.from_config(config)
    by_pitch = {int(note['pitch']): note['wave'] for note in prepared.waves('train')}
    for specgram, label in zip(specgrams, labels):
        full = representation.waves_to_specgrams(by_pitch[prepared.vocabulary.pitches[label]][tf.newaxis]).numpy()[0]
        expected = [[[full[4 * i:4 * i + 4, 2 * j:2 * j + 2, k].mean() for k in range(2)] for j in range(32)]
                    for i in range(16)]
        np.testing.assert_allclose(specgram, expected, atol=1e-5)


def test_pool_averages_blocks():
    specgrams = np.arange(16, dtype=np.float32).reshape(1, 4, 2, 2)
    np.testing.assert_array_equal(pipeline.pool(specgrams, (2, 1)), [[[[3, 4]], [[11, 12]]]])
    np.testing.assert_array_equal(pipeline.pool(specgrams, (4, 2)), specgrams)


def test_each_epoch_is_a_new_permutation(prepared, config, cache_bytes):
    num_notes = prepared.num_notes('train')  # of different pitches: the label tells the note
    _, labels = take(prepared, config, 3 * num_notes, batch_size=1, cache_bytes=cache_bytes)
    epochs = labels.reshape(3, num_notes)
    np.testing.assert_array_equal(np.sort(epochs), [np.arange(num_notes)] * 3)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_another_seed_gives_another_order(prepared, config):
    assert (take(prepared, config, 5, seed=7)[1] != take(prepared, config, 5, seed=8)[1]).any()


def test_a_stream_repeats_and_resumes_bit_for_bit(prepared, config, cache_bytes):
    specgrams, labels = take(prepared, config, 30, cache_bytes=cache_bytes)
    for start in (0, 4, 13, 100):
        resumed = take(prepared, config, 3, start=start, cache_bytes=cache_bytes)
        np.testing.assert_array_equal(resumed[0], specgrams[start:start + 12])
        np.testing.assert_array_equal(resumed[1], labels[start:start + 12])


def test_the_cache_changes_nothing_but_the_speed(prepared, config):
    cached, converted = (take(prepared, config, 5, cache_bytes=limit) for limit in (pipeline.CACHE_BYTES, 0))
    np.testing.assert_allclose(cached[0], converted[0], atol=1e-6)
    np.testing.assert_array_equal(cached[1], converted[1])


def test_notes_are_converted_once_if_they_fit_in_the_cache(prepared_directory, config, monkeypatch):
    notes = pipeline.open_notes(prepared_directory)
    num_bytes = notes.num_notes('train') * 16 * 32 * 2 * 4
    expected = take(notes, config, 2, cache_bytes=num_bytes)

    def refuse(*args, **kwargs):
        raise AssertionError('converted again')
    monkeypatch.setattr(pipeline, '_specgrams', refuse)
    np.testing.assert_array_equal(take(notes, config, 2, cache_bytes=num_bytes)[0], expected[0])
    with pytest.raises(AssertionError, match='converted again'):
        take(notes, config, 2, cache_bytes=num_bytes - 1)


def test_test_notes_of_pitches_never_trained_on_are_left_out(write_nsynth, config, tmp_path, cache_bytes):
    rng, names = np.random.default_rng(0), [f'brass_acoustic_{i:03d}-{40 + i // 8}-100' for i in range(40)]
    known = {name[19:21] for name in names if split_of(name) == 'train'}
    names = [name for name in names if split_of(name) == 'test' or name[19:21] != min(known)]
    source = nsynth.read_source(write_nsynth({name: rng.integers(-99, 99, 2048).astype(np.int16) for name in names}))
    prepare.prepare(source, tmp_path / 'out', audio_length=2048)
    notes = pipeline.open_notes(tmp_path / 'out')
    unknown = int(min(known))
    assert unknown in notes.pitches('test') and unknown not in notes.vocabulary.pitches
    num_left = sum(notes.pitches('test') != unknown)
    specgrams, labels = take(notes, config, num_left, batch_size=1, resolution=(64, 64), split='test',
                             cache_bytes=cache_bytes)
    representation = representations.from_config(config)
    seen = []
    for note in notes.waves('test').as_numpy_iterator():
        distances = np.abs(specgrams - representation.waves_to_specgrams(note['wave'][np.newaxis])).mean((1, 2, 3))
        seen += [(int(note['pitch']), label) for label in labels[distances < 1e-3]]
    assert len(seen) == num_left
    for pitch, label in seen:
        assert notes.vocabulary.pitches[label] == pitch


def test_another_sample_rate_is_refused(prepared, config):
    with pytest.raises(InputError, match=r'Notes at another sample rate: expected 22050 Hz.* Received: 16000 Hz'):
        take(prepared, config.replace(sample_rate=22050), 1)


@pytest.mark.parametrize('resolution', [(64, 48), (0, 64), (128, 64), (5, 4)])
def test_a_resolution_that_is_no_fraction_is_refused(prepared, config, resolution):
    with pytest.raises(InputError, match=r'Impossible resolution: expected whole fractions of \(64, 64\)'):
        take(prepared, config, 1, resolution=resolution)


def test_a_split_without_notes_is_refused(write_nsynth, config, tmp_path):
    source = nsynth.read_source(write_nsynth({'brass_acoustic_000-040-100': np.arange(2048, dtype=np.int16)}))
    prepare.prepare(source, tmp_path / 'out', audio_length=2048)
    with pytest.raises(InputError, match="Unknown split: expected one of train. Received: 'test'"):
        take(pipeline.open_notes(tmp_path / 'out'), config, 1, split='test')
