"""What a run would be: its stages, sizes, parameters, memory and time, from a few iterations of each resolution."""

import time
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from gansynth_tf import processor
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import stages
from gansynth_tf.training.draw import Draw
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import Networks, TrainingStep

_HEADER = ('stage', 'size', 'kind', 'batch', 'images', 'G params', 'D params', 'notes cached', 'peak memory',
           'notes/s', 'time')


def report(config: Config, notes: pipeline.PreparedNotes, *, num_steps: int = 2) -> Iterator[str]:
    """Lines of a table, each as soon as it is known.

    Every resolution is measured where it first comes, on random notes, `num_steps` iterations after the first. Peak
    memory is that of the process so far, on a GPU that of the GPU; summaries, checkpoints and the conversion of the
    notes come on top of the time.

    Args:
      config: the hyperparameters.
      notes: say how many pitches there are, and how much memory they take at each resolution.
      num_steps: iterations to measure.
    """
    networks = Networks.create(config, len(notes.vocabulary.pitches))
    total = 0.0
    rates: dict[int, float] = {}
    yield _row(_HEADER)
    for stage in stages.all_stages(config):
        if stage.num_blocks not in rates:
            rates[stage.num_blocks] = _notes_per_second(config, stage, networks, notes, num_steps)
        height, width = stage.resolution
        seconds = stage.num_images / rates[stage.num_blocks]
        total += seconds
        parameters = [sum(int(np.prod(variable.shape)) for variable in network.variables_of(stage.num_blocks))
                      for network in (networks.generator, networks.discriminator)]
        cache = 8 * height * width * notes.num_notes('train')
        yield _row((stage.stage_id, f'{height}x{width}', 'fading in' if stage.is_transition else 'stable',
                    stage.batch_size, f'{stage.num_images:,}', *(f'{number:,}' for number in parameters),
                    _gib(cache) if cache <= pipeline.CACHE_BYTES else 'no', _gib(_peak_bytes()),
                    f'{rates[stage.num_blocks]:.3g}', _duration(seconds)))
    yield f'All stages: {_duration(total)} of iterations on this machine as busy as it is now.'


def _notes_per_second(config: Config, stage: Stage, networks: Networks, notes: pipeline.PreparedNotes,
                      num_steps: int) -> float:
    height, width = stage.resolution
    normalizer = normalizers.Normalizer(np.ones(2), np.zeros(2)) if normalizers.needs_data(config) \
        else normalizers.from_config(config)
    step = TrainingStep(config, stage, networks, normalizer, representations.from_config(config))
    draw = {name: tf.constant(array) for name, array in
            Draw.at(config, 0, stage.batch_size, notes.vocabulary.probabilities).by_name().items()}
    if config.generator_reconstruction_weight:
        draw['real_codes'] = draw['generator_latents']
    real = tf.random.stateless_uniform([stage.batch_size, height, width, 2], (0, 0), -1.0, 1.0)
    started = 0.0
    for number in range(num_steps + 1):
        if number == 1:
            started = time.perf_counter()  # the first iteration traces
        terms = step.iterate(real, draw['generator_labels'], draw, tf.constant(stage.progress(stage.first_image)))
        float(terms['discriminator/total'])  # waits
    return num_steps * stage.batch_size / (time.perf_counter() - started)


def _peak_bytes() -> int:
    gpus = tf.config.list_logical_devices('GPU')
    if gpus:
        return tf.config.experimental.get_memory_info(gpus[0].name.removeprefix('/device:'))['peak']
    return processor.peak_bytes()


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
