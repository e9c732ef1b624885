"""Speed of the transforms between waves and spectrograms."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config
from gansynth_tf.spectral import representations

_BATCH_SIZE = 8
_TIMES = 10


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of the transform of `config` in both directions, in batches of 8."""
    representation = representations.from_config(config)
    random = np.random.default_rng(0)
    waves = random.standard_normal((_BATCH_SIZE, config.audio_length, 1), np.float32)
    yield Case('analysis, waves to spectrograms', 'notes', _repeat(representation.waves_to_specgrams, waves),
               'analysis')
    specgrams = random.uniform(-1, 1, (_BATCH_SIZE, *config.spec_shape, 2)).astype(np.float32)
    yield Case('synthesis, spectrograms to waves', 'notes', _repeat(representation.specgrams_to_waves, specgrams),
               'synthesis')


def _repeat(transform: Callable, inputs: np.ndarray) -> Callable[[], int]:
    graph = tf.function(transform)

    def work():
        for _ in range(_TIMES):
            graph(inputs).numpy()
        return _TIMES * _BATCH_SIZE
    return work
