import pytest
import soundfile

from gansynth_tf.cli import command, export_instrument


@pytest.fixture
def run(capsys):
    def run_it(*args):
        code = command.execute(export_instrument.main, export_instrument, ['gansynth_export_instrument', *args])
        return code, *capsys.readouterr()
    return run_it


def test_the_built_in_model_becomes_an_instrument(run, tmp_path):
    code, out, _ = run('--timbre=2', '--seed=3', f'--output_dir={tmp_path}', '--formats=sfz,sf2')
    assert code == 0
    assert out.splitlines()[:2] == [str(tmp_path / 'seed3_number2.sfz'), str(tmp_path / 'seed3_number2.sf2')]
    wavs = sorted((tmp_path / 'seed3_number2_samples').iterdir())
    assert len(wavs) == 61 and wavs[0].name == 'seed3_number2_024.wav'
    assert soundfile.info(wavs[0]).samplerate == 44100


@pytest.mark.parametrize('flag, message', [
    ('--timbre=1:2,2:3', 'expected one, a file or a number'),
    ('--timbre=nowhere.json', 'No such timbre'),
    ('--formats=nki', 'expected some of sfz, sf2, dspreset'),
    ('--release=0', 'release'),
])
def test_bad_values_are_one_line(run, tmp_path, flag, message):
    code, _, err = run(f'--output_dir={tmp_path / "out"}', flag)
    assert code == 2
    assert message in err and err.count('\n') == 1
