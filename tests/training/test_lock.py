import signal
import subprocess
import sys

import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.training import lock

HOLD = """
import sys, time
from gansynth_tf.training import lock
with lock.exclusive(sys.argv[1]):
    print('held', flush=True)
    time.sleep(60)
"""


def test_it_dies_with_its_process(tmp_path):
    with subprocess.Popen([sys.executable, '-c', HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == 'held\n'
        with pytest.raises(InputError, match=f'in use: expected .*process {holder.pid} does'), lock.exclusive(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
    with lock.exclusive(tmp_path):
        pass


def test_it_is_released(tmp_path):
    for _ in range(2):
        with lock.exclusive(tmp_path):
            pass
