import json

import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.training.metrics_log import MetricsLog


def test_lines_are_json_even_if_a_number_is_none(tmp_path):
    log = MetricsLog(tmp_path)
    log.write({'image_id': 8, 'loss': 0.5})
    log.write({'image_id': 16, 'loss': float('nan')})
    lines = [json.loads(line) for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
    assert lines == [{'image_id': 8, 'loss': 0.5}, {'image_id': 16, 'loss': None}]


def test_going_back_drops_what_comes_after_and_what_is_half_written(tmp_path):
    log = MetricsLog(tmp_path)
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
        MetricsLog(tmp_path).write({'image_id': 1})
