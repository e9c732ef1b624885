"""A picture of what was prepared: notes by pitch and by instrument."""

import os
import pathlib

from gansynth_tf import files
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.data.summary import Summary

PICTURE_FILE = 'notes.png'

_MOST_INSTRUMENTS = 30  # that are told apart
_COLOURS = {TRAIN: '#33658a', TEST: '#f6ae2d'}
_NAMES = ('C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B')


def write(summary: Summary, directory: str | os.PathLike) -> pathlib.Path:
    """Draws `notes.png` into `directory` and returns its path."""
    # Not pyplot: it looks for a screen, and keeps what it draws.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    instruments = _most_frequent(summary)
    figure = Figure(figsize=(10, 3.6 + 0.22 * len(instruments)), layout='constrained')
    FigureCanvasAgg(figure)
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
    path = pathlib.Path(directory) / PICTURE_FILE
    with files.atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110)
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
    axes.xaxis.set_major_formatter(lambda pitch, _: f'{_NAMES[int(pitch) % 12]}{int(pitch) // 12 - 1}\n{int(pitch)}')
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel('notes')
    axes.set_xlabel('MIDI pitch')
    axes.legend(frameon=False, fontsize=8)


def _most_frequent(summary: Summary) -> list[tuple[str, int]]:
    """(name, notes), most frequent first; those that do not fit together under one name."""
    ordered = sorted(summary.instruments.items(), key=lambda item: (-item[1], item[0]))
    shown, others = ordered[:_MOST_INSTRUMENTS], ordered[_MOST_INSTRUMENTS:]
    if others:
        shown.append((f'{len(others)} others', sum(count for _, count in others)))
    return [(_shortened(name), count) for name, count in shown]


def _shortened(name: str) -> str:
    return name if len(name) <= 32 else f'{name[:15]}…{name[-16:]}'
