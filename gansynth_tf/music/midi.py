"""The events of a standard MIDI file, read from its bytes: notes are kept, and a damaged detail refuses no piece.

Tracks may state a wrong length, lack their end, or be more or fewer than the header says; messages may have data bytes
over 127 or rely on a running status that a meta event should have ended; meta events may be of unknown kinds and of
wrong lengths. Skipped parts are counted by their kind. Libraries refuse such files, so the project has its own reader.
Source: Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001).
"""

import collections
import os
import pathlib
import typing
from collections.abc import Callable

from gansynth_tf import files
from gansynth_tf.errors import InputError

LARGEST_FILE_BYTES = 1 << 26
MAX_EVENTS = 1_000_000
META, TRACK_NAME, SET_TEMPO, END_OF_TRACK, PORT = 0xff, 0x03, 0x51, 0x2f, 0x21
_SYSEX = (0xf0, 0xf7)
_SYSTEM_SIZES = {0xf1: 1, 0xf2: 2, 0xf3: 1}  # the others have no data
_META_SIZES = {0x00: 2, 0x20: 1, PORT: 1, END_OF_TRACK: 0, SET_TEMPO: 3, 0x54: 5, 0x58: 4, 0x59: 2}
_META_KINDS = {*_META_SIZES, *range(0x01, 0x10), 0x7f}


class Event(typing.NamedTuple):
    """A channel message, or a meta event that matters (a track's name or port, a tempo).

    Attributes:
      tick: from the beginning of the track.
      status: 0x80 to 0xEF, or `META`.
      data: the message's data, every byte at most 127; for a meta event its kind and then its content.
    """

    tick: int
    status: int
    data: bytes


class Track(typing.NamedTuple):
    """The events of a track, ascending in time, and the tick at which it ends."""

    events: list[Event]
    end_tick: int


class MidiFile(typing.NamedTuple):
    """A MIDI file.

    Attributes:
      format: 0 or 1; 2 if each track is a piece.
      ticks_per_quarter: None if ticks are fractions of a second.
      seconds_per_tick: None if the tempo decides.
      tracks: in the order of the file.
      skipped: counts of the parts that were left out, by kind.
    """

    format: int
    ticks_per_quarter: int | None
    seconds_per_tick: float | None
    tracks: list[Track]
    skipped: collections.Counter[str]


def read(path: str | os.PathLike) -> MidiFile:
    """Reads a file of at most 64 MB.

    Raises:
      InputError: if there is no such file, it is no regular one, or is not MIDI.
    """
    path = files.expanded(path)
    if not path.exists():
        raise InputError(f'No such MIDI file: expected a path to a .mid file. Received: {str(path)!r}')
    return named(lambda: parse(_content(path)), str(path))


def named(parsed: Callable[[], MidiFile], name: str) -> MidiFile:
    """The result of `parsed()`; if it fails, raises an InputError with the file's name."""
    try:
        return parsed()
    except (OSError, ValueError) as error:
        raise InputError(f'Cannot read the MIDI file: expected a standard MIDI file ({error}). '
                         f'Received: {name!r}') from error


def parse(data: bytes) -> MidiFile:
    """Reads the content of a file, with or without a RIFF wrapper around it.

    Raises:
      ValueError: if there is no header, or its division gives a tick no length.
    """
    skipped: collections.Counter[str] = collections.Counter()
    start = data.find(b'MThd')
    if start < 0:
        raise ValueError('the file ends too early' if len(data) < 14 else 'MThd not found')
    if start and not data.startswith(b'RIFF'):
        skipped['skipped bytes before the header'] += start
    size, header = int.from_bytes(data[start + 4:start + 8], 'big'), data[start + 8:start + 14]
    if len(header) < 6:
        raise ValueError('the file ends too early')
    kind, num_tracks = int.from_bytes(header[:2], 'big'), int.from_bytes(header[2:4], 'big')
    per_quarter, per_tick = _division(header[4:])
    tracks = _tracks(data, start + 8 + max(size, 6), skipped)
    if len(tracks) < num_tracks:
        skipped['missing tracks'] += num_tracks - len(tracks)
    return MidiFile(kind, per_quarter, per_tick, tracks, skipped)


def _content(path: pathlib.Path) -> bytes:
    if not path.is_file():  # a pipe would never end
        raise ValueError('it is not a file')
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise ValueError(f'it has {path.stat().st_size} bytes, over {LARGEST_FILE_BYTES}')
    return path.read_bytes()


def _division(field: bytes) -> tuple[int | None, float | None]:
    """Ticks per quarter note, or seconds per tick where the field holds frames per second and ticks per frame."""
    if field[0] < 128:
        ticks = int.from_bytes(field, 'big')
        if not ticks:
            raise ValueError('a quarter note has 0 ticks')
        return ticks, None
    frames = 256 - field[0]
    if not field[1]:
        raise ValueError('a frame has 0 ticks')
    return None, 1 / ((30000 / 1001 if frames == 29 else frames) * field[1])


