import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from gansynth_tf.cli import command, prepare_data

NAMES = [f'brass_acoustic_000-{pitch:03d}-100' for pitch in range(40, 50)]


def execute(*flags):
    return command.execute(prepare_data.main, prepare_data, ['gansynth_prepare_data', *flags])


@pytest.fixture
def nsynth_directory(tmp_path):
    (tmp_path / 'nsynth' / 'audio').mkdir(parents=True)
    entries = {}
    for name in NAMES:
        entries[name] = dict(pitch=int(name[-7:-4]), velocity=100, instrument_str=name[:-8],
                             instrument_family_str='brass', instrument_source_str='acoustic')
        soundfile.write(tmp_path / 'nsynth' / 'audio' / f'{name}.wav', np.arange(100, dtype=np.int16), 16000)
    (tmp_path / 'nsynth' / 'examples.json').write_text(json.dumps(entries))
    return tmp_path / 'nsynth'


def test_notes_are_prepared_and_summed_up(nsynth_directory, tmp_path, capsys):
    soundfile.write(nsynth_directory / 'audio' / f'{NAMES[0]}.wav', np.zeros(100, np.int16), 16000)
    assert execute(f'--input={nsynth_directory}', f'--data_dir={tmp_path}/out', '--max_pitch=48') == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].split() == ['prepared', 'notes', f'{tmp_path}/out/gansynth_notes/1.0.0']
    assert 'notes           8 (train' in told.out and 'not selected    1' in told.out
    assert 'skipped         1\n       1  Audio silent' in told.out
    assert told.err.startswith(f'skipped {NAMES[0]}: Audio silent: expected sound.')
    assert (tmp_path / 'out' / 'gansynth_notes' / '1.0.0' / 'dataset_info.json').exists()


def test_the_flags_reach_the_library(nsynth_directory, tmp_path, capsys):
    arguments = [f'--input={nsynth_directory}', f'--data_dir={tmp_path}/out']
    assert execute(*arguments, '--instrument_families=brass', '--velocities=25') == 2
    assert 'Received: 0 in the test split, 0 skipped, 10 not selected' in capsys.readouterr().err
    assert execute(*arguments, '--instrument_source=synthetic') == 2
    assert '10 not selected' in capsys.readouterr().err
    assert execute(*arguments, '--instrument_source=all', '--min_pitch=45') == 0
    assert '(MIDI 45 to 49)' in capsys.readouterr().out
    assert execute(*arguments) == 2
    assert capsys.readouterr().err.startswith('error: Notes are prepared there already')
    assert execute(*arguments, '--overwrite') == 0
    assert '(MIDI 40 to 49)' in capsys.readouterr().out


def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys):
    for message, flags in {
            'error: Not an NSynth directory: expected examples.json': [f'--input={tmp_path}', f'--data_dir={tmp_path}'],
            'error: Missing flag: expected --input': [f'--data_dir={tmp_path}'],
            'error: Impossible --source: expected one of nsynth, tfds, folder, soundfont': ['--source=midi'],
            'error: Impossible --max_pitch: expected': ['--max_pitch=128']}.items():
        assert execute(*flags) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and lines[0].startswith(message)


def test_help_does_not_wait_for_tensorflow():
    program = ('import sys; from gansynth_tf.cli import command, prepare_data; '
               "code = command.execute(prepare_data.main, prepare_data, ['gansynth_prepare_data', '--help']); "
               "sys.exit(code or 'tensorflow' in sys.modules)")
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '--instrument_source' in done.stdout
