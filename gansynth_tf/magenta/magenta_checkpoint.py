"""Magenta's TensorFlow 1 checkpoints, read under this project's names.

Her graph holds the blocks of its stage only. Blocks that come later have fresh initial weights here.
"""

import contextlib
import math
import os
import pathlib
import re
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError, first_line
from gansynth_tf.networks import weights
from gansynth_tf.networks.network import ProgressiveNetwork
from gansynth_tf.networks.networks import Networks
from gansynth_tf.training import stages
from gansynth_tf.training.stages import Stage

_OPTIMIZERS = 'progressive_gan_train_ops'
_SLOTS = {'m': 'Adam', 'v': 'Adam_1'}
_PITCH_BIAS = 'Discriminator/discriminator_cond/classification_logits/bias'
_IMAGE_ID = 'global_step'
_TRAIN_TIME = 'Variable'  # seconds, float32
# What a checkpoint of hers holds besides weights, averages and moments.
_COUNTERS = re.compile(rf'{_IMAGE_ID}|{_TRAIN_TIME}|{_OPTIMIZERS}/\w+/beta[12]_power')


def find(directory: str | os.PathLike) -> str | None:
    """The prefix of the newest complete checkpoint of the last stage that has one, or None.

    The `checkpoint` files are not read: they hold absolute paths of the machine that trained.
    """
    for stage in sorted(pathlib.Path(directory).glob('stage_*'), reverse=True):
        for prefix in newest_first(stage):
            if _is_complete(prefix):
                return str(prefix)
    return None


def newest_first(directory: pathlib.Path) -> list[pathlib.Path]:
    """The prefixes of the checkpoints model.ckpt-N in a directory, the highest N first."""
    prefixes = {int(match[1]): directory / match[0].removesuffix('.index')
                for path in directory.glob('model.ckpt-*.index')
                if (match := re.fullmatch(r'model\.ckpt-(\d+)\.index', path.name))}
    return [prefix for _, prefix in sorted(prefixes.items(), reverse=True)]


def read(prefix: str, config: Config, num_pitches: int, *, only: str = '') -> dict[str, np.ndarray]:
    """The arrays of a checkpoint of this project (see `networks.checkpoints`), from one of Magenta's.

    Args:
      prefix: the checkpoint's files, as `find` returns them.
      config: of the model; tells the progress that the step amounts to.
      num_pitches: pitch classes of the model.
      only: of the arrays, reads just those whose names start so; the counters always.

    Raises:
      InputError: if a variable is missing, surplus or of another shape, or the files are damaged.
    """
    with reading(prefix):
        reader = tf.train.load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    if shapes.get(_PITCH_BIAS, [num_pitches]) != [num_pitches]:
        raise InputError(f'Unknown pitches: expected a model of {num_pitches} pitches, or pitch_counts.json beside its '
                         f'stages, an object of note counts by MIDI pitch. '
                         f'Received: one of {shapes[_PITCH_BIAS][0]} pitches ({prefix!r})')
    stage = _stage(prefix, config)
    networks = Networks.create(config, num_pitches)
    variables = _variables(networks, stage, config)
    _check(prefix, shapes, variables)
    arrays = _fresh(networks, only)
    with reading(prefix):
        arrays |= {name: reader.get_tensor(theirs) for name, (theirs, _) in variables.items() if name.startswith(only)}
        arrays |= _iterations(reader, config) | _point_in_training(reader, stage, config)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(f'Unusable weights: expected finite numbers. Received: NaN or infinity in {name} '
                             f'({prefix!r})')
    return arrays


@contextlib.contextmanager
def reading(prefix: str, expected: str = 'the files of a TensorFlow checkpoint') -> Iterator[None]:
    """Turns the errors of TensorFlow's reader into an InputError that names the checkpoint and what was expected."""
    try:
        yield
    except (tf.errors.OpError, ValueError, IndexError, OverflowError) as error:
        raise InputError(f'Cannot read the checkpoint: expected {expected} ({first_line(error)}). '
                         f'Received: {prefix!r}') from error


def _is_complete(prefix: pathlib.Path) -> bool:
    """True if all the files of data are there, as many as the name of each says."""
    totals = [path.name.rpartition('-of-')[2] for path in prefix.parent.glob(f'{prefix.name}.data-?????-of-?????')]
    return bool(totals) and len(totals) == int(totals[0])


def _variables(networks: Networks, stage: Stage, config: Config) -> dict[str, tuple[str, list[int]]]:
    """Magenta's name and the shape of every array that a checkpoint of `stage` must hold, by this project's name."""
    variables = {}
    for network in (networks.generator, networks.discriminator):
        for variable in network.variables_of(stage.num_blocks):
            theirs, shape = _their_name(network, variable, config), list(variable.shape)
            variables[f'{network.name}/{variable.path}'] = theirs, shape
            if network is networks.generator:
                variables[f'{network.name}_ema/{variable.path}'] = f'{theirs}/ExponentialMovingAverage', shape
            for moment, slot in _SLOTS.items():
                variables[f'{network.name}_adam/{moment}/{variable.path}'] = f'{_OPTIMIZERS}/{theirs}/{slot}', shape
    return variables


