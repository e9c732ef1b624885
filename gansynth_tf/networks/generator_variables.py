"""The generator's variables by name, known without building it."""

from collections.abc import Mapping

import numpy as np

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import network
from gansynth_tf.networks.resolution_schedule import num_filters


def shapes(config: Config, num_pitches: int) -> dict[str, tuple[int, ...]]:
    """Shapes of all weights of a `Generator`, by the names that they have in files."""
    make_block = _simple_block if config.simple_arch else _block
    found: dict[str, tuple[int, ...]] = {}
    inputs = config.latent_vector_size + num_pitches
    for block_id in range(1, config.num_resolutions + 1):
        filters = num_filters(config, block_id)
        channels = network.CHANNELS * config.time_patch
        layers = make_block(config, block_id, inputs, filters) | {'to_rgb': (1, 1, filters, channels)}
        for name, kernel_shape in layers.items():
            # Keras keeps the kernels of its own transposed convolutions the other way round.
            outputs = kernel_shape[-2] if name == 'conv2d_transpose' else kernel_shape[-1]
            found |= {f'block_{block_id}/{name}/kernel': kernel_shape, f'block_{block_id}/{name}/bias': (outputs,)}
        inputs = filters
    return found


def check(config: Config, num_pitches: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Raises an InputError that names every array that is missing, surplus or of another shape."""
    expected = shapes(config, num_pitches)
    faults = [f'{name} is missing' for name in expected.keys() - arrays.keys()]
    faults += [f'{name} is unknown' for name in arrays.keys() - expected.keys()]
    faults += [f'{name} has shape {list(np.shape(arrays[name]))} instead of {list(shape)}'
               for name, shape in expected.items() if name in arrays and np.shape(arrays[name]) != shape]
    if faults:
        raise InputError(f'Weights do not fit the generator: expected those of its {len(expected)} variables. '
                         f'Received: {"; ".join(sorted(faults))}')


def _block(config: Config, block_id: int, inputs: int, filters: int) -> dict[str, tuple[int, ...]]:
    size = (config.kernel_size, config.kernel_size)
    first = (config.start_height, config.start_width) if block_id == 1 else size
    return {'conv0': (*first, inputs, filters), 'conv1': (*size, filters, filters)}


def _simple_block(config: Config, block_id: int, inputs: int, filters: int) -> dict[str, tuple[int, ...]]:
    if block_id == 1:
        return {'dense': (inputs, config.start_height * config.start_width * filters)}
    return {'conv2d_transpose': (config.kernel_size, config.kernel_size, filters, inputs)}
