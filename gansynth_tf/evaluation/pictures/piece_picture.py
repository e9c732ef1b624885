"""A picture of a rendered piece: its notes coloured by timbre, its wave, and its rainbowgram."""

import os
import pathlib
from collections.abc import Sequence

import matplotlib
import matplotlib.axes
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from gansynth_tf import files
from gansynth_tf.evaluation.pictures import rainbowgram
from gansynth_tf.music.performance import PlayedNote

MOST_RAINBOW_SECONDS = 120
_INCHES = (12.0, 8.0)
_MOST_COLUMNS = 4000  # of the wave, each drawn from its lowest to its highest sample
_COLOURS = 'viridis'
_MOST_NAMES = 12


def write(path: str | os.PathLike, notes: Sequence[PlayedNote], indices: np.ndarray, names: Sequence[str],
          wave: np.ndarray, sample_rate: int) -> pathlib.Path:
    """Draws a piece as a PNG file.

    Args:
      path: of the file.
      notes: that were played.
      indices: [num_notes], of each note's timbre; fractions where two are interpolated.
      names: of the timbres.
      wave: float [samples].
      sample_rate: Hz.

    Returns:
      The path.
    """
    figure = Figure(figsize=_INCHES, layout='constrained')
    roll, waveform, rainbow = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 2))
    _draw_notes(roll, notes, indices, names)
    _draw_wave(waveform, wave, sample_rate)
    shown = wave[:MOST_RAINBOW_SECONDS * sample_rate]
    rainbowgram.draw(rainbow, shown, sample_rate)
    rainbow.set_ylabel('rainbowgram: pitch')
    rainbow.set_xlabel('seconds')
    rainbow.set_xlim(0, max(len(wave) / sample_rate, 1e-3))
    return files.write_figure(figure, path, dpi=120)


def _draw_notes(axes: matplotlib.axes.Axes, notes: Sequence[PlayedNote], indices: np.ndarray, names: Sequence[str]
                ) -> None:
    lines = [[(note.start_seconds, note.pitch), (max(note.end_seconds, note.start_seconds + 0.02), note.pitch)]
             for note in notes]
    drawn = LineCollection(lines, array=np.asarray(indices, float), cmap=_COLOURS, linewidths=3)
    drawn.set_clim(0, max(len(names) - 1, 1))
    axes.add_collection(drawn)
    axes.autoscale()
    axes.set_ylabel('MIDI pitch')
    axes.set_title('notes, coloured by timbre')
    ticks = np.unique(np.linspace(0, len(names) - 1, min(len(names), _MOST_NAMES)).round().astype(int))
    bar = axes.figure.colorbar(drawn, ax=axes, ticks=ticks)
    bar.ax.set_yticklabels([names[tick] for tick in ticks], fontsize=7)


def _draw_wave(axes: matplotlib.axes.Axes, wave: np.ndarray, sample_rate: int) -> None:
    step = max(1, -(-len(wave) // _MOST_COLUMNS))
    columns = np.pad(wave, (0, -len(wave) % step)).reshape(-1, step)
    seconds = np.arange(len(columns)) * step / sample_rate
    axes.fill_between(seconds, columns.min(axis=1), columns.max(axis=1), step='post', linewidth=0.5)
    axes.set_ylim(-1, 1)
    axes.set_ylabel('wave, full scale 1')
