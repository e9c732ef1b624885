import signal
import subprocess
import sys

import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.training import run_directory, stages

HOLD = """
import pathlib, sys, time
from gansynth_tf.training import run_directory
with run_directory.exclusive(pathlib.Path(sys.argv[1])):
    print('held', flush=True)
    time.sleep(60)
"""


def test_it_dies_with_its_process(tmp_path):
    with subprocess.Popen([sys.executable, '-c', HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == 'held\n'
        message = f'in use: expected .*process {holder.pid} does'
        with pytest.raises(InputError, match=message), run_directory.exclusive(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
    with run_directory.exclusive(tmp_path):
        pass


def test_it_is_released(tmp_path):
    for _ in range(2):
        with run_directory.exclusive(tmp_path):
            pass


BEFORE = Config(num_resolutions=3, start_height=32, start_width=256, num_images_schedule=(40, 20, 10))


def check(after, stage_id):
    run_directory.check_changes(BEFORE, after, lengths_may_change=stages.are_same_so_far(BEFORE, after, stage_id))


def test_a_stable_stage_at_work_can_be_lengthened():
    after = BEFORE.replace(num_images_schedule=(40, 30, 10), transition_num_images_schedule=(40, 20, 10))
    check(after, stage_id=2)
    for later in (3, 4):
        with pytest.raises(InputError, match=r'\(num_images_schedule = \[40, 20, 10\], transition_num_images_schedule'):
            check(after, stage_id=later)


@pytest.mark.parametrize('stage_id', [1, 2])
def test_not_if_its_transition_were_lengthened_with_it(stage_id):
    with pytest.raises(InputError, match=r'\(num_images_schedule = \[40, 20, 10\]\)'):
        check(BEFORE.replace(num_images_schedule=(40, 30, 10)), stage_id=stage_id)
    check(BEFORE.replace(num_images_schedule=(40, 30, 10)), stage_id=0)
