"""The selection of a source's notes."""

import dataclasses

from gansynth_tf.data.sources.note_source import NoteSource, SourceNote
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import did_you_mean


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """Conditions that a note must all meet; None admits everything.

    Attributes:
      instrument_source: how its instrument sounds, e.g. 'acoustic'.
      families: kinds of instruments, e.g. ('brass', 'flute').
      min_pitch: lowest MIDI pitch.
      max_pitch: highest MIDI pitch, itself included.
      velocities: MIDI velocities.
    """

    instrument_source: str | None = None
    families: tuple[str, ...] | None = None
    min_pitch: int = 0
    max_pitch: int = 127
    velocities: tuple[int, ...] | None = None

    def __post_init__(self):
        if self.min_pitch > self.max_pitch:
            raise InputError(f'Impossible pitch range: expected min_pitch to be at most max_pitch. '
                             f'Received: {self.min_pitch} to {self.max_pitch}')

    def admits(self, note: SourceNote) -> bool:
        return (self.instrument_source in (None, note.origin)
                and (self.families is None or note.family in self.families)
                and self.min_pitch <= note.pitch <= self.max_pitch
                and (self.velocities is None or note.velocity in self.velocities))

    def of(self, source: NoteSource) -> NoteSource:
        """The source with the notes that are wanted.

        Raises:
          InputError: if it has notes, and none of a family that is asked for.
        """
        known = sorted({note.family for note in source.notes})
        for family in self.families or ():
            if known and family not in known:
                raise InputError(f'Unknown instrument family: expected some of {", ".join(known)}'
                                 f'{did_you_mean(family, known)}. Received: {family!r}')
        notes = tuple(note for note in source.notes if self.admits(note))
        num_not_selected = source.num_not_selected + len(source.notes) - len(notes)
        return dataclasses.replace(source, notes=notes, num_not_selected=num_not_selected)


# What the GANSynth paper trained on.
PAPER = Selection(instrument_source='acoustic', min_pitch=24, max_pitch=84)
EVERYTHING = Selection()
