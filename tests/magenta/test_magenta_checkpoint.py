"""The original's checkpoints: found, checked, and read under this project's names."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.errors import InputError
from gansynth_tf.magenta import magenta_checkpoint
from gansynth_tf.networks import weights
from gansynth_tf.networks.networks import Networks

MAGENTA = pathlib.Path(__file__).parents[1] / 'golden' / 'magenta_tiny_pert'
PREFIX = str(MAGENTA / 'stage_00003' / 'model.ckpt-108')


@pytest.fixture(scope='module')
def variables():
    """All variables of the original's checkpoint, by her names."""
    reader = tf.train.load_checkpoint(PREFIX)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


@pytest.fixture
def save(tmp_path):
    """Writes variables as a TensorFlow 1 checkpoint and returns its prefix."""
    def write(variables, stage='stage_00003', step=108):
        (tmp_path / stage).mkdir(exist_ok=True)
        prefix = str(tmp_path / stage / f'model.ckpt-{step}')
        tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(variables), shape_and_slices=[''] * len(variables),
                          tensors=list(variables.values()))
        return prefix
    return write


def without_block_3(variables):
    return {name: array for name, array in variables.items() if 'block_3' not in name}


def test_everything_is_read_under_our_names(tiny_config, golden):
    arrays = magenta_checkpoint.read(PREFIX, tiny_config, 61)
    expected = {name.removeprefix('before/'): array for name, array in golden(3).items() if name.startswith('before/')}
    counters = {'stage_id': 3, 'image_id': 108, 'num_blocks': 3, 'progress': 1.375, 'is_complete': False}
    # First moments, which count for nothing with beta1 = 0, are not among the expected.
    moments = {f'{network}_adam/m/{name.partition("/")[2]}' for network in ('generator', 'discriminator')
               for name in expected if name.startswith(f'{network}/')}
    assert arrays.keys() == expected.keys() | counters.keys() | moments
    for name, array in (expected | counters).items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    assert arrays['generator_adam/iterations'] == 4  # of 8 images each, since image 72, where her stage had ended


def test_blocks_that_come_later_are_new(tiny_config, variables, save):
    prefix = save(without_block_3(variables) | {'global_step': np.int64(52)}, 'stage_00001', 52)
    arrays = magenta_checkpoint.read(prefix, tiny_config, 61)
    networks = Networks.create(tiny_config, 61)
    for name, network in (('generator', networks.generator), ('generator_ema', networks.generator),
                          ('discriminator', networks.discriminator)):
        fresh = weights.to_arrays(network)
        given = {key.removeprefix(f'{name}/') for key in arrays if key.startswith(f'{name}/')}
        assert given == fresh.keys()
        for path, array in fresh.items():
            assert np.array_equal(arrays[f'{name}/{path}'], array) == path.startswith('block_3/'), path
    assert (arrays['num_blocks'], arrays['progress']) == (2, 0.625)


def test_only_what_is_asked_for(tiny_config):
    arrays = magenta_checkpoint.read(PREFIX, tiny_config, 61, only='generator_ema/')
    assert {name.partition('/')[0] for name in arrays if '/' in name} == {
        'generator_ema', 'generator_adam', 'discriminator_adam'}
    assert len([name for name in arrays if '_adam/' in name]) == 2  # how many iterations they have made


def test_the_simple_architecture_has_other_names(tiny_config, save):
    generator, discriminator = (f'{name}/progressive_gan_{name.lower()}/progressive_gan_block_1'
                                for name in ('Generator', 'Discriminator'))
    shapes = {f'{generator}/dense/kernel': [69, 512], f'{generator}/dense/bias': [512],
              f'{generator}/to_rgb/kernel': [1, 1, 16, 2], f'{generator}/to_rgb/bias': [2],
              f'{discriminator}/from_rgb/kernel': [1, 1, 2, 16], f'{discriminator}/from_rgb/bias': [16],
              f'{discriminator}/last_conv/kernel': [544, 16], f'{discriminator}/last_conv/bias': [16],
              f'{discriminator}/logits/kernel': [16, 1], f'{discriminator}/logits/bias': [1],
              'Discriminator/discriminator_cond/classification_logits/dense/kernel': [16, 61],
              'Discriminator/discriminator_cond/classification_logits/bias': [61]}
    shapes |= {f'{name}/ExponentialMovingAverage': shape for name, shape in shapes.items() if generator in name}
    shapes |= {f'progressive_gan_train_ops/{name}/{slot}': shape for name, shape in shapes.items()
               for slot in ('Adam', 'Adam_1') if 'Average' not in name}
    counters = {'global_step': np.int64(8), 'Variable': np.float32(0)}
    ones = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    arrays = magenta_checkpoint.read(save(ones | counters, 'stage_00000', 8), tiny_config.replace(simple_arch=True), 61)
    read = {name for name, array in arrays.items() if np.ndim(array) and np.all(array == 1)}
    assert len(read) == len(shapes)
    assert {'generator_ema/block_1/dense/kernel', 'discriminator_adam/v/block_1/last_conv/kernel',
            'discriminator/classification_logits/kernel'} <= read


