"""gansynth_benchmark, from flags to files."""

import json

import pytest

from gansynth_tf import config as config_lib
from gansynth_tf.benchmark import train
from gansynth_tf.cli import benchmark, command

TINY = ('--hparams={"num_resolutions": 2, "start_height": 4, "audio_length": 160, "fmap_base": 16, '
        '"latent_vector_size": 4}')


@pytest.mark.slow
def test_parts_a_table_json_and_a_picture(tmp_path, capsys):
    code = command.execute(benchmark.main, benchmark, [
        'gansynth_benchmark', 'generate', '--rounds=1', 'synthesis', TINY, f'--json={tmp_path / "speed.json"}',
        f'--picture={tmp_path / "speed.png"}'])
    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split(' | ')[0] for line in lines[2:8]] == [
        '| generate, batch 8, float32', '| generate, batch 1, float32', '| generate, batch 8, bfloat16',
        '| generate, batch 1, bfloat16', '| analysis, waves to spectrograms', '| synthesis, spectrograms to waves']
    assert lines[8:] == [str(tmp_path / 'speed.json'), str(tmp_path / 'speed.png')]
    results = json.loads((tmp_path / 'speed.json').read_text())['results']
    assert [result['count'] for result in results] == [24, 8, 24, 8, 80, 80]


def test_training_is_measured_in_both_stages_and_precisions(tmp_path):
    config = config_lib.Config(num_resolutions=2, start_height=4, audio_length=160, fmap_base=16, latent_vector_size=4,
                               batch_size_schedule=(1,), total_num_images=2_000_000)
    names = [(case.name, case.work()) for case in train.cases(config)]
    assert names == [(f'train, {stage} stage, {kind}', count) for kind in ('float32', 'bfloat16')
                     for stage, count in (('first', 10), ('last', 1))]


@pytest.mark.parametrize('arguments, complaint', [
    (['singing'], "Unexpected argument: expected generate, synthesis, data, train, wavenet, roofline or --flag=value. "
                  "Received: 'singing'"),
    (['--config=huge'], 'Unknown configuration'),
    (['--rounds=0'], 'Impossible --rounds'),
    (['synthesis', '--rounds=1', TINY, '--peer_python=/no/python'], 'Cannot run the original'),
])
def test_what_is_wrong_is_said_in_a_line(arguments, complaint, capsys):
    assert command.execute(benchmark.main, benchmark, ['gansynth_benchmark', *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f'error: {complaint}')
