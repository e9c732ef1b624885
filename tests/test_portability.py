"""What only some systems have is not needed to import the package and to play."""

import subprocess
import sys

import pytest

import gansynth_tf

WITHOUT = """
import os, pkgutil, signal, sys
import psutil  # which knows what systems have
for name in ('fcntl', 'resource', 'termios', 'pwd', 'grp'):
    sys.modules[name] = None
del signal.SIGHUP
import importlib, numpy as np, gansynth_tf
for module in pkgutil.walk_packages(gansynth_tf.__path__, 'gansynth_tf.'):
    if not any(part in module.name for part in ('benchmark.original', 'step_export')):
        importlib.import_module(module.name)
from gansynth_tf.cli import command, generate
arguments = ['gansynth_generate', '--pitches=60', '--seed=1', '--output_dir', sys.argv[1]]
sys.exit(command.execute(generate.main, generate, arguments))
"""


@pytest.mark.slow
def test_without_what_only_unix_has(tmp_path):
    done = subprocess.run([sys.executable, '-c', WITHOUT, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [path] = tmp_path.glob('*.wav')
    assert done.stdout.strip() == str(path)
    assert gansynth_tf.load  # the package itself is imported by this process, with what it has
