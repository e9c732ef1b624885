"""Performances: a score's notes with pedals, levels and bends applied, at pitches that the instrument has."""

import collections
import dataclasses
import typing
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from gansynth_tf.errors import InputError, require_one_of
from gansynth_tf.music import pedals
from gansynth_tf.music.score import Control, Note, Score

OUT_OF_RANGE = ('octave', 'drop', 'error')
DEFAULT_RELEASE_SECONDS = 0.1
MAGENTA_PITCHES = range(36, 85)  # that her tool plays; her models know 24 to 84
_DEFAULT_VOLUME = 100 / 127  # of a channel that has not been given one: General MIDI
_STEP_SECONDS = 0.005  # controllers move within this time, so that a step does not click
_INAUDIBLE_SEMITONES = 0.005
_CAUGHT = 0.3  # share of a note's release in which a pedal still holds it; later too little of it is left


class Curve(typing.NamedTuple):
    """A value that changes while a note sounds: straight lines between points, seconds from the note's start."""

    seconds: np.ndarray
    values: np.ndarray

    def at(self, seconds: np.ndarray) -> np.ndarray:
        """The values at some times."""
        return np.interp(seconds, self.seconds, self.values)


class PlayedNote(typing.NamedTuple):
    """A note as it is to sound.

    Attributes:
      pitch: the instrument's pitch that is nearest to the note's beginning.
      velocity: 1 to 127.
      start_seconds: from the beginning of the piece.
      end_seconds: time at which it is damped.
      bend: semitones from `pitch`; None for no bend.
      level: gain; None for 1.
      pan: from -1, left, to 1, right.
      program, track: of the score.
    """

    pitch: int
    velocity: int
    start_seconds: float
    end_seconds: float
    bend: Curve | None = None
    level: Curve | None = None
    pan: float = 0.0
    program: int = 0
    track: int = 0


@dataclasses.dataclass(frozen=True)
class Performance:
    """A piece ready to be played: notes, names of tracks, and lines that say what was changed or left out."""

    notes: Sequence[PlayedNote]
    track_names: typing.Mapping[int, str] = dataclasses.field(default_factory=dict)
    remarks: Sequence[str] = ()


def perform(score: Score, pitches: Collection[int], *, pedal: bool = True, controllers: bool = True,
            pitch_bend: bool = True, out_of_range: str = 'octave', drums: bool = False,
            release_seconds: float = DEFAULT_RELEASE_SECONDS) -> Performance:
    """The performance of a score on an instrument.

    Args:
      score: the piece.
      pitches: that the instrument has.
      pedal: apply sustain and sostenuto pedals.
      controllers: apply volume, expression and pan.
      pitch_bend: apply the pitch wheel.
      out_of_range: a note of another pitch moves by 'octave', is left out ('drop'), or is an 'error'.
      drums: play drums as if their numbers were pitches, as Magenta does.
      release_seconds: time in which notes fade; a pedal pressed early in that time still holds them.

    Raises:
      InputError: if no note is left, or a note is out of range and `out_of_range` is 'error'.
    """
    require_one_of('out_of_range', out_of_range, OUT_OF_RANGE)
    counts: collections.Counter[str] = collections.Counter()
    played: list[PlayedNote] = []
    by_channel: dict[int, list[Note]] = collections.defaultdict(list)
    for note in score.notes:
        if note.is_drum and not drums:
            counts['drums'] += 1
        else:
            by_channel[note.channel].append(note)
    for channel, notes in by_channel.items():
        controls = score.controls.get(channel, ())
        bends = _changes(controls if pitch_bend else (), 'bend')
        levels = _level_changes(controls if controllers else ())
        pans = _changes(controls if controllers else (), 'pan')
        ends = [note.end_seconds for note in notes]
        if pedal:
            ends = pedals.sounding_ends(notes, controls, end_seconds=score.end_seconds,
                                         catch_seconds=_CAUGHT * release_seconds)
        for note, end in zip(notes, ends):
            if found := _reachable(note.pitch, bends.at(note.start_seconds), pitches, out_of_range):
                pitch, transposed = found
                bend = bends.curve(note.start_seconds, end + release_seconds, note.pitch + transposed - pitch)
                if bend and np.max(np.abs(bend.values)) < _INAUDIBLE_SEMITONES:
                    bend = None
                level = levels.curve(note.start_seconds, end + release_seconds)
                pan = pans.at(note.start_seconds)
                played.append(PlayedNote(pitch, note.velocity, note.start_seconds, end, bend, level, pan, note.program,
                                         note.track))
                counts['moved'] += transposed != 0
                counts['lengthened'] += end > note.end_seconds
            else:
                counts['out'] += 1
    if not played:
        raise _nothing_to_play(score.notes, pitches, drums)
    return Performance(played, score.track_names, [*score.remarks, *_remarks(counts, len(score.notes), pitches)])


