"""A GANSynth as a model to train: its stages grow from block to block."""

import functools
import os
import pathlib
import typing
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, timbre_code_file, timbre_codes
from gansynth_tf.networks import weights
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import loop, run_directory, stages, summaries
from gansynth_tf.training.distribution import Distribution
from gansynth_tf.training.draw import draw_numbers, order_seed
from gansynth_tf.training.model import Batch
from gansynth_tf.training.sample_quality import SampleQuality
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import TrainingStep


def train(config: Config, notes: pipeline.PreparedNotes, train_root_dir: str | os.PathLike, *,
          checkpoint_seconds: float = 600.0, on_nan: str = 'stop', strategy: str = 'none') -> pathlib.Path:
    """Trains a GANSynth, or goes on with it, and returns the run's directory.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
      train_root_dir: as in `loop.train`, like the next two; so are the exceptions.
      checkpoint_seconds: likewise.
      on_nan: likewise.
      strategy: one of `distribution.STRATEGIES`.
    """
    distribution = Distribution(strategy)
    return loop.train(Gansynth(config, notes, distribution), train_root_dir, checkpoint_seconds=checkpoint_seconds,
                      on_nan=on_nan, distribution=distribution)


class Gansynth:
    """The `training.model.Model` of a GANSynth.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
      distribution: how the run is spread over replicas.
    """

    def __init__(self, config: Config, notes: pipeline.PreparedNotes, distribution: Distribution | None = None):
        self.stages = stages.all_stages(config)
        self.summary_interval = config.save_summaries_num_images
        self._config = config
        self._notes = notes
        self._distribution = distribution or Distribution()
        self._representation = representations.from_config(config)

    def prepare(self, directory: pathlib.Path, stage_id: int | None) -> None:
        run_directory.claim(directory, self._config, self._notes.vocabulary, lengths_may_change=lambda before: (
            stages.are_same_so_far(typing.cast(Config, before), self._config, stage_id)))
        self._normalizer = _normalizer(directory, self._config, self._notes)
        self._codes = _codes(directory, self._config, self._notes)
        self._pitch_watch = summaries.PitchWatch(len(self._notes.vocabulary.pitches))
        self._samples = summaries.Samples(self._config, len(self._notes.vocabulary.pitches), self._representation,
                                          self._normalizer, self._codes)

    @functools.cached_property
    def _networks(self) -> Networks:
        # Not when the run is prepared, which the workers do one after the other: in the scope they wait for each other.
        with self._distribution.scope():
            return Networks.create(self._config, len(self._notes.vocabulary.pitches))

    def begin(self, stage: Stage, arrays: Mapping[str, np.ndarray] | None) -> None:
        self._stage = stage
        self._stage_normalizer = self._normalizer.at_width(stage.resolution[1])
        self._step = TrainingStep(self._config, stage, self._networks, self._stage_normalizer, self._representation,
                                  self._distribution)
        if arrays is not None:
            weights.assign('model', {f'{prefix}/{variable.path}': variable for prefix, network
                                     in self._networks.by_name().items() for variable in network.weights}
                           | self._step.state(), arrays)
        self._quality = SampleQuality(self._config, self._notes, stage, self._stage_normalizer, self._codes)

    def batches(self, image_id: int, random_stream: int) -> Iterator[Batch]:
        notes = self._batches_of_notes(
            self._stage.batch_size, start=image_id - self._stage.first_image,
            seed=order_seed(self._config.seed + self._stage.stage_id, random_stream))
        return self._with_random_numbers(notes, image_id, random_stream)

    def _with_random_numbers(self, notes: tf.data.Dataset, image_id: int, random_stream: int) -> Iterator[Batch]:
        for of_notes in notes:
            numbers = draw_numbers(self._config, image_id, self._stage.batch_size,
                                   self._notes.vocabulary.probabilities, random_stream, self._codes)
            yield dict(zip(('real', 'real_labels', 'draw/real_codes'), of_notes)) | {
                f'draw/{name}': array for name, array in numbers.items()}
            image_id = min(image_id + self._stage.batch_size, self._stage.end_image)

    def _batches_of_notes(self, batch_size: int, *, seed: int, start: int = 0) -> tf.data.Dataset:
        return pipeline.specgram_batches(self._notes, self._config, resolution=self._stage.resolution,
                                         batch_size=batch_size, seed=seed, start=start, codes=self._codes,
                                         extra_notes=self._stage.extra_notes)

    def iterate(self, batch: Batch, image_id: int) -> dict[str, float]:
        draw = {name.removeprefix('draw/'): tf.constant(array) for name, array in batch.items()
                if name.startswith('draw/')}
        iteration = (image_id - self._stage.first_image) // self._stage.batch_size
        terms = self._step.iterate(batch['real'], batch['real_labels'], draw,
                                   tf.constant(self._stage.progress(image_id), tf.float32),
                                   with_penalty=iteration % self._config.gradient_penalty_interval == 0)
        return dict(zip(terms, tf.stack(list(terms.values())).numpy().tolist()))

    def arrays(self, image_id: int) -> dict[str, np.ndarray]:
        arrays = {'num_blocks': np.array(self._stage.num_blocks), 'progress': np.array(self._stage.progress(image_id))}
        for prefix, network in self._networks.by_name().items():
            arrays |= {f'{prefix}/{name}': array for name, array in weights.to_arrays(network).items()}
        return arrays | {name: variable.numpy() for name, variable in self._step.state().items()}

    def describe(self, terms: Mapping[str, float]) -> str:
        return summaries.log_line(terms)

    def show_notes(self) -> None:
        specgrams, *_ = next(iter(self._batches_of_notes(summaries.NUM_REAL, seed=self._config.seed)))
        self._samples.show_real(self._stage_normalizer.normalize(specgrams))

    def summarise(self, terms: Mapping[str, float], image_id: int) -> dict[str, float]:
        progress = self._stage.progress(image_id)
        self._samples.show(self._networks.generator_ema, self._stage, progress)
        self._pitch_watch.look(terms)
        norms = {f'{name}/weight_norm': float(tf.linalg.global_norm(
            [variable.value for variable in network.variables_of(self._stage.num_blocks)]))
            for name, network in self._networks.by_name().items() if name != 'generator_ema'}
        return norms | {'progress': progress}

    def distance(self, image_id: int) -> float | None:
        if not self._config.sliced_wasserstein_num_samples:
            return None
        return self._quality.distance(self._networks.generator_ema, self._stage.progress(image_id))


def _normalizer(directory: pathlib.Path, config: Config, notes: pipeline.PreparedNotes) -> normalizers.Normalizer:
    """The run's normalizer; one that depends on the data is fitted once and kept with the run."""
    if (directory / normalizers.NORMALIZER_FILE).exists():
        return normalizers.read(directory)
    if not normalizers.needs_data(config):
        return normalizers.from_config(config)
    batches = pipeline.specgram_batches(notes, config, resolution=config.spec_shape, batch_size=8, seed=config.seed,
                                        cache_bytes=0)
    fitted = normalizers.fit(config, (specgrams for specgrams, _ in batches))
    normalizers.write(fitted, directory)
    return fitted


def _codes(directory: pathlib.Path, config: Config, notes: pipeline.PreparedNotes) -> np.ndarray | None:
    """The training notes' timbre codes, computed once and kept with the run; None if its loss does not need any."""
    if not config.generator_reconstruction_weight:
        return None
    if not (directory / timbre_code_file.TIMBRE_CODES_FILE).exists():
        codes, projection = timbre_codes.of_notes(notes, config)
        timbre_code_file.write(codes, directory, projection)
    return timbre_code_file.read(directory, config.latent_vector_size)
