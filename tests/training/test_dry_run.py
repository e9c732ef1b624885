import re

import pytest

from gansynth_tf.training import dry_run


def test_every_stage_with_its_sizes_and_time(tiny_config, notes, eagerly):
    header, *rows, total, advice = dry_run.report(tiny_config, notes, num_steps=1, measuring_seconds=1e9)
    assert advice.startswith('To train, give the same command without --dry_run') and '~' not in ''.join(rows)
    assert [row.split()[:2] for row in rows] == [['0', '2x16'], ['1', '4x32'], ['2', '4x32'], ['3', '8x64'],
                                                 ['4', '8x64']]
    assert 'fading in' in rows[1] and 'stable' in rows[2] and 'peak memory' in header
    # Generator, one block: 2x16 kernel of 11 inputs and 16 filters, 3x3 of 16, 1x1 to 2, and their biases.
    parameters = 2 * 16 * 11 * 16 + 16 + 3 * 3 * 16 * 16 + 16 + 2 * 16 + 2
    assert f' {parameters:,} ' in rows[0]
    assert re.fullmatch(r'All stages: \d.* min of iterations .*', total)


def test_what_there_is_no_time_to_measure_is_extrapolated(tiny_config, notes, eagerly):
    _, *rows, _, _ = dry_run.report(tiny_config, notes, num_steps=1, measuring_seconds=0.0)
    assert ['~' in row for row in rows] == [False, True, True, True, True]
    rates = [float(row.split()[-3].strip('~')) for row in rows]
    assert rates[1] == rates[2] and rates[3] == rates[4] and rates[0] > rates[2] > rates[4] > 0


def test_advice_for_what_takes_long_and_does_not_fit():
    lines = list(dry_run._advice(1e7, cache_fits=False, has_cache_dir=False))
    assert [line.split('.')[0].split(':')[0] for line in lines[:2]] == ['That is long',
                                                                       'Not all spectrograms fit in memory']
    assert any('without --dry_run' in line for line in dry_run._advice(10.0, cache_fits=True, has_cache_dir=False))


@pytest.mark.parametrize('seconds, text', [(30, '0.5 min'), (3599, '1 h 00'), (7260, '2 h 01'), (864_000, '10.0 days')])
def test_durations(seconds, text):
    assert dry_run._duration(seconds) == text
