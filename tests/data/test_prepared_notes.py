import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from gansynth_tf.data import prepared_notes
from gansynth_tf.data.sources.note_source import split_of
from gansynth_tf.errors import InputError

PITCHES = {f'brass_acoustic_000-{pitch:03d}-100': pitch for pitch in range(40, 50)} | {'flute_acoustic_001-060-075': 60}


def tone(pitch, num_samples):
    """As the fixture `prepared` has it."""
    seconds = np.arange(num_samples) / 16000
    return np.round(20000 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)) / 32768


def test_the_data_set_says_what_it_holds(prepared):
    expected = sorted(pitch for name, pitch in PITCHES.items() if split_of(name) == 'train')
    assert (prepared.sample_rate, prepared.audio_length) == (16000, 2048)
    assert prepared.num_notes('train') == len(expected)
    assert prepared.num_notes('test') == len(PITCHES) - len(expected) > 0
    assert prepared.vocabulary.counts == dict.fromkeys(expected, 1)
    assert sorted(prepared.pitches('train')) == expected


def test_waves_have_one_length_and_full_scale_1(prepared):
    seen = {}
    for split in ('train', 'test'):
        for note, pitch in zip(prepared.waves(split).as_numpy_iterator(), prepared.pitches(split), strict=True):
            name = note['id'].decode()
            assert split_of(name) == split
            assert note['pitch'] == pitch == PITCHES[name]
            seen[name] = note['wave']
    assert seen.keys() == PITCHES.keys()
    for name, wave in seen.items():
        assert wave.dtype == np.float32
        num_samples = 1000 if name.startswith('flute') else 2048
        np.testing.assert_array_equal(wave[:num_samples, 0], tone(PITCHES[name], num_samples))
        np.testing.assert_array_equal(wave[num_samples:, 0], 0)


def test_waves_are_limited_cut_and_chosen(prepared):
    all_ids = [note['id'] for note in prepared.waves('train').as_numpy_iterator()]
    assert [note['id'] for note in prepared.waves('train', 2).as_numpy_iterator()] == all_ids[:2]
    chosen = prepared.waves('train', audio_length=512, indices=tf.data.Dataset.from_tensor_slices(np.array([3, 0, 3])))
    assert [note['id'] for note in chosen.as_numpy_iterator()] == [all_ids[3], all_ids[0], all_ids[3]]
    assert all(note['wave'].shape == (512, 1) for note in chosen.as_numpy_iterator())
    assert chosen.element_spec['wave'].shape == [512, 1]


def test_an_empty_split_has_no_waves(prepared):
    assert list(prepared.waves('train', 0)) == []


