import itertools
import json
import shutil

import numpy as np
import pytest

from gansynth_tf.data import mixed_notes, pipeline, prepared_notes
from gansynth_tf.errors import InputError


@pytest.fixture
def both(prepared_directory, tmp_path):
    """The directories of two sets with the same notes, as --tfds_data_dir has them."""
    return f'{prepared_directory},{shutil.copytree(prepared_directory, tmp_path / "other")}'


def test_training_notes_are_those_of_all_and_test_notes_those_of_the_first(both, prepared):
    notes = mixed_notes.open_all(both)
    assert notes.num_notes('train') == 2 * prepared.num_notes('train')
    assert notes.num_notes('test') == prepared.num_notes('test') and notes.splits == prepared.splits
    assert notes.vocabulary.counts == {pitch: 2 * count for pitch, count in prepared.vocabulary.counts.items()}
    for split, times in (('train', 2), ('test', 1)):
        expected = list(prepared.waves(split).as_numpy_iterator()) * times
        found = list(notes.waves(split).as_numpy_iterator())
        assert [note['id'] for note in found] == [note['id'] for note in expected]
        assert [note['pitch'] for note in found] == notes.pitches(split).tolist()
        for note, other in zip(found, expected):
            np.testing.assert_array_equal(note['wave'], other['wave'])
    assert notes.licence == prepared.licence and notes.identity('train') != prepared.identity('train')


def test_batches_go_on_where_they_stopped(both, config):
    notes = mixed_notes.open_all(both)
    batches = [list(itertools.islice(pipeline.specgram_batches(
        notes, config, resolution=(16, 16), batch_size=2, seed=1, start=start).as_numpy_iterator(), 3))
        for start in (0, 2)]
    for (specgrams, labels), (later_specgrams, later_labels) in zip(batches[0][1:], batches[1]):
        np.testing.assert_array_equal(specgrams, later_specgrams)
        np.testing.assert_array_equal(labels, later_labels)


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
def test_sets_after_the_first_have_their_share(both, config, prepared, share):
    notes, count = mixed_notes.open_all(both), prepared.num_notes('train')

    def places(start, num):
        return np.concatenate(list(itertools.islice(pipeline.mixed(
            [count, count], share, seed=3, start=start, batch_size=2).as_numpy_iterator(), num)))

    found = places(0, 5 * count)
    for some in range(1, len(found)):
        assert abs(np.sum(found[:some] >= count) - share * some) < 1
    for of_set in (found[found < count], found[found >= count] - count):
        for epoch in range(len(of_set) // count):  # each a permutation
            np.testing.assert_array_equal(np.sort(of_set[epoch * count:(epoch + 1) * count]), np.arange(count))
    np.testing.assert_array_equal(places(6, 4), found[6:14])
    batches = pipeline.specgram_batches(notes, config, resolution=(16, 16), batch_size=2, seed=3, extra_notes=share)
    labels = notes.vocabulary.labels(notes.pitches('train'))
    np.testing.assert_array_equal(next(iter(batches))[1], labels[found[:2]])


def test_notes_that_are_not_there_cannot_be_mixed(prepared, config):
    with pytest.raises(InputError, match='expected some in sets after the first'):
        pipeline.specgram_batches(prepared, config, resolution=(16, 16), batch_size=2, seed=3, extra_notes=0.5)


def test_one_directory_is_one_set(prepared_directory, prepared):
    notes = mixed_notes.open_all(str(prepared_directory))
    assert type(notes) is prepared_notes.PreparedNotes and notes.vocabulary == prepared.vocabulary


def test_sets_that_do_not_go_together_are_refused(both, prepared_directory, tmp_path):
    with pytest.raises(InputError, match='One prepared set twice'):
        mixed_notes.open_all(f'{prepared_directory},{prepared_directory}')
    path = tmp_path / 'other' / 'gansynth_notes' / '1.0.0' / 'metadata.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {'sample_rate': 8000}))
    with pytest.raises(InputError, match=r'expected one sample rate\. Received: 16000, 8000'):
        mixed_notes.open_all(both)
