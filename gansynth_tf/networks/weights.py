"""Weights as arrays with stable names, for files; a generator's names and shapes without building it."""

from collections.abc import Mapping

import keras
import numpy as np

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import network
from gansynth_tf.networks.network import num_filters

Shapes = Mapping[str, tuple[int, ...]]
_MOST_FAULTS_TOLD = 3


def to_arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """float32 arrays by name, e.g. 'block_1/conv0/kernel'; copies, so that training on does not change them."""
    return {variable.path: variable.numpy() for variable in model.weights}


def from_arrays(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets every weight of `model`; arguments and errors are those of `assign`."""
    assign(model.name, {variable.path: variable for variable in model.weights}, arrays)


def assign(name: str, variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray]) -> None:
    """Sets variables to arrays of their names.

    Args:
      name: what they are, for the error.
      variables: by name.
      arrays: by name; those without '/' are no weights, but counters, and passed over.

    Raises:
      InputError: if an array is missing, surplus or of another shape; nothing is set then.
    """
    given = {name: array for name, array in arrays.items() if '/' in name or name in variables}
    check(name, {name: tuple(variable.shape) for name, variable in variables.items()}, given)
    for path, variable in variables.items():
        variable.assign(given[path])


def check(name: str, expected: Shapes, arrays: Mapping[str, np.ndarray]) -> None:
    """Raises an InputError unless arrays have the names and shapes that are expected of the network `name`."""
    if found := faults(expected, {name: np.shape(array) for name, array in arrays.items()}):
        raise InputError(f'Weights do not fit the {name}: expected those of its {len(expected)} variables. '
                         f'Received: {found}')


def check_generator(config: Config, num_pitches: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Raises an InputError unless the arrays are those of such a `Generator`, by name and shape."""
    check('generator', generator_shapes(config, num_pitches), arrays)


def faults(expected: Shapes, received: Shapes) -> str | None:
    """Differences between arrays and those expected: the first three by name and the number of others; None if none."""
    found = dict.fromkeys(expected.keys() - received.keys(), 'is missing')
    found |= dict.fromkeys(received.keys() - expected.keys(), 'is unknown')
    found |= {name: f'has shape {list(received[name])} instead of {list(expected[name])}'
              for name in expected.keys() & received.keys() if tuple(received[name]) != tuple(expected[name])}
    if not found:
        return None
    told = '; '.join(f'{name} {found[name]}' for name in sorted(found)[:_MOST_FAULTS_TOLD])
    others = len(found) - _MOST_FAULTS_TOLD
    return f'{told}; and {others} more' if others > 0 else told


def generator_shapes(config: Config, num_pitches: int) -> dict[str, tuple[int, ...]]:
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


def _block(config: Config, block_id: int, inputs: int, filters: int) -> dict[str, tuple[int, ...]]:
    size = (config.kernel_size, config.kernel_size)
    first = (config.start_height, config.start_width) if block_id == 1 else size
    return {'conv0': (*first, inputs, filters), 'conv1': (*size, filters, filters)}


def _simple_block(config: Config, block_id: int, inputs: int, filters: int) -> dict[str, tuple[int, ...]]:
    if block_id == 1:
        return {'dense': (inputs, config.start_height * config.start_width * filters)}
    return {'conv2d_transpose': (config.kernel_size, config.kernel_size, filters, inputs)}
