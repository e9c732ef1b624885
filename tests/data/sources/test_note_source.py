import pytest

from gansynth_tf.data.sources.note_source import NoteSource, SourceNote, split_of, storage_order, without_test_split


# The hex digits of `printf NAME | sha256sum` add up to the number given.
@pytest.mark.parametrize(('name', 'digit_sum', 'split'), [
    ('brass_acoustic_000-040-100', 494, 'train'),
    ('reed_acoustic_023-042-075', 487, 'train'),
    ('guitar_acoustic_010-068-127', 420, 'test'),
    ('a', 529, 'train'),
    ('b', 455, 'test'),
    ('d', 430, 'test'),
])
def test_the_split_is_a_function_of_the_name(name, digit_sum, split):
    assert (digit_sum % 5 == 0) == (split == 'test')
    assert split_of(name) == split
    assert note(name).split == split


def test_a_fifth_of_the_names_is_in_the_test_split():
    num_test = sum(split_of(f'guitar_acoustic_000-{i:05d}') == 'test' for i in range(10000))
    assert abs(num_test - 2000) < 4 * (10000 * 0.2 * 0.8) ** 0.5  # four standard deviations


def test_the_storage_order_does_not_depend_on_the_sources_order():
    notes = [note(f'brass_acoustic_000-{pitch:03d}-100') for pitch in range(40, 60)]
    ordered = storage_order(tuple(notes))
    assert ordered == storage_order(tuple(reversed(notes)))
    assert sorted(ordered, key=lambda note: note.name) == notes
    assert ordered != notes


def read_nothing():
    raise AssertionError('No audio is needed to tell the split or the order.')


def note(name):
    return SourceNote(name=name, pitch=60, velocity=100, instrument='a', family='b', origin='c',
                      read_audio=read_nothing)


def test_all_notes_can_be_put_into_the_train_split():
    source = NoteSource(kind='test', description='', homepage='', citation='', license='', notes=(note('a'), note('b')))
    assert [note.split for note in source.notes] == ['train', 'test']
    assert [note.split for note in without_test_split(source).notes] == ['train', 'train']
