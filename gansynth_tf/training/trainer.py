"""The loop: every stage in turn, resumable, with checkpoints, summaries and a progress line."""

import contextlib
import logging
import os
import pathlib
import time
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.resolution_schedule import ResolutionSchedule
from gansynth_tf.spectral import representations
from gansynth_tf.training import lock, nonfinite, run_directory, stages, summaries
from gansynth_tf.training.distribution import Distribution
from gansynth_tf.training.draw import Draw
from gansynth_tf.training.metrics_log import MetricsLog
from gansynth_tf.training.nonfinite import NonFiniteError
from gansynth_tf.training.sample_quality import SampleQuality
from gansynth_tf.training.signals import Stopped, StopRequest
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import Networks, TrainingStep

_LOG_SECONDS = 5.0  # between two updates of the progress line's losses
_MOST_ROLLBACKS = 3  # what goes wrong more often than this is not bad luck
_STREAM_SEEDS = 1_000_003  # between the seeds of the notes' order in two random streams


def train(config: Config, notes: pipeline.PreparedNotes, train_root_dir: str | os.PathLike, *,
          checkpoint_seconds: float = 600.0, on_nan: str = 'stop', strategy: str = 'none') -> pathlib.Path:
    """Trains a model through all its stages, or goes on where an interrupted run stopped.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
      train_root_dir: where the run's files go.
      checkpoint_seconds: time between two checkpoints within a stage; every stage ends with one.
      on_nan: what to do when a loss or gradient is not finite: 'stop', or 'rollback' to the last checkpoint, from
        where other random numbers are drawn, three times at most.
      strategy: one of `distribution.STRATEGIES`; the directory must be the same for all workers.

    Returns:
      The run's directory.

    Raises:
      InputError: if the directory cannot be written, is in use, or holds a run of another configuration.
      Stopped: if SIGTERM or SIGINT came; a checkpoint has been written.
      NonFiniteError: if a loss or gradient was not finite.
      WorkerLostError: if another worker has gone; the run goes on from its last checkpoint.
    """
    distribution = Distribution(strategy)
    directory = files.make_directory(train_root_dir)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(StopRequest())
        stack.enter_context(distribution.noticing_losses())
        if distribution.is_chief:
            stack.enter_context(lock.exclusive(directory))
            checkpoints.remove_unfinished(directory)
        return _Trainer(config, notes, directory, checkpoint_seconds, stop, distribution).run(on_nan)


