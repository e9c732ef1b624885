"""Every tool with a baseline of either kind: trained, then played, drawn, measured and put before listeners."""

import json
import pathlib

import numpy as np
import pytest

from gansynth_tf.cli import command, evaluate, generate, listening_test, plot, train

SAMPLES = 4096
MODELS = {'wavegan': {}, 'wavenet': dict(audio_length=SAMPLES, crop_length=1024, ae_hop_length=1024, num_layers=2,
                                         num_stages=2)}


@pytest.fixture(scope='module')
def notes_dir(prepare_notes):
    seconds = np.arange(SAMPLES) / 16000
    notes = prepare_notes(((pitch, 0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds))
                           for pitch in (60, 61, 62) * 4), audio_length=SAMPLES)
    return pathlib.Path(notes.identity('train')['files'][0][0]).parent


@pytest.mark.slow
@pytest.mark.parametrize('model', MODELS)
def test_tools_take_a_run_of_either(model, notes_dir, tmp_path, capsys):
    run = tmp_path / 'run'

    def use(tool, *arguments):
        code = command.execute(tool.main, tool, [f'gansynth_{tool.__name__.rpartition(".")[2]}', *arguments])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return captured.out
    use(train, f'--model={model}', f'--config={model}_tiny', f'--tfds_data_dir={notes_dir}', f'--train_root_dir={run}',
        f'--hparams={json.dumps(MODELS[model] | {"total_num_images": 8})}')
    use(generate, f'--ckpt_dir={run}', '--pitches=60,62', f'--output_dir={tmp_path / "notes"}')
    assert len(list((tmp_path / 'notes').glob('*.wav'))) == 2
    assert 'interpolation.png' in use(plot, f'--ckpt_dir={run}', f'--output_dir={tmp_path / "plots"}')
    table = use(evaluate, f'--ckpt_dir={run}', f'--tfds_data_dir={notes_dir}', f'--output_dir={tmp_path / "table"}',
                '--num_samples=3', '--num_replicates=0', '--nopictures')
    assert '| FID |' in table and '| run |' in table.splitlines()[0].replace('real notes | run', '| run')
    page = use(listening_test, f'--ckpt_dir={run}', f'--wav_dirs=real={notes_dir}', '--num_trials=1',
               f'--output_dir={tmp_path / "page"}').strip()
    assert '"systems": ["real", "run"]' in pathlib.Path(page).read_text()
