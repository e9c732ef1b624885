"""Parity with arrays that Magenta's original code computed, and what must hold of every representation."""

import pathlib

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf import config
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import representations, transform

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
PRESETS = {'128x1024': '{}_prog_hires', '256x512': '{}_prog'}
SMALL = config.Config(num_resolutions=3, audio_length=320)  # 8x64
SMALL_CONFIGS = {
    'linear': SMALL.replace(data_type='linear'),
    'phase': SMALL.replace(data_type='phase'),
    'mel': SMALL,
    'mel_downscale_2': SMALL.replace(mel_downscale=2, start_width=8),  # 8x32
    'wave': config.Config(num_resolutions=3, start_height=82, start_width=1, scale_mode='H', audio_length=320,
                          data_type='wave'),  # 328x1
}
parity = pytest.mark.parametrize('data_type', ['linear', 'phase', 'mel'])
both_shapes = pytest.mark.parametrize('shape', PRESETS)
every_representation = pytest.mark.parametrize('name', SMALL_CONFIGS)


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'spectral_transforms.npz')


@pytest.fixture(scope='module')
def tones():
    """float32 [3, 320, 1]: a chord, noise and a short click."""
    rng = np.random.default_rng(3)
    time = np.arange(320)
    chord = 0.3 * np.sin(0.5 * time) + 0.3 * np.sin(1.3 * time + 1.0)
    click = np.where((time > 150) & (time < 160), 0.9, 0.0)
    return np.stack([chord, 0.2 * rng.normal(size=320), click])[..., np.newaxis].astype(np.float32)


def representation_of(shape, data_type):
    return representations.from_config(config.preset(PRESETS[shape].format(data_type)))


def as_complex(specgrams, data_type):
    """What two specgrams must agree in: the phase modulo 2 (units of pi), weighted by the magnitude."""
    logmag, phase = np.moveaxis(np.asarray(specgrams, np.float64), -1, 0)
    return np.exp(logmag / (2 if data_type.startswith('mel') else 1)) * np.exp(1j * np.pi * phase)


@parity
@both_shapes
def test_specgrams_match_the_original(golden, shape, data_type):
    specgrams = representation_of(shape, data_type).waves_to_specgrams(golden['waves']).numpy()[:, ::8, ::8]
    expected = golden[f'{shape}_{data_type}_data']
    np.testing.assert_allclose(specgrams[..., 0], expected[..., 0], rtol=0, atol=1e-4)
    # A bin's phase is known as well as its magnitude stands out from the loudest one's rounding; the original's
    # unwrapping in float32 adds to that.
    ours, theirs = as_complex(specgrams, data_type), as_complex(expected, data_type)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-5 * np.abs(theirs).max())


@parity
@both_shapes
def test_waves_from_random_specgrams_match_the_original(golden, shape, data_type):
    representation = representation_of(shape, data_type)
    num_frames, num_bins = representation.spec_shape
    rng = np.random.RandomState(11)
    logmag = rng.uniform(-6, 1, (1, num_frames, num_bins))
    specgrams = np.stack([logmag, rng.uniform(-1, 1, logmag.shape)], axis=-1).astype(np.float32)
    waves = representation.specgrams_to_waves(specgrams).numpy()
    np.testing.assert_allclose(waves[:, ::8], golden[f'{shape}_{data_type}_waves_from_rand'], rtol=0, atol=1e-5)


@parity
@both_shapes
def test_waves_there_and_back_match_the_original(golden, shape, data_type):
    representation = representation_of(shape, data_type)
    waves = representation.specgrams_to_waves(representation.waves_to_specgrams(golden['waves'])).numpy()
    # On the way there the original unwraps in float32, which alone moves one wave of 256 frames by 1.5e-4.
    unwrapping_loses = shape == '256x512' and data_type != 'phase'
    np.testing.assert_allclose(waves[:, ::16], golden[f'{shape}_{data_type}_waves_roundtrip'], rtol=0,
                               atol=2e-4 if unwrapping_loses else 1e-4)


@both_shapes
def test_instantaneous_frequency_loses_nothing_that_the_phase_keeps(golden, shape):
    linear, phase = (representation_of(shape, data_type) for data_type in ('linear', 'phase'))
    waves = golden['waves'][:2]
    np.testing.assert_allclose(linear.specgrams_to_waves(linear.waves_to_specgrams(waves)),
                               phase.specgrams_to_waves(phase.waves_to_specgrams(waves)), atol=5e-6)


