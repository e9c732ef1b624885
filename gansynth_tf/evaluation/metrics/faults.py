"""Faults of a note's sound, apart from its pitch: silence, clipping, an offset, clicks.

Deterministic checks of this project's own, with limits that real notes of NSynth pass (docs/metrics.md).
"""

import numpy as np

SILENT_PEAK = 0.001  # -60 dB of full scale
OFFSET = 0.02  # of full scale, mean over the note
_CLIPPED_IN_A_ROW = 3  # samples at full scale
_FULL_SCALE = 32766 / 32768
_EDGE = 0.1  # of the peak: a note that begins or ends there jumps
_JUMP = 6  # times the bends around it, which are absolute second differences
_BLOCK = 256  # samples
_BENDS_OF_A_CLICK = 8  # large bends that one click can cause in a block
_LEAST_JUMP = 0.05  # of the peak


def find(wave: np.ndarray) -> dict[str, bool]:
    """The faults of a note, by name.

    Args:
      wave: float [samples], full scale 1.

    Returns:
      'not_finite'; 'silent' (peak below -60 dB); 'clipped' (three samples in a row at full scale, or any above);
      'offset' (mean beyond 0.02); 'click' (it begins or ends away from zero, or a sample jumps out of the curve).
    """
    if not np.all(np.isfinite(wave)):
        return {'not_finite': True, 'silent': False, 'clipped': False, 'offset': False, 'click': False}
    peak = float(np.max(np.abs(wave), initial=0))
    return {'not_finite': False, 'silent': peak < SILENT_PEAK, 'clipped': _is_clipped(wave),
            'offset': bool(abs(np.mean(wave)) > OFFSET), 'click': peak >= SILENT_PEAK and _clicks(wave / peak)}


def _is_clipped(wave: np.ndarray) -> bool:
    full = np.abs(wave) >= _FULL_SCALE
    in_a_row = np.convolve(full, np.ones(_CLIPPED_IN_A_ROW), 'valid')
    return bool(np.any(np.abs(wave) > 1) or np.any(in_a_row >= _CLIPPED_IN_A_ROW))


def _clicks(wave: np.ndarray) -> bool:
    """True if a wave of peak 1 has a click."""
    if max(abs(wave[0]), abs(wave[-1])) > _EDGE:
        return True
    bends = np.abs(np.diff(wave, 2))
    blocks = np.pad(bends, (0, -len(bends) % _BLOCK)).reshape(-1, _BLOCK)
    # In a click a few samples bend far more than all others near them.
    usual = np.sort(blocks, axis=1)[:, -_BENDS_OF_A_CLICK]
    around = np.maximum(usual, np.maximum(np.roll(usual, 1), np.roll(usual, -1)))
    return bool(np.any((blocks.max(axis=1) > _JUMP * around) & (blocks.max(axis=1) > _LEAST_JUMP)))
