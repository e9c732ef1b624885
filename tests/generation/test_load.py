"""Finding out what lies at a path."""

import json
import os
import subprocess
import sys
import types

import pytest

import gansynth_tf as gs
from gansynth_tf.errors import InputError


def baseline(tmp_path, name):
    (tmp_path / 'experiment.json').write_text(json.dumps({'model': name}))
    return tmp_path


def test_a_baseline_is_opened_by_its_own_module(tmp_path, monkeypatch):
    asked = []
    module = types.SimpleNamespace(load_instrument=lambda *args, **settings: asked.append((args, settings)) or 'it')
    monkeypatch.setitem(sys.modules, 'gansynth_tf.baselines.wavegan', module)
    assert gs.load(baseline(tmp_path, 'wavegan'), batch_size=4) == 'it'
    assert asked == [((tmp_path,), {'ema': True, 'precision': 'fp32', 'latent_scale': None, 'batch_size': 4,
                                    'checkpoint': 'latest'})]


@pytest.mark.parametrize('name', ['melgan', 3, None, ['gansynth']])
def test_an_unknown_model_is_named(tmp_path, name):
    with pytest.raises(InputError, match='Unknown model: expected one of gansynth, wavegan'):
        gs.load(baseline(tmp_path, name))


@pytest.mark.parametrize('path, message', [
    ('', 'Impossible path: expected a path, which has from 1 to 4095 characters'),
    ('gs://magentadata/models/acoustic_only', r'Impossible path: .*has to be downloaded first'),
    ('~nosuchuser/run', 'Impossible path: expected a path whose ~nosuchuser is a user of this machine'),
    ('a\0b', 'Impossible path'),
    (3, 'Impossible path: expected a path, as a string'),
    ('x' * 5000, 'Impossible path'),
    ('x' * 300, 'No such model'),
])
def test_impossible_paths(path, message):
    with pytest.raises(InputError, match=message):
        gs.load(path)


@pytest.mark.parametrize('settings, message', [
    ({'precision': 'fp64'}, "Unknown precision: expected one of fp32, bf16. Received: 'fp64'"),
    ({'precision': ['fp32']}, 'Unknown precision'),
    ({'checkpoint': 'first'}, "Unknown checkpoint: expected one of latest, best. Received: 'first'"),
    ({'checkpoint': 'best'}, 'No checkpoints: expected a training run for the best one'),
    ({'ema': False}, 'No live weights'),
    ({'batch_size': 2.0}, 'Impossible batch_size'),
    ({'latent_scale': 'wide'}, 'Impossible latent_scale'),
    ({'config': 3}, "Impossible config: expected a preset's name or a Config"),
])
def test_impossible_settings(settings, message):
    with pytest.raises(InputError, match=message):
        gs.load(**settings)


@pytest.mark.parametrize('name', ['checkpoint-0000000008.npz', 'model.ckpt-8.index'])
def test_a_stage_names_the_run_that_it_belongs_to(tmp_path, name):
    (tmp_path / 'stage_00004').mkdir()
    (tmp_path / 'stage_00004' / name).touch()
    with pytest.raises(InputError, match=f"A single stage: expected the run that it belongs to, '{tmp_path}'"):
        gs.load(tmp_path / 'stage_00004')


@pytest.mark.slow
def test_playing_writes_nothing_to_the_terminal():
    code = 'import gansynth_tf as gs; synth = gs.load(batch_size=1); synth.generate(synth.sample_latents(1), [60])'
    environment = {name: value for name, value in os.environ.items() if name != 'TF_CPP_MIN_LOG_LEVEL'}
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, env=environment)
    assert (done.stdout, done.stderr) == ('', '')
