"""WaveGAN and SpecGAN from the original's variables, whose shapes tell the sizes, and conversion of its checkpoints."""

import logging
import os
import pathlib
import re
import typing
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf import files, hyperparameters
from gansynth_tf.baselines import specgan_spectrograms
from gansynth_tf.baselines.specgan_spectrograms import Moments
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator, initial
from gansynth_tf.data import vocabulary
from gansynth_tf.data.vocabulary import MAGENTA_VOCABULARY
from gansynth_tf.errors import InputError
from gansynth_tf.magenta.magenta_checkpoint import newest_first, reading
from gansynth_tf.networks import checkpoints

_PROJECTION = 'G/z_project/dense/kernel'
_FIRST_LAYER = re.compile(r'D/downconv_0/conv([12])d/kernel')
_NSYNTH_LENGTH = 64000  # samples of a note
_SLOTS = {'m': 'Adam', 'v': 'Adam_1'}


class Networks(typing.NamedTuple):
    """Both networks of a model; `generator.config` has its sizes."""

    generator: Generator
    critic: Critic


def from_arrays(arrays: Mapping[str, np.ndarray], *, slice_length: int | None = None) -> Networks:
    """The networks whose variables have the original's names, such as 'G/upconv_0/conv2d_transpose/kernel'.

    Averages of batch normalisation may be missing, with a warning: then the generator can only play by the batch.

    Args:
      arrays: weights by name; others than those of networks are passed over.
      slice_length: tells 32768 samples from 65536, whose networks have the same shapes; 65536 unless given.

    Raises:
      InputError: if a variable is missing or of an impossible shape, or `slice_length` is of other networks.
    """
    config, num_pitches = sizes(arrays, slice_length=slice_length)

    def known(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
        found = {name: arrays[name] for name in shapes if name in arrays}
        averages = {name: shape for name, shape in shapes.items() if '/moving_' in name and name not in found}
        if averages:
            logging.warning('%d averages of batch normalisation are missing, and are as at the start of training.',
                            len(averages))
        return found | initial(averages, config.seed)
    return Networks(Generator(config, num_pitches, known(Generator.shapes(config, num_pitches))),
                    Critic(config, num_pitches, known(Critic.shapes(config, num_pitches))))


def sizes(arrays: Mapping[str, np.ndarray], *, slice_length: int | None = None) -> tuple[WaveGANConfig, int]:
    """The configuration of networks with these variables, and how many pitches they know.

    Raises:
      InputError: if it cannot be told, or `slice_length` is of other networks.
    """
    firsts = [match for match in map(_FIRST_LAYER.fullmatch, arrays) if match]
    if _PROJECTION not in arrays or len(firsts) != 1:
        raise InputError(f'Not a WaveGAN or SpecGAN: expected variables such as {_PROJECTION} and '
                         f'D/downconv_0/conv1d/kernel. Received: {", ".join(sorted(arrays)[:3]) or "none"}')
    kind = SpecGANConfig if firsts[0][1] == '2' else WaveGANConfig
    num_layers = sum(re.fullmatch(r'D/downconv_\d+/conv[12]d/kernel', name) is not None for name in arrays)
    possible = (16384,) if num_layers == 5 or kind is SpecGANConfig else (65536, 32768)
    slice_length = slice_length or possible[0]
    if slice_length not in possible:
        raise InputError(f'Impossible slice_length: expected {" or ".join(map(str, possible))} for networks of '
                         f'{num_layers} layers. Received: {slice_length!r}')
    num_pitches = len(arrays.get('D/pitch/dense/bias', ()))
    config = kind(slice_length=slice_length, audio_length=min(slice_length, _NSYNTH_LENGTH),
                  dim=arrays[firsts[0][0]].shape[-1], latent_size=arrays[_PROJECTION].shape[0] - num_pitches,
                  upsample='zeros' if 'G/upconv_0/conv2d_transpose/kernel' in arrays else 'nn',
                  batchnorm=any('/batch_normalization/' in name for name in arrays),
                  post_filter_length=len(arrays.get('G/pp_filt/conv1d/kernel', ())),
                  pitch_loss_weight=10.0 if num_pitches else 0.0)
    return config, num_pitches


def find(path: str | os.PathLike) -> str | None:
    """The prefix of the original's checkpoint at `path`, a prefix or training directory; None if there is none.

    Of several the newest, by the step in its name. Whether it is a WaveGAN's is told by its variables.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        prefix = next((str(newest) for newest in newest_first(path)), None)
    else:
        prefix = str(path) if pathlib.Path(f'{path}.index').exists() else None
    if prefix is None:
        return None
    try:
        names = [name for name, _ in tf.train.list_variables(prefix)]
    except (tf.errors.OpError, ValueError, IndexError):
        return None
    return prefix if _PROJECTION in names else None


def convert(prefix: str, output_dir: str | os.PathLike, *, slice_length: int | None = None,
            moments: Moments | None = None) -> pathlib.Path:
    """Turns a checkpoint of the original into a run of this project, which can be played and trained on.

    The model does not know pitches: it accepts all of NSynth's, without effect on what it plays.

    Args:
      prefix: of the checkpoint's files.
      output_dir: the new run's directory; must not hold one yet.
      slice_length: as for `from_arrays`.
      moments: SpecGAN's, which its checkpoints do not hold.

    Returns:
      The checkpoint.

    Raises:
      InputError: if files are damaged, variables missing, or moments of a SpecGAN.
    """
    with reading(prefix):
        reader = tf.train.load_checkpoint(prefix)
        arrays = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    networks = from_arrays(arrays, slice_length=slice_length)
    config = networks.generator.config
    if isinstance(config, SpecGANConfig) != (moments is not None):
        raise InputError(f'Impossible moments: expected the mean and std that a SpecGAN was trained with, as an .npz '
                         f'file, and none for a WaveGAN. Received: {"some" if moments else "none"} for a '
                         f'{config.MODEL}')
    output = files.make_directory(output_dir)
    if (output / hyperparameters.EXPERIMENT_FILE).exists() or checkpoints.exist(output):
        raise InputError(f'The directory holds a model: expected a new one for the converted model. '
                         f'Received: {str(output_dir)!r}')
    step = int(arrays.get('global_step', 0))
    image_id = step * config.batch_size * config.num_critic_updates
    run = {'stage_id': np.array(0), 'image_id': np.array(image_id), 'is_complete': np.array(False)}
    for network, updates in ((networks.generator, step), (networks.critic, step * config.num_critic_updates)):
        run |= {name: variable.numpy() for name, variable in network.variables.items()}
        run |= _moments_of_adam(arrays, network.trainable, updates)
    if moments is not None:
        specgan_spectrograms.write(moments, output)
    vocabulary.write(MAGENTA_VOCABULARY, output)
    hyperparameters.write_experiment(config, output)
    return checkpoints.write(run, checkpoints.stage_directory(output, 0), image_id)


def _moments_of_adam(arrays: Mapping[str, np.ndarray], variables: Mapping, updates: int) -> dict[str, np.ndarray]:
    """Adam's state of a network; the initial state where the checkpoint holds none."""
    slots = {f'{moment}/{name}': f'{name}/{slot}' for name in variables for moment, slot in _SLOTS.items()}
    is_whole = arrays.keys() >= set(slots.values())
    prefix = f'{next(iter(variables))[0]}_adam'
    state = {f'{prefix}/iterations': np.array(updates if is_whole else 0, np.int32)}
    return state | {f'{prefix}/{ours}': arrays[theirs] if is_whole else np.zeros(variables[ours[2:]].shape, np.float32)
                    for ours, theirs in slots.items()}
