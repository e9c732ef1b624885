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


def test_of_many_faults_the_first_three_are_named():
    expected = {'d': (1,), 'c': (2, 3), 'b': (4,), 'a': (5,)}
    assert weights.faults(expected, dict(expected)) is None
    assert weights.faults(expected, {'a': (1,), 'e': (1,)}) == (
        'a has shape [1] instead of [5]; b is missing; c is missing; and 2 more')


@pytest.mark.parametrize('changes', [{}, {'simple_arch': True}, {'scale_mode': 'H', 'start_width': 64},
                                     {'kernel_size': 5, 'latent_vector_size': 3}, {'time_patch': 4}])
def test_shapes_are_those_of_the_generator(tiny_config, changes):
    config = tiny_config.replace(**changes)
    built = {variable.path: tuple(variable.shape) for variable in Generator(config, 5).weights}
    assert weights.generator_shapes(config, 5) == built


def test_faults_are_named_without_building_it(tiny_config):
    arrays = {name: np.zeros(shape) for name, shape in weights.generator_shapes(tiny_config, 5).items()}
    weights.check_generator(tiny_config, 5, arrays)
    arrays['block_9/conv0/kernel'] = arrays.pop('block_1/conv0/bias')
    arrays['block_2/conv1/bias'] = np.zeros(3)
    with pytest.raises(InputError, match=r'expected those of its 18 variables\. Received: '
                                         r'block_1/conv0/bias is missing; '
                                         r'block_2/conv1/bias has shape \[3\] instead of \[16\]; '
                                         r'block_9/conv0/kernel is unknown'):
        weights.check_generator(tiny_config, 5, arrays)
