"""The pitch of a note without a classifier: the fundamental that a pitch detector hears, as a cross-check.

Source: de Cheveigne and Kawahara 2002, "YIN, a fundamental frequency estimator for speech and music", as librosa
implements it. Deviation: YIN gives a frequency per frame; a note's pitch is the semitone that most of its energy's
frames (those within 25 dB of the loudest) hear, so that an attack or a few octave errors do not decide.
"""

import librosa
import numpy as np

_FRAME_LENGTH, _HOP_LENGTH = 2048, 1024
_AUDIBLE = 10 ** (-25 / 20)
_LOWEST_PITCH, _HIGHEST_PITCH = 21, 108
TOLERANCE = 0.5  # semitones on either side that still are the pitch


def pitch(wave: np.ndarray, sample_rate: int) -> float:
    """The MIDI pitch of a note, fractional.

    Args:
      wave: float [samples].
      sample_rate: Hz.

    Returns:
      From about 21 to 108; NaN for silence.
    """
    wave = np.pad(wave, (0, max(0, _FRAME_LENGTH - len(wave))))
    loudness = librosa.feature.rms(y=wave, frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH)[0]
    if not loudness.max() > 0:
        return float('nan')
    lowest = max(_LOWEST_PITCH, float(librosa.hz_to_midi(2.1 * sample_rate / _FRAME_LENGTH)))
    f0_hz = librosa.yin(wave, fmin=float(librosa.midi_to_hz(lowest)),
                        fmax=float(librosa.midi_to_hz(_HIGHEST_PITCH)), sr=sample_rate,
                        frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH)
    pitches = librosa.hz_to_midi(f0_hz)
    audible = loudness > _AUDIBLE * loudness.max()
    # Where there is no period YIN says the lowest frequency; such frames count only if there are no others.
    periodic = audible & (pitches > lowest + 0.5)
    audible = periodic if periodic.any() else audible
    pitches, loudness = pitches[audible], loudness[audible]
    semitones = np.round(pitches).astype(int)
    heard = np.bincount(semitones, weights=loudness).argmax()
    return float(np.median(pitches[semitones == heard]))
