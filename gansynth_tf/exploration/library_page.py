"""A library's table in Markdown, with a riff of each timbre to listen to."""

import pathlib
from collections.abc import Sequence

import tqdm

from gansynth_tf import files
from gansynth_tf.exploration import audition
from gansynth_tf.instrument import Instrument
from gansynth_tf.music.timbre_library import Entry

# Heading, field of `Entry.measured`, format.
_COLUMNS = (('brightness', 'brightness', '.1f'), ('attack, ms', 'attack_ms', '.0f'),
            ('decay, dB/s', 'decay_db_per_second', '.1f'), ('noise, dB', 'noise_db', '.0f'),
            ('inharmonicity, cents', 'inharmonicity_cents', '.0f'), ('hollowness, dB', 'hollowness_db', '.0f'),
            ('undulation, dB', 'undulation_db', '.1f'), ('off, cents', 'detuning_cents', '.0f'),
            ('keys in tune', 'in_tune', '.0%'), ('level range, dB', 'level_range_db', '.0f'))
_HEAD = """# The library of timbres

Made by `gansynth_timbres library`; a name is a `--timbre`. Medians over five pitches, but *off*, the largest of them;
*keys in tune*: those whose fundamental (by YIN) is within half a semitone of their pitch; *level range*: from the
softest key to the loudest, before the renderer makes them alike.
"""


def write(instrument: Instrument, entries: Sequence[Entry], output_dir: pathlib.Path) -> list[pathlib.Path]:
    """Writes README.md and a riff of each timbre, `01.ogg` and so on."""
    paths = [audition.write(instrument, entry.timbre, 'riff', output_dir / f'{number:02d}.ogg')
             for number, entry in enumerate(tqdm.tqdm(entries, desc='Playing riffs', disable=None), 1)]
    text = _HEAD + '\n' + table(entries, [path.name for path in paths])
    return [files.write_text(text, output_dir / 'README.md'), *paths]


def table(entries: Sequence[Entry], riffs: Sequence[str]) -> str:
    """The table in Markdown, a row a timbre; `riffs` are names of files."""
    rows = [['name', 'riff', 'words', *(heading for heading, _, _ in _COLUMNS)],
            ['---', '---', '---', *['---:'] * len(_COLUMNS)]]
    for entry, riff in zip(entries, riffs):
        numbers = [_number(entry.measured[field], how) for _, field, how in _COLUMNS]
        rows.append([f'`{entry.timbre.name}`', f'[{riff}]({riff})', ' '.join(entry.words), *numbers])
    return ''.join(f'| {" | ".join(row)} |\n' for row in rows)


def _number(value: float, how: str) -> str:
    text = format(value, how)
    return text if text.strip('-0.') else text.lstrip('-')
