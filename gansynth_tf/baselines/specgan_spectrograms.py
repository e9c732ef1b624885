"""SpecGAN's pictures of one-second waves, and waves of such pictures.

Source: Donahue et al. 2019, "Adversarial Audio Synthesis", section 3; github.com/chrisdonahue/wavegan, specgan code.
Phases are found as Griffin and Lim 1984 do, from zero phases on.
"""

import os
import pathlib
import typing
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.errors import InputError

SLICE_LENGTH = 16384  # samples
SIZE = 128  # frames, and bins below Nyquist's
MOMENTS_FILE = 'moments.npz'
_FRAME, _HOP = 256, 128
_FLOOR = 1e-6  # added to magnitudes before the logarithm
_DEVIATIONS = 3.0  # standard deviations that a picture's range of [-1, 1] stands for
_SMALLEST = 1e-8  # magnitude whose phase is asked for


class Moments(typing.NamedTuple):
    """Mean and standard deviation of log magnitudes by bin, each float32 [129], Nyquist's included."""

    mean: np.ndarray
    std: np.ndarray


def fit(batches: Iterable[np.ndarray]) -> Moments:
    """The moments of waves, float32 [n, 16384] a batch."""
    total, squares, count = np.zeros(SIZE + 1), np.zeros(SIZE + 1), 0
    for waves in batches:
        logmag = log_magnitudes(waves).numpy().reshape(-1, SIZE + 1).astype(np.float64)
        total, squares, count = total + logmag.sum(0), squares + np.square(logmag).sum(0), count + len(logmag)
    if not count:
        raise InputError('No notes: expected some to take the moments of. Received: none')
    mean = total / count
    return Moments(mean.astype(np.float32), np.sqrt(np.maximum(squares / count - mean ** 2, 0)).astype(np.float32))


def write(moments: Moments, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `moments.npz` into a model directory."""
    return files.write_arrays(moments._asdict(), pathlib.Path(directory) / MOMENTS_FILE)


def read(path: str | os.PathLike) -> Moments:
    """Reads the `moments.npz` of a model directory, or another file of that form.

    Raises:
      InputError: if it is missing, or no such file.
    """
    path = pathlib.Path(path)
    path = path / MOMENTS_FILE if path.is_dir() else path
    try:
        with np.load(path, allow_pickle=False) as arrays:
            moments = Moments(arrays['mean'].astype(np.float32), arrays['std'].astype(np.float32))
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f'Cannot read the moments: expected an .npz file with mean and std ({error}). '
                         f'Received: {str(path)!r}') from error
    if moments.mean.shape != (SIZE + 1,) or moments.std.shape != (SIZE + 1,):
        raise InputError(f'Unusable moments: expected mean and std of {SIZE + 1} bins. '
                         f'Received: {moments.mean.shape} and {moments.std.shape} ({str(path)!r})')
    return moments


def log_magnitudes(waves: tf.Tensor) -> tf.Tensor:
    """float32 [n, 16384] -> [n, 128, 129]: periodic Hann window, not centred, the last frame filled up with zeros."""
    return tf.math.log(tf.abs(tf.signal.stft(waves, _FRAME, _HOP, pad_end=True)) + _FLOOR)


def waves_to_pictures(waves: tf.Tensor, moments: Moments) -> tf.Tensor:
    """float32 [n, 16384] -> [n, 128, 128, 1] of time and frequency, within [-1, 1]; Nyquist's bin is dropped."""
    deviations = tf.math.divide_no_nan(log_magnitudes(waves) - moments.mean, moments.std)[..., :-1]
    return tf.clip_by_value(deviations / _DEVIATIONS, -1.0, 1.0)[..., tf.newaxis]


def pictures_to_waves(pictures: tf.Tensor, moments: Moments, *, iterations: int = 16, even_gain: bool = True
                      ) -> tf.Tensor:
    """float32 [n, 128, 128, 1] -> [n, 16384].

    Nyquist's bin gets its mean, as in the original.

    Args:
      pictures: within [-1, 1].
      moments: those that the pictures were made with.
      iterations: of Griffin and Lim's.
      even_gain: overlapping frames are divided by the sum of their squared windows. The original does not, so that its
        waves, and each of its iterations, swing between half and full amplitude within every hop of 128 samples.
    """
    deviations = tf.pad(pictures[..., 0], [[0, 0], [0, 0], [0, 1]]) * _DEVIATIONS
    magnitudes = tf.exp(deviations * moments.std + moments.mean)
    window = tf.signal.inverse_stft_window_fn(_HOP) if even_gain else tf.signal.hann_window

    def to_waves(stfts):
        return tf.signal.inverse_stft(stfts, _FRAME, _HOP, window_fn=window)

    stfts = tf.cast(magnitudes, tf.complex64)
    for _ in range(iterations):
        estimates = tf.signal.stft(to_waves(stfts), _FRAME, _HOP)
        phases = estimates / tf.cast(tf.maximum(_SMALLEST, tf.abs(estimates)), tf.complex64)
        stfts = tf.cast(magnitudes, tf.complex64) * phases
    return to_waves(stfts)[:, :SLICE_LENGTH]
