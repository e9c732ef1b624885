"""Rainbowgrams: a note as a picture whose intensity is how loud and whose colour is how the phase moves.

Source: Engel et al. 2017 (NSynth), section 4.1 and appendix; used throughout Engel et al. 2019 (GANSynth). Constant-Q
transform of librosa. Deviations: half as long filters as a constant Q of one bin would take, so that notes of a second
can be drawn.
"""

import librosa
import matplotlib
import matplotlib.axes
import numpy as np

_BINS_PER_OCTAVE = 36
_LOWEST_PITCH = 24
_NUM_OCTAVES = 7
_HOP_LENGTH = 128
_FILTER_SCALE = 0.5
_RANGE_DB = 70.0
_COLOURS = 'hsv'  # a circle, as phase is


def image(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Colours of a note.

    Args:
      wave: float [samples].
      sample_rate: Hz, at least 8,400.

    Returns:
      float [bins, frames, 3], red, green and blue from 0 to 1; the lowest frequency (MIDI 24) first. Brightness:
      decibels below the loudest point, black from 70 on. Hue: the phase's step from frame to frame, half a turn back
      to half a turn forth, against that of the bin's own frequency.
    """
    lowest_hz = float(librosa.midi_to_hz(_LOWEST_PITCH))
    octaves = min(_NUM_OCTAVES, int(np.log2(0.45 * sample_rate / lowest_hz)))
    transform = librosa.cqt(np.asarray(wave, np.float32), sr=sample_rate, hop_length=_HOP_LENGTH, fmin=lowest_hz,
                            n_bins=octaves * _BINS_PER_OCTAVE, bins_per_octave=_BINS_PER_OCTAVE,
                            filter_scale=_FILTER_SCALE)
    magnitudes = np.abs(transform)
    decibels = 20 * np.log10(np.maximum(magnitudes, 1e-12) / max(magnitudes.max(), 1e-12))
    brightness = np.clip(decibels / _RANGE_DB + 1, 0, 1) * (magnitudes.max() > 0)
    turns = np.diff(np.angle(transform), axis=1, prepend=np.angle(transform[:, :1])) / (2 * np.pi)
    expected = librosa.cqt_frequencies(len(transform), fmin=lowest_hz, bins_per_octave=_BINS_PER_OCTAVE)
    off = turns - expected[:, None] * _HOP_LENGTH / sample_rate
    colours = matplotlib.colormaps[_COLOURS](off - np.floor(off))[..., :3]
    return colours * brightness[..., None]


def draw(axes: matplotlib.axes.Axes, wave: np.ndarray, sample_rate: int) -> None:
    """Draws a note into axes: seconds across, octaves up."""
    picture = image(wave, sample_rate)
    top = _LOWEST_PITCH + 12 * len(picture) / _BINS_PER_OCTAVE
    axes.imshow(picture, origin='lower', aspect='auto', interpolation='nearest',
                extent=(0, len(wave) / sample_rate, _LOWEST_PITCH, top))
    octaves = range(_LOWEST_PITCH, int(top), 12)
    axes.set_yticks(octaves, [librosa.midi_to_note(pitch) for pitch in octaves], fontsize=6)
    axes.tick_params(axis='x', labelsize=6)
