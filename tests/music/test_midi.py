"""Reading MIDI bytes; the files are written here byte by byte."""

import os

import numpy as np
import pytest
from small_music import END, NOTE_OFF, NOTE_ON, chunk, smf

from gansynth_tf.errors import InputError
from gansynth_tf.music import midi, score


def test_events_by_hand():
    file = midi.parse(smf(NOTE_ON + b'\x83\x60\x3c\x00' + b'\x00\xc5\x07' + END, division=480))
    assert (file.format, file.ticks_per_quarter, file.seconds_per_tick) == (1, 480, None)
    assert file.tracks == [midi.Track([midi.Event(0, 0x90, b'\x3c\x40'), midi.Event(480, 0x90, b'\x3c\x00'),
                                       midi.Event(480, 0xc5, b'\x07')], 480)]
    assert not file.skipped


@pytest.mark.parametrize('field, seconds', [(b'\xe7\x28', 0.001), (b'\xe8\x50', 1 / 1920), (b'\xe3\x64', 1.001 / 3000)])
def test_ticks_of_film_frames_are_seconds(field, seconds):
    file = midi.parse(smf(NOTE_ON + END, division=field))
    assert file.ticks_per_quarter is None
    np.testing.assert_allclose(file.seconds_per_tick, seconds, rtol=1e-12)


@pytest.mark.parametrize('before, skipped', [
    (b'\x00\xff\x59\x02\x00\xff', {'skipped impossible key signatures': 1}),
    (b'\x00\xff\x59\x02\x08\x00', {'skipped impossible key signatures': 1}),
    (b'\x00\xff\x59\x02\xf9\x01', {}),
    (b'\x00\xff\x59\x01\x00', {'skipped meta events of a wrong length': 1}),
    (b'\x00\xff\x51\x02\x07\xa1', {'skipped meta events of a wrong length': 1}),
    (b'\x00\xff\x51\x03\x00\x00\x00', {'skipped tempos of 0': 1}),
    (b'\x00\xff\x54\x05\xff\xff\xff\xff\xff', {'skipped impossible SMPTE offsets': 1}),
    (b'\x00\xff\x42\x02ab', {'skipped meta events of unknown kinds': 1}),
    (b'\x00\xff\x7f\x02ab', {}),
    (b'\x00\xb0\x07\xff', {'data bytes over 127, taken for 127': 1}),
    (b'\x00\x90\xbc\x40', {'skipped messages with a number over 127': 1}),
    (b'\x00\xf8\x00\xfe\x00\xf2\x01\x02\x00\xf3\x01', {'skipped system messages': 4}),
    (b'\x00\xf0\x03\x7e\x7f\xf7', {}),
    (b'\x00\x05', {'skipped bytes without a message': 1}),
], ids=lambda value: value.hex() if isinstance(value, bytes) else '')
def test_what_does_not_sound_is_skipped_and_counted(before, skipped):
    file = midi.parse(smf(before + NOTE_ON + NOTE_OFF + END))
    sounding = [event for event in file.tracks[0].events if event.status in (0x80, 0x90)]
    assert sounding == [midi.Event(0, 0x90, b'\x3c\x40'), midi.Event(96, 0x80, b'\x3c\x00')]
    assert file.skipped == skipped


@pytest.mark.parametrize('between', [b'\x00\xf0\x03\x7e\x7f\xf7', b'\x00\xff\x01\x01x', b'\x00\xf8'])
def test_running_status_outlives_what_should_end_it(between):
    file = midi.parse(smf(NOTE_ON + between + b'\x60\x3c\x00' + END))
    assert file.tracks[0].events[-1] == midi.Event(96, 0x90, b'\x3c\x00')


TRACK = NOTE_ON + NOTE_OFF + END


@pytest.mark.parametrize('data, skipped', [
    (smf(TRACK) + bytes(10) + b'garbage', {'skipped bytes between or after the tracks': 17}),
    (b'\0' * 128 + smf(TRACK), {'skipped bytes before the header': 128}),
    (smf(TRACK, header=b'\0\0'), {}),
    (smf(TRACK, num_tracks=3), {'missing tracks': 2}),
    (smf(b'') + chunk(b'XFIH', b'1234') + chunk(b'MTrk', TRACK), {'skipped chunks of another kind': 1}),
    (b'RIFF\0\0\0\0RMIDdata\0\0\0\0' + smf(TRACK) + chunk(b'LIST', b'INFO'), {}),
    (smf(NOTE_ON + NOTE_OFF), {}),
    (smf(TRACK, track_size=3), {}),
    (smf(TRACK, track_size=99999), {}),
    (smf(TRACK + b'\x00\x90\x40\x40'), {}),
    (smf(NOTE_ON + NOTE_OFF + b'\x60\x90\x40', track_size=99), {'tracks that break off': 1}),
    (smf(NOTE_ON + NOTE_OFF + b'\x80\x80\x80\x80\x01\x90\x40\x40' + END),
     {'tracks left out from a number of more than four bytes on': 1}),
], ids=['garbage', 'mac binary', 'long header', 'too few tracks', 'alien chunk', 'RMID', 'no end', 'short', 'long',
        'after the end', 'breaks off', 'long number'])