@both_shapes
def test_linear_round_trip_of_a_real_note(golden, shape):
    representation = representation_of(shape, 'linear')
    note = golden['waves'][:1]
    error = representation.specgrams_to_waves(representation.waves_to_specgrams(note)) - note
    snr_db = 10 * np.log10(np.sum(note**2) / np.sum(error.numpy() ** 2))
    assert snr_db > 45  # what is missing is the bin at 0 Hz


def test_fewer_mel_bins_keep_less_of_a_real_note(golden):
    note = golden['waves'][:1]

    def log_spectral_distance_db(mel_downscale):
        hparams = dict(mel_downscale=mel_downscale, start_width=16 // mel_downscale)
        representation = representations.from_config(config.preset('mel_prog_hires').replace(**hparams))
        specgrams = representation.waves_to_specgrams(note)
        assert specgrams.shape == (1, 128, 1024 // mel_downscale, 2)
        levels = []
        for waves in (note, representation.specgrams_to_waves(specgrams)):
            magnitude = np.abs(tf.signal.stft(waves[0, :, 0], 1024, 256))
            levels.append(20 * np.log10(np.maximum(magnitude, 1e-4 * np.abs(magnitude).max())))
        return np.sqrt(np.mean((levels[0] - levels[1]) ** 2))

    full, half, quarter = (log_spectral_distance_db(downscale) for downscale in (1, 2, 4))
    assert full < half < quarter
    assert half < 6


@every_representation
def test_shapes_and_types(tones, name):
    hparams = SMALL_CONFIGS[name]
    representation = representations.from_config(hparams)
    specgrams = representation.waves_to_specgrams(tones)
    assert specgrams.dtype == tf.float32
    assert specgrams.shape == (3, *hparams.spec_shape, 2)
    waves = representation.specgrams_to_waves(specgrams)
    assert waves.dtype == tf.float32
    assert waves.shape == (3, 320, 1)


@every_representation
def test_a_batch_is_the_same_as_one_by_one(tones, name):
    representation = representations.from_config(SMALL_CONFIGS[name])
    specgrams = representation.waves_to_specgrams(tones)
    one_by_one = tf.concat([representation.waves_to_specgrams(tones[i:i + 1]) for i in range(3)], axis=0)
    np.testing.assert_allclose(as_complex(one_by_one, name), as_complex(specgrams, name), atol=1e-4)
    waves = tf.concat([representation.specgrams_to_waves(specgrams[i:i + 1]) for i in range(3)], axis=0)
    np.testing.assert_allclose(waves, representation.specgrams_to_waves(specgrams), atol=1e-5)


@every_representation
def test_eager_graph_and_data_pipeline_agree(tones, name):
    representation = representations.from_config(SMALL_CONFIGS[name])
    there_and_back = lambda waves: (specgrams := representation.waves_to_specgrams(waves),
                                    representation.specgrams_to_waves(specgrams))
    specgrams, waves = there_and_back(tones)
    graph = tf.function(there_and_back, input_signature=[tf.TensorSpec([None, 320, 1])])
    pipeline = tf.data.Dataset.from_tensor_slices(tones).batch(3).map(there_and_back)
    assert pipeline.element_spec[0].shape.as_list() == [None, *representation.spec_shape, 2]
    assert pipeline.element_spec[1].shape.as_list() == [None, 320, 1]
    for other_specgrams, other_waves in (graph(tones), next(iter(pipeline))):
        np.testing.assert_allclose(as_complex(other_specgrams, name), as_complex(specgrams, name), atol=1e-4)
        np.testing.assert_allclose(other_waves, waves, atol=1e-5)


@every_representation
def test_silence_stays_silent_and_finite(name):
    representation = representations.from_config(SMALL_CONFIGS[name])
    specgrams = representation.waves_to_specgrams(tf.zeros([2, 320, 1])).numpy()
    assert np.isfinite(specgrams).all()
    np.testing.assert_array_equal(specgrams[..., 1], 0.0)
    assert specgrams[..., 0].min() == pytest.approx(0.0 if name == 'wave' else np.log(1e-6), rel=1e-6)
    waves = representation.specgrams_to_waves(specgrams).numpy()
    np.testing.assert_allclose(waves, 0.0, atol=1e-3)


@pytest.mark.parametrize('name', ['linear', 'phase'])
def test_specgrams_hold_all_of_the_spectrum(name):
    representation = representations.from_config(SMALL_CONFIGS[name])
    rng = np.random.default_rng(5)
    stfts = (rng.normal(size=[2, 8, 64]) + 1j * rng.normal(size=[2, 8, 64])).astype(np.complex64)
    again = representation.specgrams_to_stfts(representation.stfts_to_specgrams(stfts))
    np.testing.assert_allclose(again, stfts, atol=2e-5)


def test_phase_channels_are_in_units_of_pi(tones):
    stfts = transform.waves_to_stfts(tones, representations.from_config(SMALL).framing)
    phase = representations.from_config(SMALL_CONFIGS['phase']).stfts_to_specgrams(stfts).numpy()[..., 1]
    ifreq = representations.from_config(SMALL_CONFIGS['linear']).stfts_to_specgrams(stfts).numpy()[..., 1]
    np.testing.assert_allclose(phase, np.angle(stfts) / np.pi, atol=1e-6)
    np.testing.assert_array_equal(ifreq[:, 0], phase[:, 0])
    steps = np.diff(phase, axis=1)
    np.testing.assert_allclose(np.exp(1j * np.pi * ifreq[:, 1:]), np.exp(1j * np.pi * steps), atol=1e-5)
    assert np.abs(ifreq).max() <= 1.0


def test_mel_phase_is_the_weighted_unwrapped_phase(tones):
    representation = representations.from_config(SMALL)
    matrix = np.load(GOLDEN / 'mel_matrices.npz')['linear_to_mel_8x64']
    stfts = transform.waves_to_stfts(tones, representation.framing).numpy()
    weighted = np.unwrap(np.angle(stfts), axis=1) @ matrix
    expected = np.concatenate([weighted[:, :1], np.diff(np.unwrap(weighted, axis=1), axis=1)], axis=1) / np.pi
    ifreq = representation.stfts_to_specgrams(stfts).numpy()[..., 1]
    power = np.abs(stfts) ** 2 @ matrix
    heard = power > 1e-6 * power.max()
    np.testing.assert_allclose(np.exp(1j * np.pi * ifreq)[heard], np.exp(1j * np.pi * expected)[heard], atol=1e-4)


def test_gradients_of_synthesis_are_finite_even_at_silence():
    representation = representations.from_config(SMALL)
    specgrams = tf.stack([tf.fill([1, 8, 64], float(np.log(1e-6))), tf.zeros([1, 8, 64])], axis=-1)
    with tf.GradientTape() as tape:
        tape.watch(specgrams)
        energy = tf.reduce_sum(tf.square(representation.specgrams_to_waves(specgrams)))
    gradient = tape.gradient(energy, specgrams).numpy()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0.0


@pytest.mark.parametrize(('start_height', 'before', 'after'), [(82, 4, 4), (83, 6, 6), (81, 2, 2)])
def test_wave_is_padded_on_both_sides(tones, start_height, before, after):
    hparams = SMALL_CONFIGS['wave'].replace(start_height=start_height)
    specgrams = representations.from_config(hparams).waves_to_specgrams(tones).numpy()
    expected = np.pad(tones, [(0, 0), (before, after), (0, 0)])[:, :, np.newaxis].repeat(2, axis=-1)
    np.testing.assert_array_equal(specgrams, expected)


def test_wave_of_the_original_has_768_rows_more_on_both_sides():
    hparams = config.Config(data_type='wave', num_resolutions=7, start_height=1024, start_width=1, scale_mode='H')
    waves = np.random.default_rng(0).normal(size=[1, 64000, 1]).astype(np.float32)
    representation = representations.from_config(hparams)
    specgrams = representation.waves_to_specgrams(waves)
    np.testing.assert_array_equal(specgrams[:, 768:-768, 0, 1:], waves)
    np.testing.assert_array_equal(representation.specgrams_to_waves(specgrams), waves)


def test_wave_reads_the_first_channel(tones):
    representation = representations.from_config(SMALL_CONFIGS['wave'])
    specgrams = representation.waves_to_specgrams(tones) * [1.0, 0.5]
    np.testing.assert_array_equal(representation.specgrams_to_waves(specgrams), tones)


@every_representation
def test_wrong_shapes_are_input_errors(name):
    representation = representations.from_config(SMALL_CONFIGS[name])
    with pytest.raises(InputError, match=r'Impossible waves: expected a tensor of shape \[any, 320, 1\]'):
        representation.waves_to_specgrams(tf.zeros([1, 319, 1]))
    with pytest.raises(InputError, match='Impossible specgrams: expected a tensor of shape'):
        representation.specgrams_to_waves(tf.zeros([1, 4, 4, 2]))
