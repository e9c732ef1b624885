"""Training notes at other pitches than they were played: played faster or slower, so that each pitch has more of them.

Timbre and envelope move with the pitch, as when a sampler plays a recording on a neighbouring key.
"""

import dataclasses
import fractions
import functools
from collections.abc import Sequence

import numpy as np
from scipy import signal

from gansynth_tf.data.sources.note_source import TRAIN, NoteSource, SourceNote
from gansynth_tf.errors import InputError

FURTHEST = 12  # semitones
_LARGEST_RATIO = 1000  # every shift is met to a twentieth of a cent


def with_shifts(source: NoteSource, shifts: Sequence[int], *, min_pitch: int = 0, max_pitch: int = 127) -> NoteSource:
    """The source with every training note once more for each shift, and notes for testing as they are.

    A shifted note comes from its whole recording: where that is longer than a prepared note, nothing is missing at the
    end of one that is played faster. It is named after the note and the shift, e.g. 'brass_acoustic_003-040-100_+1'.

    Args:
      source: the notes.
      shifts: in semitones, -12 to 12 without 0, each once.
      min_pitch: lowest MIDI pitch that a note may be shifted to.
      max_pitch: highest.

    Raises:
      InputError: if a shift is impossible.
    """
    if len(set(shifts)) < len(shifts) or not all(1 <= abs(shift) <= FURTHEST for shift in shifts):
        raise InputError(f'Impossible pitch shifts: expected different semitones from -{FURTHEST} to {FURTHEST} '
                         f'without 0. Received: {", ".join(map(str, shifts))}')
    shifted = [_shifted(note, shift) for note in source.notes if note.split == TRAIN
               for shift in shifts if min_pitch <= note.pitch + shift <= max_pitch]
    return dataclasses.replace(source, notes=(*source.notes, *shifted))


def _shifted(note: SourceNote, shift: int) -> SourceNote:
    return dataclasses.replace(note, name=f'{note.name}_{shift:+d}', pitch=note.pitch + shift, confidence=None,
                               read_audio=functools.partial(_read_shifted, note, shift), may_be_tested=False)


def _read_shifted(note: SourceNote, shift: int) -> tuple[np.ndarray, int]:
    samples, rate = note.read_audio()
    if not np.isfinite(samples).all() or not samples.size:
        return samples, rate  # refused, with a reason, where notes are prepared
    speed = fractions.Fraction(2.0 ** (shift / 12)).limit_denominator(_LARGEST_RATIO)
    resampled = signal.resample_poly(samples, speed.denominator, speed.numerator, axis=0)
    return resampled.astype(np.float32), rate
