import numpy as np
import pytest

from gansynth_tf.data import vocabulary
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError


def test_pitches_are_in_ascending_order_whatever_the_order_of_the_counts():
    assert PitchVocabulary({62: 1, 24: 5, 60: 2}).pitches == (24, 60, 62)


def test_a_label_is_a_pitchs_place_among_the_pitches():
    labels = PitchVocabulary({24: 1, 60: 1, 62: 1}).labels([62, 24, 60, 62])
    np.testing.assert_array_equal(labels, [2, 0, 1, 2])
    assert labels.dtype == np.int32


def test_labels_of_no_pitches_are_empty():
    assert PitchVocabulary({60: 1}).labels([]).shape == (0,)


def test_probabilities_are_shares_by_label():
    np.testing.assert_array_equal(PitchVocabulary({62: 1, 60: 3}).probabilities, [0.75, 0.25])


def test_unknown_pitches_are_named():
    with pytest.raises(InputError, match=r'one of the 2 MIDI pitches of this model \(60 to 62\)\. Received: 59, 61'):
        PitchVocabulary({60: 1, 62: 1}).labels([61, 60, 59, 61])


@pytest.mark.parametrize('counts', [{}, {128: 1}, {-1: 1}, {60: 0}])
def test_unusable_counts_are_refused(counts):
    with pytest.raises(InputError, match=r'counts above 0 of MIDI pitches 0\.\.127'):
        PitchVocabulary(counts)


def test_written_and_read_back_is_the_same(tmp_path):
    written = PitchVocabulary({24: 3, 84: 1})
    assert vocabulary.write(written, tmp_path) == tmp_path / 'pitch_counts.json'
    assert vocabulary.read(tmp_path) == written


@pytest.mark.parametrize('text', ['', '[60]', '{"C4": 1}', '{"60": null}', '{"60": '])
def test_a_corrupt_file_is_named(tmp_path, text):
    (tmp_path / 'pitch_counts.json').write_text(text)
    with pytest.raises(InputError, match=r'expected a JSON object of note counts by MIDI pitch.*pitch_counts\.json|'
                       r'pitch_counts\.json: expected a JSON object of note counts by MIDI pitch'):
        vocabulary.read(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r'Cannot read pitch_counts\.json'):
        vocabulary.read(tmp_path)
