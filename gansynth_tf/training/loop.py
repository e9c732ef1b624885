"""The loop around the training of every model: resumable, locked, with checkpoints, summaries and a progress line."""

import contextlib
import logging
import math
import os
import pathlib
import time
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import run_directory
from gansynth_tf.training.distribution import Distribution
from gansynth_tf.training.model import Batch, Model, Stage
from gansynth_tf.training.signals import Stopped, StopRequest

_LOG_SECONDS = 5.0  # between two updates of the progress line's losses
_MOST_ROLLBACKS = 3  # after so many, other random numbers will not help


class _UnfitError(Exception):
    """The checkpoint from which training was to go on is not one of this model."""


class NonFiniteError(Exception):
    """A loss or a gradient is infinite or not a number. The message is one line for the user.

    Attributes:
      quantity: the first such quantity, e.g. 'discriminator/gradient_penalty'.
    """

    def __init__(self, quantity: str, value: float, image_id: int, dump: pathlib.Path):
        super().__init__(f'{quantity} is {value} after {image_id} images. What led to it is kept in {str(dump)!r}.')
        self.quantity = quantity


def train(model: Model, train_root_dir: str | os.PathLike, *, checkpoint_seconds: float = 600.0, on_nan: str = 'stop',
          distribution: Distribution | None = None) -> pathlib.Path:
    """Trains a model through all its stages, or goes on where an interrupted run stopped.

    Args:
      model: what to train.
      train_root_dir: where the run's files go.
      checkpoint_seconds: time between two checkpoints within a stage; every stage ends with one.
      on_nan: what to do when a loss or gradient is not finite: 'stop', or 'rollback' to the last checkpoint, from
        where other random numbers are drawn, three times at most.
      distribution: how the run is spread; the directory must be the same for all workers.

    Returns:
      The run's directory.

    Raises:
      InputError: if the directory cannot be written, is in use, or holds a run that cannot go on as this one.
      Stopped: if SIGTERM or SIGINT came; a checkpoint has been written.
      NonFiniteError: if a loss or gradient was not finite.
      WorkerLostError: if another worker has gone; the run goes on from its last checkpoint.
    """
    distribution = distribution or Distribution()
    directory = files.make_directory(train_root_dir)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(StopRequest())
        stack.enter_context(distribution.noticing_losses())
        if distribution.is_chief:
            stack.enter_context(run_directory.exclusive(directory))
            checkpoints.remove_unfinished(directory)
        return _Run(model, directory, checkpoint_seconds, stop, distribution).run(on_nan)


