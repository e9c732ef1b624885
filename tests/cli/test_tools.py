"""What all tools have in common: help at once, a console script, a wrapper in bin/, errors in one line."""

import configparser
import importlib
import os
import pathlib
import subprocess
import sys

import pytest

import gansynth_tf

CLI = pathlib.Path(gansynth_tf.__file__).parent / 'cli'
ROOT = pathlib.Path(__file__).parents[2]
TOOLS = sorted(path.stem for path in CLI.glob('*.py') if path.stem not in ('__init__', 'command'))

HELP = """
import importlib, sys
sys.argv = ['tool', '--help']
try:
    importlib.import_module('gansynth_tf.cli.{tool}').run()
finally:
    print([name for name in ('tensorflow', 'keras', 'tensorflow_datasets') if name in sys.modules], file=sys.stderr)
"""


def test_the_three_tools_are_there():
    assert {'prepare_data', 'train', 'generate'} <= set(TOOLS)


def test_the_source_tree_has_one_script_and_a_link_for_each_tool():
    scripts = sorted((ROOT / 'bin').iterdir())
    assert [path.name for path in scripts if not path.is_symlink()] == ['run_tool']
    assert [path.name for path in scripts if path.is_symlink()] == [f'gansynth_{tool}' for tool in TOOLS]


@pytest.mark.parametrize('tool', TOOLS)
def test_help_tells_what_the_tool_is_for_and_does_not_wait_for_tensorflow(tool):
    done = subprocess.run([sys.executable, '-c', HELP.format(tool=tool)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == '[]\n'
    docstring = importlib.import_module(f'gansynth_tf.cli.{tool}').__doc__
    assert done.stdout.startswith(docstring.strip().splitlines()[0])
    assert f'gansynth_{tool} --' in docstring  # an example to copy


@pytest.mark.parametrize('tool', TOOLS)
def test_every_flag_says_what_it_is_for(tool):
    tool_flags = importlib.import_module(f'gansynth_tf.cli.{tool}').FLAGS
    assert [name for name in tool_flags if not tool_flags[name].help] == []


@pytest.mark.parametrize('tool', TOOLS)
def test_every_tool_is_installed_under_its_name(tool):
    setup = configparser.ConfigParser()
    assert setup.read(ROOT / 'setup.cfg')
    scripts = setup['options.entry_points']['console_scripts'].split('\n')
    assert f'gansynth_{tool} = gansynth_tf.cli.{tool}:run' in scripts


@pytest.mark.parametrize('tool', TOOLS)
def test_every_tool_runs_from_the_source_tree(tool, tmp_path):
    wrapper = ROOT / 'bin' / f'gansynth_{tool}'
    assert os.access(wrapper, os.X_OK)
    done = subprocess.run([sys.executable, wrapper, '--no_such_flag'], capture_output=True, text=True, check=False,
                          cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ''
    assert done.stderr.startswith('error: Unknown flag: ') and done.stderr.endswith('Received: --no_such_flag\n')
    assert done.stderr.count('\n') == 1
