import pathlib
import re

import numpy as np
import pytest

from gansynth_tf.cli import command, timbres
from gansynth_tf.instrument import BUILT_IN_MODEL
from gansynth_tf.music import timbre_library
from gansynth_tf.music.timbres import foreign

DOCS = pathlib.Path(__file__).parents[2] / 'docs'


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


def test_what_is_sampled_is_kept_by_its_number(run, tmp_path):
    import gansynth_tf as gs
    code, out, _ = run('sample', '--num_timbres=2', '--seed=4', f'--output_dir={tmp_path}')
    assert code == 0
    assert [line.rsplit('/')[-1] for line in out.splitlines()] == [
        'index.html', 'sheet.png', '001_scale.flac', '001_riff.flac', '002_scale.flac', '002_riff.flac']
    mine = tmp_path / 'mine.json'
    code, out, _ = run('keep', '--seed=4', '--number=2', '--name=second', f'--timbre_library={mine}')
    assert (code, out) == (0, f'{mine}\n')
    kept, = timbre_library.read(mine)
    np.testing.assert_allclose(kept.timbre.latent, gs.load().sample_latents(2, seed=4)[1], rtol=1e-4)
    assert kept.words and 0 <= kept.measured['in_tune'] <= 1
    code, out, _ = run('list', f'--timbre_library={mine}')
    assert (code, out) == (0, f'second  {" ".join(kept.words)}\n')
    code, out, _ = run('describe', '--timbres=second', f'--timbre_library={mine}')
    assert code == 0 and out.splitlines()[1].startswith('second ')


def test_a_library_is_made_beside_a_model(run, tmp_path):
    for path in BUILT_IN_MODEL.iterdir():
        if path.name != timbre_library.FILE:
            (tmp_path / path.name).symlink_to(path)
    code, out, err = run('library', f'--ckpt_dir={tmp_path}', '--num_timbres=1', '--num_candidates=4', '--seed=8',
                         '--least_in_tune=0.5')
    assert (code, out) == (0, f'{tmp_path / "timbres.json"}\n'), err
    name, = timbre_library.of_model(tmp_path)
    assert run('list', f'--ckpt_dir={tmp_path}')[1].startswith(f'{name}  ')


def test_the_built_in_model_has_its_library_and_its_table():
    """After another model is built in, docs/timbres.md says how its library is made."""
    import gansynth_tf as gs
    entries = timbre_library.read(timbre_library.path_of())
    assert len(entries) == 24
    assert foreign(gs.load(), [entry.timbre for entry in entries]) == []
    assert min(entry.measured['in_tune'] for entry in entries) >= 0.9
    assert max(entry.measured['detuning_cents'] for entry in entries) <= 25
    page = (DOCS / 'audio' / 'timbres' / 'README.md').read_text(encoding='utf-8')
    assert re.findall(r'^\| `(.+?)` \|', page, re.MULTILINE) == [entry.timbre.name for entry in entries]


@pytest.mark.parametrize('args, message', [
    (['mix'], 'expected --output_dir with mix'),
    (['near', '--output_dir=out'], 'expected --wav_file and --pitch with near'),
    (['mix', '--weights=a,b', '--output_dir=out'], 'Impossible --weights: expected numbers'),
    (['describe', '--timbres=nowhere'], 'No such timbre'),
    (['describe', 'list'], 'Too many commands: expected one. Received: describe list'),
    (['sample'], 'expected --output_dir with sample'),
    (['sample', '--num_timbres=201', '--output_dir=out'], 'expected at most 200 with sample'),
    (['keep', '--number=1', '--name=a'], 'Flags missing: expected --number, --name, and --timbre_library'),
    (['keep', '--number=1', '--name=a/b', '--output_dir=out'], 'Impossible name of a timbre'),
    (['library'], 'expected --ckpt_dir, or --timbre_library'),
    (['list', '--timbre_library=nowhere.json'], 'No library: expected one'),
])
def test_bad_values_are_one_line(run, args, message):
    code, _, err = run(*args)
    assert code == 2 and message in err and err.count('\n') == 1