class _Run:
    """One run: what stays the same from stage to stage."""

    def __init__(self, model: Model, directory: pathlib.Path, checkpoint_seconds: float, stop: StopRequest,
                 distribution: Distribution):
        self._model = model
        self._directory = directory
        self._checkpoint_seconds = checkpoint_seconds
        self._stop = stop
        self._distribution = distribution
        self._random_stream = 0
        with self._chief_first():
            self._restored = checkpoints.read_latest(directory)
            model.prepare(directory, None if self._restored is None else int(self._restored['stage_id']))
        self._metrics = run_directory.MetricsLog(directory)
        if distribution.is_chief:
            self._writer = tf.summary.create_file_writer(str(directory / 'events'))

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
                with self._chief_first():
                    self._restored = checkpoints.read_latest(self._directory)
        raise AssertionError('unreachable')

    @contextlib.contextmanager
    def _chief_first(self) -> Iterator[None]:
        """The chief does first what changes the directory; the others wait for it."""
        if not self._distribution.is_chief:
            self._distribution.any(False)
        yield
        if self._distribution.is_chief:
            self._distribution.any(False)

    def _run_stages(self) -> None:
        while True:
            try:
                return self._run_from(self._restored)
            except _UnfitError as error:
                with self._chief_first():
                    if self._distribution.is_chief and self._restored is not None:
                        checkpoints.set_aside(self._directory, self._restored, InputError(str(error)))
                    self._restored = checkpoints.read_latest(self._directory)

    def _run_from(self, restored: Mapping[str, np.ndarray] | None) -> None:
        """Trains from a checkpoint, or from the start, to the end."""
        remaining = list(self._model.stages)
        if restored is not None:
            self._random_stream = max(self._random_stream, int(restored.get('random_stream', 0)))
            if self._distribution.is_chief:
                self._metrics.rewind(int(restored['image_id']))
            remaining = [stage for stage in remaining if stage.stage_id >= int(restored['stage_id'])]
            if remaining and remaining[0].stage_id != int(restored['stage_id']):
                raise InputError(f'Impossible checkpoint: expected one in a stage of the configuration, the next of '
                                 f'which is {remaining[0].stage_id}. Received: stage {int(restored["stage_id"])}')
        for stage in remaining:
            self._run_stage(stage, restored)
            restored = None

    def _run_stage(self, stage: Stage, restored: Mapping[str, np.ndarray] | None) -> None:
        """Trains `stage` from its start, or from a checkpoint within it, to its end."""
        if self._distribution.any(self._stop.received):
            raise Stopped(stage.first_image)
        self._distribution.check_batch_size(stage.batch_size)
        self._begin(stage, restored)
        image_id, seconds = stage.first_image, 0.0
        if restored is not None:
            image_id, seconds = int(restored['image_id']), float(restored.get('stage_seconds', 0.0))
            was_complete = bool(restored['is_complete'])
            is_extended = was_complete and int(restored.get('end_image', stage.end_image)) < stage.end_image
            if image_id >= stage.end_image or (was_complete and not is_extended):
                return
        if image_id == 0:  # so that even the first iterations can be rolled back
            self._save(stage, image_id, seconds, compare=False)
        batches = self._model.batches(image_id, self._random_stream)
        if self._distribution.is_chief:
            with self._writer.as_default(step=image_id):
                self._model.show_notes()
            self._writer.flush()
        self._loop(stage, batches, image_id, time.monotonic() - seconds)

    def _begin(self, stage: Stage, restored: Mapping[str, np.ndarray] | None) -> None:
        try:
            if restored is not None:
                _check_place(restored, stage)
            self._model.begin(stage, restored)
        except InputError as error:
            if restored is None:
                raise
            raise _UnfitError(str(error)) from error

    def _loop(self, stage: Stage, batches: Iterator[Batch], image_id: int, started: float) -> None:
        """The iterations of a stage; the last batch may hold more notes than the stage still lacks."""
        interval, clock = self._model.summary_interval, _Clock(image_id)
        saved = logged = time.monotonic()
        summarised = image_id // interval
        terms: dict[str, float] = {}
        with tqdm.tqdm(total=stage.end_image - stage.first_image, initial=image_id - stage.first_image, unit='note',
                       smoothing=0.05, desc=f'stage {stage.stage_id}, {stage.title}', dynamic_ncols=True,
                       disable=not self._distribution.is_chief) as bar:
            # However short the time, every stage has one iteration, so that its summary has something to show.
            while not terms or not self._is_over(stage, started):
                with clock.waiting():
                    batch = next(batches)
                terms |= self._iterate(stage, batch, image_id)
                image_id = min(image_id + stage.batch_size, stage.end_image)
                bar.update(image_id - stage.first_image - bar.n)
                now = time.monotonic()
                if now - logged > _LOG_SECONDS:
                    bar.set_postfix_str(self._model.describe(terms), refresh=False)
                    logged = now
                if image_id == stage.end_image:
                    break
                if image_id // interval > summarised:
                    summarised = image_id // interval
                    self._summarise(stage, terms | clock.lap(image_id), image_id)
                if self._distribution.any(self._stop.received):
                    self._save(stage, image_id, now - started, compare=False)
                    raise Stopped(image_id)
                if now - saved > self._checkpoint_seconds:
                    self._save(stage, image_id, now - started)
                    saved = time.monotonic()
        self._summarise(stage, terms | clock.lap(image_id), image_id)
        self._save(stage, image_id, time.monotonic() - started, is_complete=True)

    def _is_over(self, stage: Stage, started: float) -> bool:
        """True if a stage's time is over, for any of the workers."""
        return stage.time_limit is not None and self._distribution.any(time.monotonic() - started > stage.time_limit)

    def _iterate(self, stage: Stage, batch: Batch, image_id: int) -> dict[str, float]:
        numbers = self._model.iterate(batch, image_id)
        for name, value in numbers.items():
            if not math.isfinite(value):
                path = self._directory / f'nonfinite-{image_id:010d}.npz'  # the same in all workers
                arrays = self._arrays(stage, image_id) | numbers | {key: np.asarray(x) for key, x in batch.items()}
                files.write_arrays(arrays, path)
                raise NonFiniteError(name, value, image_id, path)
        return numbers

    def _summarise(self, stage: Stage, terms: dict[str, float], image_id: int) -> None:
        if not self._distribution.is_chief:
            return
        with self._writer.as_default(step=image_id):
            terms |= self._model.summarise(terms, image_id)
        self._log(terms, stage, image_id)

    def _save(self, stage: Stage, image_id: int, seconds: float, *, compare: bool = True, is_complete: bool = False
              ) -> None:
        """Writes a checkpoint, which can become the best of its stage if it is to `compare` samples with real notes."""
        if not self._distribution.is_chief:
            return
        arrays = self._arrays(stage, image_id) | {
            'is_complete': np.array(is_complete), 'end_image': np.array(stage.end_image),
            'random_stream': np.array(self._random_stream)}
        distance = self._model.distance(image_id) if compare else None
        if distance is not None:
            arrays['sliced_wasserstein'] = np.array(distance)
            self._log({'sliced_wasserstein': distance}, stage, image_id)
        if stage.time_limit is not None:
            arrays['stage_seconds'] = np.array(seconds)
        path = checkpoints.write(arrays, checkpoints.stage_directory(self._directory, stage.stage_id), image_id,
                                 keep=1 if is_complete else 2)
        logging.info('Saved %s', path)

    def _log(self, numbers: dict[str, float], stage: Stage, image_id: int) -> None:
        """Writes numbers by name for TensorBoard and into metrics.jsonl."""
        with self._writer.as_default(step=image_id):
            for name, value in numbers.items():
                tf.summary.scalar(name, value)
        self._writer.flush()
        self._metrics.write({'image_id': image_id, 'stage_id': stage.stage_id} | numbers)

    def _arrays(self, stage: Stage, image_id: int) -> dict[str, np.ndarray]:
        """The state of training: stage, notes seen, and all that the model has learnt."""
        return {'stage_id': np.array(stage.stage_id), 'image_id': np.array(image_id)} | self._model.arrays(image_id)


def _check_place(restored: Mapping[str, np.ndarray], stage: Stage) -> None:
    """Raises an InputError unless a checkpoint says where in `stage` it is, as this loop writes it."""
    if 'is_complete' not in restored:
        raise InputError('Unusable checkpoint: expected is_complete in it. Received: none')
    if int(restored['image_id']) < stage.first_image:
        raise InputError(f'Unusable checkpoint: expected one of stage {stage.stage_id}, after {stage.first_image} '
                         f'images. Received: one after {restored["image_id"]}')
    seconds = restored.get('stage_seconds', np.zeros(()))
    if seconds.shape or not np.isfinite(seconds):
        raise InputError(f'Unusable checkpoint: expected a number as stage_seconds. Received: {str(seconds)[:100]}')


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
