"""Affine maps between spectrograms in their own units and the networks' range of [-1, 1].

Source: Magenta's data_normalizer.py. The networks' output is denormalised and the discriminator's input normalised;
data outside them is in the representation's own units. Arrays may be NumPy's or TensorFlow's, but for `clip`.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import typing
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.errors import InputError

if typing.TYPE_CHECKING:
    import tensorflow as tf

NORMALIZER_FILE = 'normalizer.json'

_FITTED = ('specgrams_simple_normalizer', 'specgrams_freq_normalizer')
_SMALLEST_RANGE = 1e-3  # of values that hardly vary (silence): a slope that float32 can still undo


@dataclasses.dataclass(frozen=True, eq=False)
class Normalizer:
    """x -> a x + b.

    Attributes:
      a: float64 slopes, [2] for the two channels or [freq, 2] for every frequency; none is 0.
      b: float64 offsets of the same shape.
      clips: whether `normalize` clips to [-1, 1].

    Raises:
      InputError: on construction, if `a` and `b` are not such arrays.
    """

    a: np.ndarray
    b: np.ndarray
    clips: bool = True

    def __post_init__(self):
        for name in ('a', 'b'):
            object.__setattr__(self, name, _checked(name, getattr(self, name)))
        if self.a.shape != self.b.shape or not self.a.all():
            raise InputError(f'Impossible normalizer: expected slopes other than 0 and as many offsets. '
                             f'Received: shapes {self.a.shape} and {self.b.shape}, {np.sum(self.a == 0)} slopes of 0')

    def normalize(self, specgrams: tf.Tensor) -> tf.Tensor:
        """float32 [..., freq, 2] in their own units -> normalised, clipped to [-1, 1] unless `clips` is False."""
        return self.clip(self.scale(specgrams))

    def scale(self, specgrams: tf.Tensor) -> tf.Tensor:
        """`normalize` without clipping."""
        return specgrams * self.a.astype(np.float32) + self.b.astype(np.float32)

    def clip(self, images: tf.Tensor) -> tf.Tensor:
        """Normalised images, clipped to [-1, 1] unless `clips` is False."""
        import tensorflow as tf  # here, since exports are played without it
        return tf.clip_by_value(images, -1.0, 1.0) if self.clips else images

    def denormalize(self, specgrams: tf.Tensor) -> tf.Tensor:
        """float32 [..., freq, 2] normalised -> in their own units; does not clip."""
        return (specgrams - self.b.astype(np.float32)) / self.a.astype(np.float32)

    def at_width(self, width: int) -> Normalizer:
        """The normalizer for specgrams averaged down to `width` frequencies.

        Averaging a and b makes normalising and averaging interchangeable (but for values that are clipped).
        """
        if self.a.ndim == 1:
            return self
        if width < 1 or len(self.a) % width:
            raise InputError(f'Impossible width: expected a divisor of {len(self.a)}, the number of frequencies the '
                             f'normalizer was fitted to. Received: {width}')
        a, b = (x.reshape(width, -1, 2).mean(axis=1) for x in (self.a, self.b))
        return dataclasses.replace(self, a=a, b=b)


def needs_data(config: Config) -> bool:
    """True if `config.data_normalizer` is one that is fitted to data (and kept in normalizer.json)."""
    return config.data_normalizer in _FITTED


def from_config(config: Config) -> Normalizer:
    """The normalizer that `config.data_normalizer` names, if it needs no data.

    Raises:
      InputError: if it needs data.
    """
    if needs_data(config):
        raise InputError(f'Impossible data_normalizer: expected one that needs no data '
                         f'(specgrams_prespecified_normalizer or none) where there is no {NORMALIZER_FILE}. '
                         f'Received: {config.data_normalizer!r}')
    if config.data_normalizer == 'none':
        return Normalizer(np.ones(2), np.zeros(2), clips=False)
    return Normalizer(np.array([config.mag_normalizer_a, config.p_normalizer_a]),
                      np.array([config.mag_normalizer_b, config.p_normalizer_b]))


def fit(config: Config, specgram_batches: Iterable) -> Normalizer:
    """Fits the normalizer that `config.data_normalizer` names to the range of the data.

    The range's ends go to plus and minus `config.normalizer_margin`.

    Args:
      config: names the normalizer and its margin.
      specgram_batches: arrays or tensors [batch, time, freq, 2] in their own units; no more batches are taken than
        `config.normalizer_num_examples` notes need, so the stream may be endless.

    Returns:
      A normalizer per channel, or per frequency and channel.

    Raises:
      InputError: if there is no note, or a value is not finite, or the normalizer needs no data.
    """
    if not needs_data(config):
        raise InputError(f'Impossible data_normalizer: expected one that is fitted to data ({", ".join(_FITTED)}). '
                         f'Received: {config.data_normalizer!r}')
    lowest, highest = _range_per_frequency(specgram_batches, config.normalizer_num_examples)
    if config.data_normalizer == 'specgrams_simple_normalizer':
        lowest, highest = lowest.min(axis=0), highest.max(axis=0)
    span = np.maximum(highest - lowest, _SMALLEST_RANGE)
    a = config.normalizer_margin * 2.0 / span
    return Normalizer(a, -a * lowest - config.normalizer_margin)


def write(normalizer: Normalizer, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `normalizer.json` into `directory` and returns its path."""
    values = {'a': normalizer.a.tolist(), 'b': normalizer.b.tolist(), 'clips': normalizer.clips}
    return files.write_json(values, pathlib.Path(directory) / NORMALIZER_FILE)


