import pathlib
import shutil

import numpy as np
import pytest

from gansynth_tf.baselines import wavenet_autoencoder, wavenet_checkpoint
from gansynth_tf.cli import command, import_checkpoint
from gansynth_tf.errors import InputError

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
CHECKPOINT = GOLDEN / 'wavenet_tiny_ckpt'
TRAINED = {name.removeprefix('end/'): array for name, array in np.load(GOLDEN / 'wavenet_train.npz').items()
           if name.startswith('end/')}
SIZES = '{"num_stages": 3, "ae_num_stages": 3, "ae_hop_length": 32}'


def execute(*arguments):
    return command.execute(import_checkpoint.main, import_checkpoint, ['gansynth_import_checkpoint', *arguments])


@pytest.mark.parametrize('path', [CHECKPOINT, CHECKPOINT / 'model.ckpt-3', CHECKPOINT / 'model.ckpt-3.index'])
def test_a_checkpoint_is_found(path):
    assert wavenet_checkpoint.find(path) == str(CHECKPOINT / 'model.ckpt-3')


def test_none_is_found(tmp_path):
    (tmp_path / 'model.ckpt-7.index').write_bytes(b'not a checkpoint')
    for path in (tmp_path, CHECKPOINT / 'model.ckpt-4', tmp_path / 'nowhere', GOLDEN / 'magenta_tiny_pert'):
        assert wavenet_checkpoint.find(path) is None


@pytest.mark.parametrize('ema', [False, True])
def test_weights_or_averages_are_read(ema):
    weights = wavenet_checkpoint.read(str(CHECKPOINT / 'model.ckpt-3'), ema=ema)
    expected = {name: array for name, array in TRAINED.items() if name.endswith('/ExponentialMovingAverage') == ema}
    assert len(weights) == len(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(weights[name.removesuffix('/ExponentialMovingAverage')], array)


def test_the_tool_converts_what_then_encodes(tmp_path, capsys):
    assert execute(f'--ckpt_dir={CHECKPOINT}', f'--output_dir={tmp_path}', f'--hparams={SIZES}') == 0
    assert capsys.readouterr().out == f'{tmp_path / "weights.npz"}\n'
    autoencoder = wavenet_autoencoder.load(tmp_path)
    assert autoencoder.encode(np.zeros((1, 64))).shape == (1, 2, 4)
    np.testing.assert_array_equal(autoencoder.weights['skip_2/W'], TRAINED['skip_2/W'])


def test_the_tool_converts_averages(tmp_path):
    execute(f'--ckpt_dir={CHECKPOINT}', f'--output_dir={tmp_path}', '--ema', f'--hparams={SIZES}')
    np.testing.assert_array_equal(wavenet_autoencoder.load(tmp_path).weights['skip_2/W'],
                                  TRAINED['skip_2/W/ExponentialMovingAverage'])


def test_damage_is_told(tmp_path):
    directory = shutil.copytree(CHECKPOINT, tmp_path / 'copy')
    (directory / 'model.ckpt-3.data-00000-of-00001').unlink()
    with pytest.raises(InputError, match='Cannot read the checkpoint'):
        wavenet_checkpoint.read(wavenet_checkpoint.find(directory) or str(directory / 'model.ckpt-3'))
