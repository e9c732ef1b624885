"""A WaveNet in training, be it the autoencoder or the pitch's, as `training.loop` trains any model."""

import pathlib
from collections.abc import Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavenet_files, wavenet_networks
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig, DecoderConfig, WaveNetConfig
from gansynth_tf.baselines.wavenet_files import AVERAGE, WEIGHTS
from gansynth_tf.baselines.wavenet_layers import Weights
from gansynth_tf.data import pipeline
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.networks import weights
from gansynth_tf.training import run_directory
from gansynth_tf.training.draw import order_seed
from gansynth_tf.training.model import Batch, Stage
from gansynth_tf.training.optimizer import Adam

_NUM_SHOWN = 4


class WaveNetStep:
    """Weights, their average and Adam's moments, and one update of them all.

    Args:
      config: the hyperparameters.
      weights: to begin with, by name.
    """

    def __init__(self, config: DecoderConfig, weights: Mapping[str, np.ndarray]):
        self._config = config
        self._weights = {name: keras.Variable(array) for name, array in weights.items()}
        self._average = {name: keras.Variable(array, trainable=False) for name, array in weights.items()}
        self._rate, self._decay = tf.Variable(0.0, trainable=False), tf.Variable(0.0, trainable=False)
        self._adam = Adam(self._weights, learning_rate=self._rate, beta1=0.9, beta2=0.999)
        self._update = tf.function(self._updated, autograph=False)
        self._average_loss = tf.function(lambda batch: self._loss(self.average, batch), autograph=False)

    @property
    def average(self) -> Weights:
        """The averaged weights, by name."""
        return {name: variable.value for name, variable in self._average.items()}

    def variables(self) -> dict:
        """All that a checkpoint holds, by name."""
        return ({f'{WEIGHTS}{name}': variable for name, variable in self._weights.items()}
                | {f'{AVERAGE}{name}': variable for name, variable in self._average.items()}
                | {f'adam/{name}': variable for name, variable in self._adam.state.items()})

    def iterate(self, batch: Batch, num_updates: int) -> dict[str, float]:
        """One update, before which there were `num_updates`; the batch is as `WaveNetModel.batches` has it."""
        self._rate.assign(self._config.learning_rate_after(num_updates))
        self._decay.assign(self._config.ema_decay_after(num_updates + 1))
        loss, norm = self._update(dict(batch))
        return {'loss': float(loss), 'gradient_norm': float(norm), 'learning_rate': float(self._rate)}

    def average_loss(self, batch: Batch) -> float:
        """The loss of the averaged weights."""
        return float(self._average_loss(dict(batch)))

    def _updated(self, batch: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        weights = {name: variable.value for name, variable in self._weights.items()}
        with tf.GradientTape() as tape:
            loss = self._loss(weights, batch)
        gradients = tape.gradient(loss, list(weights.values()))
        self._adam.apply(gradients)
        for name, average in self._average.items():
            average.value.assign_sub((1.0 - self._decay) * (average.value - self._weights[name].value))
        return loss, tf.linalg.global_norm([gradient for gradient in gradients if gradient is not None])

    def _loss(self, weights: Weights, batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Mean cross-entropy in nats."""
        config, waves = self._config, batch['waves']
        if isinstance(config, AutoencoderConfig):
            encoding = wavenet_networks.encode(weights, config, waves)
        else:
            assert isinstance(config, WaveNetConfig)
            num_pitches = weights['pitch_conv_1/W'].shape[2]
            whole = wavenet_networks.pitch_encoding(weights, config, batch['labels'], num_pitches)
            frames = batch['starts'][:, tf.newaxis] // config.ae_hop_length + np.arange(
                config.crop_length // config.ae_hop_length)
            encoding = tf.gather(whole, frames, batch_dims=1)
        return wavenet_networks.cross_entropy(wavenet_networks.logits(weights, config, waves, encoding), waves)


class WaveNetModel:
    """One model and its notes; see `training.model.Model`, whose methods these are.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.

    Raises:
      InputError: if the notes are at another sample rate.
    """

    def __init__(self, config: DecoderConfig, notes: PreparedNotes):
        pipeline.check_sample_rate(notes, config.sample_rate)
        self.stages = [Stage(batch_size=config.batch_size, end_image=config.total_num_images)]
        self.summary_interval = config.save_summaries_num_images
        self._config = config
        self._notes = notes
        self._test_batch = _test_batch(notes, config)

    def prepare(self, directory: pathlib.Path, stage_id: int | None) -> None:
        run_directory.claim(directory, self._config, self._notes.vocabulary)
        if isinstance(self._config, AutoencoderConfig):
            wavenet_files.keep_notes(self._notes, self._config, directory)

    def begin(self, stage: Stage, arrays: Mapping[str, np.ndarray] | None) -> None:
        self._step = WaveNetStep(self._config, wavenet_networks.initial(self._config,
                                                                        len(self._notes.vocabulary.pitches)))
        if arrays is not None:
            weights.assign('model', self._step.variables(), arrays)

    def batches(self, image_id: int, random_stream: int) -> Iterator[Batch]:
        config, notes = self._config, self._notes
        labels = notes.vocabulary.labels(notes.pitches(TRAIN))
        order = pipeline.shuffled(len(labels), seed=order_seed(config.seed, random_stream), start=image_id,
                                  batch_size=config.batch_size)
        waves = notes.waves(TRAIN, audio_length=config.audio_length, indices=order.unbatch()).map(
            lambda note: note['wave'][:, 0]).batch(config.batch_size)
        for whole, index in tf.data.Dataset.zip(waves, order).prefetch(2).as_numpy_iterator():
            random = np.random.default_rng([config.seed, image_id, *([random_stream] if random_stream else [])])
            # Where the pitch conditions, frames of its encoding and of the crop must be the same.
            unit = 1 if isinstance(config, AutoencoderConfig) else config.ae_hop_length
            starts = unit * random.integers(0, (config.audio_length - config.crop_length) // unit + 1, len(whole))
            yield _crops(whole, labels[index], starts, config)
            image_id += config.batch_size

    def iterate(self, batch: Batch, image_id: int) -> dict[str, float]:
        return self._step.iterate(batch, image_id // self._config.batch_size)

    def arrays(self, image_id: int) -> dict[str, np.ndarray]:
        return {name: variable.numpy() for name, variable in self._step.variables().items()}

    def describe(self, terms: Mapping[str, float]) -> str:
        return f'loss {terms["loss"]:.3f}'

    def show_notes(self) -> None:
        notes = self._notes.waves(TRAIN, limit=_NUM_SHOWN, audio_length=self._config.audio_length)
        waves = np.stack([note['wave'] for note in notes.as_numpy_iterator()])
        tf.summary.audio('real', waves, self._config.sample_rate, max_outputs=_NUM_SHOWN)

    def summarise(self, terms: Mapping[str, float], image_id: int) -> dict[str, float]:
        """The loss of the averaged weights on notes not trained with; a note would take too long to draw."""
        return {} if self._test_batch is None else {'test/loss': self._step.average_loss(self._test_batch)}

    def distance(self, image_id: int) -> float | None:
        return None


def _test_batch(notes: PreparedNotes, config: DecoderConfig) -> Batch | None:
    """The middle of the first notes of the test split whose pitches are known; None if there are none."""
    pitches = notes.pitches(TEST) if TEST in notes.splits else np.zeros(0, np.int32)
    usable = np.flatnonzero(np.isin(pitches, notes.vocabulary.pitches))[:config.batch_size]
    if not usable.size:
        return None
    waves = notes.waves(TEST, audio_length=config.audio_length, indices=tf.data.Dataset.from_tensor_slices(usable))
    whole = np.stack([note['wave'][:, 0] for note in waves.as_numpy_iterator()])
    middle = (config.audio_length - config.crop_length) // 2 // config.ae_hop_length * config.ae_hop_length
    return _crops(whole, notes.vocabulary.labels(pitches[usable]), np.full(len(whole), middle), config)


def _crops(whole: np.ndarray, labels: np.ndarray, starts: np.ndarray, config: DecoderConfig) -> Batch:
    return {'waves': np.stack([wave[start:start + config.crop_length] for wave, start in zip(whole, starts)]),
            'labels': labels.astype(np.int32), 'starts': starts.astype(np.int32)}
