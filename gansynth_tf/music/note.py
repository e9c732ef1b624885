"""One note as it is played: an instrument's wave with the length, the loudness and the bend of the performance."""

import dataclasses

import numpy as np

from gansynth_tf.errors import InputError, require_one_of
from gansynth_tf.music import envelope, extension, loudness
from gansynth_tf.music.performance import DEFAULT_RELEASE_SECONDS, PlayedNote

LEVELS = ('matched', 'raw', 'peak')
LONGEST_NOTE_SECONDS = 600
SILENT_PEAK = 1e-6  # below, a note is silence, which no gain should bring up
RELEASE_RANGE_SECONDS = (0.005, 5.0)
MAX_VELOCITY_CURVE = 5.0
_MATCHED_LEVEL = 0.1  # root mean square, of full scale
_SOFTEST = 0.03  # of the instrument's peak
_OVERSAMPLING = 4  # of a wave that is bent


@dataclasses.dataclass(frozen=True)
class Style:
    """Settings by which notes are shaped.

    Attributes:
      level: the measure that is made equal for all notes of one velocity: 'matched', the loudness to the ear; 'peak',
        the largest sample; 'raw', none: notes are as loud as the instrument made them.
      velocity_curve: the gain is the velocity, as a share of 127, to this power: 0 makes all velocities equal, 1 is
        Magenta's, 2 is General MIDI's.
      darken: soft notes lose their upper partials.
      release_seconds: from the key's end to silence.
      extend: a note that is held for longer than the instrument's note is continued; otherwise it ends early.
      raw: use the waves as the network makes them, without the ramps of a finished note, where the instrument can
        give them.
    """

    level: str = 'matched'
    velocity_curve: float = 2.0
    darken: bool = True
    release_seconds: float = DEFAULT_RELEASE_SECONDS
    extend: bool = True
    raw: bool = False

    def __post_init__(self):
        require_one_of('level', self.level, LEVELS)
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
    """True for an instrument's note that is so soft that no gain should amplify it."""
    return bool(max(wave.max(), -wave.min()) < SILENT_PEAK)


def matched_gain(sounding: np.ndarray, wave: np.ndarray, sample_rate: int) -> float:
    """The gain that makes a played note as loud as all others.

    Args:
      sounding: float [samples], the note as it is played, of which the part that can be held is measured.
      wave: float [samples], the instrument's note.
      sample_rate: Hz.
    """
    held_seconds, _ = envelope.longest(len(wave) / sample_rate)
    level = loudness.loudest(sounding[:int(held_seconds * sample_rate)], sample_rate)
    # A note that is cut off before it has become loud stays soft.
    return _MATCHED_LEVEL / max(level, _SOFTEST * max(wave.max(), -wave.min()), SILENT_PEAK)


def shape(wave: np.ndarray, note: PlayedNote, *, style: Style, sample_rate: int) -> tuple[np.ndarray, bool]:
    """A note as it is played.

    Args:
      wave: float32 [samples], the instrument's.
      note: its length, velocity, bend and level.
      style: the settings.
      sample_rate: Hz.

    Returns:
      float64 [samples], and whether it is shorter than the performance asks for.
    """
    held_seconds, release_seconds, cut = _duration(note, style, len(wave) / sample_rate)
    held, release = int(held_seconds * sample_rate), int(release_seconds * sample_rate)
    seconds = np.arange(held + release) / sample_rate
    positions = bent_positions(note.bend.at(seconds)) if note.bend else None
    needed = held + release if positions is None else int(positions[-1]) + 2
    source = _source(wave, needed, note, style, sample_rate)
    shaped = source[:held + release] if positions is None else read_at(source, positions)
    gain = matched_gain(shaped, wave, sample_rate) if style.level == 'matched' else 1.0
    shaped = shaped * envelope.ramps(held, release, sample_rate)[:len(shaped)]
    if style.darken:
        shaped = loudness.darken(shaped, note.velocity, pitch=note.pitch, sample_rate=sample_rate)
    if style.level == 'peak':
        peak = np.max(np.abs(shaped), initial=0)
        gain = 0.0 if peak < SILENT_PEAK else 1 / peak
    shaped = shaped * (gain * (note.velocity / 127) ** style.velocity_curve)
    return (shaped * note.level.at(seconds[:len(shaped)]) if note.level else shaped), cut


def bent_positions(semitones: np.ndarray) -> np.ndarray:
    """Positions in the wave, float64 [samples] from 0, that a note reads one after the other when it is bent.

    Args:
      semitones: float [samples], the bend at each sample of the note.
    """
    speeds = 2.0 ** (np.asarray(semitones, np.float64) / 12)
    return np.concatenate([[0.0], np.cumsum((speeds[1:] + speeds[:-1]) / 2)])


def read_at(wave: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The values of a wave between its samples.

    Cubic interpolation of the wave at four times its rate: errors are 60 dB down at a quarter of the sample rate.
    Frequencies that faster reading would alias are removed first.

    Args:
      wave: float [samples].
      positions: float [n], in samples, ascending.

    Returns:
      float64 [n]; 0 beyond the wave's ends.
    """
    fastest = float(np.max(np.diff(positions), initial=1.0))
    padded = np.pad(np.asarray(wave, np.float64), 64)  # the transform is circular
    spectrum = np.fft.rfft(padded)
    spectrum[int(len(spectrum) / fastest):] = 0
    fine = np.fft.irfft(spectrum, _OVERSAMPLING * len(padded)) * _OVERSAMPLING
    fine_positions = (np.asarray(positions) + 64) * _OVERSAMPLING
    whole = np.clip(np.floor(fine_positions).astype(np.int64), 1, len(fine) - 3)
    t = fine_positions - whole
    before, here, after, beyond = (fine[whole + offset] for offset in (-1, 0, 1, 2))
    # Lagrange's cubic through the four samples around each position.
    read = (-t * (t - 1) * (t - 2) / 6 * before + (t + 1) * (t - 1) * (t - 2) / 2 * here
            - (t + 1) * t * (t - 2) / 2 * after + (t + 1) * t * (t - 1) / 6 * beyond)
    return np.where(positions <= len(wave) - 1, read, 0.0)


def _duration(note: PlayedNote, style: Style, model_seconds: float) -> tuple[float, float, bool]:
    """Seconds that a note is held and released, and whether that is less than asked for."""
    held_seconds = note.end_seconds - note.start_seconds
    longest_held, longest_release = envelope.longest(model_seconds)
    if style.extend:
        return min(held_seconds, LONGEST_NOTE_SECONDS), style.release_seconds, held_seconds > LONGEST_NOTE_SECONDS
    return min(held_seconds, longest_held), min(style.release_seconds, longest_release), held_seconds > longest_held


def _source(wave: np.ndarray, needed: int, note: PlayedNote, style: Style, sample_rate: int) -> np.ndarray:
    """The wave, continued where the note needs more samples and the style allows it."""
    longest_held, longest_release = envelope.longest(len(wave) / sample_rate)
    if not style.extend or needed <= int((longest_held + min(style.release_seconds, longest_release)) * sample_rate):
        return wave
    # The path depends on the note alone, so that a piece sounds the same however its notes are listed.
    rng = np.random.default_rng([note.pitch, int(note.start_seconds * 1000)])
    return extension.extend(wave, needed, sample_rate=sample_rate, pitch=note.pitch,
                            held_samples=int(longest_held * sample_rate), rng=rng)
