"""What comes in requests' JSON, checked."""

import re
import typing

import numpy as np

from gansynth_tf.errors import InputError
from gansynth_tf.instrument import checked_latents, shortened

_LONGEST_NAME = 60
_LARGEST = float(np.finfo(np.float32).max)


def numbers(values: typing.Any, name: str) -> np.ndarray:
    """Float64 [n] of a list of numbers, none larger than float32 can hold.

    Raises:
      InputError: if it is something else; `name` is what it should have been.
    """
    is_list = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    if not is_list or not all(-_LARGEST <= value <= _LARGEST for value in values):  # NaN is not, either
        raise InputError(f'Impossible {name}: expected a list of finite numbers. Received: {shortened(values)}')
    return np.array(values, np.float64)


def latent(values: typing.Any, size: int) -> np.ndarray:
    """A timbre, float32 [size].

    Raises:
      InputError: if it is something else.
    """
    return checked_latents(numbers(values, 'latent')[np.newaxis], size)[0]


def file_name(name: typing.Any, default: str) -> str:
    """What a name, from whomever, may be called as a file: letters, digits, '-' and '_' of it.

    Raises:
      InputError: if it is no text.
    """
    if not isinstance(name, str):
        raise InputError(f'Impossible name: expected text. Received: {shortened(name)}')
    return re.sub(r'[^\w-]+', '_', name[:_LONGEST_NAME]).strip('_-') or default
