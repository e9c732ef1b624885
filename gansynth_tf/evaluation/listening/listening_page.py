"""The paper's human evaluation as one web page that works offline: two notes of one pitch, which sounds better?

Source: Engel et al. 2019 (GANSynth), section 4.2: pairs of notes of the same pitch, five-level Likert scale. There it
was run on Mechanical Turk; the page is this project's own.
"""

import base64
import dataclasses
import importlib.resources
import itertools
import json
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from gansynth_tf import files
from gansynth_tf.data import audio_files
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import note_sets
from gansynth_tf.music import output

_PEAK = 0.5  # all notes are equally loud at their loudest, so that loudness does not decide


@dataclasses.dataclass(frozen=True)
class Trial:
    """One question: two systems' files at one pitch."""

    pitch: int
    notes: tuple[tuple[str, pathlib.Path], tuple[str, pathlib.Path]]


def draw_trials(folders: Mapping[str, str | os.PathLike], *, num_trials: int, seed: int) -> list[Trial]:
    """Random trials: every pair of systems equally often, pitches that both have, no pair of notes twice.

    Args:
      folders: by system's name, its wav files, whose names tell their pitches.
      num_trials: how many questions.
      seed: of the choice.

    Raises:
      InputError: if there are fewer than two systems, or too few notes that share a pitch.
    """
    if len(folders) < 2:
        raise InputError(f'Too few systems: expected at least two. Received: {", ".join(folders) or "none"}')
    notes = {name: _by_pitch(folder) for name, folder in folders.items()}
    random = np.random.default_rng(seed)
    possible = []
    for first, second in itertools.combinations(notes, 2):
        pairs = [Trial(pitch, ((first, path), (second, other)))
                 for pitch in sorted(notes[first].keys() & notes[second].keys())
                 for path, other in itertools.product(notes[first][pitch], notes[second][pitch])]
        possible.append([pairs[place] for place in random.permutation(len(pairs))])
    needed = [len(part) for part in np.array_split(np.arange(num_trials), len(possible))]
    if any(len(pairs) < count for pairs, count in zip(possible, needed)):
        raise InputError(f'Too few notes: expected {max(needed)} pairs of notes that share a pitch for every two '
                         f'systems. Received: {min(map(len, possible))}')
    return [trial for pairs, count in zip(possible, needed) for trial in pairs[:count]]


def write(trials: list[Trial], path: pathlib.Path, *, seed: int) -> pathlib.Path:
    """Writes the page, sounds included. Order and sides are drawn in the browser, for each listener anew."""
    systems = sorted({name for trial in trials for name, _ in trial.notes})
    paths = sorted({file for trial in trials for _, file in trial.notes})
    data = {
        'test_id': f'{"-".join(systems)}-{len(trials)}-{seed}', 'systems': systems,
        'sounds': [_as_base64(file, path) for file in paths],
        'trials': [{'pitch': trial.pitch, 'notes': [[systems.index(name), paths.index(file)]
                                                    for name, file in trial.notes]} for trial in trials],
    }
    page = importlib.resources.files(__package__).joinpath('listening_page.html').read_text(encoding='utf-8')
    # '<' is escaped, because the name of a system could close the element that the data is in.
    text = page.replace('__DATA__', json.dumps(data).replace('<', '\\u003c'))
    with files.atomic_write(path) as temporary:
        temporary.write_text(text, encoding='utf-8')
    return path


def _by_pitch(folder: str | os.PathLike) -> dict[int, list[pathlib.Path]]:
    found: dict[int, list[pathlib.Path]] = {}
    for path in sorted(pathlib.Path(folder).expanduser().rglob('*.wav')):
        found.setdefault(note_sets.pitch_of_name(path.stem), []).append(path)
    return found


def _as_base64(file: pathlib.Path, page: pathlib.Path) -> str:
    """A file's sound, mono, at one loudness, as a 16-bit wav file in text."""
    samples, sample_rate = audio_files.read_audio(file)
    wave = samples.mean(axis=1)
    peak = np.max(np.abs(wave), initial=0)
    if not 0 < peak < np.inf:
        raise InputError(f'Unusable note: expected sound. Received: silence, or samples not finite, in {str(file)!r}')
    temporary = page.with_name(f'.{page.stem}.{os.getpid()}.wav')
    try:
        output.write_wav(temporary, wave * (_PEAK / peak), sample_rate)
        return base64.b64encode(temporary.read_bytes()).decode()
    finally:
        temporary.unlink(missing_ok=True)
