"""Speed of training: iterations of the first and of the last stage, in float32 and in mixed precision."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import stages
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.step import TrainingStep

NUM_PITCHES = 61


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of training; the original's counterparts are the jobs 'train_first' and 'train_last'.

    Notes are random numbers, and `tfds_data_dir` is not read: in training, notes are ready before they are needed, as a
    run's 'data_wait' shows.
    """
    for mixed_precision in (False, True):
        kind = 'bfloat16' if mixed_precision else 'float32'
        precise = config.replace(mixed_precision=mixed_precision, data_normalizer='specgrams_prespecified_normalizer')
        first, *_, last = stages.all_stages(precise)
        for name, stage, times in (('first', first, 10), ('last', last, 1)):
            yield Case(f'train, {name} stage, {kind}', 'images', _iterate(precise, stage, times), f'train_{name}')


def _iterate(config: Config, stage: stages.Stage, times: int) -> Callable[[], int]:
    """Work that trains new networks; the values do not change the speed."""
    step = TrainingStep(config, stage, Networks.create(config, NUM_PITCHES), normalizers.from_config(config),
                        representations.from_config(config))
    size, rng = stage.batch_size, np.random.default_rng(0)
    shape = size, *stage.resolution, 2
    real = tf.constant(rng.uniform(-8.0, 1.0, shape), tf.float32)
    labels = tf.constant(rng.integers(0, NUM_PITCHES, size), tf.int32)
    draw = {name: tf.constant(array) for name, array in
            draw_numbers(config, 0, size, np.full(NUM_PITCHES, 1 / NUM_PITCHES)).items()}
    progress = tf.constant(stage.progress(stage.end_image), tf.float32)

    def work():
        for _ in range(times):
            float(step.iterate(real, labels, draw, progress)['discriminator/total'])  # waits for it
        return times * size
    return work
