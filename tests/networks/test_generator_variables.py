import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.networks import generator_variables
from gansynth_tf.networks.generator import Generator


@pytest.mark.parametrize('changes', [{}, {'simple_arch': True}, {'scale_mode': 'H', 'start_width': 64},
                                     {'kernel_size': 5, 'latent_vector_size': 3}, {'time_patch': 4}])
def test_shapes_are_those_of_the_generator(tiny_config, changes):
    config = tiny_config.replace(**changes)
    built = {variable.path: tuple(variable.shape) for variable in Generator(config, 5).weights}
    assert generator_variables.shapes(config, 5) == built


def test_every_fault_is_named(tiny_config):
    arrays = {name: np.zeros(shape) for name, shape in generator_variables.shapes(tiny_config, 5).items()}
    generator_variables.check(tiny_config, 5, arrays)
    arrays['block_9/conv0/kernel'] = arrays.pop('block_1/conv0/bias')
    arrays['block_2/conv1/bias'] = np.zeros(3)
    with pytest.raises(InputError, match=r'expected those of its 18 variables\. Received: '
                                         r'block_1/conv0/bias is missing; '
                                         r'block_2/conv1/bias has shape \[3\] instead of \[16\]; '
                                         r'block_9/conv0/kernel is unknown'):
        generator_variables.check(tiny_config, 5, arrays)
