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


def test_training_notes_come_shifted_too(nsynth_directory, tmp_path, capsys):
    arguments = [f'--input={nsynth_directory}', f'--data_dir={tmp_path}/out', '--notest_split', '--dry_run']
    assert execute(*arguments, '--pitch_shifts=-1,1', '--max_pitch=49') == 0
    assert 'notes           29 (train 29, test 0)' in capsys.readouterr().out  # 50 is too high
    for wrong in ('x', '0', '1,1', '13'):
        assert execute(*arguments, f'--pitch_shifts={wrong}') == 2
        assert 'mpossible' in capsys.readouterr().err


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


@pytest.fixture
def folder(tmp_path):
    """Ten good files and one without a pitch."""
    (tmp_path / 'in').mkdir()
    for pitch in range(50, 60):
        hz = 440 * 2 ** ((pitch - 69) / 12)
        soundfile.write(tmp_path / 'in' / f'{pitch}.wav', 0.5 * np.sin(2 * np.pi * hz * np.arange(8000) / 22050), 22050)
    soundfile.write(tmp_path / 'in' / 'violin.wav', 0.1 * np.random.default_rng(0).normal(size=8000), 22050)
    return tmp_path / 'in'


def test_a_folder_of_recordings_is_prepared(folder, tmp_path, capsys):
    arguments = ['--source=folder', f'--input={folder}', f'--data_dir={tmp_path}/out']
    assert execute(*arguments, '--dry_run') == 0
    told = capsys.readouterr().out
    assert 'notes           10 (train' in told and 'none: a dry run' in told
    assert not (tmp_path / 'out').exists()
    assert execute(*arguments, '--sample_rate=8000', '--audio_length=2000', '--notest_split') == 0
    told = capsys.readouterr().out
    assert 'notes           10 (train 10, test 0)' in told and 'seconds         2.5' in told
    assert told.splitlines()[-1].split() == ['picture', f'{tmp_path}/out/notes.png']
    assert (tmp_path / 'out' / 'notes.png').exists()
    assert (tmp_path / 'out' / 'skipped.csv').read_text().startswith('name,reason\nviolin.wav,No pitch in the file na')


def test_with_strict_what_is_skipped_is_a_failure(folder, tmp_path):
    arguments = ['--source=folder', f'--input={folder}', '--strict']
    assert execute(*arguments, f'--data_dir={tmp_path}/out') == 2
    assert (tmp_path / 'out' / 'gansynth_notes').exists()
    (folder / 'violin.wav').unlink()
    assert execute(*arguments, f'--data_dir={tmp_path}/again') == 0


def test_the_flags_of_a_folder_reach_the_library(folder, tmp_path, capsys):
    (tmp_path / 'pitches.csv').write_text('file,pitch\nviolin.wav,C4\n50.wav,C3\n')
    arguments = ['--source=folder', f'--input={folder}', f'--data_dir={tmp_path}/out', '--dry_run']
    assert execute(*arguments, f'--pitch_csv={tmp_path}/pitches.csv', '--middle_c=C3') == 0
    assert 'pitches         2 (MIDI 60 to 72)' in capsys.readouterr().out
    assert execute(*arguments, '--min_pitch=53', '--max_pitch=54') == 0
    assert '(MIDI 53 to 54)' in capsys.readouterr().out
    assert execute(*arguments, '--pitch_from=guess') == 2
    assert 'expected some of name, csv, detect' in capsys.readouterr().err
    (folder / '50.wav').rename(folder / '61.wav')
    assert execute(*arguments) == 0
    assert 'notes           9 ' in capsys.readouterr().out
    assert execute(*arguments, '--trust_names') == 0
    assert 'notes           10 ' in capsys.readouterr().out


def test_numbers_may_be_ranges(tmp_path, capsys):
    for value in ('1-', 'x', '5-3', '128', ''):
        assert execute('--source=folder', f'--input={tmp_path}', '--data_dir=x', f'--velocities={value},1') == 2
        assert 'Impossible --velocities: expected whole numbers from 0 to 127 or ranges' in capsys.readouterr().err
    assert prepare_data._numbers('programs', ['0-2', '40']) == (0, 1, 2, 40)
