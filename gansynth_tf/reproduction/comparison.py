"""A comparison of systems as a table, claims of the paper and whether they hold, a page, and a listening test."""

import html
import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gansynth_tf import files
from gansynth_tf.evaluation import report
from gansynth_tf.evaluation.evaluation import REAL
from gansynth_tf.evaluation.listening import listening_page
from gansynth_tf.evaluation.metrics.bootstrap import Estimate
from gansynth_tf.evaluation.pictures import pictures
from gansynth_tf.reproduction import systems
from gansynth_tf.reproduction.systems import System

MEASURED_FILE, NOTES_DIR = 'measured.json', 'notes'  # of each system that is done
COLUMNS = ('ndb', 'fid', 'inception_score', 'pitch_accuracy', 'pitch_entropy', 'fundamental_accuracy', 'attack',
           'phase_coherence')
# The paper's Table 1, from memory: no source of it could be opened. NDB, FID, IS, PA, PE.
PAPER: Mapping[str, tuple[float, float, float, float, float]] = {
    REAL: (2.2, 13, 47.1, 0.982, 0.22), 'IF-Mel + H': (29.3, 167, 38.1, 0.979, 0.40),
    'IF + H': (36.0, 104, 41.6, 0.983, 0.32), 'Phase + H': (37.6, 592, 36.2, 0.976, 0.44),
    'IF-Mel': (37.0, 600, 29.6, 0.941, 0.63), 'IF': (37.0, 708, 36.3, 0.968, 0.44),
    'Phase': (41.4, 687, 24.4, 0.944, 0.77), 'WaveNet': (45.9, 320, 29.1, 0.927, 0.70),
    'WaveGAN': (43.0, 461, 13.7, 0.827, 1.40)}
# What the paper says of pairs: (why, the better one, the worse one, measure).
CLAIMS = (('IF over phase', 'IF + H', 'Phase + H', 'fid'), ('IF over phase', 'IF', 'Phase', 'ndb'),
          ('finer frequencies over coarser ones', 'IF-Mel + H', 'IF-Mel', 'fid'),
          ('finer frequencies over coarser ones', 'IF + H', 'IF', 'fid'),
          ('finer frequencies over coarser ones', 'Phase + H', 'Phase', 'ndb'),
          ('mel over linear', 'IF-Mel + H', 'IF + H', 'ndb'),
          ('GANSynth over WaveNet', 'IF-Mel + H', 'WaveNet', 'ndb'),
          ('GANSynth over WaveGAN', 'IF-Mel + H', 'WaveGAN', 'ndb'))
_PICTURES = ('rainbowgrams.png', 'phase_coherence.png', 'ndb_bins.png', 'dynamics.png', 'interpolation.png',
             'timbre_across_pitch.png')
_TRIALS_PER_PAIR = 2
_HEADINGS = {key: (heading, form) for key, heading, form in report.COLUMNS}


def write(chosen: Sequence[System], output_dir: pathlib.Path, *, notes_dir: pathlib.Path) -> list[pathlib.Path]:
    """Writes everything about those systems that are done; returns the paths."""
    done = [system for system in chosen if (output_dir / system.directory_name / MEASURED_FILE).exists()]
    rows = {system.name: files.read_json(output_dir / system.directory_name / MEASURED_FILE) for system in done}
    numbers = {name: row['rows'][name] for name, row in rows.items() if 'rows' in row}
    real = next((row['rows'][REAL] for row in rows.values() if 'rows' in row), None)
    table = markdown(rows, real)
    texts = {'table1.json': json.dumps({'rows': rows, 'paper': PAPER}, indent=1) + '\n',
             'table1.md': '\n\n'.join([table, *_facts(rows), *findings(numbers)]) + '\n'}
    paths = []
    for name, text in texts.items():
        with files.atomic_write(output_dir / name) as temporary:
            temporary.write_text(text, encoding='utf-8')
        paths.append(output_dir / name)
    bins_picture = _draw_bins(rows, output_dir)
    folders = {REAL: notes_dir} | {system.name: output_dir / system.directory_name / NOTES_DIR for system in done
                                   if system.name in numbers}
    if len(folders) > 1:
        num_pairs = len(folders) * (len(folders) - 1) // 2
        trials = listening_page.draw_trials(folders, num_trials=_TRIALS_PER_PAIR * num_pairs, seed=0)
        paths.append(listening_page.write(trials, output_dir / 'listening_test.html'))
    path = output_dir / 'report.html'
    with files.atomic_write(path) as temporary:
        temporary.write_text(page(texts['table1.md'], done, output_dir, bins_picture), encoding='utf-8')
    return [*paths, *bins_picture, path]


