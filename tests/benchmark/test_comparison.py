import sys

import pytest

from gansynth_tf.benchmark import comparison, peer
from gansynth_tf.benchmark.comparison import Result
from gansynth_tf.benchmark.measurement import Case, Measurement
from gansynth_tf.errors import InputError

# Stands for original.py: it takes half a second for a unit, and complains of jobs that it does not have.
SCRIPT = """
import json, sys
if sys.argv[1] != 'sing':
    sys.exit('no such job: ' + sys.argv[1])
print('ready', flush=True)
for line in sys.stdin:
    print(json.dumps({'count': 2, 'seconds': 1.0, 'cpu_seconds': 2.0, 'peak_gib': 0.25}), flush=True)
"""


@pytest.fixture(autouse=True)
def script(tmp_path, monkeypatch):
    path = tmp_path / 'original.py'
    path.write_text(SCRIPT)
    monkeypatch.setattr(peer, '_SCRIPT', path)


def test_the_original_takes_its_turn():
    rounds, started = [], []
    cases = [Case('singing', 'songs', lambda: rounds.append('ours') or 4, original='sing'),
             Case('humming', 'songs', lambda: 1)]
    singing, humming = comparison.compare(cases, peer_python=sys.executable, rounds=3, on_start=started.append)
    assert len(rounds) == 1 + 3  # the first warms up
    assert started == ['singing', 'humming']
    assert singing.original == Measurement(2, 1.0, 2.0, 0.25) and singing.ours.count == 4
    assert humming.original is None and humming.ratio is None and humming.cpu_ratio is None


def test_without_the_original_nothing_is_compared():
    [result] = comparison.compare([Case('singing', 'songs', lambda: 1, original='sing')], rounds=1)
    assert result.original is None


def test_ratios_and_fractions():
    result = Result('singing', 'songs', 10e9, Measurement(4, 1.0, 2.0, 0.1), Measurement(2, 1.0, 2.0, 0.1))
    assert result.ratio == 2 and result.cpu_ratio == 2
    assert result.fraction_of_peak(40e9) == 0.5  # 10 GFLOP in half a second of processor time
    assert result.fraction_of_peak(None) is None


@pytest.mark.parametrize('python, reason', [('/no/such/python', 'No such file or directory'),
                                            (sys.executable, 'no such job: dance')])
def test_an_original_that_cannot_run_is_named_with_its_reason(python, reason):
    with pytest.raises(InputError, match=f'Cannot run the original: .*{reason}.*Received: .*{python}'):
        peer.Peer(python, 'dance')
