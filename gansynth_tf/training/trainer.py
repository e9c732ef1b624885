"""The loop: every stage in turn, resumable, with checkpoints, summaries and a progress line."""

import json
import logging
import os
import pathlib
import time

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import config as config_lib
from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, vocabulary
from gansynth_tf.data.magenta_vocabulary import MAGENTA_VOCABULARY
from gansynth_tf.errors import InputError
from gansynth_tf.networks import weights
from gansynth_tf.networks.resolution_schedule import ResolutionSchedule
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import checkpoints, stages, summaries
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import Draw, Networks, TrainingStep

_LOG_SECONDS = 5.0  # between two updates of the progress line's losses


def train(config: Config, notes: pipeline.PreparedNotes, train_root_dir: str | os.PathLike, *,
          checkpoint_seconds: float = 600.0) -> pathlib.Path:
    """Trains a model through all its stages, or goes on where an interrupted run of the same configuration stopped.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
      train_root_dir: where the run's files go.
      checkpoint_seconds: time between two checkpoints within a stage; every stage ends with one.

    Returns:
      The run's directory.

    Raises:
      InputError: if the directory cannot be written, or holds a run of another configuration.
    """
    return _Trainer(config, notes, files.make_directory(train_root_dir), checkpoint_seconds).run()


class _Trainer:
    """One run: what stays the same from stage to stage."""

    def __init__(self, config: Config, notes: pipeline.PreparedNotes, directory: pathlib.Path,
                 checkpoint_seconds: float):
        self._config = config
        self._notes = notes
        self._directory = directory
        self._checkpoint_seconds = checkpoint_seconds
        _claim(directory, config, notes.vocabulary)
        self._representation = representations.from_config(config)
        self._normalizer = self._load_or_fit_normalizer()
        self._networks = Networks.create(config, len(notes.vocabulary.pitches))
        self._summaries = summaries.Summaries(directory, config, len(notes.vocabulary.pitches),
                                              self._representation, self._normalizer)

    def run(self) -> pathlib.Path:
        restored = checkpoints.read_latest(self._directory)
        if restored is not None:
            self._restore_networks(restored)
        for stage in stages.all_stages(self._config):
            if restored is not None and stage.stage_id < int(restored['stage_id']):
                continue
            resumes = restored is not None and stage.stage_id == int(restored['stage_id'])
            self._run_stage(stage, restored if resumes else None)
        return self._directory

    def _run_stage(self, stage: Stage, restored: dict[str, np.ndarray] | None) -> None:
        """Trains `stage` from its start, or from a checkpoint within it, to its end."""
        resolution = ResolutionSchedule.from_config(self._config).resolution(stage.num_blocks)
        step = TrainingStep(self._config, stage, self._networks, self._normalizer.at_width(resolution[1]),
                            self._representation)
        image_id = stage.first_image
        if restored is not None:
            for name, variable in step.state().items():
                variable.assign(restored[name])
            image_id = int(restored['image_id'])
        if image_id >= stage.end_image or (restored is not None and bool(restored['is_complete'])):
            return
        batches = pipeline.specgram_batches(
            self._notes, self._config, resolution=resolution, batch_size=stage.batch_size,
            seed=self._config.seed + stage.stage_id, start=image_id - stage.first_image)
        self._loop(stage, step, iter(batches), image_id)

    def _loop(self, stage: Stage, step: TrainingStep, batches, image_id: int) -> None:
        """The iterations of a stage; the last batch may hold more notes than the image count still lacks."""
        config, started = self._config, time.monotonic()
        limit = stages.time_limit(config, stage)
        saved = logged = started
        summarised = image_id // config.save_summaries_num_images
        terms: dict[str, tf.Tensor] = {}
        kind = 'fading in' if stage.is_transition else 'stable'
        height, width = ResolutionSchedule.from_config(config).resolution(stage.num_blocks)
        with tqdm.tqdm(total=stage.num_images, initial=image_id - stage.first_image, unit='note', smoothing=0.05,
                       desc=f'stage {stage.stage_id}, {height}x{width} {kind}', dynamic_ncols=True) as bar:
            # However short the time, every stage has one iteration, so that its summary has something to show.
            while image_id < stage.end_image and (not terms or limit is None or time.monotonic() - started <= limit):
                terms |= self._iterate(stage, step, next(batches), image_id)
                image_id = min(image_id + stage.batch_size, stage.end_image)
                bar.update(image_id - stage.first_image - bar.n)
                now = time.monotonic()
                if now - logged > _LOG_SECONDS:
                    bar.set_postfix_str(summaries.log_line(_numbers(terms)), refresh=False)
                    logged = now
                if image_id // config.save_summaries_num_images > summarised:
                    summarised = image_id // config.save_summaries_num_images
                    self._summarise(stage, terms, image_id)
                if now - saved > self._checkpoint_seconds:
                    self._save(stage, step, image_id, is_complete=False)
                    saved = now
        self._summarise(stage, terms, image_id)
        self._save(stage, step, image_id, is_complete=True)

    def _iterate(self, stage: Stage, step: TrainingStep, batch, image_id: int) -> dict[str, tf.Tensor]:
        """One iteration: the generator and its average, then the critic."""
        real, real_labels = batch
        draw = Draw.at(self._config, image_id, stage.batch_size, self._notes.vocabulary.probabilities)
        progress = tf.constant(stage.progress(image_id), tf.float32)
        iteration = (image_id - stage.first_image) // stage.batch_size
        terms = step.train_generator(tf.constant(draw.generator_latents), tf.constant(draw.generator_labels), progress)
        return terms | step.train_discriminator(
            real, real_labels, tf.constant(draw.discriminator_latents), tf.constant(draw.discriminator_labels),
            tf.constant(draw.mix), progress, with_penalty=iteration % self._config.gradient_penalty_interval == 0)

    def _summarise(self, stage: Stage, terms: dict[str, tf.Tensor], image_id: int) -> None:
        numbers = _numbers(terms)
        summaries.warn_if_unwell(numbers, len(self._notes.vocabulary.pitches))
        self._summaries.scalars(numbers | {'progress': stage.progress(image_id)}, image_id)
        self._summaries.samples(self._networks.generator_ema, stage, stage.progress(image_id), image_id)
        with open(self._directory / 'metrics.jsonl', 'a', encoding='utf-8') as metrics:
            metrics.write(json.dumps({'image_id': image_id, 'stage_id': stage.stage_id} | numbers) + '\n')

    def _save(self, stage: Stage, step: TrainingStep, image_id: int, *, is_complete: bool) -> None:
        arrays: dict[str, np.ndarray] = {
            'stage_id': np.array(stage.stage_id), 'image_id': np.array(image_id), 'is_complete': np.array(is_complete),
            'num_blocks': np.array(stage.num_blocks), 'progress': np.array(stage.progress(image_id))}
        for prefix, network in self._networks.by_name().items():
            arrays |= {f'{prefix}/{name}': array for name, array in weights.to_arrays(network).items()}
        arrays |= {name: variable.numpy() for name, variable in step.state().items()}
        path = checkpoints.write(arrays, checkpoints.stage_directory(self._directory, stage.stage_id), image_id,
                                 keep=1 if is_complete else 2)
        logging.info('Saved %s', path)

    def _restore_networks(self, arrays: dict[str, np.ndarray]) -> None:
        for prefix, network in self._networks.by_name().items():
            weights.from_arrays(network, {name.removeprefix(f'{prefix}/'): array for name, array in arrays.items()
                                          if name.startswith(f'{prefix}/')})

    def _load_or_fit_normalizer(self) -> normalizers.Normalizer:
        """The run's normalizer; one that depends on the data is fitted once and kept with the run."""
        if (self._directory / normalizers.NORMALIZER_FILE).exists():
            return normalizers.read(self._directory)
        if not normalizers.needs_data(self._config):
            return normalizers.from_config(self._config)
        batches = pipeline.specgram_batches(self._notes, self._config, resolution=self._config.spec_shape,
                                            batch_size=8, seed=self._config.seed, cache_bytes=0)
        normalizer = normalizers.fit(self._config, (specgrams for specgrams, _ in batches))
        normalizers.write(normalizer, self._directory)
        return normalizer


def _claim(directory: pathlib.Path, config: Config, pitches: vocabulary.PitchVocabulary) -> None:
    """Writes what describes the run, or checks it against the run that is there."""
    if not (directory / config_lib.EXPERIMENT_FILE).exists():
        config_lib.write_experiment(config, directory)
        vocabulary.write(pitches, directory)
        return
    there = config_lib.read_experiment(directory).to_dict()
    changed = [f'{name} = {there[name]!r}' for name, value in config.to_dict().items() if there[name] != value]
    if changed:
        raise InputError(f'The directory holds a run of another configuration: expected the same hyperparameters to go '
                         f'on with it ({", ".join(changed)}), or another directory. Received: {str(directory)!r}')
    known = vocabulary.read(directory)
    if known == MAGENTA_VOCABULARY and known.pitches == pitches.pitches:
        vocabulary.write(pitches, directory)  # an imported model goes on with the counts of the notes it now sees
    elif known != pitches:
        raise InputError(f'The directory holds a run on other notes: expected the same data set to go on with it, or '
                         f'another directory. Received: {str(directory)!r}')


def _numbers(terms: dict[str, tf.Tensor]) -> dict[str, float]:
    return {name: float(value) for name, value in terms.items()}
