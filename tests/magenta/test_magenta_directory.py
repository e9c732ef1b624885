"""The original's directories, played as they are and converted; training that goes on from one."""

import json
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.data import vocabulary
from gansynth_tf.data.vocabulary import MAGENTA_VOCABULARY, PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.magenta import magenta_directory
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import normalizers, representations
from gansynth_tf.training import stages, trainer
from gansynth_tf.training.step import TrainingStep

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


@pytest.fixture
def magenta(tmp_path):
    """A directory as the original leaves it, to be changed at will."""
    return shutil.copytree(GOLDEN / 'magenta_tiny_pert', tmp_path / 'magenta')


@pytest.fixture(scope='module')
def converted(tmp_path_factory):
    """The same, converted. Only to be read."""
    output = tmp_path_factory.mktemp('converted')
    magenta_directory.convert(GOLDEN / 'magenta_tiny_pert', output)
    return output


def edit_experiment(directory, **values):
    path = directory / 'experiment.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize('ema', [True, False])
def test_a_directory_of_the_original_s_plays_as_it_is(magenta, golden, ema):
    net = np.load(GOLDEN / 'net_tiny_stage3.npz')
    synth = gs.load(magenta, ema=ema, phase_locking=False)
    assert synth.pitches == tuple(range(24, 85))
    assert synth.vocabulary.counts[24] == 711 and synth.vocabulary.counts[84] == 1291
    latents, labels = net['in_z'], net['in_labels']
    audio = synth.generate(latents, [synth.pitches[label] for label in labels], raw=True)
    specgrams = net['g_data_ema' if ema else 'g_data_live']
    expected = representations.from_config(synth.config).specgrams_to_waves(specgrams)[:, :, 0].numpy()
    np.testing.assert_allclose(audio, expected, rtol=0, atol=5e-5 * np.abs(expected).max())


def test_old_flags_are_listed_once(magenta, caplog):
    magenta_directory.open_model(magenta)
    assert [record.getMessage().partition(': ')[2] for record in caplog.records] == [
        'these flags of the original mean nothing here: d_fn, dataset_name, debug_hook, g_fn, master, ps_tasks, task, '
        'train_data_path, train_root_dir.']


def test_an_unknown_flag_is_an_error(magenta):
    edit_experiment(magenta, fmap_maxx=3)
    with pytest.raises(InputError, match="did you mean 'fmap_max'"):
        magenta_directory.open_model(magenta)


def test_without_experiment_json_the_configuration_is_asked_for(magenta, tiny_config):
    (magenta / 'experiment.json').unlink()
    with pytest.raises(InputError, match=r'Unknown configuration: expected experiment\.json .* --config'):
        magenta_directory.open_model(magenta)
    assert magenta_directory.open_model(magenta, tiny_config).config == tiny_config
    with pytest.raises(InputError, match='expected a stage that|does not fit the configuration'):
        gs.load(magenta, config='mel_prog_hires')


def test_experiment_json_counts_more_than_a_given_configuration(magenta, tiny_config):
    assert magenta_directory.open_model(magenta, tiny_config.replace(fmap_max=8)).config.fmap_max == 16


@pytest.mark.parametrize('leave', ['checkpoint', 'absolute paths', 'empty last stage', 'index only'])
def test_whatever_stands_beside_the_last_good_checkpoint(magenta, leave):
    stage = magenta / 'stage_00003'
    if leave == 'checkpoint':
        (stage / 'checkpoint').unlink()
    elif leave == 'absolute paths':
        (stage / 'checkpoint').write_text('model_checkpoint_path: "/gone/stage_00003/model.ckpt-999"\n')
    else:
        (magenta / 'stage_00004').mkdir()
        name = 'checkpoint' if leave == 'empty last stage' else 'model.ckpt-130.index'
        (magenta / 'stage_00004' / name).write_text('')
    assert magenta_directory.is_magenta(magenta)
    assert magenta_directory.open_model(magenta).prefix == str(stage / 'model.ckpt-108')


def test_no_complete_checkpoint(magenta):
    (magenta / 'stage_00003' / 'model.ckpt-108.data-00000-of-00001').unlink()
    with pytest.raises(InputError, match='No complete checkpoint: expected stage_000NN'):
        gs.load(magenta)


def test_pitch_counts_that_are_put_there_are_used(magenta):
    vocabulary.write(PitchVocabulary({60: 1, 61: 1}), magenta)
    with pytest.raises(InputError, match='Unknown pitches: expected a model of 2 pitches.* Received: one of 61'):
        gs.load(magenta)
    shifted = PitchVocabulary({pitch + 1: 3 for pitch in MAGENTA_VOCABULARY.pitches})
    vocabulary.write(shifted, magenta)
    assert gs.load(magenta).pitches == shifted.pitches


@pytest.mark.parametrize('name, rows', [('specgrams_simple_normalizer', 1), ('specgrams_freq_normalizer', 64)])
def test_a_fitted_normalizer_is_read_from_the_original_s_file(magenta, tmp_path, name, rows):
    edit_experiment(magenta, data_normalizer=name)
    with pytest.raises(InputError, match=f'No normalizer: expected assets/{name}.npz'):
        magenta_directory.open_model(magenta)
    values = np.arange(1.0, 1 + 4 * rows).reshape(rows, 4)  # a and b of the magnitude, a and b of the phase
    (magenta / 'assets').mkdir()
    np.savez(magenta / 'assets' / f'{name}.npz', normalizer=values if rows > 1 else values[0])
    magenta_directory.convert(magenta, tmp_path / 'out')
    normalizer = normalizers.read(tmp_path / 'out')
    np.testing.assert_array_equal(np.reshape(normalizer.a, (rows, 2)), values[:, [0, 2]])
    np.testing.assert_array_equal(np.reshape(normalizer.b, (rows, 2)), values[:, [1, 3]])
    (magenta / 'assets' / f'{name}.npz').write_bytes(b'no archive')
    with pytest.raises(InputError, match='Cannot read the normalizer'):
        magenta_directory.open_model(magenta)


