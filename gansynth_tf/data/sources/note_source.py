"""Notes of a source that are to be prepared; their audio is read when it is needed."""

import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np

TRAIN, TEST = 'train', 'test'

# NSynth's own lists, in NSynth's order.
FAMILIES = ('bass', 'brass', 'flute', 'guitar', 'keyboard', 'mallet', 'organ', 'reed', 'string', 'synth_lead', 'vocal')
ORIGINS = ('acoustic', 'electronic', 'synthetic')
QUALITIES = ('bright', 'dark', 'distortion', 'fast_decay', 'long_release', 'multiphonic', 'nonlinear_env',
             'percussive', 'reverb', 'tempo-synced')


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceNote:
    """A note of a source.

    Attributes:
      name: unique in the source; it decides the split.
      pitch: MIDI number, 0 to 127.
      velocity: MIDI velocity, 0 to 127.
      instrument: one instrument's name, e.g. 'brass_acoustic_000'.
      family: its kind, e.g. 'brass'.
      origin: how it sounds, e.g. 'acoustic' (the feature 'instrument/source').
      qualities: which of NSynth's note qualities it has.
      read_audio: returns float32 samples [samples, channels] and the rate in Hz, or raises an InputError.
      file: the name under which a person finds it, for reports; None for `name`.
      confidence: how certain its pitch is, from 0 to 1, if that was detected.
      licence: its own licence, if the source has one for each note.
      credit: the name to credit, if the source has one.
      may_be_tested: False puts it into the train split whatever its name.
    """

    name: str
    pitch: int
    velocity: int
    instrument: str
    family: str
    origin: str
    qualities: frozenset[str] = frozenset()
    read_audio: Callable[[], tuple[np.ndarray, int]]
    file: str | None = None
    confidence: float | None = None
    licence: str | None = None
    credit: str | None = None
    may_be_tested: bool = True

    @property
    def split(self) -> str:
        return split_of(self.name) if self.may_be_tested else TRAIN


@dataclasses.dataclass(frozen=True)
class SkippedNote:
    """A note (or a file that should have been one) that cannot be used, and why."""

    name: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoteSource:
    """All notes of a source that are asked for.

    Attributes:
      kind: the source's name on the command line, e.g. 'nsynth'.
      notes: what can be used as far as is known before their audio is read.
      skipped: what cannot be used.
      license: that of notes without a licence of their own.
      num_not_selected: notes left out because they were not asked for.
    """

    kind: str
    description: str
    homepage: str
    citation: str
    license: str
    notes: tuple[SourceNote, ...]
    skipped: tuple[SkippedNote, ...] = ()
    num_not_selected: int = 0


def licences(source: NoteSource) -> str:
    """Licences of the notes of a source, each with the names to credit: `CC BY 4.0: "A", "B"; CC0: "C"`."""
    credits: dict[str, set[str]] = {}
    for note in source.notes:
        credits.setdefault(note.licence or source.license, set()).update([note.credit] if note.credit else [])
    return '; '.join(': '.join([licence, *([', '.join(f'"{name}"' for name in sorted(names))] if names else [])])
                     for licence, names in sorted(credits.items()))


def without_test_split(source: NoteSource) -> NoteSource:
    """The source with all its notes in the train split, for those who have too few to spare any."""
    notes = tuple(dataclasses.replace(note, may_be_tested=False) for note in source.notes)
    return dataclasses.replace(source, notes=notes)


def split_of(name: str) -> str:
    """'train' for four fifths of all names and 'test' for the rest.

    A note's split depends on its name alone, so that adding or leaving out other notes never moves it: the name's
    SHA-256, read as one number, is divisible by 5 in the test split. (As 16 is 1 modulo 5, so is the sum of its hex
    digits.)
    """
    return TEST if int.from_bytes(_digest(name), 'big') % 5 == 0 else TRAIN


def storage_order(notes: tuple[SourceNote, ...]) -> list[SourceNote]:
    """The notes in an order that has nothing to do with their instruments and pitches, but is always the same."""
    return sorted(notes, key=lambda note: (_digest(note.name), note.name))


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
