import json

from gansynth_tf.evaluation import features, report
from gansynth_tf.evaluation.metrics.bootstrap import Estimate

NO_FAULTS = dict.fromkeys(features.FAULTS, 0)
ROWS = {'real notes': {'num_notes': 404, 'faults': NO_FAULTS, 'ndb': Estimate(2, 1, 4), 'kid': 0.001,
                       'pitch_accuracy': Estimate(0.975, 0.95, 0.99)},
        'model': {'num_notes': 50, 'faults': {**NO_FAULTS, 'silent': 3}, 'ndb': Estimate(30, 28, 33),
                  'timbre_distance': float('nan')}}


def test_the_table_for_people():
    lines = report.markdown(ROWS, num_bins=50, facts=('Notes of 2 s.',)).splitlines()
    assert lines[0] == '| | real notes | model |'
    assert '| notes | 404 | 50 |' in lines
    assert '| NDB | 2 [1, 4] | 30 [28, 33] |' in lines
    assert '| PA | 97.5% [95.0%, 99.0%] | - |' in lines
    assert '| timbre distance (dB) | - | - |' in lines
    assert '| silent (notes) | 0 | 3 |' in lines
    assert 'Notes of 2 s.' in lines


def test_the_table_for_programs(tmp_path):
    paths = report.write(ROWS, tmp_path, num_bins=50)
    assert [path.name for path in paths] == ['metrics.md', 'metrics.json']
    rows = json.loads(paths[1].read_text(), parse_constant=lambda name: 1 / 0)['rows']  # no NaN, which is not JSON
    assert rows['real notes']['ndb'] == {'value': 2, 'low': 1, 'high': 4} and rows['real notes']['kid'] == 0.001
    assert rows['model']['timbre_distance'] is None
