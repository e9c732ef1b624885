import json
import pathlib

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation import synthesizer
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
CONFIG = Config(num_resolutions=3, audio_length=320, latent_vector_size=8, fmap_base=64, fmap_max=16)
VOCABULARY = PitchVocabulary({pitch: 1 + pitch % 3 for pitch in range(24, 85)})


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'synthesizer_tiny.npz')


@pytest.fixture(scope='module')
def states(golden):
    """Two networks of the original: the last stage, and a transition at a block short of full size."""
    def arrays(name):
        return {key.removeprefix(f'{name}/'): golden[key] for key in golden.files if key.startswith(f'{name}/')}
    return {'final': GeneratorState(arrays('final'), num_blocks=3, progress=2.0),
            'stage1': GeneratorState(arrays('stage1'), num_blocks=2, progress=0.625)}


def write_model(directory, state, config=CONFIG):
    checkpoints.write_generator(state, directory)
    config_lib.write_experiment(config, directory)
    vocabulary.write(VOCABULARY, directory)
    return directory


@pytest.fixture
def model_dir(tmp_path, states):
    return write_model(tmp_path / 'model', states['final'])


@pytest.fixture(scope='module')
def synth(tmp_path_factory, states):
    return gs.load(write_model(tmp_path_factory.mktemp('model'), states['final']))


@pytest.mark.parametrize('name', ['final', 'stage1'])
def test_audio_equals_the_original(name, golden, states, tmp_path):
    loaded = gs.load(write_model(tmp_path, states[name]), phase_locking=False)
    audio = loaded.generate(golden[f'{name}_latents'], golden[f'{name}_pitches'], raw=True)
    expected = golden[f'{name}_waves']
    np.testing.assert_allclose(audio, expected, rtol=0, atol=5e-5 * np.max(np.abs(expected)))


def test_what_it_says_of_itself(synth):
    assert synth.sample_rate == 16000
    assert synth.audio_length == 320
    assert synth.pitches == tuple(range(24, 85))
    assert synth.config == CONFIG


def test_generated_notes(synth):
    audio = synth.generate(synth.sample_latents(3, seed=0), [60, 64, 67])
    assert audio.shape == (3, 320) and audio.dtype == np.float32 and np.all(np.isfinite(audio))
    assert synth.generate(np.zeros((0, 8)), []).shape == (0, 320)


def test_a_seeded_run_repeats_exactly(model_dir):
    first, second = (gs.load(model_dir) for _ in range(2))
    np.testing.assert_array_equal(first.generate(first.sample_latents(11, seed=5), range(50, 61)),
                                  second.generate(second.sample_latents(11, seed=5), range(50, 61)))


def test_notes_beside_it_do_not_change_a_note(synth):
    latents, pitches = synth.sample_latents(8, seed=1), np.arange(40, 48)
    others = synth.sample_latents(8, seed=2)
    others[3] = latents[3]
    alone = synth.generate(latents, pitches)
    # Products are shared out among threads as they come: to rounding, not to the bit.
    rounding = dict(rtol=0, atol=1e-6 * np.max(np.abs(alone)))
    np.testing.assert_allclose(synth.generate(others, pitches)[3], alone[3], **rounding)
    np.testing.assert_allclose(synth.generate(latents[:5], pitches[:5]), alone[:5], **rounding)


def test_batch_size_only_changes_the_speed(model_dir, synth):
    one_by_one = gs.load(model_dir, batch_size=1)
    latents, pitches = synth.sample_latents(5, seed=1), [30, 40, 50, 60, 70]
    audio = synth.generate(latents, pitches)
    np.testing.assert_allclose(one_by_one.generate(latents, pitches), audio, rtol=0, atol=1e-5 * np.max(np.abs(audio)))
    assert [len(batch) for batch in one_by_one.generate_batches(latents, pitches)] == [1, 1, 1, 1, 1]


def test_pitch_and_timbre_matter(synth):
    latents = synth.sample_latents(2)
    same, other_pitch = synth.generate(latents[[0, 0]], [40, 70])
    assert np.max(np.abs(same - other_pitch)) > 1e-3
    assert np.max(np.abs(np.diff(synth.generate(latents, [40, 40]), axis=0))) > 1e-3


