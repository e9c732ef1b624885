"""Reports on the preparation of a source's notes: as numbers, as text, and as files to look at.

`skipped.csv`: every note that could not be used, and why. `notes.png`: notes by pitch and by instrument.
`detected_pitches.csv`: pitches that were detected, if any were.
"""

import csv
import dataclasses
import os
import pathlib
from collections import Counter
from collections.abc import Iterable

from gansynth_tf import files
from gansynth_tf.data.sources.note_source import TEST, TRAIN, SkippedNote, SourceNote
from gansynth_tf.errors import InputError
from gansynth_tf.spectral.pitch import note_name

SKIPPED_FILE = 'skipped.csv'
DETECTED_FILE = 'detected_pitches.csv'
PICTURE_FILE = 'notes.png'

_MOST_INSTRUMENTS = 30  # that are told apart
_COLOURS = {TRAIN: '#33658a', TEST: '#f6ae2d'}


@dataclasses.dataclass(kw_only=True)
class Summary:
    """The notes that a run wrote (a dry run would write), and those that it could not use.

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


def write(summary: Summary, directory: str | os.PathLike) -> None:
    """Writes the reports of a run into a directory; none of an earlier run is left."""
    write_skipped(summary.skipped, directory)
    (pathlib.Path(directory) / DETECTED_FILE).unlink(missing_ok=True)
    if summary.detected:
        write_detected(summary, directory)
    write_picture(summary, directory)


def write_skipped(skipped: Iterable[SkippedNote], directory: str | os.PathLike) -> pathlib.Path:
    """Writes `skipped.csv` and returns its path. Columns: name and reason, ordered by name."""
    return _write_csv(pathlib.Path(directory) / SKIPPED_FILE, ['name', 'reason'],
                      sorted((note.name, note.reason) for note in skipped))


def write_detected(summary: Summary, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `detected_pitches.csv`, least certain first: corrected, it can be given as --pitch_csv. Returns its path.

    Columns: file, pitch (MIDI number), confidence (0 to 1).
    """
    rows = sorted(summary.detected, key=lambda row: (row[2], row[0]))
    return _write_csv(pathlib.Path(directory) / DETECTED_FILE, ['file', 'pitch', 'confidence'],
                      ((name, pitch, f'{confidence:.3f}') for name, pitch, confidence in rows))


def write_picture(summary: Summary, directory: str | os.PathLike) -> pathlib.Path:
    """Draws `notes.png` into `directory` and returns its path."""
    # Not pyplot: it looks for a screen, and keeps what it draws.
    from matplotlib.figure import Figure
    instruments = _most_frequent(summary)
    figure = Figure(figsize=(10, 3.6 + 0.22 * len(instruments)), layout='constrained')
    by_pitch, by_instrument = figure.subplots(2, 1, height_ratios=[2.6, 0.6 + 0.22 * len(instruments)])
    _draw_pitches(by_pitch, summary)
    names, counts = zip(*reversed(instruments))
    bars = by_instrument.barh(range(len(names)), counts, color='#86bbd8')
    by_instrument.bar_label(bars, padding=3, fontsize=8)
    by_instrument.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    by_instrument.set_xlabel('notes')
    by_instrument.margins(x=0.08, y=0.5 / len(names))
    for axes in (by_pitch, by_instrument):
        axes.spines[['top', 'right']].set_visible(False)
    return files.write_figure(figure, pathlib.Path(directory) / PICTURE_FILE, dpi=110)


def _write_csv(path: pathlib.Path, columns: list[str], rows: Iterable[tuple]) -> pathlib.Path:
    with files.atomic_write(path) as temporary, \
            open(temporary, 'w', newline='', encoding='utf-8', errors='backslashreplace') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def _draw_pitches(axes, summary: Summary) -> None:
    below: dict[int, int] = {}
    for split, pitches in summary.pitches.items():
        axes.bar(list(pitches), list(pitches.values()), bottom=[below.get(pitch, 0) for pitch in pitches], width=0.8,
                 color=_COLOURS[split], label=f'{split}: {pitches.total()}')
        below |= {pitch: below.get(pitch, 0) + count for pitch, count in pitches.items()}
    octaves = range(min(below) // 12 * 12, max(below) + 13, 12)
    axes.set_xlim(min(below) - 1, max(below) + 1)
    axes.set_xticks([pitch for pitch in octaves if min(below) <= pitch <= max(below)] or sorted(below))
    axes.xaxis.set_major_formatter(lambda pitch, _: f'{note_name(int(pitch))}\n{int(pitch)}')
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel('notes')
    axes.set_xlabel('MIDI pitch')
    axes.legend(frameon=False, fontsize=8)


def _most_frequent(summary: Summary) -> list[tuple[str, int]]:
    """(name, number of notes), most frequent first; beyond the first 30, all together under one name."""
    ordered = sorted(summary.instruments.items(), key=lambda item: (-item[1], item[0]))
    shown, others = ordered[:_MOST_INSTRUMENTS], ordered[_MOST_INSTRUMENTS:]
    if others:
        shown.append((f'{len(others)} others', sum(count for _, count in others)))
    return [(_shortened(name), count) for name, count in shown]


def _shortened(name: str) -> str:
    return name if len(name) <= 32 else f'{name[:15]}…{name[-16:]}'