def test_a_long_wave_fades_out_before_the_cut():
    wave = prepared_notes.fit_length(tf.ones([9]), 8, fade_samples=3)
    np.testing.assert_array_equal(wave, [1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


@pytest.mark.parametrize('num_samples', [0, 3, 8])
def test_a_wave_that_is_not_too_long_is_padded_and_nothing_else(num_samples):
    wave = prepared_notes.fit_length(tf.ones([num_samples]), 8, fade_samples=3)
    np.testing.assert_array_equal(wave, [1] * num_samples + [0] * (8 - num_samples))


def test_a_cut_shorter_than_the_fade_begins_within_it():
    np.testing.assert_array_equal(prepared_notes.fit_length(tf.ones([9]), 2, fade_samples=3), [0.5, 0.25])


@pytest.mark.parametrize('below', ['gansynth_notes', 'gansynth_notes/1.0.0'])
def test_it_opens_at_the_root_and_at_the_data_set_itself(prepared, prepared_directory, below):
    assert prepared_notes.open_notes(prepared_directory / below).vocabulary == prepared.vocabulary


def test_float_audio_of_a_fixed_length_is_read_as_tfds_stores_nsynth(tmp_path):
    directory = tmp_path / 'nsynth' / 'gansynth_subset' / '2.3.3'
    directory.mkdir(parents=True)
    info = tfds.core.DatasetInfo(
        builder=tfds.core.dataset_info.DatasetIdentity(name='nsynth', version=tfds.core.Version('2.3.3'),
                                                       data_dir=str(directory), module_name='', config_name=None),
        features=tfds.features.FeaturesDict({
            'id': tf.string, 'audio': tfds.features.Audio(shape=(6,), dtype=np.float32, sample_rate=8000),
            'pitch': tfds.features.ClassLabel(num_classes=128)}))
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=2)
    writer.initialize_splits(['train', 'valid'])
    waves = np.linspace(-1, 1, 30, dtype=np.float32).reshape(5, 6)
    writer.add_examples({'train': [{'id': f'{i}', 'audio': wave, 'pitch': 60 + i % 3} for i, wave in enumerate(waves)]})
    writer.close_all()

    notes = prepared_notes.open_notes(tmp_path)
    assert (notes.sample_rate, notes.audio_length) == (8000, 6)
    assert (notes.num_notes('train'), notes.num_notes('valid')) == (5, 0)
    assert notes.vocabulary.counts == {60: 2, 61: 2, 62: 1}
    np.testing.assert_array_equal([note['wave'][:, 0] for note in notes.waves('train').as_numpy_iterator()], waves)
    assert list(notes.waves('valid')) == []


def test_unknown_splits_are_named(prepared):
    for ask in (prepared.num_notes, prepared.pitches, prepared.waves):
        with pytest.raises(InputError, match=r"expected one of train, test\. Received: 'validation'"):
            ask('validation')


def test_where_nothing_is_prepared_nothing_is_opened(tmp_path):
    for directory in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(InputError, match='No prepared notes: expected a directory that gansynth_prepare_data'):
            prepared_notes.open_notes(directory)


def test_what_an_interrupted_run_left_is_not_opened(prepared_copy):
    (prepared_copy / 'gansynth_notes').rename(prepared_copy / '.gansynth_notes.123.partial')
    with pytest.raises(InputError, match='No prepared notes'):
        prepared_notes.open_notes(prepared_copy)


def test_of_several_data_sets_one_must_be_chosen(prepared_copy, prepared_directory):
    shutil.copytree(prepared_directory / 'gansynth_notes', prepared_copy / 'second')
    with pytest.raises(InputError, match=r"Several data sets: .*gansynth_notes/1\.0\.0', '.*second/1\.0\.0'"):
        prepared_notes.open_notes(prepared_copy)


@pytest.mark.parametrize('file_name', ['dataset_info.json', 'features.json', 'metadata.json'])
@pytest.mark.parametrize('content', ['', '{}', '{"name": "gan'])
def test_a_corrupt_description_is_refused(prepared_copy, file_name, content):
    (prepared_copy / 'gansynth_notes' / '1.0.0' / file_name).write_text(content)
    with pytest.raises(InputError, match='Cannot read the prepared notes: expected a TFDS directory'):
        prepared_notes.open_notes(prepared_copy)


def _described(copy, file_name, change):
    path = copy / 'gansynth_notes' / '1.0.0' / file_name
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


@pytest.mark.parametrize('feature', [
    {'pythonClassName': 'evil.Feature', 'tensor': {}},
    {'python_class_name': 'tensorflow_datasets_evil.Feature', 'tensor': {}},
    {'type': 'evil.Feature', 'content': {}},
    {'pythonClassName': 'tensorflow_datasets.core.features.sequence_feature.Sequence',
     'jsonFeature': {'json': ' {"feature": {"type": "evil.Feature", "content": "{}"}}'}}])
def test_a_description_does_not_run_code(prepared_copy, tmp_path, monkeypatch, feature):
    for module in ('evil', 'tensorflow_datasets_evil'):
        (tmp_path / f'{module}.py').write_text(f'open({str(tmp_path / "run")!r}, "w")')
    monkeypatch.syspath_prepend(tmp_path)
    _described(prepared_copy, 'features.json',
               lambda values: values['featuresDict']['features'].__setitem__('id', feature))
    with pytest.raises(InputError, match=r"it names a class '.*evil.Feature'"):
        prepared_notes.open_notes(prepared_copy)
    assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize('absurd', [{'sample_rate': 10**9}, {'audio_length': 2**40}, {'sample_rate': 0}])
def test_absurd_sizes_are_refused(prepared_copy, absurd):
    _described(prepared_copy, 'metadata.json', lambda values: values.update(absurd))
    with pytest.raises(InputError, match=f'its {next(iter(absurd))} is {next(iter(absurd.values()))}'):
        prepared_notes.open_notes(prepared_copy)


def test_fewer_records_than_described_are_truncated_notes(prepared_copy, prepared):
    num_notes = prepared.num_notes('train')
    _described(prepared_copy, 'dataset_info.json',
               lambda values: values['splits'][0].update(shardLengths=[str(num_notes + 1)]))
    with pytest.raises(InputError, match=f'expected {num_notes + 1} in the split .train.. Received: {num_notes}'):
        prepared_notes.open_notes(prepared_copy).waves('train')


def test_a_pipe_instead_of_records_is_not_waited_for(prepared_copy):
    path = prepared_copy / 'gansynth_notes' / '1.0.0' / 'gansynth_notes-train.tfrecord-00000'
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match='expected a regular file'):
        prepared_notes.open_notes(prepared_copy).waves('train')


def test_a_data_set_of_something_else_is_refused(tmp_path):
    info = tfds.core.DatasetInfo(
        builder=tfds.core.dataset_info.DatasetIdentity(name='pictures', version=tfds.core.Version('1.0.0'),
                                                       data_dir=str(tmp_path), module_name=''),
        features=tfds.features.FeaturesDict({'picture': tf.string}))
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=2)
    writer.initialize_splits(['train'])
    writer.add_examples({'train': [{'picture': 'a'}]})
    writer.close_all()
    with pytest.raises(InputError, match='features as NSynth has'):
        prepared_notes.open_notes(tmp_path)


def test_missing_and_truncated_records_are_refused(prepared_copy):
    path = prepared_copy / 'gansynth_notes' / '1.0.0' / 'gansynth_notes-train.tfrecord-00000'
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match='Prepared notes truncated'):
        prepared_notes.open_notes(prepared_copy).waves('train')
    path.unlink()
    with pytest.raises(InputError, match=r'Cannot read the prepared notes: .*No such file'):
        prepared_notes.open_notes(prepared_copy).waves('train')
