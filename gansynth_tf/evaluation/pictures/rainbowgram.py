"""Rainbowgrams: pictures of notes whose intensity is the magnitude and whose colour is the change of the phase.

Source: Engel et al. 2017 (NSynth), section 4.1 and appendix; used throughout Engel et al. 2019 (GANSynth): a constant-Q
transform (Brown and Puckette 1992, "An efficient algorithm for the calculation of a constant Q transform"). Deviations
from librosa's, which they used: filters are half as long as a constant Q of one bin requires, so that notes of a second
can be drawn; all octaves are computed from the wave itself, none from a resampled one.
"""

import matplotlib
import matplotlib.axes
import numpy as np
import scipy.fft

from gansynth_tf.spectral.pitch import midi_to_hz, note_name

_BINS_PER_OCTAVE = 36
_LOWEST_PITCH = 24
_NUM_OCTAVES = 7
_HOP_LENGTH = 128
_FILTER_SCALE = 0.5
_RANGE_DB = 70.0
_NEGLIGIBLE = 1e-4  # of a filter's spectrum
_COLOURS = 'hsv'  # a circle, as phase is


def image(transform: np.ndarray, sample_rate: int, *, loudest: float | None = None) -> np.ndarray:
    """Colours of a note.

    Args:
      transform: complex [bins, frames], of `constant_q`.
      sample_rate: Hz.
      loudest: the magnitude that is brightest; without it the note's largest.

    Returns:
      float [bins, frames, 3], red, green and blue from 0 to 1; the lowest frequency (MIDI 24) first. Brightness:
      decibels below the loudest point, black from 70 on. Hue: the change of phase from frame to frame relative to that
      of the bin's own frequency, from half a turn back to half a turn forward.
    """
    magnitudes = np.abs(transform)
    loudest = magnitudes.max() if loudest is None else loudest
    decibels = 20 * np.log10(np.maximum(magnitudes, 1e-12) / max(loudest, 1e-12))
    turns = np.diff(np.angle(transform), axis=1, prepend=np.angle(transform[:, :1])) / (2 * np.pi)
    off = turns - _frequencies(sample_rate)[:, None] * _HOP_LENGTH / sample_rate
    return _colours(off, decibels) * (magnitudes[..., None] > 0)


def _colours(turns: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    brightness = np.clip(decibels / _RANGE_DB + 1, 0, 1)
    return matplotlib.colormaps[_COLOURS](turns - np.floor(turns))[..., :3] * brightness[..., None]


def _frequencies(sample_rate: int) -> np.ndarray:
    lowest_hz = float(midi_to_hz(_LOWEST_PITCH))
    octaves = min(_NUM_OCTAVES, int(np.log2(0.45 * sample_rate / lowest_hz)))
    return lowest_hz * 2 ** (np.arange(octaves * _BINS_PER_OCTAVE) / _BINS_PER_OCTAVE)


def constant_q(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """The constant-Q transform at every 128th sample, with 36 bins an octave from MIDI 24.

    Like in librosa's, the magnitude of a sine of amplitude 1 is half the root of the window's length.

    Args:
      wave: float [samples].
      sample_rate: Hz, at least 8,400.

    Returns:
      complex [bins, 1 + samples // 128].
    """
    wave, frequencies = np.asarray(wave, np.float64), _frequencies(sample_rate)
    quality = _FILTER_SCALE / (2 ** (1 / _BINS_PER_OCTAVE) - 1)
    octaves = []
    for some in frequencies.reshape(-1, _BINS_PER_OCTAVE):
        lengths = quality * sample_rate / some
        size = 1 << int(np.ceil(lengths[0])).bit_length()
        times = np.arange(-(size // 2), size // 2)
        windows = np.maximum(0, np.cos(np.pi * np.clip(times / lengths[:, None], -0.5, 0.5))) ** 2
        sines = np.exp(2j * np.pi * some[:, None] / sample_rate * times)
        kernels = scipy.fft.fft(windows * sines, axis=1)[:, :size // 2 + 1]
        kernels *= np.sqrt(lengths)[:, None] / windows.sum(axis=1, keepdims=True) / size
        near = np.flatnonzero(np.abs(kernels).max(axis=0) > _NEGLIGIBLE * np.abs(kernels).max())
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, size // 2), size)[::_HOP_LENGTH]
        octaves.append(kernels[:, near].conj() @ scipy.fft.rfft(frames, axis=1)[:, near].T)
    return np.concatenate(octaves)


def draw(axes: matplotlib.axes.Axes, wave: np.ndarray, sample_rate: int, *, transform: np.ndarray | None = None,
         loudest: float | None = None) -> None:
    """Draws a note into axes: seconds across, octaves up.

    Args:
      axes: of the picture.
      wave: float [samples].
      sample_rate: Hz.
      transform: of `constant_q`, if it is known.
      loudest: as in `image`.
    """
    transform = constant_q(wave, sample_rate) if transform is None else transform
    top = _LOWEST_PITCH + 12 * len(transform) / _BINS_PER_OCTAVE
    axes.imshow(image(transform, sample_rate, loudest=loudest), origin='lower', aspect='auto', interpolation='nearest',
                extent=(0, len(wave) / sample_rate, _LOWEST_PITCH, top))
    octaves = range(_LOWEST_PITCH, int(top), 12)
    axes.set_yticks(octaves, [note_name(pitch) for pitch in octaves], fontsize=6)
    axes.tick_params(axis='x', labelsize=6)


def draw_key(axes: matplotlib.axes.Axes) -> None:
    """Draws the key to the colours: turns of phase across, decibels up."""
    turns, decibels = np.meshgrid(np.linspace(-0.5, 0.5, 200), np.linspace(-_RANGE_DB, 0, 100))
    axes.imshow(_colours(turns, decibels), origin='lower', aspect='auto', extent=(-0.5, 0.5, -_RANGE_DB, 0))
    axes.set_xlabel(f'turns of phase in {_HOP_LENGTH} samples,\nagainst the pitch of the row', fontsize=6)
    axes.set_ylabel('dB', fontsize=6)
    axes.set_title('colours', fontsize=7)
    axes.tick_params(labelsize=6)
