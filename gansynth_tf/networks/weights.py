"""Weights as arrays with stable names, for files."""

from collections.abc import Mapping

import keras
import numpy as np

from gansynth_tf.errors import InputError


def to_arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """float32 arrays by name, e.g. 'block_1/conv0/kernel'; copies, so that training on does not change them."""
    return {variable.path: variable.numpy() for variable in model.weights}


def from_arrays(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets every weight of `model`.

    Raises:
      InputError: if a variable is missing, surplus or of another shape; all are named, and nothing is set.
    """
    variables = {variable.path: variable for variable in model.weights}
    faults = [f'{name} is missing' for name in variables.keys() - arrays.keys()]
    faults += [f'{name} is unknown' for name in arrays.keys() - variables.keys()]
    faults += [f'{name} has shape {list(np.shape(arrays[name]))} instead of {list(variables[name].shape)}'
               for name in variables.keys() & arrays.keys() if np.shape(arrays[name]) != tuple(variables[name].shape)]
    if faults:
        raise InputError(f'Weights do not fit the {model.name}: expected those of its {len(variables)} variables. '
                         f'Received: {"; ".join(sorted(faults))}')
    for name, variable in variables.items():
        variable.assign(arrays[name])
