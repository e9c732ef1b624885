"""The pitch of a note without a classifier: the fundamental that YIN finds, as a cross-check.

YIN (`spectral.pitch.yin`) finds a frequency per frame. A note's pitch is the semitone that has most of the level among
the frames within 25 dB of the loudest, so that an attack or a few octave errors do not decide.
"""

import numpy as np
import numpy.typing as npt

from gansynth_tf.spectral.pitch import frame_levels, hz_to_midi, midi_to_hz, yin

_FRAME_LENGTH, _HOP_LENGTH = 2048, 1024
_AUDIBLE = 10 ** (-25 / 20)
_LOWEST_PITCH, _HIGHEST_PITCH = 21, 108
TOLERANCE = 0.5  # semitones, within which a pitch is right


def is_right(found: npt.ArrayLike, pitches: npt.ArrayLike) -> np.ndarray:
    """Whether fundamentals (MIDI, fractional, NaN for none) are those of their pitches: bool, of the shape of both."""
    return np.abs(np.subtract(found, pitches)) <= TOLERANCE


def pitch(wave: np.ndarray, sample_rate: int) -> float:
    """The MIDI pitch of a note, fractional.

    Args:
      wave: float [samples].
      sample_rate: Hz.

    Returns:
      From about 21 to 108; NaN for silence.
    """
    wave = np.pad(wave, (0, max(0, _FRAME_LENGTH - len(wave))))
    levels = frame_levels(wave, _FRAME_LENGTH, _HOP_LENGTH)
    audible = levels > _AUDIBLE * levels.max()
    if not audible.any():
        return float('nan')
    lowest = max(_LOWEST_PITCH, float(hz_to_midi(2.1 * sample_rate / _FRAME_LENGTH)))
    pitches = hz_to_midi(yin(wave, sample_rate, lowest_hz=midi_to_hz(lowest), highest_hz=midi_to_hz(_HIGHEST_PITCH),
                             frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH))
    # In frames without a period YIN returns the lowest frequency; they count only if there are no others.
    periodic = audible & (pitches > lowest + 0.5)
    audible = periodic if periodic.any() else audible
    pitches, levels = pitches[audible], levels[audible]
    semitones = np.round(pitches).astype(int)
    most = np.bincount(semitones, weights=levels).argmax()
    return float(np.median(pitches[semitones == most]))
