"""A WaveGAN and a SpecGAN from notes to playing: trained by the one loop, stopped and resumed, opened by gs.load."""

import os
import pathlib
import signal
import sys

import numpy as np
import pytest
import soundfile
import tensorflow as tf

import gansynth_tf
from gansynth_tf.baselines import specgan_spectrograms, wavegan, wavegan_sound
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.baselines.wavegan_step import WaveGANStep
from gansynth_tf.cli import command, generate
from gansynth_tf.cli import train as train_tool
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import loop
from gansynth_tf.training.signals import Stopped

TINY = dict(dim=1, latent_size=4, batch_size=2, num_critic_updates=2, total_num_images=12, save_summaries_num_images=8)
WAVEGAN = WaveGANConfig(slice_length=16384, audio_length=16000, **TINY)


@pytest.fixture
def without_updates(monkeypatch):
    """Runs whose iterations change nothing and cost nothing; terms may be set."""
    terms = dict.fromkeys(('discriminator/wasserstein', 'discriminator/slope', 'discriminator/pitch',
                           'generator/pitch'), 1.0)
    monkeypatch.setattr(WaveGANStep, 'iterate', lambda *_: {name: tf.constant(value) for name, value in terms.items()})
    return terms


@pytest.fixture(scope='module')
def wavegan_run(notes, tmp_path_factory):
    """A run that nothing interrupted: three iterations of four notes."""
    return loop.train(wavegan.create(WAVEGAN, notes), tmp_path_factory.mktemp('wavegan'))


def test_a_stopped_and_resumed_run_ends_as_one_that_was_not(notes, wavegan_run, tmp_path):
    model = wavegan.create(WAVEGAN, notes)
    iterate = model.iterate

    def iterate_and_stop(batch, image_id):
        terms = iterate(batch, image_id)
        if image_id == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return terms
    model.iterate = iterate_and_stop
    with pytest.raises(Stopped):
        loop.train(model, tmp_path)
    assert checkpoints.read_latest(tmp_path)['image_id'] == 8
    loop.train(wavegan.create(WAVEGAN, notes), tmp_path)
    expected, found = checkpoints.read_latest(wavegan_run), checkpoints.read_latest(tmp_path)
    assert expected.keys() == found.keys() and int(found['G_adam/iterations']) == 3
    for name, array in expected.items():
        np.testing.assert_array_equal(array, found[name], err_msg=name)


def test_gs_load_returns_an_instrument_that_plays_what_was_trained(notes, wavegan_run):
    instrument = gansynth_tf.load(wavegan_run, batch_size=2)
    assert isinstance(instrument, Instrument)
    assert (instrument.sample_rate, instrument.audio_length, instrument.latent_size) == (16000, 16000, 4)
    assert instrument.pitches == notes.vocabulary.pitches == (60, 61, 62)
    latents = instrument.sample_latents(3, seed=0)
    assert latents.dtype == np.float32 and np.abs(latents).max() <= 1
    np.testing.assert_array_equal(latents[:2], instrument.sample_latents(2, seed=0))
    waves = instrument.generate(latents, [60, 62, 61])
    assert waves.shape == (3, 16000) and waves.dtype == np.float32 and 0 < np.abs(waves).max() <= 1
    np.testing.assert_array_equal(np.concatenate(list(instrument.generate_batches(latents, [60, 62, 61]))), waves)
    assert np.abs(instrument.generate(latents[:1], [62]) - waves[:1]).max() > 1e-6


def test_latents_are_uniform_and_scaled(wavegan_run):
    latents = gansynth_tf.load(wavegan_run, latent_scale=0.5).sample_latents(2000, seed=1)
    assert -0.5 <= latents.min() < -0.49 and 0.49 < latents.max() <= 0.5
    assert latents.std() == pytest.approx(0.5 / np.sqrt(3), rel=0.02)


def test_settings_that_a_wavegan_does_not_have_are_refused(wavegan_run):
    with pytest.raises(InputError, match="precision: expected 'fp32'"):
        gansynth_tf.load(wavegan_run, precision='bf16')
    with pytest.raises(InputError, match="checkpoint: expected 'latest'"):
        gansynth_tf.load(wavegan_run, checkpoint='best')


def test_without_weight_for_the_pitch_the_networks_are_the_originals(notes, tmp_path, without_updates):
    config = WAVEGAN.replace(pitch_loss_weight=0.0, total_num_images=4)
    loop.train(wavegan.create(config, notes), tmp_path)
    arrays = checkpoints.read_latest(tmp_path)
    assert arrays['G/z_project/dense/kernel'].shape[0] == 4 and 'D/pitch/dense/kernel' not in arrays
    instrument = gansynth_tf.load(tmp_path)
    latents = instrument.sample_latents(1, seed=0)
    np.testing.assert_array_equal(instrument.generate(latents, [60]), instrument.generate(latents, [62]))


