import json
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


def test_lines_are_json_even_if_a_number_is_none(tmp_path):
    log = run_directory.MetricsLog(tmp_path)
    log.write({'image_id': 8, 'loss': 0.5})
    log.write({'image_id': 16, 'loss': float('nan')})
    lines = [json.loads(line) for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
    assert lines == [{'image_id': 8, 'loss': 0.5}, {'image_id': 16, 'loss': None}]


def test_going_back_drops_what_comes_after_and_what_is_half_written(tmp_path):
    log = run_directory.MetricsLog(tmp_path)
    log.rewind(8)  # nothing there
    for image_id in (8, 16, 24):
        log.write({'image_id': image_id})
    with open(tmp_path / 'metrics.jsonl', 'a') as file:
        file.write('{"image_id": 1')
    log.rewind(16)
    assert (tmp_path / 'metrics.jsonl').read_text() == '{"image_id": 8}\n{"image_id": 16}\n'


def test_no_permission_is_bad_input(tmp_path):
    (tmp_path / 'metrics.jsonl').mkdir()
    with pytest.raises(InputError, match='Cannot write the file: expected room and permission'):
        run_directory.MetricsLog(tmp_path).write({'image_id': 1})
