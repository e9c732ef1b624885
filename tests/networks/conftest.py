import json
import pathlib

import numpy as np
import pytest

from gansynth_tf.networks import weights
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator

GOLDEN = pathlib.Path(__file__).parent.parent / 'golden'


@pytest.fixture(scope='session')
def layers_unit():
    return dict(np.load(GOLDEN / 'layers_unit.npz'))


@pytest.fixture(scope='session')
def schedule_tables():
    return json.loads((GOLDEN / 'schedule_tables.json').read_text())


class Original:
    """The original's arrays at one stage, and this project's networks with the same weights."""

    def __init__(self, stage, config):
        self.arrays = dict(np.load(GOLDEN / f'net_tiny_stage{stage}.npz'))
        self.config = config
        self.num_blocks = int(self.arrays['num_blocks'])
        self.progress = float(self.arrays['progress'])
        self.scale = 2 ** (config.num_resolutions - self.num_blocks)

    def __getitem__(self, name):
        return self.arrays[name]

    def generator(self, *, ema=False):
        return self._with_weights(Generator(self.config, 61), 'generator_ema/' if ema else 'generator/')

    def discriminator(self):
        return self._with_weights(Discriminator(self.config, 61), 'discriminator/')

    def _with_weights(self, model, prefix):
        own = {name.removeprefix(prefix): array for name, array in self.arrays.items() if name.startswith(prefix)}
        assert set(own) == {variable.path for variable in model.variables_of(self.num_blocks)}
        weights.from_arrays(model, weights.to_arrays(model) | own)
        return model


@pytest.fixture(scope='session', params=[1, 3])
def original(request, tiny_config):
    """Stage 1 (two of three blocks, progress 0.625), stage 3 (three blocks, progress 1.375)."""
    return Original(request.param, tiny_config)


@pytest.fixture(scope='session')
def original_stage_1(tiny_config):
    return Original(1, tiny_config)


@pytest.fixture(scope='session')
def original_stage_3(tiny_config):
    return Original(3, tiny_config)
