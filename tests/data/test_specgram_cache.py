import json
import shutil

import numpy as np
import pytest

from gansynth_tf.data import pipeline, specgram_cache
from gansynth_tf.errors import InputError
from gansynth_tf.spectral.resolutions import all_resolutions, pool


def batches_of(specgrams):
    """Converts as the pipeline does, three notes at once."""
    return lambda: (specgrams[i:i + 3] for i in range(0, len(specgrams), 3))


def refuse():
    raise AssertionError('converted again')


@pytest.fixture
def specgrams(config):
    return np.random.default_rng(0).normal(size=(7, *config.spec_shape, 2)).astype(np.float32)


def open_specgrams(cache_dir, config, resolution, specgrams, *, convert=None, **notes):
    return specgram_cache.open_specgrams(cache_dir, config, resolution, notes=notes, num_notes=len(specgrams),
                                         convert=convert or batches_of(specgrams))


def test_every_resolution_is_written_at_once_in_half_precision(tmp_path, config, specgrams):
    assert all_resolutions(config) == [(16, 16), (32, 32), (64, 64)]
    open_specgrams(tmp_path, config, (16, 16), specgrams)
    for resolution in all_resolutions(config):
        cached = open_specgrams(tmp_path, config, resolution, specgrams, convert=refuse)
        assert cached.dtype == np.float16 and isinstance(cached, np.memmap)
        np.testing.assert_allclose(cached, pool(specgrams, resolution), atol=2e-3)
    np.testing.assert_array_equal(cached, specgrams.astype(np.float16))


def test_other_notes_and_other_spectrograms_are_kept_apart(tmp_path, config, specgrams):
    open_specgrams(tmp_path, config, (64, 64), specgrams, name='a')
    changes = [(config, 'b'), (config.replace(audio_length=2000), 'a'), (config.replace(data_type='mel'), 'a')]
    for i, (other, name) in enumerate(changes):
        opened = open_specgrams(tmp_path, other, (64, 64), specgrams + i, name=name)
        np.testing.assert_array_equal(opened, (specgrams + i).astype(np.float16))
    same = config.replace(generator_learning_rate=1.0)
    np.testing.assert_array_equal(open_specgrams(tmp_path, same, (64, 64), specgrams, convert=refuse, name='a'),
                                  specgrams.astype(np.float16))
    descriptions = [json.loads(path.read_text()) for path in tmp_path.glob('*/description.json')]
    assert len(descriptions) == 4 and {each['data_type'] for each in descriptions} == {'linear', 'mel'}


def test_an_interrupted_conversion_leaves_nothing(tmp_path, config, specgrams):
    def interrupt():
        yield specgrams[:3]
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        open_specgrams(tmp_path, config, (64, 64), specgrams, convert=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_refused_before_anything_is_written(tmp_path, config, specgrams, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10**6, 10**6, 1000))
    with pytest.raises(InputError, match='Cannot write the spectrogram cache: expected 0.0 GiB of free space'):
        open_specgrams(tmp_path, config, (64, 64), specgrams)
    assert list(tmp_path.iterdir()) == []


def test_another_resolution_is_refused(tmp_path, config, specgrams):
    with pytest.raises(InputError, match=r'Resolution not in the cache: expected one of \(16, 16\), .*: \(16, 32\)'):
        open_specgrams(tmp_path, config, (16, 32), specgrams)


@pytest.mark.parametrize('resolution', [(16, 16), (64, 64)])
def test_the_pipeline_feeds_the_same_from_disk(prepared_directory, config, tmp_path, resolution, monkeypatch):
    options = dict(resolution=resolution, batch_size=4, seed=3)
    in_memory = pipeline.specgram_batches(pipeline.open_notes(prepared_directory), config, **options)
    notes = pipeline.open_notes(prepared_directory, cache_dir=tmp_path)
    from_disk = pipeline.specgram_batches(notes, config, **options)
    assert from_disk.element_spec == in_memory.element_spec
    for (expected, expected_labels), (specgrams, labels) in zip(in_memory.take(5), from_disk.take(5)):
        np.testing.assert_array_equal(labels, expected_labels)
        np.testing.assert_allclose(specgrams, expected, atol=0.004)
    monkeypatch.setattr(pipeline, '_specgrams', None)  # the notes are not converted again
    again = pipeline.specgram_batches(pipeline.open_notes(prepared_directory, cache_dir=tmp_path), config, **options)
    np.testing.assert_array_equal(next(iter(again))[0], next(iter(from_disk))[0])
