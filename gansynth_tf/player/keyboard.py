"""The notes of keys, with loop and gain: generated when they are first asked for, and kept for the next time."""

import collections
import dataclasses
import json
import struct
import threading
import typing
from collections.abc import Sequence

import numpy as np

from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument, check_pitches, shortened
from gansynth_tf.music import note
from gansynth_tf.music.samplers import looping
from gansynth_tf.player import values
from gansynth_tf.player.turns import Turns

MOST_PITCHES = 16  # of one request
_CACHE_BYTES = 1 << 26


@dataclasses.dataclass(frozen=True)
class KeyNote:
    """A note that a key plays.

    Attributes:
      pitch: MIDI pitch.
      wave: float32 [samples].
      loop: (first sample, the one after the last) of the part that repeats while the key is held, or None.
      gain: at full velocity; it makes all notes of the keyboard equally loud, as in a rendered piece.
      fall_db_per_second: decay of the note over its loop, whose own level is constant.
    """

    pitch: int
    wave: np.ndarray
    loop: tuple[int, int] | None
    gain: float
    fall_db_per_second: float


class Keyboard:
    """The notes of an instrument's keys.

    Args:
      instrument: generates them.
      turns: let one thread at a time use the instrument.
    """

    def __init__(self, instrument: Instrument, turns: Turns):
        self._instrument, self._turns = instrument, turns
        self._kept: collections.OrderedDict[typing.Hashable, KeyNote] = collections.OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def notes(self, latent: typing.Any, pitches: typing.Any, *, loop: typing.Any) -> list[KeyNote]:
        """The notes of a timbre at some pitches.

        Args:
          latent: latent_size numbers.
          pitches: 1 to 16 of the instrument's.
          loop: True for notes that sound for as long as a key is held.

        Raises:
          InputError: if an argument is of another kind, or the audio is not finite.
        """
        row = values.latent(latent, self._instrument.latent_size)[np.newaxis]
        is_list = isinstance(pitches, list) and all(type(pitch) is int for pitch in pitches)
        if not is_list or not 1 <= len(pitches) <= MOST_PITCHES:
            raise InputError(f'Impossible pitches: expected a list of 1 to {MOST_PITCHES} MIDI pitches. '
                             f'Received: {shortened(pitches)}')
        if not isinstance(loop, bool):
            raise InputError(f'Impossible loop: expected true or false. Received: {shortened(loop)}')
        check_pitches(pitches, self._instrument.pitches)
        return [self._note(row, pitch, loop) for pitch in pitches]

    def _note(self, row: np.ndarray, pitch: int, loop: bool) -> KeyNote:
        key = (row.tobytes(), pitch, loop)
        found = self._find(key)
        if found is None:
            with self._turns.of_key():
                found = self._find(key)  # another thread may have generated it meanwhile
                if found is None:
                    wave = self._instrument.generate(row, [pitch])[0]
                    found = made(wave, pitch, self._instrument.sample_rate, loop=loop)
                    self._keep(key, found)
        return found

    def _find(self, key: typing.Hashable) -> KeyNote | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: typing.Hashable, found: KeyNote) -> None:
        with self._lock:
            self._kept[key] = found
            self._kept_bytes += found.wave.nbytes
            while self._kept_bytes > _CACHE_BYTES and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1].wave.nbytes


def made(wave: np.ndarray, pitch: int, sample_rate: int, *, loop: bool) -> KeyNote:
    """The note of a key, made of an instrument's wave, float32 [samples]."""
    gain = 0.0 if note.is_silent(wave) else note.matched_gain(wave, wave, sample_rate)
    looped = looping.sustained(wave, sample_rate) if loop and gain else None
    if looped is None:
        return KeyNote(pitch, wave, None, gain, 0.0)
    return KeyNote(pitch, looped.wave.astype(np.float32), (looped.loop_start, looped.loop_end), gain,
                   looped.decay_db_per_second)


def encoded(notes: Sequence[KeyNote], sample_rate: int) -> bytes:
    """Notes as the page reads them, little-endian: length of the header (uint32), header (JSON), waves (float32).

    Spaces after the JSON align the waves to four bytes.
    """
    header = json.dumps({'sample_rate': sample_rate, 'notes': [{
        'pitch': found.pitch, 'samples': len(found.wave), 'loop_start': found.loop and found.loop[0],
        'loop_end': found.loop and found.loop[1], 'gain': round(found.gain, 6),
        'fall_db_per_second': round(found.fall_db_per_second, 2)} for found in notes]}).encode()
    header += b' ' * (-len(header) % 4)
    return b''.join([struct.pack('<I', len(header)), header, *(found.wave.astype('<f4').tobytes() for found in notes)])
