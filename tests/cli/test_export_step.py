import re

import pytest

from gansynth_tf.cli import command, export_step, run_step


@pytest.mark.parametrize('arguments, message', [
    ([], 'Unclear what to export: expected either --ckpt_dir or --config.*'),
    (['--config=tiny', '--ckpt_dir=run'], 'Unclear what to export: expected either --ckpt_dir or --config.*'),
    (['--config=tiny', '--stages=0,7'], 'Unknown stage: expected some of 0, 1, 2, 3, 4, 5, 6. Received: 7'),
    (['--ckpt_dir=nowhere'], "Not a model directory: expected experiment.json in it. Received: 'nowhere'"),
])
def test_bad_input_is_one_line(tmp_path, capfd, arguments, message):
    argv = ['gansynth_export_step', f'--output_dir={tmp_path}/steps', *arguments]
    assert command.execute(export_step.main, export_step, argv) == 2
    assert re.fullmatch(f'error: (?:{message})\n', capfd.readouterr().err)
    assert not (tmp_path / 'steps').exists()


def test_no_steps_to_run(tmp_path, capfd):
    assert command.execute(run_step.main, run_step, ['gansynth_run_step', f'--step_dir={tmp_path}']) == 2
    assert capfd.readouterr().err.startswith('error: No exported steps: expected a directory that gansynth_export_step')
