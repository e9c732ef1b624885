import pytest

from gansynth_tf.cli import command, timbres


@pytest.fixture
def run(capsys):
    def run_it(*args):
        code = command.execute(timbres.main, timbres, ['gansynth_timbres', *args])
        return code, *capsys.readouterr()
    return run_it


def test_timbres_are_described_mixed_and_described_again(run, tmp_path):
    code, out, _ = run('mix', '--timbres=1,2', '--weights=3,1', '--name=half', f'--output_dir={tmp_path}')
    assert (code, out) == (0, f'{tmp_path / "half.json"}\n')
    code, out, _ = run('describe', f'--timbres=1,{tmp_path / "half.json"}')
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ['timbre', 'seed0_number1', 'half']


def test_a_map_is_a_picture_and_numbers(run, tmp_path):
    code, out, _ = run('map', '--num_candidates=16', f'--output_dir={tmp_path}')
    assert code == 0
    assert out.splitlines()[-2:] == [str(tmp_path / 'timbre_map.json'), str(tmp_path / 'timbre_map.png')]


def test_the_timbre_near_a_recording_of_the_model_is_found(run, tmp_path):
    import gansynth_tf as gs
    synth = gs.load()
    gs.write_wav(tmp_path / 'a.wav', synth.generate(synth.sample_latents(3, seed=0)[2:], [60])[0], synth.sample_rate)
    code, out, _ = run('near', f'--wav_file={tmp_path / "a.wav"}', '--pitch=C4', '--num_candidates=8', '--name=mine',
                       f'--output_dir={tmp_path}')
    assert code == 0
    assert out.startswith('distance 0.00') and (tmp_path / 'mine.json').exists()  # it is the third of the eight


@pytest.mark.parametrize('args, message', [
    (['mix'], 'expected --output_dir with mix'),
    (['near', '--output_dir=out'], 'expected --wav_file and --pitch with near'),
    (['mix', '--weights=a,b', '--output_dir=out'], 'Impossible --weights: expected numbers'),
    (['describe', '--timbres=nowhere'], 'No such timbre'),
])
def test_bad_values_are_one_line(run, args, message):
    code, _, err = run(*args)
    assert code == 2 and message in err and err.count('\n') == 1
