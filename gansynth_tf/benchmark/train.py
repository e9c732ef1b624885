"""How fast training goes: iterations of the first and of the last stage."""

from collections.abc import Iterator

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of training; the original's counterparts are the jobs 'train_first' and 'train_last'."""
    yield from ()
