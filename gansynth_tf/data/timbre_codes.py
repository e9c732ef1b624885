"""Latents for real notes, so that a generator can be shown what to play at them.

A generator learns from its critic alone what a latent should sound like. With a thousand notes and little time it
learns more where some latents are tied to notes, as in Generative Latent Optimization (Bojanowski et al. 2018); here
they are not optimised but computed. The code of a note is a whitened linear projection of its spectral envelope, less
what follows from the pitch: of variance 1 over the data set, like the latents it stands among, independent of the
pitch, and close for notes that sound alike.

Envelopes are taken of full-size spectrograms, over spans of time that are short where notes begin and longer later: so
codes of plucked and of bowed notes differ, as they would not in the few frames of a first stage.
"""

import itertools

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, timbre_code_file
from gansynth_tf.data.timbre_code_file import Projection
from gansynth_tf.spectral import representations

# Of 128 frames; the padding before a note fills the first six.
_SPAN_EDGES = np.array([0, 2, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128]) / 128
_NUM_BANDS = 32


def of_notes(notes: pipeline.PreparedNotes, config: Config) -> tuple[np.ndarray, Projection]:
    """The codes of the training notes, float32 [notes, latent_vector_size], in the order of `pipeline.in_order`.

    And the projection that gives the codes of other notes.
    """
    rows, labels = zip(*((envelopes(specgrams).numpy(), labels.numpy())
                         for specgrams, labels in pipeline.in_order(notes, config)))
    return fit(np.concatenate(rows), np.concatenate(labels), num_pitches=len(notes.vocabulary.pitches),
               size=config.latent_vector_size)


def of_wave(wave: np.ndarray, label: int, projection: Projection, config: Config, *, num_pitches: int) -> np.ndarray:
    """The code of a note that was not among them, float32 [latent_vector_size].

    Args:
      wave: float [audio_length].
      label: of its pitch.
      projection: of the training notes.
      config: says how waves become spectrograms.
      num_pitches: pitch classes.
    """
    specgrams = representations.from_config(config).waves_to_specgrams(tf.constant(wave, tf.float32)[None, :, None])
    return projection.codes(envelopes(specgrams).numpy(), _positions(np.array([label]), num_pitches))[0]


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


def fit(rows: np.ndarray, labels: np.ndarray, *, num_pitches: int, size: int) -> tuple[np.ndarray, Projection]:
    """Principal components of envelopes less their pitch's trend, each scaled to a variance of 1.

    Args:
      rows: float [notes, envelope].
      labels: int [notes], 0 to num_pitches - 1.
      num_pitches: pitch classes.
      size: numbers in a code; if the envelopes vary in fewer ways, the rest are 0.

    Returns:
      Codes, float32 [notes, size], and the projection that gives those of other notes.
    """
    positions = _positions(labels, num_pitches)
    powers = timbre_code_file.powers(positions)
    trend, *_ = np.linalg.lstsq(powers, rows, rcond=None)
    rest = rows - powers @ trend
    _, deviations, components = np.linalg.svd(rest, full_matrices=False)
    deviations /= len(rows) ** 0.5
    rank = min(size, int(np.sum(deviations > 1e-4 * deviations[0])))
    matrix = np.zeros((rows.shape[1], size))
    matrix[:, :rank] = components[:rank].T / deviations[:rank]
    projection = Projection(trend.astype(np.float32), matrix.astype(np.float32))
    return projection.codes(rows, positions), projection


def _positions(labels: np.ndarray, num_pitches: int) -> np.ndarray:
    """Positions of pitches: -1 for the lowest, 1 for the highest."""
    return 2 * labels / max(1, num_pitches - 1) - 1
