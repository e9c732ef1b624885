"""A directory that Magenta's GANSynth left behind, opened as it is or converted for good.

    DIR/
      experiment.json
      assets/specgrams_freq_normalizer.npz     only where the normalizer was fitted to the data
      stage_00012/model.ckpt-11000000.index, model.ckpt-11000000.data-00000-of-00001, checkpoint

It has no `pitch_counts.json`, since her code held the pitches; one that is put there is used.
"""

import dataclasses
import os
import pathlib

import numpy as np

from gansynth_tf import config as config_lib
from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary as vocabulary_lib
from gansynth_tf.data.vocabulary import MAGENTA_VOCABULARY, PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.magenta import magenta_checkpoint
from gansynth_tf.networks import checkpoints
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.normalizers import Normalizer


@dataclasses.dataclass(frozen=True)
class MagentaModel:
    """An opened directory of Magenta's; the weights are read when they are asked for.

    Attributes:
      prefix: the checkpoint's files, without their suffixes.
      config: the hyperparameters.
      vocabulary: the pitches.
      normalizer: at full width.
    """

    prefix: str
    config: Config
    vocabulary: PitchVocabulary
    normalizer: Normalizer

    def generator_state(self, *, ema: bool = True) -> GeneratorState:
        """The generator to play with: the moving average of its weights, or the weights themselves."""
        arrays = self.arrays(only='generator_ema/' if ema else 'generator/')
        return GeneratorState({name.partition('/')[2]: array for name, array in arrays.items()
                               if name.startswith(('generator_ema/', 'generator/'))},
                              num_blocks=int(arrays['num_blocks']), progress=float(arrays['progress']))

    def arrays(self, *, only: str = '') -> dict[str, np.ndarray]:
        """The arrays of a checkpoint of this project; see `magenta_checkpoint.read`."""
        return magenta_checkpoint.read(self.prefix, self.config, len(self.vocabulary.pitches), only=only)


def is_magenta(directory: str | os.PathLike) -> bool:
    """True if a directory holds checkpoints of Magenta's, complete or not, and none of this project's."""
    directory = pathlib.Path(directory).expanduser()
    return any(directory.glob('stage_*/model.ckpt-*')) and not checkpoints.exist(directory)


def open_model(directory: str | os.PathLike, config: Config | None = None) -> MagentaModel:
    """Opens a training or release directory of Magenta's as it is.

    Args:
      directory: holds `experiment.json` and `stage_000NN/`.
      config: what the model was trained with; only used where there is no `experiment.json`.

    Raises:
      InputError: if no stage has a complete checkpoint, or there is neither `experiment.json` nor `config`.
    """
    directory = pathlib.Path(directory).expanduser()
    prefix = magenta_checkpoint.find(directory)
    if prefix is None:
        raise InputError(f'No complete checkpoint: expected stage_000NN/model.ckpt-N.index and .data-00000-of-00001. '
                         f'Received: {str(directory)!r}')
    if (directory / config_lib.EXPERIMENT_FILE).exists():
        config = config_lib.read_experiment(directory)
    if config is None:
        raise InputError(f'Unknown configuration: expected {config_lib.EXPERIMENT_FILE} in the directory or, without '
                         f'it, --config (and --hparams) as the model was trained. Received: {str(directory)!r}')
    has_counts = (directory / vocabulary_lib.PITCH_COUNTS_FILE).exists()
    return MagentaModel(prefix, config, vocabulary_lib.read(directory) if has_counts else MAGENTA_VOCABULARY,
                        _read_normalizer(directory, config))


def convert(directory: str | os.PathLike, output_dir: str | os.PathLike, config: Config | None = None) -> pathlib.Path:
    """Turns a directory of Magenta's into a training run of this project, which can be played and trained on.

    Args:
      directory: as for `open_model`.
      config: likewise.
      output_dir: the new run's directory; must not hold one yet, but for what an interrupted conversion left.

    Returns:
      The checkpoint.
    """
    model = open_model(directory, config)
    arrays = model.arrays()
    output = files.make_directory(output_dir)
    is_ours = (not (output / config_lib.EXPERIMENT_FILE).exists()
               or config_lib.read_experiment(output) == model.config)
    if checkpoints.exist(output) or is_magenta(output) or not is_ours:
        raise InputError(f'The directory holds a model: expected a new one for the converted model. '
                         f'Received: {str(output_dir)!r}')
    checkpoints.remove_unfinished(output)
    vocabulary_lib.write(model.vocabulary, output)
    if normalizers.needs_data(model.config):
        normalizers.write(model.normalizer, output)
    config_lib.write_experiment(model.config, output)
    return checkpoints.write(arrays, checkpoints.stage_directory(output, int(arrays['stage_id'])),
                             int(arrays['image_id']))


def _read_normalizer(directory: pathlib.Path, config: Config) -> Normalizer:
    """The normalizer, from Magenta's file if it was fitted to data: rows of a, b (magnitude), a, b (phase)."""
    if not normalizers.needs_data(config):
        return normalizers.from_config(config)
    path = directory / 'assets' / f'{config.data_normalizer}.npz'
    if not path.exists():
        raise InputError(f'No normalizer: expected assets/{path.name} in the directory of a model with a fitted '
                         f'normalizer. Received: {str(directory)!r}')
    try:
        values = files.read_arrays(path)['normalizer']
        return Normalizer(values[..., [0, 2]], values[..., [1, 3]])
    except (KeyError, IndexError, InputError) as error:
        raise InputError(f'Cannot read the normalizer: expected an .npz file with the array normalizer ({error}). '
                         f'Received: {str(path)!r}') from error