def test_a_converted_model_plays_the_same(converted, magenta):
    theirs, ours = gs.load(magenta), gs.load(converted)
    latents = theirs.sample_latents(3)
    np.testing.assert_array_equal(ours.generate(latents, [24, 60, 84]), theirs.generate(latents, [24, 60, 84]))
    assert ours.config == theirs.config and ours.vocabulary == theirs.vocabulary


def test_a_directory_with_a_model_is_not_converted_into(converted, magenta):
    for output in (converted, magenta):
        with pytest.raises(InputError, match='The directory holds a model: expected a new one'):
            magenta_directory.convert(magenta, output)


def test_an_interrupted_conversion_can_be_run_again(magenta, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints, 'write', lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        magenta_directory.convert(magenta, tmp_path / 'out')
    assert (tmp_path / 'out' / 'experiment.json').exists() and not checkpoints.exist(tmp_path / 'out')
    magenta_directory.convert(magenta, tmp_path / 'out')
    assert checkpoints.exist(tmp_path / 'out')


def test_two_iterations_of_the_original_s_after_conversion(converted, golden, eagerly):
    config, arrays = config_lib.read_experiment(converted), checkpoints.read_latest(converted)
    networks = Networks.create(config, 61)
    for prefix, network in networks.by_name().items():
        weights.from_arrays(network, {name.removeprefix(f'{prefix}/'): array for name, array in arrays.items()
                                      if name.startswith(f'{prefix}/')})
    stage = stages.all_stages(config)[int(arrays['stage_id'])]
    step = TrainingStep(config, stage, networks, normalizers.from_config(config), representations.from_config(config))
    for name, variable in step.state().items():
        variable.assign(arrays[name])
    given = golden(3)
    for number in (0, 1):
        fed = {name: given[f'train/it{number + 1}_{name}'] for name in
               ('G_in_z', 'G_in_labels', 'D_in_z', 'D_in_labels', 'D_in_real_labels', 'D_in_real_data', 'D_in_alpha')}
        fed = {name: tf.constant(array.astype(np.int32) if 'labels' in name else array) for name, array in fed.items()}
        progress = tf.constant(stage.progress(int(arrays['image_id']) + 8 * number), tf.float32)
        draw = {'generator_latents': fed['G_in_z'], 'generator_labels': fed['G_in_labels'],
                'discriminator_latents': fed['D_in_z'], 'discriminator_labels': fed['D_in_labels'],
                'mix': tf.reshape(fed['D_in_alpha'], [-1])}
        step.iterate(fed['D_in_real_data'], fed['D_in_real_labels'], draw, progress)
    after = {name: variable.numpy() for name, variable in step.state().items()}
    for prefix, network in networks.by_name().items():
        after |= {f'{prefix}/{name}': array for name, array in weights.to_arrays(network).items()}
    expected = {name.removeprefix('train/after/'): array for name, array in given.items()
                if name.startswith('train/after/')}
    assert len(expected) == 4 * 18 + 3 * 22
    for name, array in expected.items():
        np.testing.assert_allclose(after[name], array, rtol=0, atol=1e-4 * np.abs(array).max() + 1e-7, err_msg=name)


@pytest.fixture(scope='module')
def notes_of_61_pitches(prepare_notes):
    """Six clicks at each pitch, at least one of them in the train split."""
    return prepare_notes((24 + number % 61, np.eye(320)[number % 320] * 0.5) for number in range(61 * 6))


class Killed(Exception):
    pass


@pytest.mark.filterwarnings('ignore:Even though')  # tf.data functions are still traced, as they should be
def test_training_goes_on_where_the_original_stopped(converted, tmp_path, notes_of_61_pitches, monkeypatch, eagerly):
    run = shutil.copytree(converted, tmp_path / 'run')
    before = checkpoints.read_latest(run)
    write = checkpoints.write

    def write_and_die(*args, **kwargs):
        write(*args, **kwargs)
        raise Killed
    monkeypatch.setattr(checkpoints, 'write', write_and_die)
    with pytest.raises(Killed):
        trainer.train(config_lib.read_experiment(run), notes_of_61_pitches, run, checkpoint_seconds=0.0)
    after = checkpoints.read_latest(run)
    assert (before['image_id'], after['image_id'], after['stage_id']) == (108, 116, 3)
    assert after.keys() >= before.keys()
    for network in ('generator', 'discriminator'):
        assert after[f'{network}_adam/iterations'] == before[f'{network}_adam/iterations'] + 1
        for name in (name for name in before if name.startswith(f'{network}/') and 'kernel' in name):
            # An update is at most a few times the learning rate: this is the same model, one iteration on.
            assert np.abs(after[name] - before[name]).max() < 0.02, name
        moment = f'{network}_adam/v/block_1/conv0/kernel'
        assert np.all(after[moment] >= 0.98 * before[moment]) and np.any(after[moment] != before[moment])
    assert vocabulary.read(run) == notes_of_61_pitches.vocabulary != MAGENTA_VOCABULARY


def test_training_does_not_go_on_with_other_pitches(converted, tmp_path, notes):
    run = shutil.copytree(converted, tmp_path / 'run')
    with pytest.raises(InputError, match='run on other notes'):
        trainer.train(config_lib.read_experiment(run), notes, run)
    assert vocabulary.read(run) == MAGENTA_VOCABULARY