def markdown(rows: Mapping[str, Mapping[str, Any]], real: Mapping[str, Any] | None) -> str:
    """The table: a row a system, real notes first; below each what the paper has, as remembered."""
    headings = [_HEADINGS[key][0] for key in COLUMNS]
    lines = [f'| | notes | {" | ".join(headings)} | notes trained on | training | a note |',
             '|---|' + '---|' * (len(COLUMNS) + 4)]
    if real is not None:
        lines += [_line(REAL, real, ('', '', '')), _paper_line(REAL)]
    for name, row in rows.items():
        if 'failure' in row:
            lines.append(f'| {name} | {row["failure"]} |' + ' |' * (len(COLUMNS) + 3))
        else:
            lines.append(_line(name, row['rows'][name], (
                f'{row["num_images"]:,}', f'{row["training_seconds"] / 60:.1f} min',
                f'{row["seconds_per_note"]:.3g} s')))
        lines.append(_paper_line(name))
    return '\n'.join(lines)


def findings(numbers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each of the paper's claims about systems that are there: whether these numbers agree."""
    lines = []
    for why, better, worse, key in CLAIMS:
        if better in numbers and worse in numbers:
            first, second = _estimate(numbers[better].get(key)), _estimate(numbers[worse].get(key))
            if first is None or second is None:
                continue
            apart = first.high < second.low or second.high < first.low
            verdict = 'agrees' if first.value < second.value else 'does not agree'
            lines.append(f'- {why} ({better} before {worse} in {_HEADINGS[key][0]}): {verdict}, {first.value:.1f} and '
                         f'{second.value:.1f}' + ('' if apart else '; the intervals overlap'))
    return ['\n'.join(['Against what the paper says:', '', *lines])] if lines else []


def page(text: str, done: Sequence[System], output_dir: pathlib.Path, bins_picture: Sequence[pathlib.Path]) -> str:
    """The report as HTML that needs nothing but the pictures beside it."""
    table, _, rest = text.partition('\n\n')
    cells = [[html.escape(cell.strip()) for cell in line.strip('|').split('|')] for line in table.splitlines()]
    body = ''.join(f'<tr>{"".join(f"<{tag}>{cell}</{tag}>" for cell in row)}</tr>\n'
                   for tag, row in [('th', cells[0]), *(('td', row) for row in cells[2:])])
    images = ''.join(_figure(path, output_dir, "Clusters of training notes at the pitch of the paper's figure")
                     for path in bins_picture)
    for system in done:
        found = [path for name in _PICTURES if (path := output_dir / system.directory_name / name).exists()]
        images += f'<h2>{html.escape(system.name)}</h2>\n' + ''.join(
            _figure(path, output_dir, path.stem.replace('_', ' ')) for path in found)
    return _PAGE.format(table=body, rest=html.escape(rest), images=images)


def _draw_bins(rows: Mapping[str, Mapping[str, Any]], output_dir: pathlib.Path) -> list[pathlib.Path]:
    """Clusters at the paper's pitch, of all systems in one picture; none where no system was fast enough."""
    counts = {name: (np.array(both['real']), np.array(both['played']))
              for name, row in rows.items() if (both := row.get('bins'))}
    return [pictures.write(pictures.bins(counts), output_dir / 'ndb_pitch60.png')] if counts else []


def _facts(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    of_systems: dict[str, list[str]] = {}
    for name, row in rows.items():
        for fact in row.get('facts', ()):
            of_systems.setdefault(fact, []).append(name)
    facts = [f'{", ".join(names)}: {fact}' for fact, names in of_systems.items()]
    return [systems.NARROWING, *facts, 'Lines "paper": its Table 1, from memory, not verified; its FID is of another '
            'classifier. In brackets 95 % intervals by bootstrap over notes.']


def _line(name: str, numbers: Mapping[str, Any], rest: Sequence[str]) -> str:
    cells = [report.cell(_estimate(numbers.get(key)), _HEADINGS[key][1]) for key in COLUMNS]
    return f'| {name} | {numbers["num_notes"]} | {" | ".join([*cells, *rest])} |'


def _paper_line(name: str) -> str:
    cells = [f'{value:{_HEADINGS[key][1]}}' for key, value in zip(COLUMNS, PAPER.get(name, ()))]
    return f'| paper | | {" | ".join([*cells, *[""] * (len(COLUMNS) + 3 - len(cells))])} |'


def _estimate(value: Any) -> Estimate | None:
    """A number of a JSON file as an estimate; one without an interval has none of width."""
    if value is None or (isinstance(value, (int, float)) and not math.isfinite(value)):
        return None
    if isinstance(value, Mapping):
        return None if value['value'] is None else Estimate(**value)
    return Estimate(value, value, value)


def _figure(path: pathlib.Path, output_dir: pathlib.Path, title: str) -> str:
    source = html.escape(path.relative_to(output_dir).as_posix(), quote=True)
    text = html.escape(title)
    return f'<figure><img src="{source}" alt="{text}"><figcaption>{text}</figcaption></figure>\n'


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The paper's Table 1, in small</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 13px; white-space: nowrap; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: right; }}
th:first-child, td:first-child {{ text-align: left; }}
pre {{ white-space: pre-wrap; font: inherit; }}
img {{ max-width: 100%; height: auto; }}
figure {{ margin: 1rem 0; }}
</style>
<h1>The paper's Table 1, in small</h1>
<div><table>
{table}</table></div>
<pre>{rest}</pre>
<p><a href="listening_test.html">The listening test</a>: which of two notes sounds better?</p>
{images}</html>
"""