def read(directory: str | os.PathLike) -> Normalizer:
    """Reads the `normalizer.json` of a run or model directory.

    Raises:
      InputError: if it is missing or does not hold a normalizer.
    """
    path = pathlib.Path(directory) / NORMALIZER_FILE
    if not path.exists():
        raise InputError(f'Not a directory of a model with a fitted normalizer: expected {NORMALIZER_FILE} in it. '
                         f'Received: {str(directory)!r}')
    expected = 'a JSON object with a, b and clips'
    values = files.read_json(path, expected=expected)
    if missing := {'a', 'b', 'clips'} - values.keys():
        raise InputError(f'Cannot read {NORMALIZER_FILE}: expected {expected}. '
                         f'Received: no {", ".join(sorted(missing))} ({str(path)!r})')
    try:
        return Normalizer(values['a'], values['b'], clips=bool(values['clips']))
    except InputError as error:
        raise InputError(f'{path}: {error}') from error


def _range_per_frequency(specgram_batches: Iterable, num_notes: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest values, float64 [freq, 2] each, of the first `num_notes` notes."""
    lowest, highest = np.array(np.inf), np.array(-np.inf)
    missing = num_notes
    for batch in specgram_batches:
        batch = np.asarray(batch, np.float64)[:missing]
        lowest = np.minimum(lowest, batch.min(axis=(0, 1), initial=np.inf))
        highest = np.maximum(highest, batch.max(axis=(0, 1), initial=-np.inf))
        missing -= len(batch)
        if missing <= 0:
            break
    if not (np.isfinite(lowest).all() and np.isfinite(highest).all()):
        raise InputError(f'Cannot fit the normalizer: expected at least one spectrogram and only finite values. '
                         f'Received: values from {np.min(lowest)} to {np.max(highest)} '
                         f'in {num_notes - missing} spectrograms')
    return lowest, highest


def _checked(name: str, values: npt.ArrayLike) -> np.ndarray:
    """`values` as a finite float64 array of shape [2] or [freq, 2]."""
    try:
        array = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.array([np.nan])
    if array.ndim not in (1, 2) or array.shape[-1] != 2 or not np.isfinite(array).all():
        raise InputError(f'Impossible normalizer: expected {name} to be finite numbers of shape [2] or [freq, 2]. '
                         f'Received: {str(values)[:100]}')
    return array
