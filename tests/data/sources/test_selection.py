import pytest

from gansynth_tf.data.sources.note_source import NoteSource, SourceNote
from gansynth_tf.data.sources.selection import EVERYTHING, PAPER, Selection
from gansynth_tf.errors import InputError


def note(**changes):
    return SourceNote(**dict(name='a', pitch=60, velocity=100, instrument='brass_acoustic_000', family='brass',
                             origin='acoustic', read_audio=lambda: None) | changes)


def source(*notes):
    return NoteSource(kind='test', description='', homepage='', citation='', license='', notes=notes,
                      num_not_selected=1)


@pytest.mark.parametrize(('selection', 'changes', 'admitted'), [
    (EVERYTHING, {'origin': 'synthetic', 'pitch': 0}, True),
    (PAPER, {}, True), (PAPER, {'origin': 'synthetic'}, False),
    (PAPER, {'pitch': 23}, False), (PAPER, {'pitch': 24}, True), (PAPER, {'pitch': 84}, True),
    (PAPER, {'pitch': 85}, False),
    (Selection(families=('brass', 'reed')), {}, True), (Selection(families=('reed',)), {}, False),
    (Selection(velocities=(25, 100)), {}, True), (Selection(velocities=(25,)), {}, False),
])
def test_a_note_must_meet_all_conditions(selection, changes, admitted):
    assert selection.admits(note(**changes)) == admitted


def test_what_is_not_selected_is_counted():
    selected = PAPER.of(source(note(), note(pitch=99), note(origin='synthetic')))
    assert [note.pitch for note in selected.notes] == [60]
    assert selected.num_not_selected == 3


def test_an_unknown_family_is_refused_and_the_nearest_named():
    with pytest.raises(InputError, match=r"expected some of brass, reed \(did you mean 'brass'\?\). Received: 'bras'"):
        Selection(families=('bras',)).of(source(note(), note(family='reed')))


def test_an_empty_range_is_refused():
    with pytest.raises(InputError, match='expected min_pitch to be at most max_pitch. Received: 61 to 60'):
        Selection(min_pitch=61, max_pitch=60)
