"""The paper's pictures of any notes. Each function returns a figure; `write` writes one to a file."""

import pathlib
from collections.abc import Mapping, Sequence

import matplotlib.cm
import matplotlib.colors
import matplotlib.figure
import numpy as np

from gansynth_tf import files
from gansynth_tf.evaluation.metrics import dynamics as dynamics_lib
from gansynth_tf.evaluation.metrics import ndb, phase_coherence
from gansynth_tf.evaluation.pictures import rainbowgram
from gansynth_tf.spectral.pitch import note_name

_INCHES = 2.2  # of one small picture
_NUM_PERIODS = 60
_SKIPPED_SECONDS = 0.15  # the attack, whose periods are not drawn
_DYNAMICS = {'attack': ('attack, 10% to 90% of the largest level', 'ms'),
             'attack_to_maximum': ('attack, 10% to 90% of the first maximum', 'ms'),
             'decay_1_s': ('level at 1 s', 'dB below the largest'),
             'decay_2_s': ('level at 2 s', 'dB below the largest'),
             'undulation': ('undulation of steady notes', 'dB')}  # titles and units, by `metrics.dynamics.NAMES`


def rainbowgrams(rows: Mapping[str, tuple[np.ndarray, Sequence[str]]], sample_rate: int, title: str
                 ) -> matplotlib.figure.Figure:
    """Rainbowgrams of rows of notes, all on one scale of loudness, and a key to the colours.

    Args:
      rows: by the row's title, float [n, samples] and n titles.
      sample_rate: Hz.
      title: of the figure.
    """
    transforms = [[rainbowgram.constant_q(wave, sample_rate) for wave in waves] for waves, _ in rows.values()]
    loudest = max(float(np.abs(each).max()) for row in transforms for each in row)
    num_columns = max(map(len, transforms))
    figure, grid = _grid(len(rows), num_columns + 1, [1] * num_columns + [0.6])
    for axes_row, (name, (waves, titles)), row in zip(grid, rows.items(), transforms):
        for axes in axes_row[len(waves):]:
            axes.axis('off')
        for axes, wave, each, note_title in zip(axes_row, waves, row, titles):
            rainbowgram.draw(axes, wave, sample_rate, transform=each, loudest=loudest)
            axes.set_title(note_title, fontsize=7)
            axes.set_xlabel('seconds', fontsize=6)
        axes_row[0].set_ylabel(f'{name}\npitch' if name else 'pitch', fontsize=7)
    grid[0, -1].axis('on')
    rainbowgram.draw_key(grid[0, -1])
    figure.suptitle(title, fontsize=9)
    return figure


def coherence(rows: Mapping[str, np.ndarray], pitches: Sequence[int], sample_rate: int) -> matplotlib.figure.Figure:
    """Periods of notes on top of each other, early ones dark, late ones light, and the notes' coherence.

    Args:
      rows: by the row's title ('real', 'generated'), float [n, samples].
      pitches: n MIDI pitches, those of every row.
      sample_rate: Hz.
    """
    figure, grid = _grid(len(rows), len(pitches))
    colours = matplotlib.colormaps['viridis'](np.linspace(0, 0.95, _NUM_PERIODS))
    for axes_row, (title, waves) in zip(grid, rows.items()):
        for axes, wave, pitch in zip(axes_row, waves, pitches):
            cut = phase_coherence.periods(wave, pitch, sample_rate, start_seconds=_SKIPPED_SECONDS,
                                          num_periods=_NUM_PERIODS)
            for period, colour in zip(cut / max(np.abs(cut).max(initial=0), 1e-9), colours):
                axes.plot(np.linspace(0, 1, len(period)), period, color=colour, linewidth=0.5)
            number = phase_coherence.coherence(wave, pitch, sample_rate)
            axes.set_title(f'{note_name(pitch)}: coherence {number:.2f}', fontsize=7)
            axes.set_ylim(-1.05, 1.05)
            axes.set_xlabel('turns of the fundamental', fontsize=6)
            axes.tick_params(labelsize=6)
        axes_row[0].set_ylabel(f'{title}\namplitude / peak' if title else 'amplitude / peak', fontsize=7)
    key = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(1, _NUM_PERIODS), 'viridis')
    bar = figure.colorbar(key, ax=grid, fraction=0.02, pad=0.01)
    bar.set_label('period, counted from the first', fontsize=6)
    bar.ax.tick_params(labelsize=6)
    figure.suptitle(f'{_NUM_PERIODS} periods from {_SKIPPED_SECONDS:g} s on, laid over each other', fontsize=9)
    return figure


