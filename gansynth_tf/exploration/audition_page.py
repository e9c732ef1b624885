"""A page on which timbres are heard and compared: players, a picture and measurements; it works offline."""

import html
import importlib.resources
import pathlib
import shlex
import string
from collections.abc import Sequence

import numpy as np
import tqdm

from gansynth_tf import files
from gansynth_tf.errors import InputError, printable
from gansynth_tf.evaluation.pictures import pictures
from gansynth_tf.exploration import audition, description
from gansynth_tf.exploration.description import Description
from gansynth_tf.instrument import Instrument
from gansynth_tf.music.timbres import Timbre
from gansynth_tf.spectral.pitch import note_name

_PICTURES_A_ROW = 8
# Headings of the measurements, in the order of `description.NAMES`, and their formats.
_HEADINGS = (('brightness', '.2f'), ('attack, ms', '.0f'), ('decay, dB/s', '.1f'), ('noise, dB', '.1f'),
             ('inharmonicity, cents', '.1f'), ('hollowness, dB', '.1f'), ('undulation, dB', '.1f'),
             ('off, cents', '.1f'))


def write(instrument: Instrument, timbres: Sequence[Timbre], output_dir: pathlib.Path, *,
          model: str | None = None, seed: int | None = None) -> list[pathlib.Path]:
    """Writes index.html, sheet.png, and a scale and a riff of each timbre: 001_scale.flac, 001_riff.flac.

    Args:
      instrument: plays them.
      timbres: in the order in which they are numbered, from 1.
      output_dir: of the files.
      model: the instrument's path, as the page tells it; None for the built-in one.
      seed: of the timbres, if they are its random timbres 1, 2, 3 and so on.

    Returns:
      The paths, the page first.

    Raises:
      InputError: if there are no timbres, or files cannot be written.
    """
    if not timbres:
        raise InputError('Nothing to listen to: expected timbres. Received: none')
    described = description.describe(instrument, np.stack([timbre.latent for timbre in timbres]))
    sounds = [[audition.write(instrument, timbre, kind, output_dir / f'{number:03d}_{kind}.flac')
               for kind in audition.KINDS]
              for number, timbre in enumerate(tqdm.tqdm(timbres, desc='Playing', unit=' timbres', disable=None), 1)]
    sheet = pictures.write(_sheet(instrument, timbres), output_dir / 'sheet.png')
    page = files.write_text(_page([timbre.name for timbre in timbres], described,
                                  [[path.name for path in paths] for paths in sounds], model=model, seed=seed),
                            output_dir / 'index.html')
    return [page, sheet, *(path for paths in sounds for path in paths)]


def _sheet(instrument: Instrument, timbres: Sequence[Timbre]):
    """Rainbowgrams of all timbres, in the order of their numbers, at the middle pitch."""
    pitch = description.pitches_of(instrument, 1)[0]
    waves = instrument.generate(np.stack([timbre.latent for timbre in timbres]), [pitch] * len(timbres))
    rows = {}
    num_rows = -(-len(timbres) // _PICTURES_A_ROW)
    size = -(-len(timbres) // num_rows)
    for first in range(0, len(timbres), size):
        part = waves[first:first + size]
        numbers = [str(number) for number in range(first + 1, first + len(part) + 1)]
        rows[f'{numbers[0]} to {numbers[-1]}'] = (part, numbers)
    return pictures.rainbowgrams(rows, instrument.sample_rate, f'Timbres by number, at {note_name(pitch)}')


def _page(names: Sequence[str], described: Sequence[Description], sounds: Sequence[Sequence[str]], *,
          model: str | None, seed: int | None) -> str:
    template = importlib.resources.files('gansynth_tf.exploration').joinpath('audition_page.html')
    rows = [_row(number, name, found, paths)
            for number, (name, found, paths) in enumerate(zip(names, described, sounds), 1)]
    of_seed = '' if seed is None else f' Random timbres of seed {seed}.'
    directory = '' if model is None else f'--ckpt_dir={shlex.quote(model)} '
    kept = '' if seed is None else (
        f'<p>To keep one: <code>gansynth_timbres keep {_text(directory)}--seed={seed} --number=NUMBER --name=NAME '
        f'--timbre_library=my_timbres.json</code></p>')
    return string.Template(template.read_text(encoding='utf-8')).substitute(
        about=f'Model: {_text(model or "built-in")}.{of_seed}', kept=kept, rows='\n'.join(rows),
        headings=''.join(f'<th scope="col"><button type="button">{_text(heading)}</button></th>'
                         for heading, _ in _HEADINGS))


def _row(number: int, name: str, found: Description, sounds: Sequence[str]) -> str:
    cells = [f'<td data-value="{number}">{number}</td>', f'<th scope="row">{_text(name)}</th>']
    cells += [f'<td><audio controls preload="none" src="{_text(path)}" aria-label="{kind} of timbre {number}"></audio>'
              '</td>' for kind, path in zip(audition.KINDS, sounds)]
    cells += [f'<td>{_text(" ".join(found.words))}</td>']
    cells += [f'<td data-value="{value:.6g}">{value:{how}}</td>'
              for value, (_, how) in zip(found.as_row(), _HEADINGS)]
    return f'<tr>{"".join(cells)}</tr>'


def _text(text: str) -> str:
    return html.escape(printable(text))
