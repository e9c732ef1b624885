"""A forecast of a run: stages, sizes, parameters, memory and time, from a few iterations of the quick stages."""

import logging
import math
import time
from collections.abc import Iterator

import numpy as np
import psutil
import tensorflow as tf

from gansynth_tf import tensorflow_setup
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import stages
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import TrainingStep

_HEADER = ('stage', 'size', 'kind', 'batch', 'images', 'G params', 'D params', 'notes cached', 'peak memory',
           'notes/s', 'time')
_MEASURING_SECONDS = 20.0  # after which no other resolution is begun
_MOST_PIXELS = 2**19  # of a batch that is measured: a larger one is taken in part
_LONG_SECONDS = 3 * 24 * 3600.0


def report(config: Config, notes: pipeline.PreparedNotes, *, num_steps: int = 2,
           measuring_seconds: float = _MEASURING_SECONDS) -> Iterator[str]:
    """Lines of a table, each as soon as it is known, and of advice.

    The first resolution is measured, on random notes, `num_steps` iterations after the first, and so are the next ones
    while there is time. From there on rates are extrapolated, by the operations of the convolutions, and marked '~'.
    Peak memory is that of the process so far, on a GPU that of the GPU; summaries, checkpoints and the conversion of
    the notes come on top of the time.

    Args:
      config: the hyperparameters.
      notes: say how many pitches there are, and how much memory they take at each resolution.
      num_steps: iterations to measure.
      measuring_seconds: how long to measure; the resolution at work is finished.
    """
    networks = Networks.create(config, len(notes.vocabulary.pitches))
    rates, total, started, fits = _Rates(config, networks, notes, num_steps), 0.0, time.monotonic(), True
    yield _row(_HEADER)
    for stage in stages.all_stages(config):
        rate = rates.of(stage, may_measure=time.monotonic() - started < measuring_seconds)
        height, width = stage.resolution
        seconds = stage.num_images / rate
        total += seconds
        parameters = [sum(int(np.prod(variable.shape)) for variable in network.variables_of(stage.num_blocks))
                      for network in (networks.generator, networks.discriminator)]
        cache = 8 * height * width * notes.num_notes('train')
        fits = fits and cache <= pipeline.CACHE_BYTES
        mark = '' if rates.is_measured(stage) else '~'
        yield _row((stage.stage_id, f'{height}x{width}', 'fading in' if stage.is_transition else 'stable',
                    stage.batch_size, f'{stage.num_images:,}', *(f'{number:,}' for number in parameters),
                    _gib(cache) if cache <= pipeline.CACHE_BYTES else 'no',
                    _gib(_peak_bytes()) if rates.is_measured(stage) else '?', f'{mark}{rate:.3g}',
                    f'{mark}{_duration(seconds)}'))
    yield f'All stages: {_duration(total)} of iterations on this machine as busy as it is now.'
    yield from _advice(total, cache_fits=fits, has_cache_dir=notes.cache_dir is not None)


def rates(config: Config, notes: pipeline.PreparedNotes, *, num_steps: int = 2,
          measuring_seconds: float = _MEASURING_SECONDS) -> list[float]:
    """Notes a second of every stage on this machine, measured and extrapolated as for `report`."""
    networks = Networks.create(config, len(notes.vocabulary.pitches))
    found, started = _Rates(config, networks, notes, num_steps), time.monotonic()
    return [found.of(stage, may_measure=time.monotonic() - started < measuring_seconds)
            for stage in stages.all_stages(config)]


def _advice(seconds: float, *, cache_fits: bool, has_cache_dir: bool) -> Iterator[str]:
    if seconds > _LONG_SECONDS:
        yield ('That is long. Shorter: --config=small, fewer images (num_images_schedule), narrower networks '
               '(fmap_max), a GPU, or --strategy=mirrored on several.')
    if not cache_fits and not has_cache_dir:
        yield 'Not all spectrograms fit in memory: with --cache_dir they are converted once and read from disk.'
    if _peak_bytes() > 0.7 * psutil.virtual_memory().total and not tf.config.list_logical_devices('GPU'):
        yield 'Memory is scarce: smaller batches (batch_size_schedule) or narrower networks (fmap_max) need less.'
    if seconds <= _LONG_SECONDS:
        yield 'To train, give the same command without --dry_run; it can be interrupted and given again at any time.'


