"""The paper's human evaluation as one web page that works offline: listeners compare two notes of one pitch.

Source: Engel et al. 2019 (GANSynth), section 4.2: pairs of notes of the same pitch, five-level Likert scale. The paper
used Mechanical Turk; the page is this project's own.
"""

import base64
import dataclasses
import functools
import hashlib
import importlib.resources
import io
import itertools
import json
import os
import pathlib
from collections.abc import Callable, Mapping

import numpy as np
import soundfile

from gansynth_tf import files
from gansynth_tf.data import audio_files, prepared_notes
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import note_sets
from gansynth_tf.instrument import Instrument

_PEAK = 0.5  # of all notes, so that loudness does not decide


@dataclasses.dataclass(frozen=True, order=True)
class Sound:
    """A note of a system.

    Attributes:
      name: different from all others.
      read: returns float [samples] and the sample rate in Hz.
    """

    name: str
    read: Callable[[], tuple[np.ndarray, int]] = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True)
class Trial:
    """One question of the test: two systems' notes at one pitch."""

    pitch: int
    notes: tuple[tuple[str, Sound], tuple[str, Sound]]


def draw_trials(systems: Mapping[str, str | os.PathLike | Instrument], *, num_trials: int, seed: int) -> list[Trial]:
    """Random trials: every pair of systems equally often, pitches that both have, no pair of notes twice.

    Args:
      systems: by name: a folder of audio files with their pitches in their names; a directory that
        gansynth_prepare_data wrote, of which the held-out notes are taken, if there are any; or an instrument, which
        plays random timbres.
      num_trials: number of questions.
      seed: of the choice, and of the timbres.

    Raises:
      InputError: if there are fewer than two systems, or too few notes that share a pitch.
    """
    if len(systems) < 2:
        raise InputError(f'Too few systems: expected at least two. Received: {", ".join(systems) or "none"}')
    notes = {name: _by_pitch(system) for name, system in systems.items() if isinstance(system, str | os.PathLike)}
    instruments = {name: system for name, system in systems.items() if not isinstance(system, str | os.PathLike)}
    notes = {name: notes.get(name, {}) for name in systems} | _played(instruments, notes, num_trials, seed)
    random = np.random.default_rng(seed)
    possible = []
    for first, second in itertools.combinations(notes, 2):
        pairs = [Trial(pitch, ((first, sound), (second, other)))
                 for pitch in sorted(notes[first].keys() & notes[second].keys())
                 for sound, other in itertools.product(notes[first][pitch], notes[second][pitch])]
        possible.append([pairs[index] for index in random.permutation(len(pairs))])
    needed = [len(part) for part in np.array_split(np.arange(num_trials), len(possible))]
    if any(len(pairs) < count for pairs, count in zip(possible, needed)):
        raise InputError(f'Too few notes: expected {max(needed)} pairs of notes that share a pitch for every two '
                         f'systems. Received: {min(map(len, possible))}')
    return [trial for pairs, count in zip(possible, needed) for trial in pairs[:count]]


def write(trials: list[Trial], path: pathlib.Path) -> pathlib.Path:
    """Writes the page, which includes the sounds. Order and sides are drawn in the browser, for each listener anew.

    Raises:
      InputError: if a note cannot be read, is silent or not finite, or the page cannot be written.
    """
    systems = sorted({name for trial in trials for name, _ in trial.notes})
    sounds = sorted({sound for trial in trials for _, sound in trial.notes})
    data = {
        'systems': systems, 'sounds': [_as_base64(sound) for sound in sounds],
        'trials': [{'pitch': trial.pitch, 'notes': [[systems.index(name), sounds.index(sound)]
                                                    for name, sound in trial.notes]} for trial in trials],
    }
    # Answers of two files belong to one test only if systems, sounds and pairs are the same.
    data['test_id'] = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]
    page = importlib.resources.files(__package__).joinpath('listening_page.html').read_text(encoding='utf-8')
    # '<' is escaped, because the name of a system could close the element that the data is in.
    return files.write_text(page.replace('__DATA__', json.dumps(data).replace('<', '\\u003c')), path)


def _by_pitch(folder: str | os.PathLike) -> dict[int, list[Sound]]:
    directory = files.expanded(folder)
    found: dict[int, list[Sound]] = {}
    if any(directory.glob('**/dataset_info.json')):
        notes = prepared_notes.open_notes(directory)
        split = TEST if TEST in notes.splits and notes.num_notes(TEST) else TRAIN
        for index, pitch in enumerate(notes.pitches(split).tolist()):
            found.setdefault(pitch, []).append(Sound(f'{directory}, note {index}', functools.partial(
                _prepared, notes, split, index)))
        return found
    for path, pitch in note_sets.pitched_files(directory).items():
        found.setdefault(pitch, []).append(Sound(str(path), functools.partial(_recorded, path)))
    return found


def _played(instruments: Mapping[str, Instrument], recorded: Mapping[str, Mapping[int, list[Sound]]], num_notes: int,
            seed: int) -> dict[str, dict[int, list[Sound]]]:
    """Notes of instruments by name and pitch, all at the same random pitches that every system has."""
    if not instruments:
        return {}
    known = [set(notes) for notes in recorded.values()] + [set(each.pitches) for each in instruments.values()]
    shared = sorted(set.intersection(*known))
    if not shared:
        raise InputError('Nothing to compare: expected a pitch that every system has. Received: no such pitch')
    pitches = np.random.default_rng(seed).permutation(np.resize(shared, max(num_notes, len(shared))))[:num_notes]
    found: dict[str, dict[int, list[Sound]]] = {name: {} for name in instruments}
    for name, instrument in instruments.items():
        waves = instrument.generate(instrument.sample_latents(num_notes, seed=seed), pitches.tolist())
        for index, (pitch, wave) in enumerate(zip(pitches.tolist(), waves)):
            found[name].setdefault(pitch, []).append(
                Sound(f'{name}, note {index}', functools.partial(lambda *sound: sound, wave, instrument.sample_rate)))
    return found


def _prepared(notes: PreparedNotes, split: str, index: int) -> tuple[np.ndarray, int]:
    return notes.audio(split, index), notes.sample_rate


def _recorded(path: pathlib.Path) -> tuple[np.ndarray, int]:
    samples, sample_rate = audio_files.read_audio(path)
    return samples.mean(axis=1), sample_rate


def _as_base64(sound: Sound) -> str:
    """A note as a 16-bit mono wav file of a fixed peak, in base64."""
    wave, sample_rate = sound.read()
    peak = np.max(np.abs(wave), initial=0)
    if not 0 < peak < np.inf:
        raise InputError(f'Unusable note: expected sound. Received: silence, or samples not finite, in {sound.name!r}')
    file = io.BytesIO()
    soundfile.write(file, np.round(wave * (_PEAK / peak) * 32767).astype(np.int16), sample_rate, format='WAV')
    return base64.b64encode(file.getvalue()).decode()
