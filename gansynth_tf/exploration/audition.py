"""Auditions of timbres: a scale and a riff of each, as audio files."""

import os
import pathlib

import numpy as np

from gansynth_tf import __version__
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import piece
from gansynth_tf.music.note import Style
from gansynth_tf.music.output import Encoding
from gansynth_tf.music.performance import Performance, PlayedNote
from gansynth_tf.music.timbres import Timbre

KINDS = ('scale', 'riff')
_ROOT = 48  # C3, or the instrument's pitch of that name nearest to its middle
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21, 23, 24)
_BEAT_SECONDS = 0.5
_LUFS = -20.0
# Semitones above the root, start and end in beats, velocity: a bass, a line above it, and a chord that is held.
_RIFF = ((0, 0, 2, 100), (12, 0, 1, 90), (19, 0.5, 1, 70), (24, 1, 2, 110), (16, 1.5, 2.5, 70), (7, 2, 4, 100),
         (23, 2, 3, 100), (19, 2.5, 3, 60), (26, 3, 4, 115), (22, 3.5, 4, 70), (5, 4, 6, 95), (21, 4, 5, 90),
         (17, 4.5, 5, 60), (28, 5, 6, 120), (24, 5.5, 6, 80), (0, 6, 9, 100), (16, 6, 9, 80), (19, 6, 9, 80),
         (24, 6, 9, 105))


def notes(instrument: Instrument, kind: str) -> list[PlayedNote]:
    """The notes of a 'scale', two octaves up in quarter seconds, or of a 'riff' with chords, loud and soft notes.

    Notes that the instrument lacks are moved by octaves.
    """
    if kind == 'scale':
        rows = [(step, index / 2, index / 2 + (2 if index == len(_SCALE) - 1 else 0.5), 100)
                for index, step in enumerate(_SCALE)]
    else:
        rows = list(_RIFF)
    return [PlayedNote(_within(instrument, _ROOT + step), velocity, start * _BEAT_SECONDS, end * _BEAT_SECONDS)
            for step, start, end, velocity in rows]


def write(instrument: Instrument, timbre: Timbre, kind: str, path: str | os.PathLike) -> pathlib.Path:
    """Writes an audition of a timbre as .flac, .ogg or .wav; all are equally loud, -20 LUFS."""
    path = pathlib.Path(path)
    performance = Performance(notes(instrument, kind))
    latents = np.repeat(timbre.latent[np.newaxis], len(performance.notes), axis=0)
    recording, _ = piece.record(instrument, performance, latents, path.parent, style=Style())
    gain, _ = recording.loudness_gain(_LUFS)
    written, = piece.write(recording, path.with_suffix(''), performance, encoding=Encoding(path.suffix[1:]),
                           gain=gain,
                           tags={'title': f'{timbre.name}: {kind}', 'software': f'gansynth_tf {__version__}'})
    return written


def _within(instrument: Instrument, pitch: int) -> int:
    """The instrument's nearest pitch of the same name; the nearest pitch if it has none of that name."""
    return min(instrument.pitches, key=lambda known: ((known - pitch) % 12 != 0, abs(known - pitch)))
