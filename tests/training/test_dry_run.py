import re

import pytest

from gansynth_tf.training import dry_run


def test_every_stage_with_its_sizes_and_time(tiny_config, notes, eagerly):
    header, *rows, total = dry_run.report(tiny_config, notes, num_steps=1)
    assert [row.split()[:2] for row in rows] == [['0', '2x16'], ['1', '4x32'], ['2', '4x32'], ['3', '8x64'],
                                                 ['4', '8x64']]
    assert 'fading in' in rows[1] and 'stable' in rows[2] and 'peak memory' in header
    # Generator, one block: 2x16 kernel of 11 inputs and 16 filters, 3x3 of 16, 1x1 to 2, and their biases.
    parameters = 2 * 16 * 11 * 16 + 16 + 3 * 3 * 16 * 16 + 16 + 2 * 16 + 2
    assert f' {parameters:,} ' in rows[0]
    assert re.fullmatch(r'All stages: \d.* min of iterations .*', total)


@pytest.mark.parametrize('seconds, text', [(30, '0.5 min'), (3599, '1 h 00'), (7260, '2 h 01'), (864_000, '10.0 days')])
def test_durations(seconds, text):
    assert dry_run._duration(seconds) == text
