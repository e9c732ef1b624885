import pathlib

import numpy as np
import pretty_midi
import pytest
from small_music import END, NOTE_OFF, NOTE_ON, smf

from gansynth_tf.errors import InputError
from gansynth_tf.music import midi, score
from gansynth_tf.music.score import Control, Note

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


def columns(notes):
    return [np.array(column) for column in zip(*notes)][:4]


def read(track, *more, **kwargs):
    """The score of a file written byte by byte, whose 96 ticks are half a second."""
    return score.from_file(midi.parse(smf(track + END, *(track + END for track in more), **kwargs)))


def times(read_score):
    return [(note.pitch, round(note.start_seconds, 6), round(note.end_seconds, 6)) for note in read_score.notes]


def test_notes_equal_the_original():
    golden = np.load(GOLDEN / 'midi_main.npz')
    piece = score.read_midi(GOLDEN / 'midi_main.mid')
    pitches, velocities, starts, ends = columns(piece.notes)
    np.testing.assert_array_equal(pitches, golden['all_pitches'])
    np.testing.assert_array_equal(velocities, golden['all_velocities'])
    np.testing.assert_allclose(starts, golden['all_starts'], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ends, golden['all_ends'], rtol=0, atol=1e-12)
    assert piece.track_names == {1: 'a'} and piece.remarks == []


def test_a_clean_file_is_what_pretty_midi_reads(tmp_path):
    rng = np.random.default_rng(0)
    piece = pretty_midi.PrettyMIDI()
    for program, is_drum in ((0, False), (40, False), (0, True)):
        instrument = pretty_midi.Instrument(program, is_drum=is_drum, name=f'n{program}')
        starts = np.cumsum(rng.uniform(0.3, 0.6, 20))
        instrument.notes = [pretty_midi.Note(int(rng.integers(1, 128)), int(rng.integers(128)), start, start + 0.25)
                            for start in starts]
        piece.instruments.append(instrument)
    piece.write(str(tmp_path / 'a.mid'))
    expected = sorted((instrument.program, instrument.is_drum, note.pitch, note.velocity, note.start, note.end)
                      for instrument in pretty_midi.PrettyMIDI(str(tmp_path / 'a.mid')).instruments
                      for note in instrument.notes)
    for ours in (score.read_midi(tmp_path / 'a.mid'), score.from_pretty_midi(piece)):
        found = sorted((note.program, note.is_drum, note.pitch, note.velocity, note.start_seconds, note.end_seconds)
                       for note in ours.notes)
        np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=0, atol=2e-3)
    assert ours.track_names == {0: 'n0', 1: 'n40', 2: 'n0'}


def test_tempo_changes_count_from_every_track_and_within_a_note():
    piece = read(NOTE_ON + b'\x81\x40\x80\x3c\x00', b'\x60\xff\x51\x03\x0f\x42\x40')  # 1 s a quarter from tick 96 on
    assert times(piece) == [(60, 0, 1.5)]


def test_film_frames_ignore_the_tempo():
    assert times(read(b'\x00\xff\x51\x03\x0f\x42\x40' + NOTE_ON + NOTE_OFF, division=b'\xe7\x28')) == [(60, 0, 0.096)]


def test_overlapping_notes_of_a_pitch_pair_first_on_first_off():
    assert times(read(NOTE_ON + b'\x30\x90\x3c\x50' + NOTE_OFF + NOTE_OFF)) == [(60, 0, 0.75), (60, 0.25, 1.25)]


def test_a_note_ends_by_its_own_track_or_else_by_any():
    long, short = NOTE_ON + b'\x81\x40\x80\x3c\x00', b'\x30\x90\x3c\x40' + b'\x30\x80\x3c\x00'
    assert times(read(long, short)) == [(60, 0, 1.0), (60, 0.25, 0.5)]
    assert times(read(NOTE_ON, b'\x60\x80\x3c\x00')) == [(60, 0, 0.5)]


def test_a_note_without_an_end_lasts_until_its_track_ends():
    piece = read(NOTE_ON + b'\x60\xff\x01\x00', b'\x81\x40\xff\x01\x00')
    assert times(piece) == [(60, 0, 0.5)]
    assert piece.remarks == ['Notes without an end, which last until their track ends: 1']
    late = score.from_file(midi.parse(smf(NOTE_ON + b'\x60\xb0\x01\x00' + b'\xff\xff\xff\x7f\xff\x2f\x00')))
    assert times(late) == [(60, 0, 0.5)]


def test_a_note_of_no_length_is_kept_whichever_of_its_events_comes_first():
    other = b'\x00\x90\x40\x40\x60\x80\x40\x00'
    for events in (NOTE_ON + b'\x00\x80\x3c\x00', b'\x00\x80\x3c\x00' + NOTE_ON):
        piece = read(events + other)
        assert sorted(times(piece)) == [(60, 0, 0), (64, 0, 0.5)]
        assert piece.remarks == ['Notes of no length, played as short as can be: 1']


@pytest.mark.parametrize('number', [120, 123, 127])
def test_all_notes_off(number):
    piece = read(NOTE_ON + b'\x00\x90\x43\x40' + bytes([0x60, 0xb0, number, 0]) + NOTE_OFF)
    assert times(piece) == [(60, 0, 0.5), (67, 0, 0.5)]