def _their_name(network: ProgressiveNetwork, variable, config: Config) -> str:
    path = variable.path
    is_head = path.startswith('classification_logits/')
    if path.endswith('/kernel') and (is_head or not config.simple_arch):
        # Her equalized layers keep the kernel in an inner layer, and the bias beside it.
        path = path.replace('/kernel', '/conv2d/kernel' if len(variable.shape) == 4 else '/dense/kernel')
    if is_head:
        return f'Discriminator/discriminator_cond/{path}'
    return f'{network.name.capitalize()}/progressive_gan_{network.name}/progressive_gan_{path}'


def _check(prefix: str, shapes: dict[str, list[int]], variables: dict[str, tuple[str, list[int]]]) -> None:
    """Raises an InputError unless a checkpoint has exactly the variables it should."""
    expected = {name: tuple(shape) for name, shape in variables.values()} | {_IMAGE_ID: ()}
    received = {name: tuple(shape) for name, shape in shapes.items()
                if name in expected or not _COUNTERS.fullmatch(name)}
    if found := weights.faults(expected, received):
        raise InputError(f'The checkpoint does not fit the configuration: expected the {len(expected)} variables of '
                         f'such a model; check --config and --hparams, or put the experiment.json it was trained with '
                         f'beside its stages. Received: {found} ({prefix!r})')


def _fresh(networks: Networks, only: str) -> dict[str, np.ndarray]:
    """Initial weights of all blocks."""
    return {f'{prefix}/{name}': array for prefix, network in networks.by_name().items()
            if f'{prefix}/'.startswith(only) for name, array in weights.to_arrays(network).items()}


def _iterations(reader, config: Config) -> dict[str, np.ndarray]:
    """Updates that each optimizer has made in this stage, from the power of beta2 that it keeps."""
    iterations = {}
    for network in ('generator', 'discriminator'):
        name = f'{_OPTIMIZERS}/{network}_train/beta2_power'
        power = float(reader.get_tensor(name)) if reader.has_tensor(name) else config.adam_beta2
        # After thousands of updates it has sunk below float32; the correction is then 1, however many they were.
        power = max(power, float(np.finfo(np.float32).tiny))
        # It is stored ahead: beta2^(n + 1) after n updates.
        count = round(math.log(power) / math.log(config.adam_beta2)) - 1 if config.adam_beta2 else 0
        iterations[f'{network}_adam/iterations'] = np.array(count, np.int64)
    return iterations


def _stage(prefix: str, config: Config) -> Stage:
    match = re.fullmatch(r'stage_(\d+)', pathlib.Path(prefix).parent.name)
    for stage in stages.all_stages(config):
        if match and stage.stage_id == int(match[1]):
            return stage
    raise InputError(f'The checkpoint is of another configuration: expected a stage that this one has. '
                     f'Received: {prefix!r}')


def _point_in_training(reader, stage: Stage, config: Config) -> dict[str, np.ndarray]:
    """The point in training, as this project counts: stage, notes, blocks and progress.

    Playing needs blocks and progress as they were. Training goes on at an image of the stage, although the original's
    count may lag behind its stages where these had ended by time.
    """
    image_id = int(reader.get_tensor(_IMAGE_ID))
    progress = float(stage.num_blocks - 1)
    if config.train_progressive and config.train_time_limit is None:
        progress = _progress_by_images(image_id, stage.num_blocks, config)
    elif config.train_progressive:
        seconds = float(reader.get_tensor(_TRAIN_TIME)) if reader.has_tensor(_TRAIN_TIME) else 0.0
        progress = _progress_by_time(seconds, stage.num_blocks, config)
        if stage.is_transition:
            fraction = min(max(progress - (stage.num_blocks - 2), 0.0), 1.0)
            image_id = stage.first_image + round(fraction * stage.num_images)
    image_id = max(image_id, stage.first_image)
    return {'stage_id': np.array(stage.stage_id), 'image_id': np.array(image_id),
            'is_complete': np.array(image_id >= stage.end_image),
            'num_blocks': np.array(math.ceil(progress) + 1), 'progress': np.array(progress)}


def _progress_by_images(image_id: int, num_blocks: int, config: Config) -> float:
    stable, transition = config.stable_stage_num_images, config.transition_stage_num_images
    last = num_blocks * stable + (num_blocks - 1) * transition - 1
    whole, rest = divmod(min(image_id, last), stable + transition)
    return whole + max(0.0, rest - stable) / max(transition, 1)


def _progress_by_time(seconds: float, num_blocks: int, config: Config) -> float:
    """Progress where stages end by time, each after `train_time_stage_multiplier` times the time of the one before."""
    shares = config.train_time_stage_multiplier ** np.arange(2 * config.num_resolutions - 1)
    assert config.train_time_limit is not None
    ends = np.cumsum(shares) * config.train_time_limit / np.sum(shares)
    done = np.clip((seconds - ends[:-1:2]) / (ends[1::2] - ends[:-1:2]), 0.0, 1.0)  # of each transition
    return min(float(np.sum(done)), num_blocks - 1.0)
