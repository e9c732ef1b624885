"""The exported step, run by JAX in a process without TensorFlow, against the step that training uses."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.cli import command, run_step
from gansynth_tf.errors import InputError
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.step_export import step_export
from gansynth_tf.step_export.exported_step import ExportedStep
from gansynth_tf.training import stages
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.step import TrainingStep

NUM_PITCHES = 3
PROBABILITIES = np.array([0.25, 0.25, 0.5])
PROGRAM = """
import json, sys
import numpy as np
from gansynth_tf.config import Config
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.step_export.exported_step import ExportedStep

directory, batches, output = sys.argv[1:]
step = ExportedStep(directory)
state, config, seen = step.initial_state(), Config(**step.manifest['config']), []
for number, (real, labels) in enumerate(zip(*np.load(batches).values())):
    draw = draw_numbers(config, 4 * number, 4, np.array([0.25, 0.25, 0.5]))
    state, metrics = step(state, real, labels, draw, 0.25 + 0.125 * number, with_penalty=number % 2 == 0)
    seen.append({name: float(value) for name, value in metrics.items()})
assert not [name for name in sys.modules if name.split('.')[0] in ('tensorflow', 'keras')]
np.savez(output, **state)
print(json.dumps(seen))
"""


@pytest.fixture(scope='module')
def config(tiny_config):
    return tiny_config.replace(batch_size_schedule=(4,), fmap_base=16, fmap_max=8, gradient_penalty_interval=2)


@pytest.fixture(scope='module')
def exported(config, tmp_path_factory):
    [directory] = step_export.export(config, NUM_PITCHES, normalizers.from_config(config),
                                     tmp_path_factory.mktemp('steps'), stage_ids=(1,))
    return directory


@pytest.mark.slow
def test_jax_finds_the_same_losses_and_the_same_state(config, exported, tmp_path):
    rng = np.random.default_rng(0)
    stage = stages.all_stages(config)[1]
    real = rng.uniform(-8, 1, (4, 4, *config.resolution(2), 2)).astype(np.float32)
    labels = rng.integers(0, NUM_PITCHES, (4, 4)).astype(np.int32)
    np.savez(tmp_path / 'batches.npz', real=real, labels=labels)
    done = subprocess.run([sys.executable, '-c', PROGRAM, exported, tmp_path / 'batches.npz', tmp_path / 'state.npz'],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)

    networks = Networks.create(config, NUM_PITCHES)
    step = TrainingStep(config, stage, networks, normalizers.from_config(config), representations.from_config(config))
    for number, metrics in enumerate(theirs):
        draw = draw_numbers(config, 4 * number, 4, PROBABILITIES)
        terms = step.iterate(tf.constant(real[number]), tf.constant(labels[number]),
                             {name: tf.constant(array) for name, array in draw.items()},
                             tf.constant(0.25 + 0.125 * number), with_penalty=number % 2 == 0)
        assert metrics.keys() == terms.keys()
        for name, value in terms.items():
            assert metrics[name] == pytest.approx(float(value), rel=1e-4, abs=1e-5), (number, name)
    state = dict(np.load(tmp_path / 'state.npz'))
    ours = step.variables()
    assert state.keys() == ours.keys()
    for name, variable in ours.items():
        # Where a gradient is nearly 0, its sign decides about Adam's whole step; rates here are 0.0008.
        np.testing.assert_allclose(state[name], variable.numpy(), rtol=1e-3, atol=1e-4 if 'adam' in name else 2e-3,
                                   err_msg=name)
        assert np.mean(np.abs(state[name] - variable.numpy())) < 1e-4 * max(1, np.abs(state[name]).max()), name
    assert int(state['generator_adam/iterations']) == 4


def test_the_manifest_names_every_input_and_output_and_what_feeds_what(config, exported):
    manifest = json.loads((exported / 'step.json').read_text())
    inputs = {entry['name']: entry for entry in manifest['inputs']}
    assert inputs['real'] == {'name': 'real', 'shape': [4, 4, 32, 2], 'dtype': 'float32'}
    assert inputs['draw/generator_labels']['dtype'] == 'int32' and inputs['progress']['shape'] == []
    outputs = manifest['programs']['step.stablehlo']['outputs']
    fed = {entry['feeds'] for entry in outputs if 'feeds' in entry}
    assert fed == {name for name in inputs if name.startswith('state/')}
    assert all(entry['shape'] == inputs[entry['feeds']]['shape'] for entry in outputs if 'feeds' in entry)
    assert {'metrics/generator/total', 'metrics/discriminator/gradient_penalty'} <= {entry['name'] for entry in outputs}
    without = manifest['programs']['step_without_penalty.stablehlo']['outputs']
    assert 'metrics/discriminator/gradient_penalty' not in {entry['name'] for entry in without}
    assert manifest['config'] == config.to_dict()


def test_the_state_is_the_run_s(config, tmp_path):
    networks = Networks.create(config, NUM_PITCHES)
    stage = stages.all_stages(config)[1]
    step = TrainingStep(config, stage, networks, normalizers.from_config(config), representations.from_config(config))
    step.state()['generator_adam/iterations'].assign(7)
    networks.generator.weights[0].assign(networks.generator.weights[0].value + 1)
    arrays = {f'{prefix}/{variable.path}': variable.numpy() for prefix, network in networks.by_name().items()
              for variable in network.weights} | {name: variable.numpy() for name, variable in step.state().items()}
    checkpoint = arrays | {'stage_id': np.array(1), 'image_id': np.array(40)}
    [directory] = step_export.export(config.replace(gradient_penalty_interval=1), NUM_PITCHES,
                                     normalizers.from_config(config), tmp_path, stage_ids=(1,), checkpoint=checkpoint)
    state = dict(np.load(directory / 'state.npz'))
    assert int(state['generator_adam/iterations']) == 7
    name = f'generator/{networks.generator.weights[0].path}'
    np.testing.assert_array_equal(state[name], arrays[name])
    assert json.loads((directory / 'step.json').read_text())['image_id'] == 40
    assert not (directory / 'step_without_penalty.stablehlo').exists()


def test_no_step_there(tmp_path):
    with pytest.raises(InputError, match='Not an exported step: expected a directory with step.json'):
        ExportedStep(tmp_path)


def test_run_step_measures_every_stage(exported, capsys):
    pytest.importorskip('jax')
    argv = ['gansynth_run_step', f'--step_dir={exported.parent}', '--iterations=1', '--peak_teraflops=0.001']
    assert command.execute(run_step.main, run_step, argv) == 0
    [line] = capsys.readouterr().out.splitlines()
    numbers = json.loads(line)
    assert numbers['stage_id'] == 1 and numbers['batch_size'] == 4 and numbers['is_finite']
    assert numbers['images_per_second'] > 0 and numbers['fraction_of_peak'] > 0


def test_run_step_without_jax(exported, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    assert command.execute(run_step.main, run_step, ['gansynth_run_step', f'--step_dir={exported.parent}']) == 2
    assert capsys.readouterr().err.startswith('error: No JAX: expected it to be installed (pip install jax')
