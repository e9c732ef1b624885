import numpy as np
import pytest
from matplotlib import image

from gansynth_tf.benchmark import report, roofline
from gansynth_tf.benchmark.comparison import Result
from gansynth_tf.benchmark.measurement import Measurement


@pytest.fixture
def results():
    return [Result(roofline.CONVOLUTION, 'GFLOP', None, Measurement(100, 1.0, 2.0, 0.5)),
            Result('singing', 'songs', 5e9, Measurement(4, 1.0, 2.0, 0.25), Measurement(2, 1.0, 4.0, 0.75))]


def test_table(results):
    header, rule, peak, singing = report.table(results).splitlines()
    assert header.count('|') == rule.count('|') == peak.count('|') == singing.count('|')
    assert singing == '| singing | 4 songs | 0.5 | 0.25 | 20% | 2 | 2.00 | 4.00 | 0.33 |'
    assert peak.endswith('| 100 GFLOP | 0.02 | 0.50 |  |  |  |  |  |')


def test_dict(results):
    values = report.to_dict(results)
    assert values['results'][1] == {
        'name': 'singing', 'unit': 'songs', 'count': 4, 'per_second': 4.0, 'cpu_seconds_each': 0.5, 'peak_gib': 0.25,
        'flops_each': 5e9, 'fraction_of_peak': 0.2, 'ratio': 2.0, 'cpu_ratio': 4.0,
        'memory_ratio': 1 / 3, 'original': {'count': 2, 'per_second': 2.0, 'cpu_seconds_each': 2.0, 'peak_gib': 0.75}}
    assert set(values['machine']) == {'processor', 'cores', 'system', 'python', 'tensorflow'}


@pytest.mark.parametrize('first', [0, 1])
def test_picture_of_ratios_and_of_rates(results, first, tmp_path):
    picture = image.imread(report.draw(results[first:first + 1], tmp_path / 'speed.png'))
    blue = (picture[:, :, 2] > picture[:, :, 0] + 0.3).any(axis=1)
    assert picture.shape[1] == 960 and np.sum(np.diff(blue.astype(int)) == 1) == 1  # one bar
