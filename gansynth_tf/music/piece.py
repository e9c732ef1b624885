"""A piece from its performance to its files: the mix, and on request a stem for each track."""

import os
import pathlib
import re
import typing
import unicodedata
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gansynth_tf.errors import InputError, require_one_of
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import output, render, score, timbres
from gansynth_tf.music.note import MAGENTA, Style
from gansynth_tf.music.output import Encoding
from gansynth_tf.music.performance import Performance, PlayedNote, perform
from gansynth_tf.music.recording import Recording
from gansynth_tf.music.render import Faults
from gansynth_tf.music.score import Score
from gansynth_tf.music.timbres import Timbre

PANS = ('none', 'score', 'spread')
MAX_STEMS = 128
_WIDEST_PAN = 0.8
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)  # major
_AUDITION_PITCH = 60
_AUDITION_SECONDS = (2.0, 0.4)  # of the single note, and of each of the scale


def render_piece(instrument: Instrument, music: typing.Any, *, timbre: str = 'wander', seed: int = 0,
                 style: Style | None = None, library: timbres.Library | None = None) -> render.Rendering:
    """Renders a piece into one mono clip in memory.

    Args:
      instrument: plays the notes.
      music: a MIDI file's path, a `Score`, or a `pretty_midi.PrettyMIDI` object.
      timbre: see `timbres.parse`.
      seed: of the timbres; the same gives the same clip.
      style: settings by which notes are shaped; the default of `Style` if None.
      library: timbres by name, see `timbre_library.of_model`.

    Raises:
      InputError: if there is nothing to play, or no such timbre.
    """
    style = style or Style()
    if isinstance(music, str | os.PathLike):
        music = score.read_midi(music)
    elif not isinstance(music, Score):
        music = score.from_pretty_midi(music)
    notes = perform(music, instrument.pitches, release_seconds=style.release_seconds).notes
    latents = timbres.choose(instrument, notes, timbres.parse(timbre, library), seed=seed).latents
    return render.render(instrument, notes, latents, style=style)


def record(instrument: Instrument, performance: Performance, latents: np.ndarray, directory: pathlib.Path, *,
           style: Style, stems: bool = False, pan: str = 'none',
           on_progress: Callable[[int], object] | None = None) -> tuple[Recording, Faults]:
    """Plays a piece into files without names.

    Args:
      instrument: plays the notes.
      performance: the notes.
      latents: float32 [num_notes, latent_size].
      directory: of the files.
      style: settings by which notes are shaped.
      stems: keep tracks apart.
      pan: 'none' for mono; stereo with the pan of the 'score', or with the tracks 'spread' from left to right.
      on_progress: called with the number of notes done since the last call.

    Raises:
      InputError: if no note gives finite audio, there are too many tracks for stems, or there is no room.
    """
    require_one_of('pan', pan, PANS)
    notes, numbers = performance.notes, timbres.part_numbers(performance.notes)
    if stems and len(numbers) > MAX_STEMS:
        raise InputError(f'Too many tracks for stems: expected at most {MAX_STEMS}. Received: {len(numbers)}')
    if pan == 'spread':
        pans = np.linspace(-_WIDEST_PAN, _WIDEST_PAN, len(numbers)) if len(numbers) > 1 else [0.0]
        notes = [note._replace(pan=float(pans[numbers[note.track] - 1])) for note in notes]
    buses = [numbers[note.track] - 1 for note in notes] if stems else None
    faults = Faults()
    blocks = render.render_blocks(instrument, notes, latents, style=style, faults=faults, buses=buses,
                                  stereo=pan != 'none', on_progress=on_progress)
    recording = Recording(directory, blocks, instrument.sample_rate, trim=style != MAGENTA)
    if len(faults.broken) == len(notes):
        raise InputError(f'Unusable model: expected finite audio. Received: NaN or infinity for all of {len(notes)} '
                         f'notes')
    return recording, faults


def write(recording: Recording, path: pathlib.Path, performance: Performance, *, encoding: Encoding, gain: float,
          tags: Mapping[str, str]) -> list[pathlib.Path]:
    """Writes the mix and, if the recording has several buses, the stems, which add up to it; returns the paths.

    Args:
      recording: from `record`.
      path: of the mix, without the suffix; stems add the track's number and name.
      performance: the notes that were played.
      encoding: the kind of files.
      gain: of all files.
      tags: of the mix; stems add their own.
    """
    names = stem_names(performance) if recording.num_buses > 1 else []
    targets: list[tuple[str, int | None, dict[str, str]]] = [(path.name, None, dict(tags))]
    for index, name in enumerate(names):
        title = f'{tags.get("title", path.name)}: {name}'
        targets.append((f'{path.name}_{name}', index, {**tags, 'title': title, 'tracknumber': str(index + 1)}))
    return [output.write(path.with_name(name + encoding.suffix), recording.blocks(bus, gain=gain),
                         recording.sample_rate, encoding, num_channels=recording.num_channels, tags=own)
            for name, bus, own in targets]


def stem_names(performance: Performance) -> list[str]:
    """Names of the stems: the number of each track that has notes, with its name or its first program's, in ASCII."""
    import pretty_midi  # here, since it takes half a second
    names = []
    for track, number in timbres.part_numbers(performance.notes).items():
        program = next(note.program for note in performance.notes if note.track == track)
        name = _ascii(performance.track_names.get(track, ''))
        names.append(f'{number:02d}_{name or _ascii(pretty_midi.program_to_instrument_name(program))}')
    return names


def audition(instrument: Instrument, timbre: Timbre) -> tuple[Performance, np.ndarray]:
    """A long note and a scale by which a timbre is judged by ear, and their latents."""
    lowest = min(instrument.pitches, key=lambda pitch: abs(pitch - _AUDITION_PITCH))
    long, short = _AUDITION_SECONDS
    scale = [lowest + step for step in _SCALE if lowest + step in instrument.pitches]
    notes = [PlayedNote(lowest, 100, 0.0, long)]
    for index, pitch in enumerate(scale):
        notes.append(PlayedNote(pitch, 100, long + index * short, long + (index + 1) * short))
    return Performance(notes), np.repeat(timbre.latent[None], len(notes), axis=0)


def pictured(recording: Recording, *, gain: float) -> np.ndarray:
    """The mix as one channel in memory, float32 [samples], to draw a picture of it."""
    return np.concatenate([np.zeros(0, np.float32), *(block.mean(axis=1) for block in recording.blocks(gain=gain))])


def _ascii(text: str) -> str:
    plain = unicodedata.normalize('NFKD', text).encode('ascii', 'ignore').decode()
    return re.sub(r'[^A-Za-z0-9]+', '_', plain).strip('_')[:40]


def timbre_paths(path: pathlib.Path, chosen: Sequence[Timbre]) -> list[pathlib.Path]:
    """Paths under which timbres are saved: `path`, or with numbers added to its name if there are several."""
    if len(chosen) == 1:
        return [path]
    return [path.with_name(f'{path.stem}_{number:02d}{path.suffix}') for number in range(1, len(chosen) + 1)]