def test_latents_are_seeded_normal_and_do_not_depend_on_their_number(synth):
    latents = synth.sample_latents(1000, seed=3)
    assert latents.shape == (1000, 8) and latents.dtype == np.float32
    np.testing.assert_array_equal(synth.sample_latents(7, seed=3), latents[:7])
    assert np.any(synth.sample_latents(7, seed=4) != latents[:7])
    assert abs(latents.mean()) < 0.05 and abs(latents.std() - 1) < 0.05


def test_a_models_latent_scale_and_another(tmp_path, states, synth):
    scaled = write_model(tmp_path, states['final'], CONFIG.replace(latent_scale=0.5))
    latents = synth.sample_latents(5, seed=3)
    np.testing.assert_array_equal(gs.load(scaled).sample_latents(5, seed=3), latents / 2)
    np.testing.assert_array_equal(gs.load(scaled, latent_scale=2).sample_latents(5, seed=3), latents * 2)
    with pytest.raises(InputError, match=r'latent_scale: expected a number above 0\. Received: 0\.0'):
        gs.load(scaled, latent_scale=0)


def test_pitches_are_drawn_as_the_training_notes_have_them(synth):
    pitches = synth.sample_pitches(6000, seed=0)
    np.testing.assert_array_equal(synth.sample_pitches(10, seed=0), pitches[:10])
    shares = np.bincount(pitches, minlength=85)[24:] / 6000
    assert np.max(np.abs(shares - VOCABULARY.probabilities)) < 0.01


@pytest.mark.parametrize('latents, pitches, message', [
    (np.zeros((2, 7)), [60, 60], r'Misshapen latents: expected \[n, 8\], a row a note\. Received: \[2, 7\]'),
    (np.zeros(8), [60], r'Misshapen latents: .* Received: \[8\]'),
    ([[0.0] * 8, [0.0] * 7 + [np.nan]], [60, 60], r'expected finite numbers\. Received: NaN or infinity in row 1'),
    (np.full((1, 8), np.inf), [60], r'expected finite numbers'),
    ([['a'] * 8], [60], r'Unusable latents: expected numbers of shape \[n, 8\]'),
    (np.zeros((2, 8)), [60], r'Counts differ: expected a pitch for each of 2 latents\. Received: 1 pitches'),
    (np.zeros((2, 8)), [60, 85], r'Unknown pitch: expected one of the 61 MIDI pitches .* Received: 85'),
    (np.zeros((1, 8)), [60.5], r'Unusable pitches: expected a list of whole MIDI numbers\. Received: \[60\.5\]'),
    (np.zeros((1, 8)), 60, r'Unusable pitches'),
])
def test_bad_requests(synth, latents, pitches, message):
    with pytest.raises(InputError, match=message):
        synth.generate(latents, pitches)


def test_bad_numbers(synth, model_dir):
    with pytest.raises(InputError, match=r'Impossible seed: expected a whole number of at least 0\. Received: -1'):
        synth.sample_latents(1, seed=-1)
    with pytest.raises(InputError, match=r'Impossible number of notes: .* Received: -2'):
        synth.sample_latents(-2)
    with pytest.raises(InputError, match=r'Impossible batch_size: .* Received: 0'):
        gs.load(model_dir, batch_size=0)


def test_a_training_run_is_played_with_its_newest_weights_averaged_or_not(tmp_path, states, golden):
    config_lib.write_experiment(CONFIG, tmp_path)
    vocabulary.write(VOCABULARY, tmp_path)
    zeros = {name: np.zeros_like(array) for name, array in states['final'].arrays.items()}
    for stage_id, ema in ((3, zeros), (4, states['final'].arrays)):
        arrays = {f'generator_ema/{name}': array for name, array in ema.items()}
        arrays |= {f'generator/{name}': array for name, array in zeros.items()}
        arrays |= {'num_blocks': 3, 'progress': 2.0}
        checkpoints.write(arrays, checkpoints.stage_directory(tmp_path, stage_id), 8)
    latents, pitches, expected = (golden[f'final_{name}'] for name in ('latents', 'pitches', 'waves'))
    averaged = gs.load(tmp_path, phase_locking=False).generate(latents, pitches, raw=True)
    np.testing.assert_allclose(averaged, expected, rtol=0, atol=5e-5 * np.max(np.abs(expected)))
    live = gs.load(tmp_path, ema=False).generate(latents, pitches, raw=True)
    assert np.max(np.abs(live - expected)) > 1


