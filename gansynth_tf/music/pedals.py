"""Pedals, which make notes sound longer than their keys are held: sustain (controller 64) and sostenuto (66).

Sources: MIDI 1.0 (a pedal is down from value 64 on). At equal times keys go up first, then pedals move, then keys go
down, as pianists play and sequencers write it.
"""

import typing
from collections.abc import Sequence

from gansynth_tf.music.score import Control, Note

_KEY_UP, _PEDAL, _KEY_DOWN, _KEY_UP_AT_ONCE = range(4)


def sounding_ends(notes: Sequence[Note], controls: Sequence[Control], *, end_seconds: float, catch_seconds: float
                  ) -> list[float]:
    """Times at which the notes of one channel are damped, in seconds.

    A note that a pedal holds ends when the pedal goes up, when its key is struck again, at the message 'all sound off',
    or with the piece. The sustain pedal also holds notes that have only just begun to fade; sostenuto holds the keys
    that are down when it is pressed.

    Args:
      notes: of the channel, in any order.
      controls: of the channel, ascending in time.
      end_seconds: of the piece.
      catch_seconds: time after a key goes up in which the sustain pedal can still hold its note.

    Returns:
      A time for each of `notes`, at least its `end_seconds`.
    """
    events: list[tuple[float, int, typing.Any]] = [(control.seconds, _PEDAL, control) for control in controls]
    for index, note in enumerate(notes):
        events.append((note.start_seconds, _KEY_DOWN, index))
        at_once = note.end_seconds == note.start_seconds
        events.append((note.end_seconds, _KEY_UP_AT_ONCE if at_once else _KEY_UP, index))
    dampers = _Dampers(notes, catch_seconds)
    for seconds, kind, subject in sorted(events, key=lambda event: event[:2]):
        if kind == _PEDAL:
            dampers.control(seconds, subject)
        elif kind == _KEY_DOWN:
            dampers.key_down(seconds, subject)
        else:
            dampers.key_up(seconds, subject)
    dampers.lower(end_seconds, dampers.lifted)
    return dampers.ends


class _Dampers:
    """The notes of a channel that sound, by what holds them."""

    def __init__(self, notes: Sequence[Note], catch_seconds: float):
        self.ends = [note.end_seconds for note in notes]
        self.lifted: set[int] = set()  # keys are up, and a pedal holds the damper
        self._pitches = [note.pitch for note in notes]
        self._catch_seconds = catch_seconds
        self._down: set[int] = set()
        self._fading: set[int] = set()  # may still be caught
        self._sustain = False
        self._sostenuto: set[int] = set()

    def key_down(self, seconds: float, index: int) -> None:
        self._fading = {other for other in self._fading if seconds - self.ends[other] <= self._catch_seconds}
        same_pitch = {other for other in self.lifted | self._fading if self._pitches[other] == self._pitches[index]}
        self.lower(seconds, self.lifted & same_pitch)
        self._fading -= same_pitch
        self._down.add(index)

    def key_up(self, seconds: float, index: int) -> None:
        self._down.discard(index)
        if self._sustain or index in self._sostenuto:
            self.lifted.add(index)
        else:
            self._fading.add(index)

    def control(self, seconds: float, control: Control) -> None:
        if control.kind == 'sustain':
            self._sustain = bool(control.value)
            if self._sustain:
                self.lifted |= {index for index in self._fading
                                if seconds - self.ends[index] <= self._catch_seconds}
                self._fading.clear()
            else:
                self.lower(seconds, self.lifted - self._sostenuto)
        elif control.kind == 'sostenuto':
            if control.value and not self._sostenuto:
                self._sostenuto = set(self._down)
            elif not control.value:
                self._sostenuto = set()
                if not self._sustain:
                    self.lower(seconds, self.lifted)
        elif control.kind == 'sound_off':
            self.lower(seconds, self.lifted)
            self._fading.clear()

    def lower(self, seconds: float, indices: set[int]) -> None:
        """Damps lifted notes."""
        for index in indices:
            self.ends[index] = max(seconds, self.ends[index])
        self._fading |= indices
        self.lifted = self.lifted - indices
