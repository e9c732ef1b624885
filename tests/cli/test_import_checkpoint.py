"""gansynth_import_checkpoint, from flags to files, and the original's directories in gansynth_generate."""

import pathlib
import shutil

import numpy as np
import pytest
import soundfile

from gansynth_tf.cli import command, generate, import_checkpoint

MAGENTA = pathlib.Path(__file__).parents[1] / 'golden' / 'magenta_tiny_pert'
HPARAMS = ('{"num_resolutions": 3, "audio_length": 320, "latent_vector_size": 8, "fmap_base": 64, "fmap_max": 16, '
           '"stable_stage_num_images": 32, "transition_stage_num_images": 32, "total_num_images": 160}')


@pytest.fixture
def run(tmp_path, capsys):
    """Runs a tool; returns its exit code, what it printed, and the lines of its complaints."""
    def run(tool, *arguments, ckpt_dir=MAGENTA, output_dir=tmp_path / 'out'):
        argv = ['tool', f'--ckpt_dir={ckpt_dir}', f'--output_dir={output_dir}', *arguments]
        code = command.execute(tool.main, tool, argv)
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()
    return run


@pytest.fixture
def nameless(tmp_path):
    """A directory of the original without its experiment.json."""
    return shutil.copytree(MAGENTA, tmp_path / 'nameless', ignore=shutil.ignore_patterns('experiment.json'))


def test_a_model_is_converted_and_then_played(run, tmp_path):
    code, paths, _ = run(import_checkpoint)
    assert (code, paths) == (0, [str(tmp_path / 'out' / 'stage_00003' / 'checkpoint-0000000108.npz')])
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'experiment.json', 'pitch_counts.json', 'stage_00003']
    played = []
    for name, ckpt_dir in (('theirs', MAGENTA), ('ours', tmp_path / 'out')):
        code, paths, _ = run(generate, '--pitches=24', '--seed=1', '--batch_size=1', ckpt_dir=ckpt_dir,
                             output_dir=tmp_path / name)
        assert code == 0
        played.append(soundfile.read(paths[0], dtype='int16')[0])  # their files also name the model
    np.testing.assert_array_equal(*played)


def test_converting_twice_is_refused(run):
    run(import_checkpoint)
    code, paths, complaints = run(import_checkpoint)
    assert (code, paths) == (2, [])
    assert complaints[-1].startswith('error: The directory holds a model: expected a new one for the converted model.')


def test_without_experiment_json_flags_say_what_the_model_is(run, nameless, tmp_path):
    for tool, more in ((generate, ('--seed=1', '--batch_size=1')), (import_checkpoint, ())):
        code, _, complaints = run(tool, *more, ckpt_dir=nameless)
        assert code == 2
        assert complaints[-1].startswith('error: Unknown configuration: expected experiment.json in the directory or')
        code, _, complaints = run(tool, *more, '--config=mel_prog_hires', f'--hparams={HPARAMS}', ckpt_dir=nameless,
                                  output_dir=tmp_path / tool.__name__)
        assert (code, complaints) == (0, [])


@pytest.mark.parametrize('tool', [generate, import_checkpoint])
@pytest.mark.parametrize('arguments, complaint', [
    (['--config=mel_progg'], "error: Unknown configuration: expected one of .* (did you mean 'mel_prog'?). Received"),
    (['--hparams={"fmap_max": 8}'], 'error: Impossible --hparams: expected --config with it'),
    (['--config=mel_prog', '--hparams={"fmap_maxx": 8}'], 'error: Unknown hyperparameter: expected a field of Config'),
])
def test_bad_flags(run, tool, arguments, complaint):
    code, paths, complaints = run(tool, *arguments)
    assert (code, paths, len(complaints)) == (2, [], 1)
    start, _, rest = complaint.partition('.*')
    assert complaints[0].startswith(start) and rest in complaints[0]


@pytest.mark.parametrize('name', ['none', 'empty'])
def test_nothing_to_convert(run, tmp_path, name):
    (tmp_path / 'empty').mkdir()
    code, paths, complaints = run(import_checkpoint, ckpt_dir=tmp_path / name)
    assert (code, paths) == (2, [])
    assert complaints[-1].startswith('error: Nothing to convert: expected stage_000NN/model.ckpt-N in the directory.')