def test_phases_are_locked_unless_told_otherwise(synth, states, tmp_path):
    latents, pitches = synth.sample_latents(2, seed=0), [50, 55]
    plain = gs.load(write_model(tmp_path, states['final']), phase_locking=False).generate(latents, pitches, raw=True)
    assert np.max(np.abs(synth.generate(latents, pitches, raw=True) - plain)) > 1e-2 * np.max(np.abs(plain))


@pytest.mark.parametrize('name', ['specgrams_simple_normalizer', 'specgrams_freq_normalizer'])
def test_a_fitted_normalizer_comes_with_the_model(tmp_path, states, synth, name):
    directory = write_model(tmp_path, states['stage1'], CONFIG.replace(data_normalizer=name))
    with pytest.raises(InputError, match=r'expected normalizer\.json in it'):
        gs.load(directory)
    shape = (64, 2) if name == 'specgrams_freq_normalizer' else (2,)
    normalizers.write(normalizers.Normalizer(np.full(shape, 0.5), np.zeros(shape)), directory)
    audio = gs.load(directory).generate(synth.sample_latents(1), [60])
    assert np.all(np.isfinite(audio)) and np.any(audio != 0)


@pytest.mark.parametrize('data_type', ['linear', 'phase', 'wave'])
def test_every_representation_plays(data_type):
    shape = dict(start_width=1, start_height=100, scale_mode='H') if data_type == 'wave' else {}
    config = CONFIG.replace(data_type=data_type, **shape)
    state = GeneratorState(weights.to_arrays(Generator(config, 61)), num_blocks=3, progress=2.0)
    synth = synthesizer.from_weights(config, VOCABULARY, state, normalizers.from_config(config), batch_size=2)
    audio = synth.generate(synth.sample_latents(3), [60, 61, 62])
    assert audio.shape == (3, 320) and np.all(np.isfinite(audio)) and np.all(np.ptp(audio, axis=1) > 0)


def test_no_such_model(tmp_path):
    with pytest.raises(InputError, match=r'No such model: expected a training run or model directory\. .*none'):
        gs.load(tmp_path / 'none')


def test_an_empty_directory(tmp_path):
    with pytest.raises(InputError, match=r'Not a model directory: expected experiment\.json in it'):
        gs.load(tmp_path)


@pytest.mark.parametrize('missing, message', [
    ('experiment.json', r'expected experiment\.json in it'),
    ('pitch_counts.json', r'Cannot read pitch_counts\.json'),
    ('generator.npz', r'No model: expected generator\.npz or stage_000NN/checkpoint'),
])
def test_a_part_is_missing(model_dir, missing, message):
    (model_dir / missing).unlink()
    with pytest.raises(InputError, match=message):
        gs.load(model_dir)


@pytest.mark.parametrize('part', ['experiment.json', 'pitch_counts.json', 'generator.npz'])
def test_a_part_is_half_written(model_dir, part):
    whole = (model_dir / part).read_bytes()
    (model_dir / part).write_bytes(whole[:len(whole) // 2])
    with pytest.raises(InputError, match=r'Cannot read .* Received: .*') as error:
        gs.load(model_dir)
    assert part in str(error.value)


def test_weights_of_another_configuration(model_dir):
    config_lib.write_experiment(CONFIG.replace(fmap_max=8), model_dir)
    message = r'model: Weights do not fit .*block_1/conv0/bias has shape \[16\] instead of \[8\]'
    with pytest.raises(InputError, match=message):
        gs.load(model_dir)


def test_pitches_of_another_data_set(model_dir):
    vocabulary.write(PitchVocabulary({60: 1, 61: 1}), model_dir)
    with pytest.raises(InputError, match=r'block_1/conv0/kernel has shape'):
        gs.load(model_dir)


def test_more_blocks_than_the_configuration_has(model_dir, states):
    checkpoints.write_generator(GeneratorState(states['final'].arrays, num_blocks=4, progress=3.0), model_dir)
    with pytest.raises(InputError, match=r'Impossible number of blocks: .* Received: 4'):
        gs.load(model_dir)


def test_a_normalizer_of_another_width(model_dir):
    config_lib.write_experiment(CONFIG.replace(data_normalizer='specgrams_freq_normalizer'), model_dir)
    (model_dir / 'normalizer.json').write_text(json.dumps({'a': [[1, 1]] * 48, 'b': [[0, 0]] * 48, 'clips': True}))
    with pytest.raises(InputError, match=r'Impossible width: expected a divisor of 48'):
        gs.load(model_dir)
