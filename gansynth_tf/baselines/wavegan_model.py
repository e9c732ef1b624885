"""A WaveGAN or SpecGAN in training, as `training.loop` trains any model."""

import pathlib
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavegan_sound, wavegan_step
from gansynth_tf.baselines.wavegan_config import WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator
from gansynth_tf.baselines.wavegan_step import WaveGANStep
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.networks import weights
from gansynth_tf.training import run_directory
from gansynth_tf.training.draw import order_seed
from gansynth_tf.training.model import Batch, Stage
from gansynth_tf.training.summaries import PitchWatch

_NUM_SAMPLES = 4  # notes in a summary; TensorBoard shows few at once


class WaveGANModel:
    """One model and its notes; see `training.model.Model`, whose methods these are.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
    """

    def __init__(self, config: WaveGANConfig, notes: PreparedNotes):
        self.stages = [Stage(batch_size=config.batch_size * config.num_critic_updates,
                             end_image=config.total_num_images)]
        self.summary_interval = config.save_summaries_num_images
        self._config = config
        self._notes = notes
        self._num_pitches = num_pitches(config, len(notes.vocabulary.pitches))
        self._pitch_watch = PitchWatch(max(self._num_pitches, 1))

    def prepare(self, directory: pathlib.Path, stage_id: int | None) -> None:
        run_directory.claim(directory, self._config, self._notes.vocabulary)
        self._sound = wavegan_sound.fit(directory, self._config, self._notes)

    def begin(self, stage: Stage, arrays: Mapping[str, np.ndarray] | None) -> None:
        self._step = WaveGANStep(Generator.create(self._config, self._num_pitches),
                                 Critic.create(self._config, self._num_pitches))
        if arrays is not None:
            weights.assign('model', self._variables(), arrays)

    def batches(self, image_id: int, random_stream: int) -> Iterator[Batch]:
        probabilities = self._notes.vocabulary.probabilities
        size = self.stages[0].batch_size
        for slices, labels in wavegan_sound.slice_batches(
                self._notes, self._config, batch_size=size, seed=order_seed(self._config.seed, random_stream),
                start=image_id):
            drawn = wavegan_step.draw(self._config, image_id, probabilities, random_stream)
            yield {'real': self._sound.to_inputs(slices), 'real_labels': labels,
                   **{name: tf.constant(array) for name, array in drawn.items()}}
            image_id += size

    def iterate(self, batch: Batch, image_id: int) -> dict[str, float]:
        terms = self._step.iterate(batch)
        return dict(zip(terms, tf.stack(list(terms.values())).numpy().tolist()))

    def arrays(self, image_id: int) -> dict[str, np.ndarray]:
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def describe(self, terms: Mapping[str, float]) -> str:
        shown = {'W': -terms['discriminator/wasserstein'], 'slope': terms['discriminator/slope']}
        if self._num_pitches:
            shown |= {'pitch real': terms['discriminator/pitch'], 'fake': terms['generator/pitch']}
        return ', '.join(f'{name} {value:.3g}' for name, value in shown.items())

    def show_notes(self) -> None:
        slices, _ = next(iter(wavegan_sound.slice_batches(self._notes, self._config, batch_size=_NUM_SAMPLES,
                                                          seed=self._config.seed)))
        self._show('real', self._sound.to_inputs(slices))

    def summarise(self, terms: Mapping[str, float], image_id: int) -> dict[str, float]:
        if self._num_pitches:
            self._pitch_watch.look(terms)
        rng = np.random.default_rng([self._config.seed, 0xFA4E])  # the same notes throughout a run
        latents = rng.uniform(-1, 1, (_NUM_SAMPLES, self._config.latent_size)).astype(np.float32)
        highest = max(self._num_pitches - 1, 0)
        labels = np.linspace(0, highest, _NUM_SAMPLES).round().astype(np.int32)
        self._show('samples', self._step.generator(latents, labels))
        return {f'{name}/weight_norm': float(tf.linalg.global_norm([variable.value for variable in network.values()]))
                for name, network in (('generator', self._step.generator.trainable),
                                      ('discriminator', self._step.critic.trainable))}

    def distance(self, image_id: int) -> float | None:
        return None

    def _show(self, name: str, inputs: tf.Tensor) -> None:
        if len(inputs.shape) == 4:  # pictures: time to the right, frequency upwards
            tf.summary.image(f'{name}/magnitude', tf.transpose(inputs, (0, 2, 1, 3))[:, ::-1] / 2 + 0.5,
                             max_outputs=_NUM_SAMPLES)
        waves = self._sound.to_waves(inputs)
        loudest = tf.maximum(tf.reduce_max(tf.abs(waves), 1, keepdims=True), 1e-6)
        tf.summary.audio(name, (waves / loudest)[..., tf.newaxis], self._config.sample_rate, max_outputs=_NUM_SAMPLES)

    def _variables(self) -> dict:
        """All that a checkpoint holds, by name."""
        return self._step.generator.variables | self._step.critic.variables | self._step.state()


def num_pitches(config: WaveGANConfig, num_known: int) -> int:
    """Pitch classes of the networks: as many as are known, or 0 where the pitch loss has no weight."""
    return num_known if config.pitch_loss_weight > 0 else 0