def _reachable(pitch: int, bend: float, pitches: Collection[int], out_of_range: str) -> tuple[int, int] | None:
    """The instrument's pitch and the semitones by which the note is moved; None if it cannot be played."""
    wanted = round(pitch + bend)
    if wanted in pitches:
        return wanted, 0
    if pitch in pitches:  # only the bent pitch is out of range
        return pitch, 0
    if out_of_range == 'error':
        raise InputError(f'Pitch out of range: expected {_span(pitches)}. Received: {pitch}')
    if out_of_range == 'octave':
        octaves = sorted(range(-120, 121, 12), key=abs)
        return next(((wanted + octave, octave) for octave in octaves if wanted + octave in pitches), None)
    return None


def _span(pitches: Collection[int]) -> str:
    return f'pitches {min(pitches)} to {max(pitches)}'


def _nothing_to_play(notes: Sequence[Note], pitches: Collection[int], drums: bool) -> InputError:
    found = [note.pitch for note in notes if drums or not note.is_drum]
    received = f'pitches {min(found)} to {max(found)}' if found else 'drums only'
    return InputError(f'Nothing to play: expected notes of the {_span(pitches)}. Received: {received}')


def _remarks(counts: collections.Counter[str], num_notes: int, pitches: Collection[int]) -> list[str]:
    lines = {
        'drums': f'Left out as drums: {counts["drums"]} of {num_notes} notes',
        'out': f'Left out as outside the {_span(pitches)}: {counts["out"]} of {num_notes} notes',
        'moved': f'Moved by octaves into the {_span(pitches)}: {counts["moved"]} of {num_notes} notes',
        'lengthened': f'Held by a pedal: {counts["lengthened"]} of {num_notes} notes'}
    return [line for what, line in lines.items() if counts[what]]


class _Changes:
    """A controller's values, each valid from its time on, ascending."""

    def __init__(self, changes: Iterable[tuple[float, float]], default: float):
        pairs = np.array([*changes], np.float64).reshape(-1, 2)
        self._seconds, self._values, self._default = pairs[:, 0], pairs[:, 1], default

    def at(self, seconds: float) -> float:
        count = np.searchsorted(self._seconds, seconds, side='right')
        return float(self._values[count - 1]) if count else self._default

    def curve(self, start: float, end: float, offset: float = 0.0) -> Curve | None:
        """The values between two times plus `offset`; None if they are the default throughout."""
        first, last = np.searchsorted(self._seconds, [start, end], side='right')
        begin, times, values = self.at(start), self._seconds[first:last] - start, self._values[first:last]
        before = np.concatenate([[begin], values[:-1]])[:len(values)]
        points = np.concatenate([[begin], np.stack([before, values], axis=1).ravel()]) + offset
        if np.all(points == self._default):
            return None
        steps = np.concatenate([[0.0], np.stack([times, times + _STEP_SECONDS], axis=1).ravel()])
        return Curve(np.maximum.accumulate(steps), points)  # changes may come faster than they take


def _changes(controls: Iterable[Control], kind: str) -> _Changes:
    return _Changes(((control.seconds, control.value) for control in controls if control.kind == kind), 0.0)


def _level_changes(controls: Iterable[Control]) -> _Changes:
    """Gains of volume and expression, each 40 dB a decade (General MIDI level 2); 1 at a volume of 100."""
    values = {'volume': _DEFAULT_VOLUME, 'expression': 1.0}
    changes = []
    for control in controls:
        if control.kind in values:
            values[control.kind] = control.value
            changes.append((control.seconds, (values['volume'] * values['expression'] / _DEFAULT_VOLUME) ** 2))
    return _Changes(changes, 1.0)
