"""What a stage takes over from the one before, against what the original was seen to do."""

import collections
import pathlib
import re

import numpy as np
import pytest

from gansynth_tf.training import loop, trainer

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
PREFIXES = {'Generator/progressive_gan_generator/progressive_gan_': 'generator/',
            'Discriminator/progressive_gan_discriminator/progressive_gan_': 'discriminator/',
            'Discriminator/discriminator_cond/': 'discriminator/'}


def our_name(theirs):
    """This project's name of a variable of the original."""
    if match := re.fullmatch(r'progressive_gan_train_ops/(\w+)_train/beta2_power', theirs):
        return f'{match[1]}_adam/iterations'
    name = theirs.removeprefix('progressive_gan_train_ops/')
    for prefix, network in PREFIXES.items():
        name = re.sub(f'^{prefix}', network, name)
    name = re.sub(r'/(conv2d|dense)/kernel', '/kernel', name)
    network, _, path = name.partition('/')
    for ending, place in (('/ExponentialMovingAverage', '_ema'), ('/Adam', '_adam/m'), ('/Adam_1', '_adam/v')):
        if path.endswith(ending):
            return f'{network}{place}/{path.removesuffix(ending)}'
    return name


def golden_changes():
    """Names of the variables by what becomes of them, by the stage that starts."""
    changes, kind = collections.defaultdict(lambda: collections.defaultdict(set)), None
    for line in (GOLDEN / 'stage_carryover_tiny.txt').read_text().splitlines():
        if match := re.match(r'# stage \d+ -> (\d+) ', line):
            stage = changes[int(match[1])]
        elif line.startswith('## '):
            kind = line.removeprefix('## ')
        elif line:
            stage[kind].add(our_name(line))
    return changes


@pytest.fixture(scope='module')
def snapshots(tiny_config, notes, tmp_path_factory):
    """All variables in use at the start and at the end of every stage, as a run has them that sets them at random."""
    rng, seen = np.random.default_rng(0), {}

    def run_loop(self, stage, *_):
        variables = dict(self._model._step.state())
        for prefix, network in self._model._networks.by_name().items():
            variables |= {f'{prefix}/{variable.path}': variable
                          for variable in network.variables_of(stage.num_blocks)}
        start = {name: variable.numpy() for name, variable in variables.items()}
        for name, variable in variables.items():
            variable.assign(rng.uniform(1, 9, start[name].shape).astype(start[name].dtype))
        seen[stage.stage_id] = start, {name: variable.numpy() for name, variable in variables.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop._Run, '_loop', run_loop)
        trainer.train(tiny_config, notes, tmp_path_factory.mktemp('run'))
    return seen


@pytest.mark.parametrize('stage_id', [1, 2, 3, 4])
def test_a_stage_starts_as_the_original_s(snapshots, stage_id):
    golden = golden_changes()[stage_id]
    before, start = snapshots[stage_id - 1][1], snapshots[stage_id][0]
    assert start.keys() - before.keys() == golden['new']
    restarted = {name for name in start.keys() & before.keys() if not np.array_equal(start[name], before[name])}
    # Moments that were 0, as those of RGB layers at rest, count as carried over there.
    assert golden['re-initialised'] <= restarted
    assert all(not start[name].any() for name in restarted)
    assert all('_adam/' in name for name in restarted)
    assert not any('_adam/' in name for name in (start.keys() & before.keys()) - restarted)


@pytest.mark.parametrize('stage_id', [1, 3])
def test_a_new_block_s_average_starts_at_its_weights(snapshots, stage_id):
    start = snapshots[stage_id][0]
    new = {name for name in golden_changes()[stage_id]['new'] if name.startswith('generator_ema/')}
    assert len(new) == 6
    for name in new:
        np.testing.assert_array_equal(start[name], start[name.replace('_ema/', '/')])
