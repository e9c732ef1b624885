"""How every tool starts and ends: its help, its flags, its one-line errors and its exit codes."""

import os
import signal
import subprocess
import sys
import types

import pytest
from absl import flags

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError


def make_tool():
    tool = types.ModuleType('tool', 'Plays one note.\n\nExample:\n    play --seed=3\n')
    tool.FLAGS = command.new_flags()
    flags.DEFINE_integer('seed', 0, 'Where the randomness starts.', flag_values=tool.FLAGS)
    flags.DEFINE_integer('batch_size', 8, 'Notes at once.', lower_bound=1, flag_values=tool.FLAGS)
    flags.DEFINE_float('gain', 1.0, 'How loud.', flag_values=tool.FLAGS)
    flags.DEFINE_bool('dry_run', False, 'Only tell.', flag_values=tool.FLAGS)
    flags.DEFINE_enum('source', 'nsynth', ['nsynth', 'folder'], 'Where notes come from.', flag_values=tool.FLAGS)
    flags.DEFINE_string('midi_file', None, 'What to play.', flag_values=tool.FLAGS)
    flags.DEFINE_alias('midi', 'midi_file', flag_values=tool.FLAGS)
    return tool


def execute(tool, *arguments, main=lambda argv: None):
    return command.execute(main, tool, ['/some/where/play', *arguments])


def seen_by_main(tool, *arguments):
    seen = {}
    code = execute(tool, *arguments, main=lambda argv: seen.update(tool.FLAGS.flag_values_dict(), argv=argv))
    assert code == 0
    return seen


def test_main_gets_the_flags_and_the_programs_name():
    seen = seen_by_main(make_tool(), '--seed=3', '--dry_run', '--gain', '0.5', '--midi=a.mid')
    assert seen['argv'] == ['play']
    assert (seen['seed'], seen['dry_run'], seen['gain'], seen['midi_file']) == (3, True, 0.5, 'a.mid')


def test_a_second_run_in_one_process_starts_from_the_defaults():
    tool = make_tool()
    seen_by_main(tool, '--seed=3', '--dry_run', '--midi=a.mid')
    seen = seen_by_main(tool, '--gain=2')
    assert (seen['seed'], seen['dry_run'], seen['gain'], seen['midi_file']) == (0, False, 2.0, None)


@pytest.mark.parametrize('returned, code', [(None, 0), (0, 0), (3, 3)])
def test_the_exit_code_is_what_main_returns(returned, code):
    assert execute(make_tool(), main=lambda argv: returned) == code


def test_run_ends_the_process_with_that_code(monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['play', '--seed=1'])
    with pytest.raises(SystemExit) as ended:
        command.run(lambda argv: 5, make_tool())
    assert ended.value.code == 5


@pytest.mark.parametrize('arguments, line', [
    (['--sed=1'], 'error: Unknown flag: expected one of those that --help lists (did you mean --seed?). '
                  'Received: --sed'),
    (['--batch-size=1'], 'error: Unknown flag: expected one of those that --help lists (did you mean --batch_size?). '
                         'Received: --batch-size'),
    (['--nodryrun'], 'error: Unknown flag: expected one of those that --help lists (did you mean --nodry_run?). '
                     'Received: --nodryrun'),
    (['--qqqq'], 'error: Unknown flag: expected one of those that --help lists. Received: --qqqq'),
    (['--seed=one'], "error: Impossible --seed: expected a whole number. Received: 'one'"),
    (['--seed=1.5'], "error: Impossible --seed: expected a whole number. Received: '1.5'"),
    (['--gain=loud'], "error: Impossible --gain: expected a number. Received: 'loud'"),
    (['--dry_run=perhaps'], "error: Impossible --dry_run: expected true or false. Received: 'perhaps'"),
    (['--batch_size=0'], "error: Impossible --batch_size: expected a positive integer. Received: '0'"),
    (['--source=nsinth'], "error: Impossible --source: expected one of nsynth, folder (did you mean 'nsynth'?). "
                          "Received: 'nsinth'"),
    (['--source=x:y'], "error: Impossible --source: expected one of nsynth, folder. Received: 'x:y'"),
    (['--seed'], 'error: Cannot read the command line: expected --flag=value. Received: Missing value for flag --seed'),
    (['a.mid'], "error: Unexpected argument: expected --flag=value only. Received: 'a.mid'"),
    (['--dry_run', 'true', '--seed=1', 'x'],
     "error: Unexpected argument: expected --flag=value only. Received: 'true x'"),
])
def test_a_bad_command_line_is_one_line_and_exit_code_2(capsys, arguments, line):
    def main(argv):
        raise AssertionError('ran in spite of a bad command line')

    assert execute(make_tool(), *arguments, main=main) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err == line + '\n'


