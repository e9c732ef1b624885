"""Latents for real notes, so that a generator can be shown what to play at them.

A generator learns from its critic alone what a latent should sound like. With a thousand notes and little time it
learns more where some latents are tied to notes, as in Generative Latent Optimization (Bojanowski et al. 2018); here
they are not optimised but computed. The code of a note is a whitened linear projection of its spectral envelope, less
what follows from the pitch: of variance 1 over the data set, like the latents it stands among, independent of the
pitch, and close for notes that sound alike.

Envelopes are taken of full-size spectrograms, over spans of time that are short where notes begin and widen after: so a
code knows a pluck from a bow, which the few frames of a first stage do not tell apart.
"""

import itertools

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline

# Of 128 frames; the padding before a note fills the first six.
_SPAN_EDGES = np.array([0, 2, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128]) / 128
_NUM_BANDS = 32
_TREND_DEGREE = 3  # of the polynomial by which a band's level follows the pitch


def of_notes(notes: pipeline.PreparedNotes, config: Config) -> np.ndarray:
    """The codes of the training notes, float32 [notes, latent_vector_size], in the order of `pipeline.in_order`."""
    rows, labels = zip(*((envelopes(specgrams).numpy(), labels.numpy())
                         for specgrams, labels in pipeline.in_order(notes, config)))
    return fit(np.concatenate(rows), np.concatenate(labels), num_pitches=len(notes.vocabulary.pitches),
               size=config.latent_vector_size)


def envelopes(specgrams: tf.Tensor) -> tf.Tensor:
    """Log magnitudes averaged over spans of time and bands of frequency.

    Args:
      specgrams: [batch, time, freq, 2], of full size, not normalised.

    Returns:
      float32 [batch, spans * bands]: 15 spans, fewer of very few frames, and at most 32 bands.
    """
    _, num_frames, num_bins, _ = specgrams.shape
    num_bands = max(bands for bands in range(1, _NUM_BANDS + 1) if num_bins % bands == 0)
    levels = tf.reduce_mean(tf.reshape(specgrams[..., 0], [-1, num_frames, num_bands, num_bins // num_bands]), axis=3)
    edges = np.unique(np.round(_SPAN_EDGES * num_frames).astype(int))
    spans = [tf.reduce_mean(levels[:, start:end], axis=1) for start, end in itertools.pairwise(edges)]
    return tf.concat(spans, axis=1)


def fit(rows: np.ndarray, labels: np.ndarray, *, num_pitches: int, size: int) -> np.ndarray:
    """Principal components of envelopes less their pitch's trend, each scaled to a variance of 1.

    Args:
      rows: float [notes, envelope].
      labels: int [notes], 0 to num_pitches - 1.
      num_pitches: pitch classes.
      size: numbers in a code; if the envelopes vary in fewer ways, the rest are 0.

    Returns:
      float32 [notes, size].
    """
    positions = 2 * labels / max(1, num_pitches - 1) - 1  # where the pitch lies, from -1, the lowest, to 1
    powers = np.stack([positions ** power for power in range(_TREND_DEGREE + 1)], axis=1)
    trend, *_ = np.linalg.lstsq(powers, rows, rcond=None)
    rest = rows - powers @ trend
    _, deviations, components = np.linalg.svd(rest, full_matrices=False)
    deviations /= len(rows) ** 0.5
    rank = min(size, int(np.sum(deviations > 1e-4 * deviations[0])))
    codes = np.zeros((len(rows), size), np.float32)
    codes[:, :rank] = rest @ (components[:rank].T / deviations[:rank])
    return codes
