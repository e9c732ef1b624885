"""Reading what Magenta's GANSynth left behind: TensorFlow 1 checkpoints, one directory a stage.

    DIR/experiment.json
    DIR/stage_00012/model.ckpt-11000000.index, model.ckpt-11000000.data-00000-of-00001, checkpoint

The arrays come back under this project's names (see `training.checkpoints`).
"""

import math
import os
import pathlib
import re

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.training import stages

_PREFIXES = {
    'Generator/progressive_gan_generator/progressive_gan_block_': 'generator/block_',
    'Discriminator/progressive_gan_discriminator/progressive_gan_block_': 'discriminator/block_',
    'Discriminator/discriminator_cond/classification_logits': 'discriminator/classification_logits',
}
_SLOTS = {'Adam': 'm', 'Adam_1': 'v'}
_OPTIMIZERS = 'progressive_gan_train_ops/'


def find(directory: str | os.PathLike) -> str | None:
    """The prefix of the newest complete checkpoint of the last stage that has one, or None.

    The `checkpoint` files are not asked: they hold absolute paths of the machine that trained.
    """
    for stage in sorted(pathlib.Path(directory).glob('stage_*'), reverse=True):
        prefixes = {int(match[1]): stage / match[0].removesuffix('.index')
                    for path in stage.glob('model.ckpt-*.index')
                    if (match := re.fullmatch(r'model\.ckpt-(\d+)\.index', path.name))}
        for _, prefix in sorted(prefixes.items(), reverse=True):
            if prefix.with_name(f'{prefix.name}.data-00000-of-00001').exists():
                return str(prefix)
    return None


def read(prefix: str, config: Config) -> dict[str, np.ndarray]:
    """Everything that training needs to go on, by this project's names.

    Args:
      prefix: a checkpoint, as `find` returns it.
      config: of the model; tells the progress that the step amounts to.

    Returns:
      Weights of the blocks in use, the generator's averages, the optimizers' moments, and the point in training.

    Raises:
      InputError: if the files are damaged, or are not a GANSynth checkpoint.
    """
    try:
        reader = tf.train.load_checkpoint(prefix)
        arrays = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    except (tf.errors.OpError, ValueError) as error:
        raise InputError(f'Cannot read the checkpoint: expected the files of a TensorFlow checkpoint '
                         f'({str(error).splitlines()[0]}). Received: {prefix!r}') from error
    named = {}
    for name, array in arrays.items():
        if (ours := _our_name(name)) is not None:
            named[ours] = array
    if 'global_step' not in arrays or not named:
        raise InputError(f'Not a GANSynth checkpoint: expected the variables of Magenta\'s generator and discriminator. '
                         f'Received: {prefix!r} with {len(arrays)} other variables')
    return named | _iterations(arrays, config) | _place(prefix, int(arrays['global_step']), config)


def _our_name(name: str) -> str | None:
    """This project's name of a variable, or None for one that is neither weight, average nor moment."""
    slot = None
    if name.startswith(_OPTIMIZERS):
        name, _, last = name.removeprefix(_OPTIMIZERS).rpartition('/')
        slot = _SLOTS.get(last)
        if slot is None:
            return None
    average = name.endswith('/ExponentialMovingAverage')
    name = name.removesuffix('/ExponentialMovingAverage')
    for theirs, ours in _PREFIXES.items():
        if name.startswith(theirs):
            network, _, path = (ours + name.removeprefix(theirs)).partition('/')
            # Their equalized layers keep the kernel in an inner layer, and the bias beside it.
            path = re.sub(r'/(conv2d|dense)/kernel$', '/kernel', path)
            if slot is not None:
                return f'{network}_adam/{slot}/{path}'
            return f'{network}_ema/{path}' if average else f'{network}/{path}'
    return None


def _iterations(arrays: dict[str, np.ndarray], config: Config) -> dict[str, np.ndarray]:
    """Updates that each optimizer has made in this stage, from the power of beta2 that it keeps."""
    iterations = {}
    for network in ('generator', 'discriminator'):
        power = float(arrays[f'{_OPTIMIZERS}{network}_train/beta2_power'])
        # The power is stored ahead: beta2^(n + 1) after n updates.
        iterations[f'{network}_adam/iterations'] = np.int64(round(math.log(power) / math.log(config.adam_beta2)) - 1)
    return iterations


def _place(prefix: str, image_id: int, config: Config) -> dict[str, np.ndarray]:
    stage_id = int(re.search(r'stage_(\d+)', pathlib.Path(prefix).parent.name)[1])
    stage = {stage.stage_id: stage for stage in stages.all_stages(config)}.get(stage_id)
    if stage is None:
        raise InputError(f'The checkpoint is of another configuration: expected a stage that this one has. '
                         f'Received: stage {stage_id} ({prefix!r})')
    return {'stage_id': np.int64(stage_id), 'image_id': np.int64(image_id), 'num_blocks': np.int64(stage.num_blocks),
            'progress': np.float64(stage.progress(image_id)), 'is_complete': np.bool_(image_id >= stage.end_image)}