def test_what_is_not_finite_ends_the_run(notes, tmp_path, without_updates):
    without_updates['discriminator/slope'] = np.nan
    with pytest.raises(loop.NonFiniteError, match='discriminator/slope'):
        loop.train(wavegan.create(WAVEGAN, notes), tmp_path)
    assert checkpoints.read_latest(tmp_path)['image_id'] == 0
    with np.load(tmp_path / 'nonfinite-0000000000.npz') as dump:
        assert dump['real'].shape == (4, 16384, 1) and dump['shifts'].shape == (3, 3, 4)


def test_a_run_does_not_go_on_with_other_networks(notes, tmp_path, without_updates):
    loop.train(wavegan.create(WAVEGAN, notes), tmp_path)
    with pytest.raises(InputError, match='dim = 1'):
        loop.train(wavegan.create(WAVEGAN.replace(dim=2), notes), tmp_path)
    loop.train(wavegan.create(WAVEGAN.replace(total_num_images=20), notes), tmp_path)
    assert checkpoints.read_latest(tmp_path)['image_id'] == 20


def test_a_checkpoint_of_other_networks_is_set_aside_in_training_and_refused_in_playing(notes, tmp_path,
                                                                                         without_updates):
    config = WAVEGAN.replace(total_num_images=4)
    loop.train(wavegan.create(config, notes), tmp_path)
    arrays = checkpoints.read_latest(tmp_path)
    name = next(name for name in arrays if name.startswith('D/'))
    wrong = arrays | {name: arrays[name][..., None], 'image_id': np.array(5)}
    path = checkpoints.write(wrong, checkpoints.stage_directory(tmp_path, 0), 5)
    loop.train(wavegan.create(config, notes), tmp_path)
    assert path.with_suffix('.corrupt').exists()
    path.write_bytes(b'PK')
    with pytest.raises(InputError, match='checkpoint-0000000005.npz.*rename this one'):
        gansynth_tf.load(tmp_path)


def test_the_lost_pitch_is_told_only_if_it_was_once_heard(notes, tmp_path, without_updates, caplog):
    model = wavegan.create(WAVEGAN, notes)
    model.prepare(tmp_path, None)
    model.begin(model.stages[0], None)
    terms = {'discriminator/pitch': 2.0}  # chance is ln 3 = 1.1
    with tf.summary.create_noop_writer().as_default(step=0):
        model.summarise(terms, 0)
        assert 'no longer hears' not in caplog.text
        model.summarise({'discriminator/pitch': 0.1}, 0)
        model.summarise(terms, 0)
    assert 'no longer hears the pitch of real notes (loss 2.00 nats, chance 1.10)' in caplog.text


def test_a_note_is_scaled_to_peak_1_and_filled_up_as_by_the_original():
    golden = np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'wavegan_unit.npz')
    config = WAVEGAN.replace(audio_length=1200)
    wave = golden['loader/int16'].astype(np.float32) / 32768
    made = wavegan_sound.to_slice(tf.constant(wave), config).numpy()
    np.testing.assert_allclose(made[:1200], golden['loader/first_slice_1200'][0], atol=1e-6)
    assert made.shape == (16384,) and not made[1000:].any() and np.abs(made).max() == pytest.approx(1, abs=1e-6)


def test_silence_stays_silence_and_long_notes_fade_out():
    assert not wavegan_sound.to_slice(tf.zeros(10), WAVEGAN).numpy().any()
    made = wavegan_sound.to_slice(tf.ones(20000), WAVEGAN).numpy()
    assert made[15000] == 1 and 0 < made[15999] < 0.01 and not made[16000:].any()


def test_notes_at_another_rate_are_refused(notes):
    with pytest.raises(InputError, match='another sample rate: expected 22050 Hz'):
        wavegan_sound.slice_batches(notes, WAVEGAN.replace(sample_rate=22050), batch_size=1, seed=0)


def test_the_tools_train_a_specgan_and_play_it(notes, tmp_path, capsys):
    run, hparams = tmp_path / 'run', '{"total_num_images": 20, "griffin_lim_iterations": 2}'
    argv = ['gansynth_train', '--model=specgan', '--config=specgan_tiny', f'--hparams={hparams}',
            f'--tfds_data_dir={pathlib.Path(notes.identity("train")["files"][0][0]).parent}', f'--train_root_dir={run}']
    assert command.execute(train_tool.main, sys.modules[train_tool.__name__], argv) == 0
    assert str(run) in capsys.readouterr().out

    slices, _ = next(iter(wavegan_sound.slice_batches(notes, SpecGANConfig(), batch_size=6, seed=0)))
    moments = specgan_spectrograms.read(run)
    distances = np.abs(specgan_spectrograms.log_magnitudes(slices) - moments.mean)
    assert distances.mean() < moments.std.mean() < distances.max()

    argv = ['gansynth_generate', f'--ckpt_dir={run}', '--pitches=60,62', '--seed=0', f'--output_dir={tmp_path / "out"}']
    assert command.execute(generate.main, sys.modules[generate.__name__], argv) == 0
    files = sorted((tmp_path / 'out').glob('*.wav'))
    assert len(files) == 2 and 'pitch60' in files[0].name and 'pitch62' in files[1].name
    wave, rate = soundfile.read(files[0])
    assert rate == 16000 and wave.shape == (16384,)
