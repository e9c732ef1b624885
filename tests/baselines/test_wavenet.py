"""Both WaveNets, from notes to a run to an instrument."""

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf.baselines import wavenet, wavenet_autoencoder, wavenet_networks
from gansynth_tf.baselines.wavenet_config import AUTOENCODER_PRESETS, WAVENET_PRESETS, AutoencoderConfig, WaveNetConfig
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import loop

SIZES = dict(audio_length=320, crop_length=128, ae_hop_length=64, num_layers=2, num_stages=2, width=4, skip_width=4,
             batch_size=4, total_num_images=16, save_summaries_num_images=8)
MODELS = {'wavenet': (wavenet, WaveNetConfig(pitch_width=3, **SIZES)),
          'wavenet_autoencoder': (wavenet_autoencoder, AutoencoderConfig(
              ae_num_layers=2, ae_num_stages=2, ae_width=3, ae_bottleneck_width=2, latent_size=2, **SIZES))}


@pytest.fixture(scope='module', params=MODELS)
def trained(request, notes, tmp_path_factory):
    """A module, its configuration, and the directory of a run."""
    module, config = MODELS[request.param]
    directory = tmp_path_factory.mktemp(request.param)
    loop.train(module.create(config, notes), directory)
    return module, config, directory


@pytest.mark.slow
def test_interrupted_and_resumed_is_uninterrupted(trained, notes, tmp_path):
    module, config, directory = trained
    for total_num_images in (8, 16):
        loop.train(module.create(config.replace(total_num_images=total_num_images), notes), tmp_path)
    expected, resumed = (checkpoints.read_latest(path) for path in (directory, tmp_path))
    assert expected['image_id'] == resumed['image_id'] == 16
    assert int(expected['adam/iterations']) == 4
    for name, array in expected.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)


def test_training_moves_the_weights_and_is_measured(trained):
    _, config, directory = trained
    arrays = checkpoints.read_latest(directory)
    start = wavenet_networks.initial(config, 3)
    assert np.abs(arrays['weights/skip_start/W'] - start['skip_start/W']).max() > 1e-4
    assert '"test/loss"' in (directory / 'metrics.jsonl').read_text()


@pytest.mark.slow
def test_a_run_is_an_instrument(trained):
    _, config, directory = trained
    instrument = gs.load(directory, batch_size=2)
    assert isinstance(instrument, Instrument)
    assert (instrument.sample_rate, instrument.audio_length, instrument.pitches) == (16000, 320, (60, 61, 62))
    latents = instrument.sample_latents(3, seed=1)
    assert latents.shape == (3, config.latent_size)
    waves = instrument.generate(latents, [60, 61, 60])
    assert waves.shape == (3, 320) and np.abs(waves).max() <= 1
    np.testing.assert_array_equal(instrument.generate(latents, [60, 61, 60]), waves)
    np.testing.assert_array_equal(instrument.generate(latents[2:], [60]), waves[2:])
    assert np.any(waves[0] != waves[2])  # another latent, other draws


@pytest.mark.parametrize('settings', [{'precision': 'bf16'}, {'checkpoint': 'best'}])
def test_what_it_cannot_do_is_told(trained, settings):
    with pytest.raises(InputError, match='Impossible'):
        gs.load(trained[2], **settings)


def test_codes_are_mixed_and_decoded(notes, tmp_path):
    module, config = MODELS['wavenet_autoencoder']
    weights = wavenet_networks.initial(config)
    autoencoder = wavenet_autoencoder.WaveNetAutoencoder(weights, config)
    codes = autoencoder.encode(np.sin(np.arange(640).reshape(2, 320) / np.array([[5], [9]])))
    between = module.mix(codes[0], codes[1], [0, 0.25, 1])
    np.testing.assert_allclose(between[1], 0.75 * codes[0] + 0.25 * codes[1], rtol=1e-6)
    np.testing.assert_array_equal(between[[0, 2]], codes)
    audio = autoencoder.decode(between, seed=3)
    assert audio.shape == (3, 320)
    np.testing.assert_array_equal(autoencoder.decode(between, seed=3), audio)
    assert np.any(autoencoder.decode(between, seed=4) != audio)
    with pytest.raises(InputError, match='cannot be mixed'):
        module.mix(codes[0], codes[1][:-1], [0.5])


def test_the_pitch_reaches_the_decoder_while_it_is_on():
    config = WaveNetConfig(pitch_width=3, pitch_on_seconds=128 / 16000, **SIZES)
    weights = {name: np.ones(shape, np.float32) for name, shape in wavenet_networks.shapes(config, 2).items()}
    first, second = np.array([0]), np.array([1])
    encodings = [wavenet_networks.pitch_encoding(weights, config, label, 2).numpy() for label in (first, second)]
    assert encodings[0].shape == (1, 5, 3)
    np.testing.assert_array_equal(encodings[0], encodings[1])  # the first layer's kernel tells no pitch from another
    weights['pitch_conv_1/W'] = weights['pitch_conv_1/W'] * np.array([1, 2], np.float32)[:, np.newaxis]
    louder = wavenet_networks.pitch_encoding(weights, config, second, 2).numpy()
    assert np.any(louder != encodings[0])


def test_an_imported_autoencoder_has_no_notes_to_play(trained):
    module, _, directory = trained
    if module is wavenet_autoencoder:
        notes_file = directory / 'notes.npz'
        moved = notes_file.rename(directory / 'moved.npz')
        with pytest.raises(InputError, match='No notes to play'):
            gs.load(directory)
        moved.rename(notes_file)


@pytest.mark.parametrize('presets', [AUTOENCODER_PRESETS, WAVENET_PRESETS])
def test_presets_are_of_the_model(presets):
    assert len(presets) == 3
    published = next(iter(presets.values()))
    assert (published.num_layers, published.width, published.total_num_images) == (30, 512, 6_400_000)


@pytest.mark.parametrize('change, fault', [
    (dict(crop_length=100), 'a multiple of ae_hop_length = 64'), (dict(crop_length=384), 'at most audio_length = 320'),
    (dict(learning_rate_steps=(1, 2)), '6 numbers of updates'), (dict(widht=3), "did you mean 'width'")])
def test_impossible_hyperparameters_are_told(change, fault):
    with pytest.raises(InputError, match=fault):
        MODELS['wavenet'][1].replace(**change)
