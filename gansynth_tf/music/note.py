"""One note as it is played: an instrument's wave, as long, as loud and as bent as the performance has it."""

import dataclasses

import numpy as np

from gansynth_tf.errors import InputError
from gansynth_tf.music import bend, envelope, extension, loudness
from gansynth_tf.music.performance import DEFAULT_RELEASE_SECONDS, PlayedNote

LEVELS = ('matched', 'raw', 'peak')
LONGEST_NOTE_SECONDS = 600
SILENT_PEAK = 1e-6  # below, a note is silence, which no gain should bring up
RELEASE_RANGE_SECONDS = (0.005, 5.0)
MAX_VELOCITY_CURVE = 5.0
_MATCHED_LEVEL = 0.1  # root mean square, of full scale
_SOFTEST = 0.03  # of the instrument's peak


@dataclasses.dataclass(frozen=True)
class Style:
    """How notes are shaped.

    Attributes:
      level: what decides how loud a velocity is: 'matched', the loudness that the ear hears; 'peak', the largest
        sample; 'raw', nothing: notes are as loud as the instrument made them.
      velocity_curve: the power of velocity; see `loudness.velocity_gain`.
      darken: soft notes lose their upper partials.
      release_seconds: from the key's end to silence.
      extend: a note held for longer than the instrument's goes on; otherwise it ends there.
      raw: the waves as the network makes them, without the ramps of a finished note, from an instrument that has them.
    """

    level: str = 'matched'
    velocity_curve: float = 2.0
    darken: bool = True
    release_seconds: float = DEFAULT_RELEASE_SECONDS
    extend: bool = True
    raw: bool = False

    def __post_init__(self):
        if self.level not in LEVELS:
            raise InputError(f'Unknown level: expected one of {", ".join(LEVELS)}. Received: {self.level!r}')
        if not 0 <= self.velocity_curve <= MAX_VELOCITY_CURVE:
            raise InputError(f'Impossible velocity_curve: expected a power from 0 to {MAX_VELOCITY_CURVE}. '
                             f'Received: {self.velocity_curve!r}')
        shortest, longest = RELEASE_RANGE_SECONDS
        if not shortest <= self.release_seconds <= longest:
            raise InputError(f'Impossible release: expected {shortest} to {longest} seconds. '
                             f'Received: {self.release_seconds!r}')


MAGENTA = Style(level='peak', velocity_curve=1.0, darken=False, release_seconds=envelope.RELEASE_SECONDS, extend=False,
                raw=True)


def is_silent(wave: np.ndarray) -> bool:
    """Whether an instrument's note is so soft that no gain should bring it up."""
    return bool(max(wave.max(), -wave.min()) < SILENT_PEAK)


def matched_gain(sounding: np.ndarray, wave: np.ndarray, sample_rate: int) -> float:
    """The gain that makes what is heard of an instrument's note as loud as all others are.

    Args:
      sounding: float [samples], of it.
      wave: float [samples], the note.
      sample_rate: Hz.
    """
    # What is cut off before it has risen stays soft.
    return _MATCHED_LEVEL / max(loudness.loudest(sounding, sample_rate), _SOFTEST * max(wave.max(), -wave.min()),
                                SILENT_PEAK)


def shape(wave: np.ndarray, note: PlayedNote, *, style: Style, sample_rate: int) -> tuple[np.ndarray, bool]:
    """A note as it is played.

    Args:
      wave: float32 [samples], the instrument's.
      note: what it is played as.
      style: how.
      sample_rate: Hz.

    Returns:
      float64 [samples], and whether it is shorter than the performance has it.
    """
    held_seconds, release_seconds, cut = _duration(note, style, len(wave) / sample_rate)
    held, release = int(held_seconds * sample_rate), int(release_seconds * sample_rate)
    seconds = np.arange(held + release) / sample_rate
    places = bend.positions(note.bend.at(seconds)) if note.bend else None
    needed = held + release if places is None else int(places[-1]) + 2
    source = _source(wave, needed, note, style, sample_rate)
    shaped = source[:held + release] if places is None else bend.read_at(source, places)
    gain = _gain(shaped, wave, style, sample_rate)
    shaped = shaped * envelope.ramps(held, release, sample_rate)[:len(shaped)]
    if style.darken:
        shaped = loudness.darken(shaped, note.velocity, pitch=note.pitch, sample_rate=sample_rate)
    if style.level == 'peak':
        peak = np.max(np.abs(shaped), initial=0)
        gain = 0.0 if peak < SILENT_PEAK else 1 / peak
    shaped = shaped * (gain * loudness.velocity_gain(note.velocity, style.velocity_curve))
    return (shaped * note.level.at(seconds[:len(shaped)]) if note.level else shaped), cut


def _gain(sounding: np.ndarray, wave: np.ndarray, style: Style, sample_rate: int) -> float:
    """The gain at velocity 127; 1 in other styles than 'matched'."""
    if style.level != 'matched':
        return 1.0
    held_seconds, _ = envelope.longest(len(wave) / sample_rate)
    return matched_gain(sounding[:int(held_seconds * sample_rate)], wave, sample_rate)


def _duration(note: PlayedNote, style: Style, model_seconds: float) -> tuple[float, float, bool]:
    """Seconds held and released, and whether that is less than asked for."""
    held_seconds = note.end_seconds - note.start_seconds
    longest_held, longest_release = envelope.longest(model_seconds)
    if style.extend:
        return min(held_seconds, LONGEST_NOTE_SECONDS), style.release_seconds, held_seconds > LONGEST_NOTE_SECONDS
    return min(held_seconds, longest_held), min(style.release_seconds, longest_release), held_seconds > longest_held


def _source(wave: np.ndarray, needed: int, note: PlayedNote, style: Style, sample_rate: int) -> np.ndarray:
    """The wave, made longer if it has to be and may."""
    longest_held, longest_release = envelope.longest(len(wave) / sample_rate)
    if not style.extend or needed <= int((longest_held + min(style.release_seconds, longest_release)) * sample_rate):
        return wave
    # The path depends on the note alone, so that a piece sounds the same however its notes are listed.
    rng = np.random.default_rng([note.pitch, int(note.start_seconds * 1000)])
    return extension.extend(wave, needed, sample_rate=sample_rate, pitch=note.pitch,
                            held_samples=int(longest_held * sample_rate), rng=rng)
