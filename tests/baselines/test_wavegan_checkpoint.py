"""WaveGAN and SpecGAN from the original's variable names, and from its TensorFlow 1 checkpoints."""

import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf

import gansynth_tf
from gansynth_tf.baselines import specgan_spectrograms, wavegan_checkpoint
from gansynth_tf.baselines.specgan_spectrograms import Moments
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.baselines.wavegan_networks import Critic, Generator, initial
from gansynth_tf.cli import command, import_checkpoint
from gansynth_tf.errors import InputError

EDGE = 160  # samples at both ends that instruments fade, so that no note clicks
GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


@pytest.fixture(scope='module')
def original():
    """The variables of a tiny WaveGAN, under the original's names, and one batch through it."""
    golden = dict(np.load(GOLDEN / 'wavegan_tiny.npz'))
    return {name.removeprefix('var/'): array for name, array in golden.items() if name.startswith('var/')}, golden


def weights(config, num_pitches=0, seed=0):
    return initial(Generator.shapes(config, num_pitches) | Critic.shapes(config, num_pitches), seed)


def write_checkpoint(prefix, arrays):
    """Writes arrays as TensorFlow 1's Saver did."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=array, use_resource=False)
                     for name, array in arrays.items()]
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(prefix), write_meta_graph=False)


@pytest.mark.parametrize('config, num_pitches', [
    (WaveGANConfig(slice_length=16384, audio_length=16384, dim=2, latent_size=7, pitch_loss_weight=0), 0),
    (WaveGANConfig(dim=1, latent_size=7, upsample='nn', post_filter_length=9), 3),
    (WaveGANConfig(dim=2, latent_size=5, batchnorm=True), 2),
    (SpecGANConfig(dim=3, latent_size=7, upsample='nn', batchnorm=True), 4),
    (SpecGANConfig(dim=1, latent_size=6, pitch_loss_weight=0), 0)])
def test_sizes_are_read_off_the_shapes(config, num_pitches):
    assert wavegan_checkpoint.sizes(weights(config, num_pitches)) == (config, num_pitches)


def test_slices_of_two_seconds_have_to_be_told(original):
    config = WaveGANConfig(slice_length=32768, audio_length=32768, dim=1, latent_size=6, pitch_loss_weight=0)
    assert wavegan_checkpoint.sizes(weights(config), slice_length=32768) == (config, 0)
    with pytest.raises(InputError, match='Impossible slice_length: expected 16384'):
        wavegan_checkpoint.from_arrays(original[0], slice_length=32768)


def test_networks_from_arrays_play_and_judge_as_the_original(original):
    arrays, golden = original
    generator, critic = wavegan_checkpoint.from_arrays(arrays)
    np.testing.assert_allclose(generator(golden['z'])[:, ::8, 0], golden['G_z'], atol=1e-6)
    np.testing.assert_allclose(critic(golden['x'][..., np.newaxis])[0], golden['no_shift/D_x'], atol=1e-6)


def test_averages_that_are_missing_are_told(caplog):
    config = WaveGANConfig(slice_length=16384, audio_length=16384, dim=1, latent_size=4, batchnorm=True)
    arrays = {name: array for name, array in weights(config).items() if '/moving_' not in name}
    generator, _ = wavegan_checkpoint.from_arrays(arrays)
    assert 'averages of batch normalisation are missing' in caplog.text
    assert (generator.variables['G/upconv_0/batch_normalization/moving_variance'].numpy() == 1).all()


def test_what_is_no_wavegan_is_refused(original):
    with pytest.raises(InputError, match='Not a WaveGAN or SpecGAN'):
        wavegan_checkpoint.from_arrays({'startconv/W': np.zeros(3)})
    with pytest.raises(InputError, match='G/upconv_1/conv2d_transpose/bias is missing'):
        wavegan_checkpoint.from_arrays({name: array for name, array in original[0].items()
                                        if name != 'G/upconv_1/conv2d_transpose/bias'})


def test_a_checkpoint_of_the_original_is_converted_plays_and_can_be_trained_on(original, tmp_path, capsys):
    arrays, golden = original
    slots = {f'{name}/{slot}': np.full_like(array, 0.5 if slot == 'Adam' else 2) for name, array in arrays.items()
             for slot in ('Adam', 'Adam_1')}
    (tmp_path / 'theirs').mkdir()
    write_checkpoint(tmp_path / 'theirs' / 'model.ckpt-3', {name: array * 2 for name, array in arrays.items()})
    write_checkpoint(tmp_path / 'theirs' / 'model.ckpt-12', arrays | slots | {'global_step': np.int64(12)})
    argv = ['gansynth_import_checkpoint', f'--ckpt_dir={tmp_path / "theirs"}', f'--output_dir={tmp_path / "ours"}']
    assert command.execute(import_checkpoint.main, sys.modules[import_checkpoint.__name__], argv) == 0
    path = pathlib.Path(capsys.readouterr().out.strip())
    assert path.name == f'checkpoint-{12 * 5 * 64:010d}.npz'
    with np.load(path) as run:
        assert run['G_adam/iterations'] == 12 and run['D_adam/iterations'] == 60
        np.testing.assert_array_equal(run['D_adam/v/D/output/dense/kernel'], np.full((512, 1), 2))

    instrument = gansynth_tf.load(tmp_path / 'ours', batch_size=3)
    assert (instrument.audio_length, instrument.latent_size, len(instrument.pitches)) == (16384, 10, 61)
    played = instrument.generate(golden['z'], [60, 61, 62])[:, ::8]
    np.testing.assert_allclose(played[:, EDGE // 8:-EDGE // 8], golden['G_z'][:, EDGE // 8:-EDGE // 8], atol=1e-6)
    assert command.execute(import_checkpoint.main, sys.modules[import_checkpoint.__name__], argv) == 2
    assert 'holds a model' in capsys.readouterr().err


def test_a_specgan_needs_its_moments(tmp_path):
    arrays = weights(SpecGANConfig(dim=1, latent_size=6))
    write_checkpoint(tmp_path / 'model.ckpt-0', arrays)
    prefix = wavegan_checkpoint.find(tmp_path / 'model.ckpt-0')
    with pytest.raises(InputError, match='Impossible moments'):
        wavegan_checkpoint.convert(prefix, tmp_path / 'ours')
    moments = Moments(np.full(129, -6, np.float32), np.ones(129, np.float32))
    wavegan_checkpoint.convert(prefix, tmp_path / 'ours', moments=moments)
    instrument = gansynth_tf.load(tmp_path / 'ours')
    latents = instrument.sample_latents(1, seed=0)
    pictures = wavegan_checkpoint.from_arrays(arrays).generator(latents)
    expected = specgan_spectrograms.pictures_to_waves(pictures, moments).numpy()
    assert 0 < np.abs(expected).max() < 1
    np.testing.assert_allclose(instrument.generate(latents, [60])[:, EDGE:-EDGE], expected[:, EDGE:-EDGE], atol=1e-6)


def test_other_files_are_not_taken_for_a_wavegan(tmp_path):
    write_checkpoint(tmp_path / 'model.ckpt-0', {'startconv/W': np.zeros(3, np.float32)})
    (tmp_path / 'model.ckpt-1.index').write_bytes(b'no checkpoint')
    for path in (tmp_path, tmp_path / 'model.ckpt-0', tmp_path / 'model.ckpt-7', tmp_path / 'nowhere'):
        assert wavegan_checkpoint.find(path) is None
