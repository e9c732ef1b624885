"""Inputs of WaveGAN and SpecGAN from notes, and notes from their outputs."""

import os
import pathlib

import tensorflow as tf

from gansynth_tf.baselines import specgan_spectrograms
from gansynth_tf.baselines.specgan_spectrograms import Moments
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.data import note_audio, pipeline, prepared_notes
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TRAIN

_NOTES_AT_ONCE = 64  # while moments are taken


class Waves:
    """WaveGAN's: the samples themselves."""

    def __init__(self, config: WaveGANConfig):
        self._audio_length = config.audio_length

    def to_inputs(self, slices: tf.Tensor) -> tf.Tensor:
        """Float32 [n, slice_length] -> [n, slice_length, 1]."""
        return slices[..., tf.newaxis]

    def to_waves(self, outputs: tf.Tensor) -> tf.Tensor:
        """Float32 [n, slice_length, 1] -> [n, audio_length]: without the zeros that filled up the notes."""
        return outputs[:, :self._audio_length, 0]


class Pictures:
    """SpecGAN's: normalised log magnitudes.

    Args:
      config: the hyperparameters.
      moments: of the training notes.
    """

    def __init__(self, config: SpecGANConfig, moments: Moments):
        self._config = config
        self._moments = moments

    def to_inputs(self, slices: tf.Tensor) -> tf.Tensor:
        """Float32 [n, 16384] -> [n, 128, 128, 1]."""
        return specgan_spectrograms.waves_to_pictures(slices, self._moments)

    def to_waves(self, outputs: tf.Tensor) -> tf.Tensor:
        """Float32 [n, 128, 128, 1] -> [n, audio_length]."""
        waves = specgan_spectrograms.pictures_to_waves(
            outputs, self._moments, iterations=self._config.griffin_lim_iterations, even_gain=self._config.even_gain)
        return waves[:, :self._config.audio_length]


Sound = Waves | Pictures


def read(directory: str | os.PathLike, config: WaveGANConfig) -> Sound:
    """The sound of a run or model directory."""
    if isinstance(config, SpecGANConfig):
        return Pictures(config, specgan_spectrograms.read(directory))
    return Waves(config)


def fit(directory: pathlib.Path, config: WaveGANConfig, notes: PreparedNotes) -> Sound:
    """As `read`, but what depends on the notes is fitted to them first, if the directory does not hold it yet."""
    if isinstance(config, SpecGANConfig) and not (directory / specgan_spectrograms.MOMENTS_FILE).exists():
        indices = tf.data.Dataset.range(notes.num_notes(TRAIN))
        batches = _slices(notes, config, indices).batch(_NOTES_AT_ONCE)
        specgan_spectrograms.write(specgan_spectrograms.fit(batches.as_numpy_iterator()), directory)
    return read(directory, config)


def slice_batches(notes: PreparedNotes, config: WaveGANConfig, *, batch_size: int, seed: int, start: int = 0
                  ) -> tf.data.Dataset:
    """An endless stream of training notes; each epoch is a new permutation of them.

    Args:
      notes: prepared notes at `config.sample_rate`.
      config: the hyperparameters.
      batch_size: notes in a batch.
      seed: decides every epoch's order.
      start: notes already taken: the stream goes on exactly where one from 0 would be after them.

    Returns:
      Batches of (float32 [batch_size, slice_length], int32 [batch_size] pitch labels).

    Raises:
      InputError: if the sample rates differ.
    """
    pipeline.check_sample_rate(notes, config.sample_rate)
    labels = notes.vocabulary.labels(notes.pitches(TRAIN))
    order = pipeline.shuffled(len(labels), seed=seed, start=start, batch_size=batch_size)
    slices = _slices(notes, config, order.unbatch()).batch(batch_size, drop_remainder=True)
    return tf.data.Dataset.zip(slices, order.map(lambda index: tf.gather(labels, index))).prefetch(2)


def to_slice(wave: tf.Tensor, config: WaveGANConfig) -> tf.Tensor:
    """A note, float32 [samples], as a slice [slice_length].

    The whole note is scaled to a peak of 1, as the original's loader does whatever it is told, and silence stays
    silence. Zeros fill it up to `audio_length` and on to the slice; a longer note fades out before the cut, which the
    original's do not.
    """
    peak = tf.reduce_max(tf.abs(wave))
    fade_samples = round(note_audio.FADE_SECONDS * config.sample_rate)
    fitted = prepared_notes.fit_length(tf.math.divide_no_nan(wave, peak), config.audio_length,
                                       fade_samples=fade_samples)
    return tf.pad(fitted, [[0, config.slice_length - config.audio_length]])


def _slices(notes: PreparedNotes, config: WaveGANConfig, indices: tf.data.Dataset) -> tf.data.Dataset:
    """Slices of the notes that `indices` yields."""
    return notes.waves(TRAIN, indices=indices).map(lambda note: to_slice(note['wave'][:, 0], config),
                                                   num_parallel_calls=tf.data.AUTOTUNE)
