"""The file of a data set's timbre codes, see `timbre_codes`. NumPy only, for engines without TensorFlow."""

import dataclasses
import os
import pathlib
import zipfile

import numpy as np

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.errors import InputError

TIMBRE_CODES_FILE = 'timbre_codes.npz'
_TREND_DEGREE = 3  # of the polynomial by which a band's level follows the pitch


@dataclasses.dataclass(frozen=True)
class Projection:
    """A linear map from spectral envelopes to codes.

    Attributes:
      trend: float32 [4, envelope], coefficients of `powers`: the part of envelopes that follows from the pitch.
      matrix: float32 [envelope, size], from the rest of envelopes to codes.
    """

    trend: np.ndarray
    matrix: np.ndarray

    def codes(self, rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Codes float32 [n, size] of envelopes [n, envelope] of notes whose pitches lie at `positions` [n]."""
        return ((rows - powers(positions) @ self.trend) @ self.matrix).astype(np.float32)


def powers(positions: np.ndarray) -> np.ndarray:
    """Powers 0 to 3 of the positions of pitches, from -1 for the lowest pitch to 1: [n] -> [n, 4]."""
    return np.stack([positions ** power for power in range(_TREND_DEGREE + 1)], axis=1)


def write(codes: np.ndarray, directory: str | os.PathLike, projection: Projection | None = None) -> pathlib.Path:
    """Writes `timbre_codes.npz` into the directory of a run, a model or an export and returns its path."""
    arrays = {} if projection is None else dataclasses.asdict(projection)
    return files.write_arrays({'codes': codes} | arrays, pathlib.Path(directory) / TIMBRE_CODES_FILE)


def of_model(directory: str | os.PathLike, config: Config) -> np.ndarray | None:
    """Codes around which a model's random latents lie: float32 [notes, latent_vector_size]; None if around 0.

    Errors are those of `read`.
    """
    return read(directory, config.latent_vector_size) if config.latent_noise else None


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


def read_projection(directory: str | os.PathLike, size: int) -> Projection | None:
    """The projection that made the codes of a directory, of `size` numbers; None if its file holds no usable one."""
    with np.load(pathlib.Path(directory) / TIMBRE_CODES_FILE) as arrays:
        if not {'trend', 'matrix'} <= set(arrays.files):
            return None
        projection = Projection(arrays['trend'], arrays['matrix'])
    fits = (projection.trend.shape == (_TREND_DEGREE + 1, len(projection.matrix))
            and projection.matrix.shape[1:] == (size,)
            and np.isfinite(projection.trend).all() and np.isfinite(projection.matrix).all())
    return projection if fits else None
