import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.music import performance
from gansynth_tf.music.score import Control, Note, Score

PITCHES = range(48, 73)


def perform(notes, *controls, pitches=PITCHES, **kwargs):
    """The performance of notes of channel 0, (pitch, start, end), and of its controls."""
    score = Score([Note(pitch, 90, start, end) for pitch, start, end in notes],
                  {0: [Control(*control) for control in controls]}, end_seconds=max(note[2] for note in notes))
    return performance.perform(score, pitches, **kwargs)


def test_a_plain_note_is_itself():
    played = perform([(60, 0.5, 1.0)])
    assert played.notes == [performance.PlayedNote(60, 90, 0.5, 1.0)] and not played.remarks


def test_the_pedal_holds_notes_and_is_counted():
    controls = [(0.0, 'sustain', 1.0), (3.0, 'sustain', 0.0)]
    played = perform([(60, 0, 1), (62, 0, 4)], *controls)
    assert [note.end_seconds for note in played.notes] == [3, 4]
    assert played.remarks == ['Held by a pedal: 1 of 2 notes']
    assert [note.end_seconds for note in perform([(60, 0, 1)], *controls, pedal=False).notes] == [1]


def test_levels_are_forty_db_a_decade_against_the_default_volume():
    note, = perform([(60, 1, 2)], (0.0, 'volume', 50 / 127), (1.5, 'expression', 0.5)).notes
    np.testing.assert_allclose(note.level.at([0, 0.4, 0.5, 0.5025, 0.505, 9]),
                               [0.25, 0.25, 0.25, 0.15625, 0.0625, 0.0625])
    note, = perform([(60, 1, 2)], (0.0, 'volume', 50 / 127), controllers=False).notes
    assert note.level is None
    note, = perform([(60, 1, 2)], (0.0, 'volume', 100 / 127), (5.0, 'expression', 0.5)).notes
    assert note.level is None


def test_a_bend_that_stands_is_another_pitch_of_the_instrument():
    note, = perform([(60, 0, 1)], (0.0, 'bend', 12 * 8191 / 8192)).notes
    assert (note.pitch, note.bend) == (72, None)
    note, = perform([(60, 0, 1)], (0.0, 'bend', 1.4)).notes
    assert note.pitch == 61
    np.testing.assert_allclose(note.bend.at([0, 1]), 0.4)
    note, = perform([(60, 0, 1)], (0.0, 'bend', 1.4), pitch_bend=False).notes
    assert (note.pitch, note.bend) == (60, None)


def test_a_bend_that_moves():
    note, = perform([(60, 1, 2)], (1.5, 'bend', 2.0), (1.502, 'bend', 1.0)).notes
    assert note.pitch == 60
    np.testing.assert_allclose(note.bend.at([0, 0.5, 0.507, 1]), [0, 0, 1, 1])


def test_a_bend_beyond_the_instrument_starts_from_the_key():
    note, = perform([(72, 0, 1)], (0.0, 'bend', 2.0)).notes
    assert note.pitch == 72
    np.testing.assert_allclose(note.bend.at([0.5]), 2)


def test_pan_is_that_of_the_beginning():
    first, second = perform([(60, 0, 1), (60, 2, 3)], (0.5, 'pan', -1.0)).notes
    assert (first.pan, second.pan) == (0, -1)


def test_what_is_out_of_range():
    notes = [(21, 0, 1), (60, 0, 1), (96, 0, 1)]
    played = perform(notes)
    assert [note.pitch for note in played.notes] == [57, 60, 72]
    assert played.remarks == ['Moved by octaves into the pitches 48 to 72: 2 of 3 notes']
    played = perform(notes, out_of_range='drop')
    assert [note.pitch for note in played.notes] == [60]
    assert played.remarks == ['Left out as outside the pitches 48 to 72: 2 of 3 notes']
    with pytest.raises(InputError, match=r'Pitch out of range: expected pitches 48 to 72\. Received: 21'):
        perform(notes, out_of_range='error')
    with pytest.raises(InputError, match='Unknown out_of_range: expected one of octave, drop, error'):
        perform(notes, out_of_range='ignore')


def test_gaps_between_the_pitches():
    assert [note.pitch for note in perform([(61, 0, 1), (62, 0, 1)], pitches=(60, 62, 73)).notes] == [73, 62]
    assert [note.pitch for note in perform([(61, 0, 1), (62, 0, 1)], pitches=(60, 62)).notes] == [62]


def test_drums_are_left_out_and_counted():
    score = Score([Note(38, 90, 0, 1, is_drum=True), Note(60, 90, 0, 1)], end_seconds=1.0, remarks=['before'])
    played = performance.perform(score, PITCHES)
    assert [note.pitch for note in played.notes] == [60]
    assert played.remarks == ['before', 'Left out as drums: 1 of 2 notes']
    assert [note.pitch for note in performance.perform(score, range(24, 85), drums=True).notes] == [38, 60]


def test_nothing_to_play():
    with pytest.raises(InputError, match='expected notes of the pitches 48 to 72. Received: pitches 10 to 90'):
        perform([(10, 0, 1), (90, 0, 1)], out_of_range='drop')
    with pytest.raises(InputError, match='Received: drums only'):
        performance.perform(Score([Note(38, 90, 0, 1, is_drum=True)]), PITCHES)
