"""A piece as it was written: notes and controllers in seconds, read from a MIDI file or a PrettyMIDI object.

Notes end when their keys go up; `performance` applies pedals and levels.
"""

import collections
import dataclasses
import itertools
import math
import os
import typing
from collections.abc import Iterable, Mapping, Sequence

from gansynth_tf.errors import InputError
from gansynth_tf.music import midi
from gansynth_tf.music.midi import Event, MidiFile, Track

LONGEST_SECONDS = 6 * 3600  # a longer file is probably damaged, and would take too much memory
MAX_NOTES = 100_000
DRUM_CHANNEL = 9
_CHANNELS = 16
_DEFAULT_TEMPO = 500_000  # microseconds a quarter note
_LATEST_END_SECONDS = 60  # after the last event; an end of track later than that is not musical time
_DEFAULT_BEND_SEMITONES = 2.0


class Note(typing.NamedTuple):
    """One note: MIDI pitch 0..127, velocity 1..127, and when its key goes down and up, in seconds.

    Attributes:
      pitch, velocity, start_seconds, end_seconds: as above.
      is_drum: True on MIDI channel 10, where a number means a drum instead of a pitch.
      channel: 16 * port + MIDI channel from 0; the key into `Score.controls`.
      program: MIDI program from 0.
      track: from 0; the channel, in a file whose notes are all in one track.
    """

    pitch: int
    velocity: int
    start_seconds: float
    end_seconds: float
    is_drum: bool = False
    channel: int = 0
    program: int = 0
    track: int = 0


class Control(typing.NamedTuple):
    """A controller's new value.

    Attributes:
      seconds: time of the change.
      kind: 'sustain' or 'sostenuto' (1 down, 0 up), 'volume', 'expression' (0 to 1), 'pan' (-1 left to 1 right), 'bend'
        (semitones), or 'sound_off'.
      value: in the unit of the kind.
    """

    seconds: float
    kind: str
    value: float


@dataclasses.dataclass(frozen=True)
class Score:
    """A piece.

    Attributes:
      notes: track by track, within a track in the order in which they end (note_seq's, and so Magenta's).
      controls: by channel, ascending in time.
      track_names: by track, where it has one.
      end_seconds: of the last event.
      remarks: lines that say which parts of the file were left out or changed.
    """

    notes: Sequence[Note]
    controls: Mapping[int, Sequence[Control]] = dataclasses.field(default_factory=dict)
    track_names: Mapping[int, str] = dataclasses.field(default_factory=dict)
    end_seconds: float = 0.0
    remarks: Sequence[str] = ()


def read_midi(path: str | os.PathLike) -> Score:
    """Reads a standard MIDI file; faulty parts are skipped where possible, which `remarks` then tell.

    Raises:
      InputError: if there is no such file, it is not MIDI, holds no notes, or is beyond 6 hours or 100,000 notes.
    """
    return _named(midi.read(path), str(path))


def from_bytes(data: bytes, name: str) -> Score:
    """Reads the content of a MIDI file as `read_midi` does; `name` is the file's name in errors."""
    return _named(midi.named(lambda: midi.parse(data), name), name)


def _named(file: MidiFile, name: str) -> Score:
    try:
        return from_file(file)
    except InputError as error:
        raise error if 'Received: ' in str(error) else InputError(f'{error} Received: {name!r}') from error


def from_file(file: MidiFile) -> Score:
    """The piece in a MIDI file; see `read_midi`, whose errors end with 'Received:' and the path."""
    reader = _Reader()
    if file.format == 2:  # each track is a piece: one after the other
        for track_index, track in enumerate(file.tracks):
            reader.read(file, {track_index: track})
    else:
        reader.read(file, dict(enumerate(file.tracks)))
    skipped = '; '.join(f'{what}: {count}' for what, count in file.skipped.items())
    remarks = [f'In the MIDI file, {skipped}'] if skipped else []
    return _checked(_parted(reader.score(remarks)))


def from_pretty_midi(piece: typing.Any) -> Score:
    """The piece in a `pretty_midi.PrettyMIDI` object: every instrument a track and a channel of its own."""
    notes, controls, names = [], {}, {}
    for track, instrument in enumerate(piece.instruments):
        channel = track * _CHANNELS + DRUM_CHANNEL * bool(instrument.is_drum)
        notes += [Note(note.pitch, note.velocity, float(note.start), float(note.end), bool(instrument.is_drum), channel,
                       instrument.program, track) for note in instrument.notes if note.velocity > 0]
        state = _Channel()
        changes = [(change.time, change.number, change.value) for change in instrument.control_changes]
        changes += [(bend.time, None, bend.pitch + 8192) for bend in instrument.pitch_bends]
        for seconds, number, value in sorted(changes, key=lambda change: change[0]):
            state.bend(seconds, value) if number is None else state.control(seconds, number, value)
        controls[channel] = state.controls
        if instrument.name:
            names[track] = instrument.name
    return _checked(Score(notes, controls, names, max((note.end_seconds for note in notes), default=0.0)))


