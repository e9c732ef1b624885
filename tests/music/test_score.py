import pathlib
import struct
import warnings

import numpy as np
import pretty_midi
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.music import score
from gansynth_tf.music.score import Note

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


def columns(notes):
    return [np.array(column) for column in zip(*notes)][:4]


def write_midi(path, *instruments):
    """Each instrument: (is_drum, [(velocity, pitch, start, end), ...])."""
    midi = pretty_midi.PrettyMIDI()
    for is_drum, notes in instruments:
        instrument = pretty_midi.Instrument(0, is_drum=is_drum)
        instrument.notes = [pretty_midi.Note(*note) for note in notes]
        midi.instruments.append(instrument)
    midi.write(str(path))
    return path


def raw_midi(events, *, division=96):
    track = events + b'\x00\xff\x2f\x00'
    return struct.pack('>4sIHHH4sI', b'MThd', 6, 0, 1, division & 0xffff, b'MTrk', len(track)) + track


def test_notes_equal_the_original():
    golden = np.load(GOLDEN / 'midi_main.npz')
    notes = score.read_midi(GOLDEN / 'midi_main.mid')
    pitches, velocities, starts, ends = columns(notes)
    np.testing.assert_array_equal(pitches, golden['all_pitches'])
    np.testing.assert_array_equal(velocities, golden['all_velocities'])
    np.testing.assert_allclose(starts, golden['all_starts'], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ends, golden['all_ends'], rtol=0, atol=1e-12)


def test_within_the_originals_pitches_the_notes_equal_the_original():
    golden = np.load(GOLDEN / 'midi_main.npz')
    kept = score.playable(score.read_midi(GOLDEN / 'midi_main.mid'), range(36, 85))
    pitches, velocities, starts, ends = columns(kept)
    np.testing.assert_array_equal(pitches, golden['notes_pitches'])
    np.testing.assert_array_equal(velocities, golden['notes_velocities'])
    np.testing.assert_allclose(starts, golden['notes_start_times'], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ends, golden['notes_end_times'], rtol=0, atol=1e-12)


def test_all_that_the_model_covers_is_kept():
    kept = score.playable(score.read_midi(GOLDEN / 'midi_main.mid'), range(24, 85))
    assert [note.pitch for note in kept if note.pitch < 36] == [35, 30]
    assert 85 not in [note.pitch for note in kept]


def test_gaps_between_the_models_pitches_are_left_out():
    notes = [Note(60, 1, 0.0, 1.0), Note(61, 1, 0.0, 1.0), Note(62, 1, 0.0, 1.0)]
    assert [note.pitch for note in score.playable(notes, (60, 62))] == [60, 62]


def test_drums_are_read_and_not_played(tmp_path):
    notes = score.read_midi(write_midi(tmp_path / 'a.mid', (True, [(90, 38, 0, 1)]), (False, [(90, 60, 0, 1)])))
    assert [(note.pitch, note.is_drum) for note in notes] == [(38, True), (60, False)]
    assert [note.pitch for note in score.playable(notes, range(24, 85))] == [60]


def test_the_pedal_does_not_lengthen_notes(tmp_path):
    pedal_down, note_on, note_off = b'\x00\xb0\x40\x7f', b'\x00\x90\x3c\x40', b'\x60\x80\x3c\x00'
    path = tmp_path / 'pedal.mid'
    path.write_bytes(raw_midi(pedal_down + note_on + note_off + b'\x60\xb0\x40\x00'))
    assert score.read_midi(path) == [Note(60, 64, 0.0, 0.5)]


def test_the_piece_ends_with_the_note_that_ends_last_not_the_one_listed_last():
    assert score.total_seconds([Note(60, 1, 0.0, 9.0), Note(60, 1, 1.0, 2.0)]) == 9.0


