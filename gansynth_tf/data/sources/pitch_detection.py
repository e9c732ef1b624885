"""The pitch of a note from its sound: YIN (`spectral.pitch.yin`) over the beginning of the note."""

import dataclasses

import numpy as np

from gansynth_tf.data import note_audio
from gansynth_tf.spectral.pitch import frame_levels, hz_to_midi, midi_to_hz, yin

_SAMPLE_RATE = 16000  # Hz; ample for fundamentals up to MIDI pitch 108, and four times as fast as 48 kHz
_HOP_LENGTH = 1024
_MOST_SECONDS = 1.5  # of the note, from its beginning
_SOUNDING = 0.03  # -30 dB of the loudest frame
_NUM_PARTIALS = 8
_OWN_PARTIALS = 0.003  # of all partials' energy, that a lower octave has in those that the higher one lacks


@dataclasses.dataclass(frozen=True)
class DetectedPitch:
    """A MIDI pitch, and the share (0 to 1) of a note's sounding frames within half a semitone of it."""

    pitch: int
    confidence: float


def detect_pitch(samples: np.ndarray, rate: int, *, min_pitch: int = 21, max_pitch: int = 108) -> DetectedPitch:
    """Detects the pitch at the beginning of a note.

    Args:
      samples: float32 [samples, channels].
      rate: theirs, in Hz.
      min_pitch: lowest MIDI pitch considered.
      max_pitch: highest MIDI pitch considered.

    Returns:
      The pitch nearest to the median of the frames', with a confidence of 0 if no frame has one.
    """
    wave = _mono(samples, rate)
    frame_length = 2048 if min_pitch >= 33 else 4096  # two periods of the lowest pitch, at least
    wave = np.pad(wave, (0, max(0, frame_length - len(wave))))
    levels = frame_levels(wave, frame_length, _HOP_LENGTH)
    lowest_hz = max(midi_to_hz(min_pitch - 0.5), 2.1 * _SAMPLE_RATE / frame_length)
    f0_hz = yin(wave, _SAMPLE_RATE, lowest_hz=lowest_hz, highest_hz=midi_to_hz(max_pitch + 0.5),
                frame_length=frame_length, hop_length=_HOP_LENGTH)
    heard = hz_to_midi(f0_hz[(levels > _SOUNDING * levels.max()) & (f0_hz > 1.02 * lowest_hz)])
    if not np.isfinite(heard).any():
        return DetectedPitch(min_pitch, 0.0)
    pitch = int(np.round(np.nanmedian(heard)))
    return DetectedPitch(pitch, float(np.mean(np.abs(heard - pitch) <= 0.5)))


def is_octave(samples: np.ndarray, rate: int, pitch: int, *, instead_of: int) -> bool:
    """True if a note has `pitch` rather than one some octaves away, by the partials that only the lower one has.

    Args:
      samples: float32 [samples, channels].
      rate: theirs, in Hz.
      pitch: a MIDI pitch.
      instead_of: another, whole octaves higher or lower.
    """
    wave = _mono(samples, rate)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    low_hz, ratio = midi_to_hz(min(pitch, instead_of)), 2 ** (abs(pitch - instead_of) // 12)
    bins_per_hz = len(wave) / _SAMPLE_RATE
    energies = {}
    for partial in range(1, int(min(_NUM_PARTIALS * ratio, 0.45 * _SAMPLE_RATE / low_hz)) + 1):
        first, last = (int(partial * low_hz * bins_per_hz * tolerance) for tolerance in (0.98, 1.02))
        energies[partial] = power[first:last + 2].sum()
    own = sum(energy for partial, energy in energies.items() if partial % ratio)
    is_lower = own > _OWN_PARTIALS * max(sum(energies.values()), 1e-30)
    return is_lower == (pitch < instead_of)


def _mono(samples: np.ndarray, rate: int) -> np.ndarray:
    return note_audio.resample(note_audio.mono(samples[:round(_MOST_SECONDS * rate)]), rate, _SAMPLE_RATE)
