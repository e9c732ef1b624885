"""Latents for real notes, so that a generator can be shown what to play at them.

A generator learns from its critic alone what a latent should sound like. With a thousand notes and little time it
learns more where some latents are tied to notes, as in Generative Latent Optimization (Bojanowski et al. 2018); here
they are not optimised but computed. The code of a note is a whitened linear projection of its spectral envelope, less
what follows from the pitch: of variance 1 over the data set, like the latents it stands among, independent of the
pitch, and close for notes that sound alike.
"""

import dataclasses
import os
import pathlib
import zipfile

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.errors import InputError

TIMBRE_CODES_FILE = 'timbre_codes.npz'

_NUM_BANDS = 32
_TREND_DEGREE = 3  # of the polynomial by which a band's level follows the pitch


@dataclasses.dataclass(frozen=True)
class TimbreCodes:
    """codes = (envelopes - powers of the pitch @ trend) @ projection.

    Attributes:
      height: time frames of an envelope, those of the first block.
      num_pitches: pitch classes.
      trend: float32 [degree + 1, envelope].
      projection: float32 [envelope, latent_vector_size].
    """

    height: int
    num_pitches: int
    trend: np.ndarray
    projection: np.ndarray

    def encode(self, specgrams: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Codes, float32 [batch, latent_vector_size].

        Args:
          specgrams: [batch, height, width, 2] at any stage's resolution, not normalised.
          labels: int [batch], 0 to num_pitches - 1.
        """
        return (_envelopes(specgrams, self.height) - _powers(labels, self.num_pitches) @ self.trend) @ self.projection


def fit(specgrams: tf.Tensor, labels: tf.Tensor, *, height: int, num_pitches: int, size: int) -> TimbreCodes:
    """The codes that suit a data set: its envelopes' principal components, each scaled to a variance of 1.

    Args:
      specgrams: all notes', as for `TimbreCodes.encode`.
      labels: theirs.
      height: time frames of an envelope.
      num_pitches: pitch classes.
      size: numbers in a code; if the envelopes vary in fewer ways, the rest are 0.
    """
    envelopes, powers = _envelopes(specgrams, height).numpy(), _powers(labels, num_pitches).numpy()
    trend, *_ = np.linalg.lstsq(powers, envelopes, rcond=None)
    _, deviations, components = np.linalg.svd(envelopes - powers @ trend, full_matrices=False)
    deviations /= len(envelopes) ** 0.5
    rank = min(size, int(np.sum(deviations > 1e-4 * deviations[0])))
    projection = np.zeros((envelopes.shape[1], size), np.float32)
    projection[:, :rank] = components[:rank].T / deviations[:rank]
    return TimbreCodes(height, num_pitches, trend.astype(np.float32), projection)


def of_notes(notes: pipeline.PreparedNotes, config: Config) -> TimbreCodes:
    """The codes that suit the training notes."""
    resolution = config.resolution(1)
    num_notes = sum(notes.vocabulary.counts.values())
    batches = pipeline.specgram_batches(notes, config, resolution=resolution, batch_size=num_notes, seed=0)
    specgrams, labels = next(iter(batches))
    return fit(specgrams, labels, height=resolution[0], num_pitches=len(notes.vocabulary.pitches),
               size=config.latent_vector_size)


def write(codes: TimbreCodes, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `timbre_codes.npz` into a run directory and returns its path."""
    path = pathlib.Path(directory) / TIMBRE_CODES_FILE
    with files.atomic_write(path) as temporary, open(temporary, 'wb') as file:
        np.savez(file, height=codes.height, num_pitches=codes.num_pitches, trend=codes.trend,
                 projection=codes.projection)
    return path


def read(directory: str | os.PathLike) -> TimbreCodes:
    """Reads the `timbre_codes.npz` of a run directory.

    Raises:
      InputError: if there is none, or it cannot be read.
    """
    path = pathlib.Path(directory) / TIMBRE_CODES_FILE
    try:
        with np.load(path) as arrays:
            return TimbreCodes(int(arrays['height']), int(arrays['num_pitches']), arrays['trend'], arrays['projection'])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f'Cannot read {TIMBRE_CODES_FILE}: expected one, written when the run began ({error}). '
                         f'Received: {str(path)!r}') from error


def _envelopes(specgrams: tf.Tensor, height: int) -> tf.Tensor:
    """[batch, height * bands]: log magnitudes averaged to as many frames as the first block has, and to few bands."""
    _, num_frames, num_bins, _ = specgrams.shape
    num_bands = max(bands for bands in range(1, _NUM_BANDS + 1) if num_bins % bands == 0)
    blocks = tf.reshape(specgrams[..., 0], [-1, height, num_frames // height, num_bands, num_bins // num_bands])
    return tf.reshape(tf.reduce_mean(blocks, axis=[2, 4]), [-1, height * num_bands])


def _powers(labels: tf.Tensor, num_pitches: int) -> tf.Tensor:
    """[batch, degree + 1]: powers of where the pitch lies between the lowest, -1, and the highest, 1."""
    positions = 2 * tf.cast(labels, tf.float32) / max(1, num_pitches - 1) - 1
    return tf.stack([positions ** power for power in range(_TREND_DEGREE + 1)], axis=1)
