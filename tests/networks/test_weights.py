import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.networks import weights
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator


@pytest.fixture
def generator(tiny_config):
    return Generator(tiny_config, 61)


@pytest.mark.parametrize('network', [Generator, Discriminator])
def test_there_and_back(network, tiny_config):
    arrays = {name: np.float32(np.random.default_rng(3).normal(size=array.shape))
              for name, array in weights.to_arrays(network(tiny_config, 61)).items()}
    model = network(tiny_config, 61)
    weights.from_arrays(model, arrays)
    np.testing.assert_equal(weights.to_arrays(model), arrays)


def test_arrays_do_not_follow_the_model(generator):
    arrays = weights.to_arrays(generator)
    variable = generator.variables[0]
    variable.assign(variable + 1)
    np.testing.assert_allclose(arrays[variable.path] + 1, variable)
    assert all(array.dtype == np.float32 for array in arrays.values())


def test_every_fault_is_named_and_nothing_is_set(generator):
    before = weights.to_arrays(generator)
    arrays = {name: array + 1 for name, array in before.items()}
    del arrays['block_2/conv1/bias']
    arrays['block_9/conv0/kernel'] = np.zeros(3)
    arrays['block_1/to_rgb/kernel'] = np.zeros([1, 1, 5, 2])
    with pytest.raises(InputError) as error:
        weights.from_arrays(generator, arrays)
    assert str(error.value) == (
        'Weights do not fit the generator: expected those of its 18 variables. Received: '
        'block_1/to_rgb/kernel has shape [1, 1, 5, 2] instead of [1, 1, 16, 2]; block_2/conv1/bias is missing; '
        'block_9/conv0/kernel is unknown')
    np.testing.assert_equal(weights.to_arrays(generator), before)
