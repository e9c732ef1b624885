"""The peak of this machine: its best convolution and its best memory rate.

These two bound every program (Williams et al. 2009, "Roofline"): none computes faster than the one, none reads and
writes faster than the other.
"""

from collections.abc import Iterator

import tensorflow as tf

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config

CONVOLUTION = 'convolution, best of this machine'
MEMORY = 'memory, best of this machine'
_MEMORY_BYTES = 1 << 28  # far more than any cache holds


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of a convolution that suits CPUs, and of a sum of large arrays; neither depends on the arguments."""
    yield Case(CONVOLUTION, 'GFLOP', _convolutions(batch=8, size=64, channels=128, times=8))
    yield Case(MEMORY, 'GB', _sums(times=4))


def _convolutions(*, batch: int, size: int, channels: int, times: int):
    images = tf.random.normal([batch, size, size, channels])
    kernel = tf.random.normal([3, 3, channels, channels])
    convolve = tf.function(lambda x: tf.nn.conv2d(x, kernel, 1, 'SAME'))
    flops = 2 * 9 * channels ** 2 * size ** 2 * batch

    def work():
        for _ in range(times):
            convolve(images).numpy()
        return flops * times / 1e9
    return work


def _sums(*, times: int):
    summand = tf.zeros([_MEMORY_BYTES // 4])
    # Into a variable: fresh memory for every result would count the system's page faults, too.
    total = tf.Variable(summand)

    def work():
        for _ in range(times):
            total.assign_add(summand)
        return 3 * _MEMORY_BYTES * times / 1e9  # two arrays read, one written
    return work