def _parted(score: Score) -> Score:
    """The score; if all its notes are in one track, with a track for each channel instead."""
    channels = dict.fromkeys(note.channel for note in score.notes)
    if len({note.track for note in score.notes}) != 1 or len(channels) == 1:
        return score
    notes = [note._replace(track=note.channel) for note in score.notes]
    return dataclasses.replace(score, notes=notes, track_names={})


def _checked(score: Score) -> Score:
    if not score.notes:
        raise InputError('Nothing to play: expected a MIDI file with notes.')
    if len(score.notes) > MAX_NOTES:
        raise InputError(f'Too many notes: expected a piece of at most {MAX_NOTES}, not {len(score.notes)}.')
    if not all(0 <= note.start_seconds <= note.end_seconds <= LONGEST_SECONDS for note in score.notes):
        raise InputError(f'Impossible note times: expected a piece of at most {LONGEST_SECONDS // 3600} hours.')
    return score


class _Channel:
    """The state of one channel's controllers, and the list of their changes so far."""

    def __init__(self):
        self.program = 0
        self.controls: list[Control] = []
        self._wheel = 8192
        self._bend_range = [_DEFAULT_BEND_SEMITONES, 0.0]  # semitones, cents
        self._parameter = [127, 127]  # most and least significant byte; 127, 127 is none

    def control(self, seconds: float, number: int, value: int) -> None:
        """Applies a controller change; those that change the sound are added to `controls`."""
        if number in (64, 66):
            self._note(seconds, 'sustain' if number == 64 else 'sostenuto', float(value >= 64))
        elif number in (7, 11):
            self._note(seconds, 'volume' if number == 7 else 'expression', value / 127)
        elif number == 10:
            self._note(seconds, 'pan', max(-1.0, (value - 64) / 63))
        elif number in (98, 99):  # a parameter without a registered number
            self._parameter = [127, 127]
        elif number in (100, 101):
            self._parameter[101 - number] = value
        elif number in (6, 38) and self._parameter == [0, 0]:
            self._bend_range[number == 38] = value if number == 6 else value / 100
            self.bend(seconds, self._wheel)
        elif number == 120:
            self._note(seconds, 'sound_off', 0.0)
        elif number == 121:
            self._reset(seconds)

    def bend(self, seconds: float, wheel: int) -> None:
        """Applies a position of the pitch wheel, 0 to 16383."""
        self._wheel = wheel
        self._note(seconds, 'bend', (wheel - 8192) / 8192 * sum(self._bend_range))

    def _reset(self, seconds: float) -> None:
        """Resets the controllers to their initial values; by RP-015 volume, pan and program stay as they are."""
        for kind, value in (('sustain', 0.0), ('sostenuto', 0.0), ('expression', 1.0)):
            self._note(seconds, kind, value)
        self._parameter = [127, 127]
        self.bend(seconds, 8192)

    def _note(self, seconds: float, kind: str, value: float) -> None:
        self.controls.append(Control(seconds, kind, value))