class _Rates:
    """Notes a second by resolution, measured or extrapolated from the finest one that was measured."""

    def __init__(self, config: Config, networks: Networks, notes: pipeline.PreparedNotes, num_steps: int):
        self._config, self._networks, self._notes, self._num_steps = config, networks, notes, num_steps
        self._measured: dict[int, float] = {}

    def is_measured(self, stage: Stage) -> bool:
        return stage.num_blocks in self._measured

    def of(self, stage: Stage, *, may_measure: bool) -> float:
        if not self.is_measured(stage) and (may_measure or not self._measured):
            self._measured[stage.num_blocks] = _notes_per_second(self._config, stage, self._networks, self._notes,
                                                                 self._num_steps)
        nearest = max(num_blocks for num_blocks in self._measured if num_blocks <= stage.num_blocks)
        return self._measured[nearest] * self._operations(nearest) / self._operations(stage.num_blocks)

    def _operations(self, num_blocks: int) -> float:
        """Multiplications of the convolutions for a note, of both networks: every kernel at every pixel of its block.

        The first block's largest kernels, which fit in one place only, are counted once.
        """
        total = 0.0
        for network in (self._networks.generator, self._networks.discriminator):
            for variable in network.variables_of(num_blocks):
                block = variable.path.partition('/')[0]
                if len(variable.shape) == 4:
                    height, width = self._config.resolution(int(block.removeprefix('block_')))
                    fits_once = tuple(variable.shape[:2]) == (self._config.start_height, self._config.start_width)
                    pixels = 1 if fits_once else height * width / self._config.time_patch
                    total += pixels * math.prod(variable.shape)
        return total


def _notes_per_second(config: Config, stage: Stage, networks: Networks, notes: pipeline.PreparedNotes,
                      num_steps: int) -> float:
    height, width = stage.resolution
    batch_size = max(1, min(stage.batch_size, _MOST_PIXELS // (height * width)))
    normalizer = normalizers.Normalizer(np.ones(2), np.zeros(2)) if normalizers.needs_data(config) \
        else normalizers.from_config(config)
    step = TrainingStep(config, stage, networks, normalizer, representations.from_config(config))
    draw = {name: tf.constant(array) for name, array in
            draw_numbers(config, 0, batch_size, notes.vocabulary.probabilities,
                         codes=np.zeros((1, config.latent_vector_size), np.float32)).items()}
    if config.generator_reconstruction_weight:
        draw['real_codes'] = draw['generator_latents']
    real = tf.random.stateless_uniform([batch_size, height, width, 2], (0, 0), -1.0, 1.0)
    tensorflow_log = logging.getLogger('tensorflow')
    before, started = tensorflow_log.level, 0.0
    tensorflow_log.setLevel(logging.ERROR)  # each resolution is traced, as it must be, about which TensorFlow warns
    try:
        for index in range(num_steps + 1):
            if index == 1:
                started = time.perf_counter()  # the first iteration traces
            terms = step.iterate(real, draw['generator_labels'], draw, tf.constant(stage.progress(stage.first_image)))
            float(terms['discriminator/total'])  # waits
    finally:
        tensorflow_log.setLevel(before)
    return num_steps * batch_size / (time.perf_counter() - started)


def _peak_bytes() -> int:
    gpus = tf.config.list_logical_devices('GPU')
    if gpus:
        return tf.config.experimental.get_memory_info(gpus[0].name.removeprefix('/device:'))['peak']
    return tensorflow_setup.peak_bytes()


def _row(cells) -> str:
    widths = (5, 8, 9, 5, 9, 11, 11, 12, 11, 8, 10)
    return '  '.join(str(cell).rjust(width) for cell, width in zip(cells, widths, strict=True))


def _gib(num_bytes: float) -> str:
    return f'{num_bytes / 2**30:.2f} GiB'


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 60:
        return f'{seconds / 60:.1f} min'
    return f'{minutes // 60} h {minutes % 60:02d}' if minutes < 72 * 60 else f'{minutes / 60 / 24:.1f} days'