def test_channels_ports_and_programs():
    piece = read(b'\x00\xc0\x05' + NOTE_ON + b'\x00\xc0\x07' + NOTE_OFF + b'\x00\x99\x24\x40\x60\x89\x24\x00',
                 b'\x00\xff\x21\x01\x02' + NOTE_ON + NOTE_OFF)
    assert [(note.channel, note.program, note.is_drum, note.track) for note in piece.notes] == [
        (0, 5, False, 0), (9, 0, True, 0), (32, 0, False, 1)]


def test_tracks_of_type_2_follow_one_another():
    piece = read(b'\x00\xff\x51\x03\x0f\x42\x40' + NOTE_ON + NOTE_OFF, NOTE_ON + NOTE_OFF, format=2)
    assert times(piece) == [(60, 0, 1.0), (60, 1.0, 1.5)]
    assert piece.notes[0].channel != piece.notes[1].channel


def controls(events):
    return read(events + NOTE_ON + NOTE_OFF).controls[0]


def cc(number, value):
    return bytes([0, 0xb0, number, value])


def test_controllers_by_hand():
    assert controls(cc(64, 63) + cc(64, 64) + cc(66, 127) + cc(10, 0) + cc(120, 0)) == [
        Control(0, 'sustain', 0), Control(0, 'sustain', 1), Control(0, 'sostenuto', 1), Control(0, 'pan', -1),
        Control(0, 'sound_off', 0)]
    assert controls(cc(7, 127) + cc(11, 0)) == [Control(0, 'volume', 1), Control(0, 'expression', 0)]
    assert [control.kind for control in controls(cc(121, 0))] == ['sustain', 'sostenuto', 'expression', 'bend']


@pytest.mark.parametrize('events, semitones', [
    (b'\x00\xe0\x00\x60', 1.0),
    (b'\x00\xe0\x00\x00', -2.0),
    (cc(101, 0) + cc(100, 0) + cc(6, 12) + cc(38, 50) + b'\x00\xe0\x00\x60', 6.25),
    (b'\x00\xe0\x00\x60' + cc(101, 0) + cc(100, 0) + cc(6, 12), 6.0),
    (cc(101, 0) + cc(100, 1) + cc(6, 12) + b'\x00\xe0\x00\x60', 1.0),
    (cc(101, 0) + cc(100, 0) + cc(99, 1) + cc(6, 12) + b'\x00\xe0\x00\x60', 1.0),
])
def test_bend_and_its_range(events, semitones):
    assert controls(events)[-1] == Control(0, 'bend', semitones)


def test_controllers_of_a_pretty_midi_object():
    piece = pretty_midi.PrettyMIDI()
    piece.instruments.append(pretty_midi.Instrument(3))
    piece.instruments[0].notes = [pretty_midi.Note(100, 60, 0.0, 1.0)]
    piece.instruments[0].control_changes = [pretty_midi.ControlChange(64, 127, 0.5)]
    piece.instruments[0].pitch_bends = [pretty_midi.PitchBend(4096, 0.25)]
    read_score = score.from_pretty_midi(piece)
    assert read_score.notes == [Note(60, 100, 0.0, 1.0, program=3)]
    assert read_score.controls == {0: [Control(0.25, 'bend', 1.0), Control(0.5, 'sustain', 1.0)]}


@pytest.mark.parametrize('name, text', [
    (b'\xef\xbb\xbfFl\xc3\xb6te', 'Flöte'), ('ピアノ'.encode('shift-jis'), 'ピアノ'), (b'\xff\xfe\x1b[31m', 'ÿþ[31m')])
def test_track_names(name, text):
    assert read(bytes([0, 0xff, 3, len(name)]) + name + NOTE_ON + NOTE_OFF).track_names == {0: text}


def test_truncations_are_played_as_far_as_they_go_or_an_input_error(tmp_path):
    whole = (GOLDEN / 'midi_main.mid').read_bytes()
    played = 0
    for length in range(len(whole)):
        (tmp_path / 'cut.mid').write_bytes(whole[:length])
        try:
            piece = score.read_midi(tmp_path / 'cut.mid')
        except InputError:
            continue
        played += 1
        # The last four bytes are the end of the track: without its first two all is there, but it ends too early.
        assert 'break off' in piece.remarks[0] or length == len(whole) - 4
    assert played > 100


@pytest.mark.parametrize('content, message', [
    (smf(END), r'Nothing to play: expected a MIDI file with notes'),
    (smf(b'\x00\xff\x51\x03\xff\xff\xff' + NOTE_ON + b'\x8f\xff\x7f\x80\x3c\x00', division=1),
     r'Impossible note times: .* at most 6 hours'),
], ids=['no notes', 'days long'])
def test_bad_files(tmp_path, content, message):
    path = tmp_path / 'bad.mid'
    path.write_bytes(content)
    with pytest.raises(InputError, match=message + r'.* Received: .*bad\.mid') as error:
        score.read_midi(path)
    assert '\n' not in str(error.value)


def test_too_many_notes(monkeypatch):
    monkeypatch.setattr(score, 'MAX_NOTES', 1)
    with pytest.raises(InputError, match='Too many notes: expected a piece of at most 1'):
        read(NOTE_ON + NOTE_OFF + NOTE_ON + NOTE_OFF)