class _Reader:
    """Collects notes and controls from the events of tracks that sound together; such sets may follow each other."""

    def __init__(self):
        self._notes: list[Note] = []
        self._channels: dict[int, _Channel] = collections.defaultdict(_Channel)
        self._names: dict[int, str] = {}
        self._down: dict[tuple[int, int], list[Note]] = collections.defaultdict(list)  # by channel and pitch
        self._ends_too_early: set[tuple[int, int, float]] = set()  # channel, pitch, seconds of an end without a note
        self._first_channel = 0
        self._begin = self._last = 0.0  # seconds
        self._remarks: collections.Counter[str] = collections.Counter()

    def read(self, file: MidiFile, tracks: Mapping[int, Track]) -> None:
        """Reads tracks that sound together; they begin where those read before have ended."""
        ports = dict.fromkeys(tracks, 0)
        self._begin = self._last
        tempo_tick, tempo_seconds, tempo = 0, self._begin, _DEFAULT_TEMPO
        ends: dict[int, float] = {}
        for tick, track, event in _merged(tracks):
            per_tick = file.seconds_per_tick or tempo / 1e6 / (file.ticks_per_quarter or 1)
            seconds = tempo_seconds + (tick - tempo_tick) * per_tick
            if event is None:
                ends[track] = seconds
            elif event.status == midi.META:
                kind, content = event.data[0], event.data[1:]
                if kind == midi.SET_TEMPO:
                    tempo_tick, tempo_seconds, tempo = tick, seconds, int.from_bytes(content, 'big')
                elif kind == midi.PORT:
                    ports[track] = content[0]
                elif text := _text(content):
                    self._names.setdefault(track, text)
            else:
                channel = self._first_channel + ports[track] * _CHANNELS + (event.status & 0x0f)
                self._message(event, seconds, channel, track)
                self._last = seconds
        self._end(ends)
        self._first_channel = max(self._channels, default=0) // _CHANNELS * _CHANNELS + _CHANNELS

    def score(self, remarks: Iterable[str]) -> Score:
        """The score of all tracks read so far."""
        self._notes.sort(key=lambda note: note.track)
        controls = {channel: state.controls for channel, state in self._channels.items()}
        lines = [f'{what}: {count}' for what, count in self._remarks.items()]
        return Score(self._notes, controls, self._names, self._last, [*remarks, *lines])

    def _message(self, event: Event, seconds: float, channel: int, track: int) -> None:
        kind, data = event.status & 0xf0, event.data
        state = self._channels[channel]
        if kind == 0x90 and data[1]:
            is_drum = channel % _CHANNELS == DRUM_CHANNEL
            self._down[channel, data[0]].append(
                Note(data[0], data[1], seconds, math.inf, is_drum, channel, state.program, track))
        elif kind in (0x80, 0x90):
            self._key_up(channel, data[0], seconds, track)
        elif kind == 0xb0:
            state.control(seconds, *data)
            if data[0] == 120 or data[0] >= 123:  # changes of mode end notes as 'all notes off' does
                for pitch in range(128):
                    for note in self._down.pop((channel, pitch), ()):
                        self._close(note, seconds)
        elif kind == 0xc0:
            state.program = data[0]
        elif kind == 0xe0:
            state.bend(seconds, data[0] | data[1] << 7)

    def _key_up(self, channel: int, pitch: int, seconds: float, track: int) -> None:
        """Ends the earliest note of this pitch, of the same track if there is one."""
        down = self._down[channel, pitch]
        if not down:
            self._ends_too_early.add((channel, pitch, seconds))
            return
        index = next((index for index, note in enumerate(down) if note.track == track), 0)
        self._close(down.pop(index), seconds)

    def _close(self, note: Note, seconds: float) -> None:
        if seconds == note.start_seconds:
            self._remarks['Notes of no length, played as short as can be'] += 1
        self._notes.append(note._replace(end_seconds=seconds))
        if len(self._notes) > MAX_NOTES:
            raise InputError(f'Too many notes: expected a piece of at most {MAX_NOTES}.')

    def _end(self, ends: Mapping[int, float]) -> None:
        """Ends the notes whose keys are still down, where their tracks end."""
        latest = self._last + _LATEST_END_SECONDS
        for note in itertools.chain.from_iterable(self._down.values()):
            end = ends[note.track] if ends[note.track] <= latest else self._last
            if (note.channel, note.pitch, note.start_seconds) in self._ends_too_early:
                self._close(note, note.start_seconds)  # its end is there, written before its beginning
            elif end <= note.start_seconds:
                self._remarks['Notes that begin where their track ends, left out'] += 1
            else:
                self._remarks['Notes without an end, which last until their track ends'] += 1
                self._close(note, end)
                self._last = max(self._last, end)
        self._down.clear()
        self._ends_too_early.clear()


def _merged(tracks: Mapping[int, Track]) -> Iterable[tuple[int, int, Event | None]]:
    """Tuples (tick, track, event), ascending in time, at one tick in the order of the file; None is a track's end."""
    events: list[tuple[int, int, Event | None]] = []
    for index, track in tracks.items():
        events += ((event.tick, index, event) for event in track.events)
        events.append((track.end_tick, index, None))
    return sorted(events, key=lambda event: event[0])


def _text(content: bytes) -> str:
    """A name's printable characters; its encoding, which MIDI files do not state, is guessed."""
    for encoding in ('utf-8-sig', 'shift-jis', 'latin-1'):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    return ''.join(character for character in text if character.isprintable()).strip()