def test_a_required_flag_that_is_missing_is_named(capsys):
    tool = make_tool()
    flags.DEFINE_string('output_dir', None, 'Where to write.', required=True, flag_values=tool.FLAGS)
    assert execute(tool) == 2
    assert capsys.readouterr().err == 'error: Missing flag: expected --output_dir=... . Received: no --output_dir\n'


def test_bad_input_is_one_line_and_exit_code_2(capsys):
    def main(argv):
        raise InputError('No notes: expected some.\n  Received: none')

    assert execute(make_tool(), main=main) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err == 'error: No notes: expected some. Received: none\n'


def test_an_error_does_not_flood_or_steer_the_terminal(capsys):
    def main(argv):
        raise InputError('No notes: expected some. Received: \x1b[31m' + 50_000 * '[')

    assert execute(make_tool(), main=main) == 2
    line = capsys.readouterr().err
    assert line.startswith('error: No notes: expected some. Received: ?[31m[[') and len(line) < 1600


def test_traceback_shows_where_bad_input_was_noticed(capsys):
    def main(argv):
        raise InputError('No notes.')

    assert execute(make_tool(), '--traceback', main=main) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'Traceback (most recent call last):'
    assert any("raise InputError('No notes.')" in line for line in lines)
    assert lines[-1] == 'error: No notes.'


def test_a_fault_of_the_program_is_not_dressed_up_as_bad_input():
    def main(argv):
        raise ValueError('a bug')

    with pytest.raises(ValueError, match='a bug'):
        execute(make_tool(), main=main)


def test_interruption_is_one_line_and_exit_code_130(capsys):
    def main(argv):
        raise KeyboardInterrupt

    assert execute(make_tool(), main=main) == 130
    assert capsys.readouterr().err == 'play: interrupted\n'


@pytest.mark.parametrize('spelling', ['--help', '-h', '--helpfull'])
def test_help_is_the_docstring_and_the_tools_own_flags(capsys, spelling):
    assert execute(make_tool(), '--seed=3', spelling, main=lambda argv: 1) == 0
    text = capsys.readouterr().out
    assert text.startswith('Plays one note.\n\nExample:\n    play --seed=3\n\nUsage: play [--flag=value ...]\n')
    assert '  --seed=...\n      Where the randomness starts. (default: 0)\n' in text
    assert '  --[no]dry_run\n' in text
    named = [line.split('=')[0].strip() for line in text.splitlines() if line.startswith('  --')]
    assert named == ['--[no]help', '--[no]version', '--[no]traceback', '--seed', '--batch_size', '--gain',
                     '--[no]dry_run', '--source', '--midi_file', '--midi']


@pytest.mark.parametrize('arguments, start', [(['--version'], f'play {gansynth_tf.__version__}\n'),
                                              (['--help'], 'Plays one note.\n')])
def test_what_needs_no_other_flag(capsys, arguments, start):
    tool = make_tool()
    flags.DEFINE_string('output_dir', None, 'Where to write.', required=True, flag_values=tool.FLAGS)
    assert execute(tool, *arguments, main=lambda argv: 1) == 0
    assert capsys.readouterr().out.startswith(start)


