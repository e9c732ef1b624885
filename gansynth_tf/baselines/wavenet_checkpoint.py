"""TensorFlow 1 checkpoints of Magenta's NSynth WaveNet autoencoder, such as the published model.ckpt-200000."""

import os
import pathlib
import re

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.baselines import wavenet_autoencoder, wavenet_files
from gansynth_tf.magenta.magenta_checkpoint import reading

_PROOF = 'ae_startconv/W'  # no other model of hers has it
_AVERAGE = '/ExponentialMovingAverage'


def find(path: str | os.PathLike) -> str | None:
    """The prefix of the newest checkpoint of an autoencoder.

    Args:
      path: the prefix itself (`.index` may follow it), or a directory of checkpoints.

    Returns:
      None if there is none, or none that can be read.
    """
    path = files.expanded(path)
    here = path if path.is_dir() else path.parent
    prefixes = [found.with_suffix('') for found in here.glob('*.index')]
    if here != path:
        prefixes = [prefix for prefix in prefixes if prefix.name == path.name.removesuffix('.index')]
    for prefix in sorted(prefixes, key=_step, reverse=True):
        try:
            if tf.train.load_checkpoint(str(prefix)).has_tensor(_PROOF):
                return str(prefix)
        except (tf.errors.OpError, ValueError):
            continue
    return None


def read(prefix: str, *, ema: bool = False) -> dict[str, np.ndarray]:
    """The weights of a checkpoint by the original's names.

    Args:
      prefix: as `find` returns it.
      ema: the averages of the weights; not those that the released sampler plays with.

    Raises:
      InputError: if its files are damaged or incomplete, or it holds no averages.
    """
    suffix = _AVERAGE if ema else ''
    averages = ' with averages of its weights' if ema else ''
    with reading(prefix, f'the files of an NSynth autoencoder{averages}'):
        reader = tf.train.load_checkpoint(prefix)
        names = [name for name in reader.get_variable_to_shape_map() if re.fullmatch(r'\w+/(W|biases)', name)]
        return {name: reader.get_tensor(f'{name}{suffix}') for name in names}


def convert(prefix: str, output_dir: str | os.PathLike, *, ema: bool = False, **sizes: int) -> pathlib.Path:
    """Writes an autoencoder that `wavenet_autoencoder.load` opens; returns the path of its weights.

    Args:
      prefix: as `find` returns it.
      output_dir: where it goes.
      ema: as for `read`.
      sizes: what `wavenet_autoencoder.from_arrays` cannot read off the weights, where it is not the published model's.

    Raises:
      InputError: as `read` does, or if the weights are not an autoencoder's.
    """
    weights = read(prefix, ema=ema)
    return wavenet_files.write(weights, wavenet_autoencoder.from_arrays(weights, **sizes).config, output_dir)


def _step(prefix: pathlib.Path) -> int:
    match = re.search(r'-(\d+)$', prefix.name)
    return int(match[1]) if match else -1
