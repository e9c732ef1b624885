"""How fast training is fed: notes from disk, as spectrograms of the last stage."""

from collections.abc import Iterator

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of the data feed; the original's counterpart is the job 'data'."""
    yield from ()