def _tracks(data: bytes, position: int, skipped: collections.Counter[str]) -> list[Track]:
    """All tracks from a position on; other bytes between them are skipped."""
    tracks: list[Track] = []
    num_events = 0
    while position < len(data):
        if data[position:position + 4] == b'MTrk' and position + 8 <= len(data):
            reader = _TrackReader(data, position + 8, skipped)
            tracks.append(reader.read())
            position, num_events = reader.position, num_events + len(tracks[-1].events)
            if num_events > MAX_EVENTS:
                raise ValueError(f'it has over {MAX_EVENTS} events')
        elif _is_chunk(data, position) and (end := position + 8 + _size(data, position)) <= len(data):
            if not data.startswith(b'RIFF'):
                skipped['skipped chunks of another kind'] += 1
            position = end
        else:
            found = data.find(b'MTrk', position + 1)
            found = len(data) if found < 0 else found
            if not data.startswith(b'RIFF'):
                skipped['skipped bytes between or after the tracks'] += found - position
            position = found
    return tracks


def _size(data: bytes, position: int) -> int:
    return int.from_bytes(data[position + 4:position + 8], 'big')


def _is_chunk(data: bytes, position: int) -> bool:
    name = data[position:position + 4]
    return len(data) >= position + 8 and name.isalnum() and name.isascii()


class _Broken(Exception):
    """Raised where the rest of a track cannot be read; its text is the kind of fault that is counted."""


class _TrackReader:
    """Reads one track, from its first byte to where the next chunk may begin, which is then `position`."""

    def __init__(self, data: bytes, start: int, skipped: collections.Counter[str]):
        self._data, self._skipped = data, skipped
        self._events: list[Event] = []
        self._tick = 0
        self.position = start
        self._declared_end = start + int.from_bytes(data[start - 4:start], 'big')
        self._limit = self._believable_end(start)

    def read(self) -> Track:
        ended = False
        try:
            ended = self._read_events()
            if not ended and self._declared_end > len(self._data):
                self._skipped['tracks that break off'] += 1
        except _Broken as broken:
            self._skipped[str(broken)] += 1
            self.position = self._limit
        if self._declared_end == self._limit and not (ended and self._data.startswith(b'MTrk', self.position)):
            self.position = self._limit  # bytes between a track's end and its declared end mean nothing
        return Track(self._events, self._tick)

    def _believable_end(self, start: int) -> int:
        """The declared end; where no chunk can follow it, the beginning of the next track or the end of the file."""
        end = self._declared_end
        if end == len(self._data) or (end < len(self._data) and _is_chunk(self._data, end)):
            return end
        found = self._data.find(b'MTrk', start)
        return len(self._data) if found < 0 else found

    def _read_events(self) -> bool:
        """Reads up to the end of the track; False if the bytes end before it."""
        running = None
        while self.position < self._limit:
            self._tick += self._number()
            status = self._byte()
            if status < 0x80:
                if running is None:
                    self._skipped['skipped bytes without a message'] += 1
                    continue
                self.position -= 1
                self._message(running)
            elif status < 0xf0:
                running = status
                self._message(status)
            elif status == META:
                if self._meta():
                    return True
            else:
                self._system(status)
        return False

    def _byte(self) -> int:
        if self.position >= self._limit:
            raise _Broken('tracks that break off')
        self.position += 1
        return self._data[self.position - 1]

    def _bytes(self, count: int) -> bytes:
        if self.position + count > self._limit:
            raise _Broken('tracks that break off')
        self.position += count
        return self._data[self.position - count:self.position]

    def _number(self) -> int:
        """A variable-length number: seven bits a byte, at most four bytes."""
        value = 0
        for _ in range(4):
            byte = self._byte()
            value = value << 7 | byte & 0x7f
            if byte < 0x80:
                return value
        raise _Broken('tracks left out from a number of more than four bytes on')

    def _message(self, status: int) -> None:
        message = self._bytes(1 if status & 0xf0 in (0xc0, 0xd0) else 2)
        if max(message) > 127:
            # There is no key or controller of such a number; any other value can only mean the largest one.
            if message[0] > 127 and status & 0xf0 < 0xe0:
                self._skipped['skipped messages with a number over 127'] += 1
                return
            self._skipped['data bytes over 127, taken for 127'] += 1
            message = bytes(min(byte, 127) for byte in message)
        self._events.append(Event(self._tick, status, message))

    def _meta(self) -> bool:
        """Reads a meta event; True if it is the end of the track."""
        kind = self._byte()
        content = self._bytes(self._number())
        if kind == END_OF_TRACK:
            return True
        expected = _META_SIZES.get(kind)
        if kind not in _META_KINDS:
            self._skipped['skipped meta events of unknown kinds'] += 1
        elif expected is not None and len(content) != expected:
            self._skipped['skipped meta events of a wrong length'] += 1
        elif kind == SET_TEMPO and not any(content):
            self._skipped['skipped tempos of 0'] += 1
        elif kind == 0x59 and (content[1] > 1 or not -7 <= int.from_bytes(content[:1], 'big', signed=True) <= 7):
            self._skipped['skipped impossible key signatures'] += 1
        elif kind == 0x54 and (content[0] & 0x1f > 23 or max(content[1:3]) > 59):
            self._skipped['skipped impossible SMPTE offsets'] += 1
        elif kind in (TRACK_NAME, SET_TEMPO, PORT):
            self._events.append(Event(self._tick, META, bytes([kind]) + content))
        return False

    def _system(self, status: int) -> None:
        if status in _SYSEX:
            self._bytes(self._number())
        else:
            self._bytes(_SYSTEM_SIZES.get(status, 0))
            self._skipped['skipped system messages'] += 1
