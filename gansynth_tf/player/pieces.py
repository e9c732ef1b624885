"""Jobs: a MIDI file as audio, the way gansynth_generate plays it, and a timbre as an SFZ instrument."""

import dataclasses
import pathlib
import typing
import zipfile
from collections.abc import Callable, Sequence

import numpy as np

import gansynth_tf
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument, shortened, whole_number
from gansynth_tf.music import output, piece, timbres
from gansynth_tf.music.note import Style
from gansynth_tf.music.performance import perform
from gansynth_tf.music.score import Score
from gansynth_tf.player import values
from gansynth_tf.player.jobs import Job
from gansynth_tf.player.turns import Turns, YieldingInstrument

_FORMATS = ('wav', 'flac')


@dataclasses.dataclass(frozen=True)
class PieceSettings:
    """Settings for a MIDI file.

    Attributes:
      latent: the timbre of all notes, float32 [latent_size]; None for one that wanders.
      stems: also write each track as a file.
      format: 'wav' or 'flac'.
      seed: of a timbre that wanders.
    """

    latent: np.ndarray | None
    stems: bool
    format: str
    seed: int


def read_settings(given: typing.Any, instrument: Instrument) -> PieceSettings:
    """The settings in a JSON object, each of which may be missing.

    Raises:
      InputError: if a setting is impossible or unknown.
    """
    names = {'latent', 'stems', 'format', 'seed'}
    if not isinstance(given, dict) or not set(given) <= names:
        raise InputError(f'Impossible settings: expected a JSON object with some of {", ".join(sorted(names))}. '
                         f'Received: {shortened(given)}')
    latent, kind = given.get('latent'), given.get('format', 'wav')
    if kind not in _FORMATS or not isinstance(given.get('stems', False), bool):
        raise InputError(f'Impossible settings: expected stems as true or false, and a format of '
                         f'{" or ".join(_FORMATS)}. Received: {shortened(given)}')
    row = None if latent is None else values.latent(latent, instrument.latent_size)
    return PieceSettings(row, given.get('stems', False), kind, whole_number(given.get('seed', 0), 'seed'))


def midi_work(music: Score, name: str, settings: PieceSettings, instrument: Instrument, turns: Turns
              ) -> Callable[[Job, pathlib.Path], dict[str, pathlib.Path]]:
    """The work of rendering a piece; its outputs are 'audio' and, if asked for, 'stems'."""
    def work(job: Job, directory: pathlib.Path) -> dict[str, pathlib.Path]:
        playing = YieldingInstrument(instrument, turns, on_batch=lambda _: job.step(0))
        performance = perform(music, playing.pitches, release_seconds=Style().release_seconds)
        job.report += performance.remarks
        job.total = len(performance.notes)
        choice = timbres.Choice('wander') if settings.latent is None else timbres.Choice(
            'tracks', {None: timbres.Timbre('played', settings.latent)})
        chosen = timbres.choose(playing, performance.notes, choice, seed=settings.seed)
        recording, faults = piece.record(playing, performance, chosen.latents, directory, style=Style(),
                                         stems=settings.stems, on_progress=job.step)
        job.report += faults.remarks(job.total)
        encoding = output.Encoding(settings.format, 24 if settings.stems else 16)
        mix, *stems = piece.write(recording, directory / name, performance, encoding=encoding,
                                  gain=recording.peak_gain(),
                                  tags={'title': name, 'software': f'gansynth_tf {gansynth_tf.__version__}'})
        outputs = {'audio': mix}
        if settings.stems:  # the mix of a single track is its stem
            outputs['stems'] = _zipped(stems or [mix], directory / f'{name}_stems.zip')
        return outputs
    return work


def sfz_work(latent: typing.Any, name: typing.Any, instrument: Instrument, turns: Turns
             ) -> Callable[[Job, pathlib.Path], dict[str, pathlib.Path]]:
    """The work of recording a timbre for samplers; its output 'audio' is a ZIP archive."""
    row = values.latent(latent, instrument.latent_size)
    stem = values.file_name(name, 'timbre')

    def work(job: Job, directory: pathlib.Path) -> dict[str, pathlib.Path]:
        from gansynth_tf.music.samplers import sampled_instrument
        job.total = len(instrument.pitches)
        playing = YieldingInstrument(instrument, turns, on_batch=job.step)
        written = sampled_instrument.write(playing, row, directory / 'sfz', name=stem, formats=['sfz'])
        job.report.append(f'{written.num_looped} of {job.total} notes go on while a key is held, the others end')
        found = sorted(path for path in (directory / 'sfz').rglob('*') if path.is_file())
        return {'audio': _zipped(found, directory / f'{stem}.zip', root=directory / 'sfz')}
    return work


def _zipped(paths: Sequence[pathlib.Path], target: pathlib.Path, *, root: pathlib.Path | None = None) -> pathlib.Path:
    with zipfile.ZipFile(target, 'w', zipfile.ZIP_STORED) as archive:
        for path in paths:
            archive.write(path, path.relative_to(root or path.parent))
    return target
