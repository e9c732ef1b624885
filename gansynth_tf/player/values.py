"""Checks of values in requests' JSON."""

import re
import typing

import numpy as np

from gansynth_tf.errors import InputError
from gansynth_tf.instrument import checked_latents, shortened

_LONGEST_NAME = 60
_LARGEST = float(np.finfo(np.float32).max)


def numbers(values: typing.Any, name: str) -> np.ndarray:
    """A list of numbers as float64 [n], none larger than float32 can hold.

    Raises:
      InputError: if it is no such list; `name` is the argument's name in the error.
    """
    is_list = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not is_list or not all(-_LARGEST <= value <= _LARGEST for value in values):  # False for NaN, too
        raise InputError(f'Impossible {name}: expected a list of finite numbers. Received: {shortened(values)}')
    return np.array(values, np.float64)


def latent(values: typing.Any, size: int) -> np.ndarray:
    """A timbre, float32 [size].

    Raises:
      InputError: if it is something else.
    """
    return checked_latents(numbers(values, 'latent')[np.newaxis], size)[0]


def file_name(name: typing.Any, default: str) -> str:
    """A file name made of a user's text: its letters, digits, '-' and '_'.

    Raises:
      InputError: if it is no text.
    """
    if not isinstance(name, str):
        raise InputError(f'Impossible name: expected text. Received: {shortened(name)}')
    return re.sub(r'[^\w-]+', '_', name[:_LONGEST_NAME]).strip('_-') or default
