"""The file of a data set's timbre codes, see `timbre_codes`. NumPy only: who plays needs no more."""

import os
import pathlib
import zipfile

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError

TIMBRE_CODES_FILE = 'timbre_codes.npz'


def write(codes: np.ndarray, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `timbre_codes.npz` into the directory of a run, a model or an export and returns its path."""
    path = pathlib.Path(directory) / TIMBRE_CODES_FILE
    with files.atomic_write(path) as temporary, open(temporary, 'wb') as file:
        np.savez(file, codes=codes)
    return path


def read(directory: str | os.PathLike, size: int) -> np.ndarray:
    """Reads a `timbre_codes.npz`, as `timbre_codes.of_notes` made it: float32 [notes, size].

    Raises:
      InputError: if there is none, or it cannot be read or played.
    """
    path = pathlib.Path(directory) / TIMBRE_CODES_FILE
    try:
        with np.load(path) as arrays:
            codes = arrays['codes']
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f'Cannot read {TIMBRE_CODES_FILE}: expected one, written when the run began ({error}). '
                         f'Received: {str(path)!r}') from error
    if codes.dtype != np.float32 or codes.ndim != 2 or codes.shape[1] != size or not len(codes) or \
            not np.isfinite(codes).all():
        raise InputError(f'Unusable {TIMBRE_CODES_FILE}: expected finite float32 [notes, {size}]. '
                         f'Received: {codes.dtype} {list(codes.shape)} ({str(path)!r})')
    return codes