def across_pitch(rows: Mapping[str, np.ndarray], pitches: Sequence[int], sample_rate: int) -> matplotlib.figure.Figure:
    """Rainbowgrams in a row a timbre, float [pitches, samples] by name, and a column a pitch."""
    titles = [note_name(pitch) for pitch in pitches]
    return rainbowgrams({name: (waves, titles) for name, waves in rows.items()}, sample_rate, 'Timbres across pitches')


def bins(counts: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> matplotlib.figure.Figure:
    """Shares of clusters in sets of notes, beside those in the training notes; clusters that differ are red.

    Args:
      counts: of each set by name: int [k] of the training notes and of the set's, in the same clusters. Another set's
        may be others, since clusters depend on the length of the notes.
    """
    figure = matplotlib.figure.Figure(figsize=(10, 2 * len(counts)), layout='constrained')
    panels = figure.subplots(len(counts), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for axes, (name, (training, count)) in zip(panels, counts.items()):
        order = np.argsort(-training)
        positions = np.arange(len(order))
        different = ndb.is_different(count, training)[order]
        axes.bar(positions, training[order] / training.sum(), width=0.9, color='0.8', label='training notes')
        axes.bar(positions, (count / count.sum())[order], width=0.45, color=np.where(different, 'tab:red', 'tab:blue'),
                 label=f'{name}: {different.sum()} of {len(order)} differ (red)')
        axes.legend(fontsize=7)
        axes.set_ylabel('share of notes', fontsize=7)
        axes.tick_params(labelsize=6)
    axes.set_xlabel('cluster of notes, by frequency in the training notes', fontsize=7)
    figure.suptitle('Clusters of notes (NDB)', fontsize=9)
    return figure


def dynamics(sets: Mapping[str, np.ndarray]) -> matplotlib.figure.Figure:
    """Distributions of attack, decay and undulation: for each set, the share of notes up to each value.

    Args:
      sets: float [n, 5] by `metrics.dynamics.NAMES`, by name; the first is drawn in black.
    """
    figure = matplotlib.figure.Figure(figsize=(11, 6), layout='constrained')
    grid = figure.subplots(2, 3).ravel()
    for index, (axes, (title, unit)) in enumerate(zip(grid, _DYNAMICS.values())):
        for number, (name, values) in enumerate(sets.items()):
            known = np.sort(values[np.isfinite(values[:, index]), index])
            axes.step(known, np.arange(1, len(known) + 1) / max(1, len(known)), where='post', linewidth=1.2,
                      color='black' if number == 0 else f'C{number - 1}', label=name)
        if unit == 'ms':
            axes.set_xscale('log')
            axes.set_xlim(1, 1000)
            axes.axvline(dynamics_lib.SHORT_ATTACK_MS, color='0.6', linewidth=1, linestyle=':',
                         label=f'{dynamics_lib.SHORT_ATTACK_MS:.0f} ms')
        axes.set_ylim(0, 1)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel(unit, fontsize=8)
        axes.set_ylabel('share of notes', fontsize=8)
        axes.tick_params(labelsize=7)
    grid[-1].axis('off')
    grid[-1].legend(*grid[0].get_legend_handles_labels(), fontsize=9, loc='center', frameon=False)
    figure.suptitle('Attack and decay: share of notes up to each value', fontsize=10)
    return figure


def write(figure: matplotlib.figure.Figure, path: pathlib.Path) -> pathlib.Path:
    """Writes a figure as a PNG file."""
    return files.write_figure(figure, path, dpi=130)


def _grid(num_rows: int, num_columns: int, widths: Sequence[float] | None = None):
    figure = matplotlib.figure.Figure(figsize=(_INCHES * num_columns, _INCHES * num_rows + 0.3), layout='constrained')
    return figure, figure.subplots(num_rows, num_columns, squeeze=False, width_ratios=widths)
