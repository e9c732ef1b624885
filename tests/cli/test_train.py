import re
import shlex
import subprocess
import sys

import pytest

from gansynth_tf import config as config_lib
from gansynth_tf.cli import command, train
from gansynth_tf.data import mixed_notes
from gansynth_tf.training import loop, signals


def run(*arguments):
    return command.execute(train.main, train, ['gansynth_train', *arguments])


def here(tmp_path, *arguments):
    return run(f'--tfds_data_dir={tmp_path}/notes', f'--train_root_dir={tmp_path}/run', *arguments)


@pytest.mark.parametrize('flag, message', [
    ('--config=mel_prog_hire', "Unknown configuration: expected one of .* .did you mean 'mel_prog_hires'.*"),
    ('--hparams={"fmap_maxx": 3}', "Unknown hyperparameter: expected .*did you mean 'fmap_max'.*"),
    ('--hparams={"fmap_max": 0}', 'Impossible fmap_max: expected a number above 0. Received: 0'),
    ('--hparams=fmap_max=3', 'Cannot read --hparams: expected a JSON object.*'),
    ('--config=tiny', 'Cannot .* the prepared notes.*|Cannot tell which notes to read.*|No prepared notes.*'),
])
def test_bad_input_is_one_line(tmp_path, capfd, flag, message):
    assert here(tmp_path, flag) == 2
    error = capfd.readouterr().err
    assert error.count('\n') == 1
    assert re.fullmatch(f'error: (?:{message})\n', error)
    assert not (tmp_path / 'run').exists()


def test_a_mistake_in_the_configuration_is_told_before_tensorflow_is_loaded(tmp_path):
    program = ("import sys; sys.argv = ['gansynth_train', '--tfds_data_dir=a', '--train_root_dir=b', '--config=no']\n"
               "from gansynth_tf.cli import train\n"
               "try: train.run()\n"
               "except SystemExit as end: assert end.code == 2 and 'tensorflow' not in sys.modules")
    subprocess.run([sys.executable, '-c', program], check=True, capture_output=True)


def test_a_run_that_is_there_needs_no_config(tmp_path, monkeypatch):
    seen = {}
    (tmp_path / 'run').mkdir()
    config_lib.write_experiment(config_lib.preset('tiny').replace(seed=7), tmp_path / 'run')
    monkeypatch.setattr(mixed_notes, 'open_all', lambda path, **options: path)
    monkeypatch.setattr(loop, 'train', lambda model, path, **options: seen.update(config=model._config))
    assert here(tmp_path) == 0
    assert seen['config'] == config_lib.preset('tiny').replace(seed=7)
    assert here(tmp_path, '--config=small', '--hparams={"seed": 1}') == 0
    assert seen['config'] == config_lib.preset('small').replace(seed=1)


def end_with(monkeypatch, error):
    def train_and_raise(*_, **options):
        raise error
    monkeypatch.setattr(mixed_notes, 'open_all', lambda *_, **options: None)
    monkeypatch.setattr(loop, 'train', train_and_raise)


def test_a_run_told_to_stop_says_how_to_go_on(tmp_path, monkeypatch, capfd):
    end_with(monkeypatch, signals.Stopped(1200))
    assert here(tmp_path, '--config=tiny', '--hparams={"fmap_max": 8}', '--on_nan=rollback') == 0
    stopped, command_line = capfd.readouterr().out.splitlines()
    assert stopped == 'Stopped and saved after 1200 images. To go on:'
    assert shlex.split(command_line) == [
        'gansynth_train', '--config=tiny', '--hparams={"fmap_max": 8}', f'--tfds_data_dir={tmp_path}/notes',
        f'--train_root_dir={tmp_path}/run', '--on_nan=rollback']


def test_a_number_that_is_none_is_one_line(tmp_path, monkeypatch, capfd):
    end_with(monkeypatch, loop.NonFiniteError('generator/total', float('inf'), 8, tmp_path / 'dump.npz'))
    assert here(tmp_path, '--config=tiny') == 1
    assert capfd.readouterr().err == (f"error: generator/total is inf after 8 images. What led to it is kept in "
                                      f"'{tmp_path}/dump.npz'.\n")
