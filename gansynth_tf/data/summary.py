"""What came of preparing a source's notes: as numbers, as text, and what to look at in files."""

import csv
import dataclasses
import os
import pathlib
from collections import Counter

from gansynth_tf import files
from gansynth_tf.data.sources.note_source import TEST, TRAIN, SkippedNote, SourceNote
from gansynth_tf.errors import InputError

DETECTED_FILE = 'detected_pitches.csv'


@dataclasses.dataclass(kw_only=True)
class Summary:
    """What a run wrote (a dry one would write), and what it could not.

    Attributes:
      directory: where the prepared notes lie; None after a dry run.
      pitches: notes by MIDI pitch, by split.
      instruments: notes by instrument.
      seconds: of audio, in all.
      skipped: notes that could not be used.
      num_not_selected: notes of the source that were not asked for.
      detected: pitches that were detected: (file, pitch, confidence from 0 to 1).
    """

    directory: pathlib.Path | None = None
    pitches: dict[str, Counter[int]] = dataclasses.field(default_factory=lambda: {TRAIN: Counter(), TEST: Counter()})
    instruments: Counter[str] = dataclasses.field(default_factory=Counter)
    seconds: float = 0.0
    skipped: list[SkippedNote] = dataclasses.field(default_factory=list)
    num_not_selected: int = 0
    detected: list[tuple[str, int, float]] = dataclasses.field(default_factory=list)

    @property
    def num_notes(self) -> dict[str, int]:
        """Notes by split."""
        return {split: pitches.total() for split, pitches in self.pitches.items()}

    def add(self, note: SourceNote, *, seconds: float) -> None:
        """Counts a note that can be used."""
        self.pitches[note.split][note.pitch] += 1
        self.instruments[note.instrument] += 1
        self.seconds += seconds
        if note.confidence is not None:
            self.detected.append((note.file or note.name, note.pitch, note.confidence))

    def check_trainable(self) -> None:
        """Raises an InputError if there is nothing in the train split."""
        if not self.num_notes[TRAIN]:
            raise InputError(f'No notes to train on: expected usable notes in the train split. '
                             f'Received: {self.num_notes[TEST]} in the test split, {len(self.skipped)} skipped, '
                             f'{self.num_not_selected} not selected')

    def __str__(self):
        reasons = Counter(note.reason.partition(':')[0] for note in self.skipped)
        all_pitches = sum(self.pitches.values(), Counter())
        lines = [f'prepared notes  {self.directory or "none: a dry run"}',
                 f'notes           {all_pitches.total()} '
                 f'({", ".join(f"{split} {count}" for split, count in self.num_notes.items())})',
                 f'instruments     {len(self.instruments)}',
                 f'pitches         {len(all_pitches)} (MIDI {min(all_pitches)} to {max(all_pitches)})',
                 f'  test only     {len(self.pitches[TEST].keys() - self.pitches[TRAIN].keys())}',
                 f'seconds         {self.seconds:.1f}',
                 f'not selected    {self.num_not_selected}',
                 f'skipped         {len(self.skipped)}']
        lines += [f'  {count:>6}  {reason}' for reason, count in sorted(reasons.items())]
        if self.detected:
            confidences = sorted(confidence for _, _, confidence in self.detected)
            lines.append(f'detected        {len(confidences)} pitches, confidence {confidences[0]:.2f} to '
                         f'{confidences[-1]:.2f}, median {confidences[len(confidences) // 2]:.2f}')
        return '\n'.join(lines)


def write_detected(summary: Summary, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `detected_pitches.csv`, least certain first: corrected, it can be given as --pitch_csv. Returns its path.

    Columns: file, pitch (MIDI number), confidence (0 to 1).
    """
    path = pathlib.Path(directory) / DETECTED_FILE
    with files.atomic_write(path) as temporary, \
            open(temporary, 'w', newline='', encoding='utf-8', errors='backslashreplace') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['file', 'pitch', 'confidence'])
        rows = sorted(summary.detected, key=lambda row: (row[2], row[0]))
        writer.writerows((name, pitch, f'{confidence:.3f}') for name, pitch, confidence in rows)
    return path