def test_what_is_wrong_around_the_events(data, skipped):
    file = midi.parse(data)
    assert [event for track in file.tracks for event in track.events] == [
        midi.Event(0, 0x90, b'\x3c\x40'), midi.Event(96, 0x80, b'\x3c\x00')]
    assert file.skipped == skipped


def test_a_track_that_swallows_the_next_is_told_from_it():
    second = chunk(b'MTrk', b'\x00\x90\x43\x40\x60\x80\x43\x00' + END)
    for size in (len(TRACK) + len(second), len(TRACK) + 5, 1 << 30):
        file = midi.parse(smf(TRACK, track_size=size) + second)
        assert [track.events[0].data[0] for track in file.tracks] == [60, 67]


@pytest.mark.parametrize('content, message', [
    (b'', r'the file ends too early'),
    (smf(TRACK)[:13], r'the file ends too early'),
    (b'RIFF this is a wave file, not MIDI', r'MThd not found'),
    (smf(TRACK, division=b'\0\0'), r'a quarter note has 0 ticks'),
    (smf(TRACK, division=b'\xe7\0'), r'a frame has 0 ticks'),
])
def test_what_cannot_be_read(tmp_path, content, message):
    path = tmp_path / 'bad.mid'
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf'Cannot read the MIDI file: .*\({message}\)\. Received: .*bad\.mid'):
        midi.read(path)


def test_no_file_a_directory_and_a_pipe(tmp_path):
    with pytest.raises(InputError, match=r'No such MIDI file: expected a path .* Received: .*none\.mid'):
        midi.read(tmp_path / 'none.mid')
    os.mkfifo(tmp_path / 'pipe.mid')
    for path in (tmp_path, tmp_path / 'pipe.mid'):
        with pytest.raises(InputError, match=r'Cannot read the MIDI file: .*\(it is not a file\)'):
            midi.read(path)


def test_limits(monkeypatch, tmp_path):
    path = tmp_path / 'a.mid'
    path.write_bytes(smf(TRACK))
    monkeypatch.setattr(midi, 'MAX_EVENTS', 1)
    with pytest.raises(InputError, match=r'it has over 1 events'):
        midi.read(path)
    monkeypatch.setattr(midi, 'LARGEST_FILE_BYTES', 10)
    with pytest.raises(InputError, match=r'bytes, over 10\)'):
        midi.read(path)


def mutated(data, rng):
    """A file with some bytes changed, taken out, doubled or cut off."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(len(data)))
        match rng.integers(5):
            case 0 | 1:
                data[place] = rng.integers(256)
            case 2:
                del data[place:place + int(rng.integers(1, 9))]
            case 3:
                data[place:place] = data[place:place + int(rng.integers(1, 9))]
            case 4 if rng.random() < 0.3:
                del data[max(place, 20):]
    return bytes(data)


def test_five_hundred_mutated_files_give_notes_or_an_input_error(tmp_path):
    rng = np.random.default_rng(0)
    tracks = [b'\x00\xff\x51\x03\x07\xa1\x20\x00\xff\x03\x03abc\x00\xff\x59\x02\x00\x00' + END,
              b'\x00\xb0\x40\x7f\x00\xc0\x05' + TRACK[:-4] + b'\x00\xe0\x00\x50\x10\x91\x40\x50\x60\x40\x00'
              b'\x00\xf0\x03\x7e\x7f\xf7\x00\x91\x43\x50\x60\x43\x00\x20\xb0\x40\x00' + END]
    whole = smf(tracks[0], num_tracks=2) + chunk(b'MTrk', tracks[1])
    outcomes = []
    for _ in range(500):
        path = tmp_path / 'mutated.mid'
        path.write_bytes(mutated(whole, rng))
        try:
            notes = score.read_midi(path).notes
            assert notes and all(0 <= note.start_seconds <= note.end_seconds for note in notes)
            outcomes.append('score')
        except InputError as error:
            assert '\n' not in str(error) and 'Received: ' in str(error)
            outcomes.append('error')
    assert outcomes.count('score') > 250 and outcomes.count('error') > 20
