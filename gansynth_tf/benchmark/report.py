"""Reports of the measured speeds: a table, JSON and a picture."""

import os
import pathlib
import platform
from collections.abc import Sequence

from gansynth_tf import files, tensorflow_setup
from gansynth_tf.benchmark import roofline
from gansynth_tf.benchmark.comparison import Result

_HEADER = ('what', 'a second', 'CPU s each', 'peak GiB', 'of peak', 'original', 'times as fast', 'CPU times less',
           'of its memory')


def table(results: Sequence[Result]) -> str:
    """The results as a Markdown table, a line a result."""
    peak = peak_flops(results)
    header = [f'| {" | ".join(_HEADER)} |', '|---' * len(_HEADER) + '|']
    return '\n'.join([*header, *(row(result, peak) for result in results)])


def row(result: Result, peak: float | None = None) -> str:
    """A result's line of the table; `peak` as from `peak_flops`."""
    ours, fraction = result.ours, result.fraction_of_peak(peak)
    cells = (result.name, f'{ours.per_second:.3g} {result.unit}', f'{ours.cpu_seconds_each:.3g}',
             f'{ours.peak_gib:.2f}', f'{fraction:.0%}' if fraction else '',
             f'{result.original.per_second:.3g}' if result.original else '',
             *(f'{ratio:.2f}' if ratio else ''
               for ratio in (result.ratio, result.cpu_ratio, result.memory_ratio)))
    return f'| {" | ".join(cells)} |'


def to_dict(results: Sequence[Result]) -> dict:
    """All measurements as plain values."""
    peak = peak_flops(results)
    return {'machine': machine(), 'results': [
        {'name': result.name, 'unit': result.unit, **result.ours.to_dict(),
         'flops_each': result.flops_each, 'fraction_of_peak': result.fraction_of_peak(peak),
         'original': result.original.to_dict() if result.original else None,
         'ratio': result.ratio, 'cpu_ratio': result.cpu_ratio, 'memory_ratio': result.memory_ratio}
        for result in results]}


def draw(results: Sequence[Result], path: str | os.PathLike) -> pathlib.Path:
    """Draws a bar for each result that has a counterpart: its speed as a multiple of the original's."""
    from matplotlib.figure import Figure  # here, since only this function draws
    compared = [result for result in results if result.ratio][::-1] or list(results)[::-1]
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(compared)), layout='constrained')
    axes = figure.subplots()
    bars = axes.barh([result.name for result in compared],
                     [result.ratio or result.ours.per_second for result in compared])
    axes.bar_label(bars, fmt='%.3g', padding=3)
    axes.margins(x=0.12)
    if any(result.ratio for result in compared):
        axes.axvline(1, color='black', linewidth=0.8)
        axes.set_xlabel('times as fast as the original')
    else:
        axes.set_xlabel('units a second')
    return files.write_figure(figure, path, dpi=120)


def peak_flops(results: Sequence[Result]) -> float | None:
    """Operations per second of processor time of the best convolution, if the roofline was measured."""
    rates = [1e9 / result.ours.cpu_seconds_each for result in results if result.name == roofline.CONVOLUTION]
    return rates[0] if rates else None


def machine() -> dict[str, str | int | None]:
    """Facts on the machine on which the figures were measured."""
    import tensorflow as tf
    return {'processor': tensorflow_setup.processor_name(), 'cores': tensorflow_setup.num_cores(),
            'system': platform.platform(), 'python': platform.python_version(), 'tensorflow': tf.__version__}