@pytest.mark.parametrize('num_characters', [9, 999_999])  # more and less than is written at once
def test_a_reader_that_goes_away_is_no_error(num_characters):
    code = ('import sys, types\n'
            'from gansynth_tf.cli import command\n'
            'tool = types.ModuleType("tool", "Writes.")\n'
            'tool.FLAGS = command.new_flags()\n'
            'def main(argv):\n'
            '    print("x", flush=True)\n'
            '    sys.stdin.read()\n'
            f'    print("x" * {num_characters})\n'
            'command.run(main, tool)\n')
    process = subprocess.Popen([sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert process.stdout.read(1) == b'x'
    process.stdout.close()
    process.stdin.close()
    assert process.stderr.read() == b''
    process.stderr.close()
    assert process.wait() == 141


def test_tensorflow_comes_in_without_a_word_and_other_words_are_still_heard():
    code = ('import sys, types\n'
            'from gansynth_tf.cli import command\n'
            'def main(argv):\n'
            '    command.import_tensorflow()\n'
            '    import tensorflow as tf\n'
            '    print("sum", float(tf.function(tf.reduce_sum)(tf.ones([3]))), file=sys.stderr)\n'
            'tool = types.ModuleType("tool", "Adds.")\n'
            'tool.FLAGS = command.new_flags()\n'
            'command.run(main, tool)\n')
    # Other libraries set the level for this process, as soon as a test imports them.
    environment = {name: value for name, value in os.environ.items() if name != 'TF_CPP_MIN_LOG_LEVEL'}
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, env=environment)
    assert (done.stdout, done.stderr) == ('', 'sum 3.0\n')


def test_what_goes_wrong_while_tensorflow_is_imported_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorflow', None)
    before = os.fstat(2)
    with pytest.raises(ImportError):
        command.import_tensorflow()
    assert os.path.samestat(os.fstat(2), before)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_is_an_interruption(capsys, number):
    before = signal.signal(number, signal.SIG_DFL)  # whatever these tests were started with: nohup ignores SIGHUP
    try:
        assert execute(make_tool(), main=lambda argv: os.kill(os.getpid(), number)) == 130
        assert capsys.readouterr().err == 'play: interrupted\n'
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_what_is_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert execute(make_tool(), main=lambda argv: os.kill(os.getpid(), signal.SIGHUP)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def player():
    tool = types.ModuleType('tool', 'Plays.')
    tool.FLAGS = command.new_flags()
    command.model_flags(tool.FLAGS)
    tool.FLAGS.define_path('output_dir', 'Where to.')
    return tool


def test_paths_are_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    seen = seen_by_main(player(), '--ckpt_dir=~/run', '--output_dir', '~')
    assert (seen['ckpt_dir'], seen['output_dir']) == (str(tmp_path / 'run'), str(tmp_path))
    assert seen_by_main(player())['ckpt_dir'] is None


@pytest.mark.parametrize('argument, complaint', [
    ('--output_dir=', 'Impossible --output_dir: expected a path, which has from 1 to 4095 characters'),
    ('--ckpt_dir=~nosuchuser/run', 'Impossible --ckpt_dir: expected a path whose ~nosuchuser is a user of this'),
    ('--ckpt_dir=gs://a/b', 'Impossible --ckpt_dir: expected a path of this machine (what lies at gs:// has to be '
                            'downloaded first)'),
    ('--batch_size=1000000000000', 'Impossible --batch_size: expected an integer in the range [1, 1024]'),
    ('--batch_size=' + '9' * 5000, 'Impossible --batch_size: expected an integer in the range [1, 1024]'),
    ('--checkpoint=bets', "Impossible --checkpoint: expected one of latest, best (did you mean 'best'?)"),
])
def test_impossible_values(argument, complaint, capsys):
    assert execute(player(), argument, main=lambda argv: pytest.fail('it ran')) == 2
    line = capsys.readouterr().err
    assert line.startswith(f'error: {complaint}') and len(line) < 250


def test_model_settings_are_checked_without_tensorflow(tmp_path):
    tool = player()

    def settings(*arguments):
        seen = {}
        code = execute(tool, *arguments, main=lambda argv: seen.update(command.model_settings(tool.FLAGS)))
        return seen if code == 0 else None

    assert settings('--checkpoint=best', '--noema') == {
        'path': None, 'config': None, 'ema': False, 'precision': 'fp32', 'latent_scale': None, 'batch_size': 8,
        'checkpoint': 'best', 'phase_locking': True}
    assert settings(f'--ckpt_dir={tmp_path}') is None  # no model in it
    assert settings(f'--ckpt_dir={tmp_path / "none"}') is None
    (tmp_path / 'experiment.json').write_text('{"fmap_max": -1}')
    assert settings(f'--ckpt_dir={tmp_path}') is None
    (tmp_path / 'experiment.json').write_text('{}')
    assert settings(f'--ckpt_dir={tmp_path}')['path'] == str(tmp_path)


def test_keras_with_another_backend():
    for code in ("import os; os.environ['KERAS_BACKEND'] = 'jax'", 'import sys, types; sys.modules["keras"] = '
                 'types.SimpleNamespace(config=types.SimpleNamespace(backend=lambda: "torch"))'):
        done = subprocess.run([sys.executable, '-c', f'{code}\nimport gansynth_tf\ngansynth_tf.load()'],
                              capture_output=True, text=True, check=False)
        assert 'InputError: Impossible backend of Keras: expected tensorflow' in done.stderr
