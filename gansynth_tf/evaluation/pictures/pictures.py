"""The paper's pictures, of any notes. Each function returns a figure; `write` makes files of them."""

import pathlib
from collections.abc import Mapping, Sequence

import matplotlib.figure
import numpy as np

from gansynth_tf import files
from gansynth_tf.evaluation.metrics import dynamics as dynamics_lib
from gansynth_tf.evaluation.metrics import ndb, phase_coherence
from gansynth_tf.evaluation.pictures import rainbowgram
from gansynth_tf.instrument import Instrument
from gansynth_tf.music.interpolation import slerp
from gansynth_tf.spectral.pitch import note_name

_INCHES = 2.2  # of one small picture
_NUM_PERIODS = 60
_SKIPPED_SECONDS = 0.15  # of a note, before its periods are laid over each other: the attack
_NUM_STEPS = 5
_DYNAMICS = {'attack': ('attack, 10% to 90% of the largest level', 'ms'),
             'attack_to_maximum': ('attack, 10% to 90% of the first maximum', 'ms'),
             'decay_1_s': ('level at 1 s', 'dB below the largest'),
             'decay_2_s': ('level at 2 s', 'dB below the largest'),
             'undulation': ('undulation of steady notes', 'dB')}  # titles and units, by `metrics.dynamics.NAMES`


def rainbowgrams(rows: Mapping[str, tuple[np.ndarray, Sequence[str]]], sample_rate: int) -> matplotlib.figure.Figure:
    """Rows of notes as rainbowgrams.

    Args:
      rows: by the row's title, float [n, samples] and n titles.
      sample_rate: Hz.
    """
    figure, grid = _grid(len(rows), max(len(waves) for waves, _ in rows.values()))
    for axes_row, (title, (waves, titles)) in zip(grid, rows.items()):
        for axes in axes_row[len(waves):]:
            axes.axis('off')
        for axes, wave, name in zip(axes_row, waves, titles):
            rainbowgram.draw(axes, wave, sample_rate)
            axes.set_title(name, fontsize=7)
        axes_row[0].set_ylabel(title, fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel('seconds', fontsize=6)
    return figure


def coherence(rows: Mapping[str, np.ndarray], pitches: Sequence[int], sample_rate: int) -> matplotlib.figure.Figure:
    """Periods of notes laid over each other, early ones dark, late ones light, with the number for it.

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
            for period, colour in zip(cut, colours):
                axes.plot(np.linspace(0, 1, len(period)), period, color=colour, linewidth=0.5)
            number = phase_coherence.coherence(wave, pitch, sample_rate)
            axes.set_title(f'{note_name(pitch)}: coherence {number:.2f}', fontsize=7)
            axes.set_xticks([])
            axes.tick_params(labelsize=6)
        axes_row[0].set_ylabel(title, fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel('one period', fontsize=6)
    return figure


def interpolation(instrument: Instrument, pitch: int, *, seed: int) -> matplotlib.figure.Figure:
    """From one note to another: by mixing the waves, which is heard as two notes, and by the latent between them."""
    ends = instrument.sample_latents(2, seed=seed)
    fractions = np.linspace(0, 1, _NUM_STEPS)
    between = slerp(np.repeat(ends[:1], _NUM_STEPS, 0), np.repeat(ends[1:], _NUM_STEPS, 0), fractions)
    waves = instrument.generate(between, [pitch] * _NUM_STEPS)
    mixed = (1 - fractions[:, None]) * waves[:1] + fractions[:, None] * waves[-1:]
    titles = [f'{fraction:.0%}' for fraction in fractions]
    return rainbowgrams({'mixed waves': (mixed, titles), 'latents between': (waves, titles)}, instrument.sample_rate)


def across_pitch(instrument: Instrument, pitches: Sequence[int], *, num_latents: int = 3,
                 seed: int) -> matplotlib.figure.Figure:
    """A row a latent, a column a pitch: the same instrument should be recognised along a row."""
    latents = instrument.sample_latents(num_latents, seed=seed)
    titles = [note_name(pitch) for pitch in pitches]
    rows = {f'latent {index}': (instrument.generate(np.repeat(latent[None], len(pitches), 0), pitches), titles)
            for index, latent in enumerate(latents)}
    return rainbowgrams(rows, instrument.sample_rate)


def bins(reference: ndb.Bins, counts: Mapping[str, np.ndarray]) -> matplotlib.figure.Figure:
    """The share of each kind of note in each set, beside that in the training notes; kinds that differ in red."""
    figure = matplotlib.figure.Figure(figsize=(10, 2 * len(counts)), layout='constrained')
    order = np.argsort(-reference.counts)
    places = np.arange(len(order))
    for axes, (name, count) in zip(figure.subplots(len(counts), 1, squeeze=False, sharex=True)[:, 0], counts.items()):
        different = ndb.is_different(count, reference.counts)[order]
        axes.bar(places, reference.counts[order] / reference.counts.sum(), width=0.9, color='0.8',
                 label='training notes')
        axes.bar(places, (count / count.sum())[order], width=0.45, color=np.where(different, 'tab:red', 'tab:blue'),
                 label=f'{name}: {different.sum()} of {len(order)} differ')
        axes.legend(fontsize=7)
        axes.set_ylabel('share of notes', fontsize=7)
        axes.tick_params(labelsize=6)
    axes.set_xlabel('kind of note, by frequency in the training notes', fontsize=7)
    return figure


def dynamics(sets: Mapping[str, np.ndarray]) -> matplotlib.figure.Figure:
    """How attack, decay and undulation are distributed: by set, the share of notes up to each value.

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
            axes.axvline(dynamics_lib.SHORT_ATTACK_MS, color='0.7', linewidth=0.8, linestyle=':')
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
    with files.atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=130)
    return path


def _grid(num_rows: int, num_columns: int):
    figure = matplotlib.figure.Figure(figsize=(_INCHES * num_columns, _INCHES * num_rows), layout='constrained')
    return figure, figure.subplots(num_rows, num_columns, squeeze=False)