def test_every_fault_is_named(tiny_config, variables, save):
    faulty = dict(variables)
    bias = 'Generator/progressive_gan_generator/progressive_gan_block_2/conv0/bias'
    del faulty[bias]
    faulty[f'{bias}/ExponentialMovingAverage'] = np.zeros(5, np.float32)
    faulty['Generator/extra'] = np.zeros(1, np.float32)
    with pytest.raises(InputError) as error:
        magenta_checkpoint.read(save(faulty), tiny_config, 61)
    assert str(error.value).startswith('The checkpoint does not fit the configuration: expected the 139 variables of '
                                       'such a model; check --config and --hparams, or put the experiment.json it was '
                                       'trained with beside its stages. Received: Generator/extra is unknown; '
                                       f'{bias} is missing; '
                                       f'{bias}/ExponentialMovingAverage has shape [5] instead of [16] (')


def test_a_wrong_configuration_is_one_short_line(tiny_config, variables, save):
    with pytest.raises(InputError, match=r'check --config and --hparams.* and \d+ more \(') as error:
        magenta_checkpoint.read(save(variables), tiny_config.replace(fmap_max=8, kernel_size=5), 61)
    assert len(str(error.value)) < 900


def test_weights_that_are_not_finite(tiny_config, variables, save):
    name = 'Generator/progressive_gan_generator/progressive_gan_block_2/conv0/bias'
    with pytest.raises(InputError, match='Unusable weights: expected finite numbers. Received: NaN or infinity in '
                                         'generator/block_2/conv0/bias'):
        magenta_checkpoint.read(save({**variables, name: np.full(16, np.nan, np.float32)}), tiny_config, 61)


def test_another_number_of_pitches(tiny_config):
    with pytest.raises(InputError, match='expected a model of 25 pitches, or pitch_counts.json .* Received: one of 61'):
        magenta_checkpoint.read(PREFIX, tiny_config, 25)


def test_a_stage_that_the_configuration_does_not_have(tiny_config, variables, save):
    with pytest.raises(InputError, match='expected a stage that this one has'):
        magenta_checkpoint.read(save(variables, 'stage_00012'), tiny_config, 61)


def test_damaged_files(tiny_config, tmp_path):
    directory = shutil.copytree(MAGENTA / 'stage_00003', tmp_path / 'stage_00003')
    data = directory / 'model.ckpt-108.data-00000-of-00001'
    whole = data.read_bytes()
    data.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(InputError, match='Cannot read the checkpoint: expected the files of a TensorFlow checkpoint'):
        magenta_checkpoint.read(str(directory / 'model.ckpt-108'), tiny_config, 61)
    (directory / 'model.ckpt-108.index').write_bytes(b'')
    with pytest.raises(InputError, match='Cannot read the checkpoint'):
        magenta_checkpoint.read(str(directory / 'model.ckpt-108'), tiny_config, 61)


def test_a_power_that_has_sunk_to_zero_counts_as_many_updates(tiny_config, variables, save):
    powers = dict.fromkeys((f'progressive_gan_train_ops/{network}_train/beta2_power'
                            for network in ('generator', 'discriminator')), np.float32(0))
    arrays = magenta_checkpoint.read(save(variables | powers), tiny_config, 61)
    assert 1 - 0.99 ** int(arrays['generator_adam/iterations']) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize('image_id, expected', [
    (48, (96, 2, 0.5, False)),  # its stages ended early: what is played is still the block before
    (96, (96, 2, 1.0, False)),
    (112, (112, 3, 1.5, False)),
    (136, (136, 3, 2.0, True)),  # ran over its end
])
def test_place_in_training(tiny_config, variables, save, image_id, expected):
    arrays = magenta_checkpoint.read(save(variables | {'global_step': np.int64(image_id)}), tiny_config, 61)
    assert tuple(arrays[name] for name in ('image_id', 'num_blocks', 'progress', 'is_complete')) == expected


def test_place_in_training_by_time(tiny_config, variables, save):
    # Five stages of 1, 2, 4, 8 and 16 seconds: half of the fourth is over after 11.
    config = tiny_config.replace(train_time_limit=31.0, train_time_stage_multiplier=2.0)
    counters = {'Variable': np.float32(11), 'global_step': np.int64(40)}
    arrays = magenta_checkpoint.read(save(variables | counters), config, 61)
    assert (arrays['num_blocks'], arrays['progress'], arrays['image_id']) == (3, 1.5, 112)


def test_place_in_training_that_is_not_progressive(tiny_config, variables, save):
    config = tiny_config.replace(train_progressive=False)
    arrays = magenta_checkpoint.read(save(variables | {'global_step': np.int64(8)}, 'stage_00004'), config, 61)
    assert (arrays['num_blocks'], arrays['progress'], arrays['image_id']) == (3, 2.0, 8)


def touch(directory, *names):
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).touch()


def test_the_newest_complete_checkpoint_of_the_last_stage_is_found(tmp_path):
    assert magenta_checkpoint.find(tmp_path) is None
    touch(tmp_path / 'stage_00001', 'model.ckpt-52.index', 'model.ckpt-52.data-00000-of-00001')
    touch(tmp_path / 'stage_00002', 'model.ckpt-9.index', 'model.ckpt-9.data-00000-of-00001', 'model.ckpt-96.meta',
          'model.ckpt-72.index', 'model.ckpt-72.data-00000-of-00001',  # the newest: numbers, not letters, are compared
          'model.ckpt-80.index', 'model.ckpt-80.data-00000-of-00002')  # half of it is missing
    touch(tmp_path / 'stage_00003', 'model.ckpt-104.index')
    touch(tmp_path / 'stage_00004', 'checkpoint', 'graph.pbtxt')
    assert magenta_checkpoint.find(tmp_path) == str(tmp_path / 'stage_00002' / 'model.ckpt-72')
