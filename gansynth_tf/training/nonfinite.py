"""Numbers that are none: noticing them at once, naming the first, and keeping what led to them."""

import math
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from gansynth_tf import files


class NonFiniteError(Exception):
    """A loss or a gradient is infinite or not a number. The message is one line for the user.

    Attributes:
      quantity: the first such quantity, e.g. 'discriminator/gradient_penalty'.
    """

    def __init__(self, quantity: str, value: float, image_id: int, dump: pathlib.Path):
        super().__init__(f'{quantity} is {value} after {image_id} images. What led to it is kept in {str(dump)!r}.')
        self.quantity = quantity


def first(numbers: Mapping[str, float]) -> str | None:
    """The name of the first number that is infinite or not one, in the order in which they were computed."""
    return next((name for name, value in numbers.items() if not math.isfinite(value)), None)


def write_dump(arrays: Mapping[str, np.ndarray], directory: str | os.PathLike, image_id: int) -> pathlib.Path:
    """Writes `nonfinite-<image_id>.npz`: state, batch and random numbers that repeat the failing iteration."""
    path = pathlib.Path(directory) / f'nonfinite-{image_id:010d}.npz'
    with files.atomic_write(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes every name for allow_pickle
    return path