def test_reading_does_not_warn_about_a_key_signature_in_a_later_track(tmp_path):
    header, tempo = struct.pack('>4sIHHH', b'MThd', 6, 1, 2, 96), b'\x00\xff\x2f\x00'
    track = b'\x00\xff\x59\x02\x01\x00\x00\x90\x3c\x40\x60\x80\x3c\x00\x00\xff\x2f\x00'
    path = tmp_path / 'key.mid'
    path.write_bytes(header + b''.join(b'MTrk' + struct.pack('>I', len(data)) + data for data in (tempo, track)))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert len(score.read_midi(path)) == 1


def test_tempo_changes_that_the_parser_does_not_see_are_reported(tmp_path, caplog):
    header, empty = struct.pack('>4sIHHH', b'MThd', 6, 1, 2, 96), b'\x00\xff\x2f\x00'
    track = b'\x00\xff\x51\x03\x01\x00\x00\x00\x90\x3c\x40\x60\x80\x3c\x00\x00\xff\x2f\x00'
    path = tmp_path / 'tempo.mid'
    path.write_bytes(header + b''.join(b'MTrk' + struct.pack('>I', len(data)) + data for data in (empty, track)))
    score.read_midi(path)
    assert 'tempo changes outside the first track are left out' in caplog.text


def test_every_truncation_is_an_input_error(tmp_path):
    whole = (GOLDEN / 'midi_main.mid').read_bytes()
    path = tmp_path / 'cut.mid'
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r'Cannot read the MIDI file: .*\(the file ends too early\)\. '):
            score.read_midi(path)


def test_damaged_bytes_give_notes_or_an_input_error(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / 'damaged.mid'
    outcomes = set()
    for _ in range(150):
        damaged = bytearray((GOLDEN / 'midi_main.mid').read_bytes())
        damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            outcomes.add(bool(score.read_midi(path)))
        except InputError:
            outcomes.add(InputError)
    assert outcomes == {True, InputError}


@pytest.mark.parametrize('content, message', [
    (b'', r'Cannot read the MIDI file: expected a standard MIDI file \(the file ends too early\)'),
    (b'RIFF this is a wave file, not MIDI', r'Cannot read the MIDI file: .*MThd not found'),
    (raw_midi(b''), r'Nothing to play: expected a MIDI file with notes'),
    (raw_midi(b'\x00\x90\x3c\x40\x60\x80\x3c\x00', division=-6360),
     r'Cannot read the MIDI file: .*timed in film frames instead of beats'),
    (raw_midi(b'\x00\x90\x3c\x40\x60\x80\x3c\x00', division=0), r'Cannot read the MIDI file'),
    (raw_midi(b'\x00\xff\x51\x03\xff\xff\xff\x00\x90\x3c\x40\x8f\xff\x7f\x80\x3c\x00', division=1),
     r'Impossible note times: .* at most 6 hours'),
], ids=['empty', 'not MIDI', 'no notes', 'SMPTE time', 'no resolution', 'days long'])
def test_bad_files(tmp_path, content, message):
    path = tmp_path / 'bad.mid'
    path.write_bytes(content)
    with pytest.raises(InputError, match=message + r'.* Received: .*bad\.mid') as error:
        score.read_midi(path)
    assert '\n' not in str(error.value)


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(InputError, match=r'No such MIDI file: expected a path .* Received: .*none\.mid'):
        score.read_midi(tmp_path / 'none.mid')
    with pytest.raises(InputError, match=r'Cannot read the MIDI file'):
        score.read_midi(tmp_path)


def test_no_note_in_range_says_so():
    message = r'Nothing to play: expected notes of the pitches 36 to 84\. Received: pitches 10 to 90'
    with pytest.raises(InputError, match=message):
        score.playable([Note(10, 1, 0.0, 1.0), Note(90, 1, 0.0, 1.0)], range(36, 85))
    with pytest.raises(InputError, match=r'Received: drums only'):
        score.playable([Note(60, 1, 0.0, 1.0, is_drum=True)], range(36, 85))