class _Trainer:
    """One run: what stays the same from stage to stage."""

    def __init__(self, config: Config, notes: pipeline.PreparedNotes, directory: pathlib.Path,
                 checkpoint_seconds: float, stop: StopRequest, distribution: Distribution):
        self._config = config
        self._notes = notes
        self._directory = directory
        self._checkpoint_seconds = checkpoint_seconds
        self._stop = stop
        self._distribution = distribution
        self._random_stream = 0
        if not distribution.is_chief:
            distribution.any(False)  # the chief prepares the directory first
        self._restored = checkpoints.read_latest(directory)
        run_directory.claim(directory, config, notes.vocabulary,
                            None if self._restored is None else int(self._restored['stage_id']))
        self._representation = representations.from_config(config)
        self._normalizer = run_directory.normalizer(directory, config, notes)
        self._codes = run_directory.codes(directory, config, notes)
        if distribution.is_chief:
            distribution.any(False)
        with distribution.scope():
            self._networks = Networks.create(config, len(notes.vocabulary.pitches))
        self._metrics = MetricsLog(directory)
        if distribution.is_chief:
            self._summaries = summaries.Summaries(directory, config, len(notes.vocabulary.pitches),
                                                  self._representation, self._normalizer)

    def run(self, on_nan: str) -> pathlib.Path:
        for num_rollbacks in range(1, _MOST_ROLLBACKS + 2):
            try:
                self._run_stages()
                return self._directory
            except NonFiniteError as trouble:
                if on_nan != 'rollback' or num_rollbacks > _MOST_ROLLBACKS:
                    raise
                logging.warning('%s Going back to the last checkpoint, with other random numbers (%d of %d times).',
                                trouble, num_rollbacks, _MOST_ROLLBACKS)
                self._random_stream += 1
                self._restored = checkpoints.read_latest(self._directory)
        raise AssertionError('unreachable')

    def _run_stages(self) -> None:
        restored = self._restored
        if restored is not None:
            for prefix, network in self._networks.by_name().items():
                weights.from_arrays(network, {name.removeprefix(f'{prefix}/'): array for name, array in restored.items()
                                              if name.startswith(f'{prefix}/')})
            self._random_stream = max(self._random_stream, int(restored.get('random_stream', 0)))
            if self._distribution.is_chief:
                self._metrics.rewind(int(restored['image_id']))
        for stage in stages.all_stages(self._config):
            if restored is None or stage.stage_id > int(restored['stage_id']):
                self._run_stage(stage, None)
            elif stage.stage_id == int(restored['stage_id']):
                self._run_stage(stage, restored)

    def _run_stage(self, stage: Stage, restored: dict[str, np.ndarray] | None) -> None:
        """Trains `stage` from its start, or from a checkpoint within it, to its end."""
        if self._distribution.any(self._stop.received):
            raise Stopped(stage.first_image)
        resolution = ResolutionSchedule.from_config(self._config).resolution(stage.num_blocks)
        normalizer = self._normalizer.at_width(resolution[1])
        self._distribution.check_batch_size(stage.batch_size)
        step = TrainingStep(self._config, stage, self._networks, normalizer, self._representation, self._distribution,
                            self._codes)
        image_id, seconds = stage.first_image, 0.0
        if restored is not None:
            for name, variable in step.state().items():
                variable.assign(restored[name])
            image_id, seconds = int(restored['image_id']), float(restored.get('stage_seconds', 0.0))
            was_complete = bool(restored['is_complete'])
            is_extended = was_complete and int(restored.get('end_image', stage.end_image)) < stage.end_image
            if image_id >= stage.end_image or (was_complete and not is_extended):
                return
        self._quality = SampleQuality(self._config, self._notes, stage, normalizer)
        if image_id == 0:  # something to go back to, from the first iteration on
            self._save(stage, step, image_id, seconds, compare=False)
        batches = pipeline.specgram_batches(
            self._notes, self._config, resolution=resolution, batch_size=stage.batch_size,
            seed=self._config.seed + stage.stage_id + _STREAM_SEEDS * self._random_stream,
            start=image_id - stage.first_image)
        if self._distribution.is_chief:
            self._show_real_notes(stage, resolution, normalizer, image_id)
        self._loop(stage, step, iter(batches), image_id, time.monotonic() - seconds)

    def _show_real_notes(self, stage: Stage, resolution: tuple[int, int], normalizer, image_id: int) -> None:
        batches = pipeline.specgram_batches(self._notes, self._config, resolution=resolution,
                                            batch_size=summaries.NUM_REAL, seed=self._config.seed)
        specgrams, _ = next(iter(batches))
        self._summaries.real(normalizer.normalize(specgrams), stage, image_id)

    def _loop(self, stage: Stage, step: TrainingStep, batches, image_id: int, started: float) -> None:
        """The iterations of a stage; the last batch may hold more notes than the image count still lacks."""
        config, limit = self._config, stages.time_limit(self._config, stage)
        saved = logged = time.monotonic()
        summarised, clock = image_id // config.save_summaries_num_images, _Clock(image_id)
        terms: dict[str, float] = {}
        kind = 'fading in' if stage.is_transition else 'stable'
        height, width = ResolutionSchedule.from_config(config).resolution(stage.num_blocks)
        with tqdm.tqdm(total=stage.num_images, initial=image_id - stage.first_image, unit='note', smoothing=0.05,
                       desc=f'stage {stage.stage_id}, {height}x{width} {kind}', dynamic_ncols=True,
                       disable=not self._distribution.is_chief) as bar:
            # However short the time, every stage has one iteration, so that its summary has something to show.
            while not terms or limit is None or not self._distribution.any(time.monotonic() - started > limit):
                with clock.waiting():
                    batch = next(batches)
                terms |= self._iterate(stage, step, batch, image_id)
                image_id = min(image_id + stage.batch_size, stage.end_image)
                bar.update(image_id - stage.first_image - bar.n)
                now = time.monotonic()
                if now - logged > _LOG_SECONDS:
                    bar.set_postfix_str(summaries.log_line(terms), refresh=False)
                    logged = now
                if image_id == stage.end_image:
                    break
                if image_id // config.save_summaries_num_images > summarised:
                    summarised = image_id // config.save_summaries_num_images
                    self._summarise(stage, terms | clock.lap(image_id), image_id)
                if self._distribution.any(self._stop.received):
                    self._save(stage, step, image_id, now - started, compare=False)
                    raise Stopped(image_id)
                if now - saved > self._checkpoint_seconds:
                    self._save(stage, step, image_id, now - started)
                    saved = time.monotonic()
        self._summarise(stage, terms | clock.lap(image_id), image_id)
        self._save(stage, step, image_id, time.monotonic() - started, is_complete=True)

    def _iterate(self, stage: Stage, step: TrainingStep, batch, image_id: int) -> dict[str, float]:
        """One iteration: the generator and its average, then the critic."""
        draw = Draw.at(self._config, image_id, stage.batch_size, self._notes.vocabulary.probabilities,
                       self._random_stream).by_name()
        iteration = (image_id - stage.first_image) // stage.batch_size
        real, real_labels = batch
        terms = step.iterate(real, real_labels, {name: tf.constant(array) for name, array in draw.items()},
                             tf.constant(stage.progress(image_id), tf.float32),
                             with_penalty=iteration % self._config.gradient_penalty_interval == 0)
        numbers = dict(zip(terms, tf.stack(list(terms.values())).numpy().tolist()))
        if (quantity := nonfinite.first(numbers)) is not None:
            arrays = self._arrays(stage, step, image_id) | numbers | {f'draw/{name}': a for name, a in draw.items()}
            arrays |= {'real': real.numpy(), 'real_labels': real_labels.numpy()}
            dump = nonfinite.write_dump(arrays, self._directory, image_id)  # the same in all workers
            raise NonFiniteError(quantity, numbers[quantity], image_id, dump)
        return numbers

    def _summarise(self, stage: Stage, terms: dict[str, float], image_id: int) -> None:
        if not self._distribution.is_chief:
            return
        summaries.warn_if_unwell(terms, len(self._notes.vocabulary.pitches))
        for name in ('generator', 'discriminator'):
            variables = self._networks.by_name()[name].variables_of(stage.num_blocks)
            terms |= {f'{name}/weight_norm': float(tf.linalg.global_norm([variable.value for variable in variables]))}
        self._summaries.scalars(terms | {'progress': stage.progress(image_id)}, image_id)
        self._summaries.samples(self._networks.generator_ema, stage, stage.progress(image_id), image_id)
        self._metrics.write({'image_id': image_id, 'stage_id': stage.stage_id} | terms)

    def _save(self, stage: Stage, step: TrainingStep, image_id: int, seconds: float, *, compare: bool = True,
              is_complete: bool = False) -> None:
        """Writes a checkpoint, which can become the best of its stage if it is to `compare` samples with real notes."""
        if not self._distribution.is_chief:
            return
        arrays = self._arrays(stage, step, image_id) | {
            'is_complete': np.array(is_complete), 'end_image': np.array(stage.end_image),
            'random_stream': np.array(self._random_stream)}
        if compare and self._config.sliced_wasserstein_num_samples:
            distance = self._quality.distance(self._networks.generator_ema, stage.progress(image_id))
            arrays['sliced_wasserstein'] = np.array(distance)
            self._summaries.scalars({'sliced_wasserstein': distance}, image_id)
            self._metrics.write({'image_id': image_id, 'stage_id': stage.stage_id, 'sliced_wasserstein': distance})
        if self._config.train_time_limit is not None:
            arrays['stage_seconds'] = np.array(seconds)
        path = checkpoints.write(arrays, checkpoints.stage_directory(self._directory, stage.stage_id), image_id,
                                 keep=1 if is_complete else 2)
        logging.info('Saved %s', path)

    def _arrays(self, stage: Stage, step: TrainingStep, image_id: int) -> dict[str, np.ndarray]:
        """Where training stands: the point in time, all weights, all moments."""
        arrays = {'stage_id': np.array(stage.stage_id), 'image_id': np.array(image_id),
                  'num_blocks': np.array(stage.num_blocks), 'progress': np.array(stage.progress(image_id))}
        for prefix, network in self._networks.by_name().items():
            arrays |= {f'{prefix}/{name}': array for name, array in weights.to_arrays(network).items()}
        return arrays | {name: variable.numpy() for name, variable in step.state().items()}


class _Clock:
    """Measures the rate of training from one summary to the next, and what share of the time it waits for notes."""

    def __init__(self, image_id: int):
        self._image_id, self._since, self._waited = image_id, time.monotonic(), 0.0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        since = time.monotonic()
        yield
        self._waited += time.monotonic() - since

    def lap(self, image_id: int) -> dict[str, float]:
        seconds = max(time.monotonic() - self._since, 1e-9)
        numbers = {'images_per_second': (image_id - self._image_id) / seconds, 'data_wait': self._waited / seconds}
        self._image_id, self._since, self._waited = image_id, time.monotonic(), 0.0
        return numbers
