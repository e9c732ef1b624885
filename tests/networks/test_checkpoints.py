import json
import re

import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.networks import checkpoints
from gansynth_tf.networks.checkpoints import GeneratorState

STATE = {'generator/a/kernel': np.ones(3, np.float32), 'generator_ema/a/kernel': np.full(3, 2, np.float32),
         'generator_adam/m/a/kernel': np.zeros(3, np.float32), 'image_id': np.int64(8), 'stage_id': np.int64(0),
         'num_blocks': np.int64(1), 'progress': np.float64(0.0)}


def write(directory, *, stage_id=0, image_id=8, **options):
    return checkpoints.write(STATE | {'image_id': np.int64(image_id), 'stage_id': np.int64(stage_id)},
                             checkpoints.stage_directory(directory, stage_id), image_id, **options)


def test_a_new_run_has_none(tmp_path):
    assert checkpoints.read_latest(tmp_path) is None


def test_round_trip(tmp_path):
    write(tmp_path)
    read = checkpoints.read_latest(tmp_path)
    assert read.keys() == STATE.keys()
    for name, array in STATE.items():
        np.testing.assert_array_equal(read[name], array)


def test_the_newest_of_the_last_stage_is_read(tmp_path):
    write(tmp_path, stage_id=0, image_id=96)
    write(tmp_path, stage_id=1, image_id=104)
    write(tmp_path, stage_id=1, image_id=1008)
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 1008


def test_only_the_newest_are_kept(tmp_path):
    for image_id in (8, 16, 24):
        write(tmp_path, image_id=image_id, keep=2)
    names = sorted(path.name for path in (tmp_path / 'stage_00000').iterdir())
    assert names == ['checkpoint-0000000016.npz', 'checkpoint-0000000024.npz']


def scored(directory, image_id, distance, keep=2):
    arrays = STATE if distance is None else STATE | {'sliced_wasserstein': np.float64(distance)}
    return checkpoints.write(arrays, directory, image_id, keep=keep)


def test_the_best_is_kept_beside_the_newest(tmp_path):
    for image_id, distance in ((8, 0.5), (16, 0.1), (24, None), (32, np.nan), (40, 0.3)):
        scored(tmp_path, image_id, distance)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f'checkpoint-{image_id:010d}.npz'
                                                                for image_id in (16, 32, 40)]
    scored(tmp_path, 48, 0.2, keep=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f'checkpoint-{image_id:010d}.npz'
                                                                for image_id in (16, 48)]


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    path = write(tmp_path)
    half = path.with_name('.checkpoint-0000000016.4711.partial.npz')
    half.write_bytes(b'PK')
    checkpoints.remove_unfinished(tmp_path)
    assert path.exists() and not half.exists()


def spoil(path, how):
    content = path.read_bytes()
    if how == 'half':
        path.write_bytes(content[:len(content) // 2])
    elif how == 'empty':
        path.write_bytes(b'')
    elif how == 'one bit':
        middle = content.index(b'\x80?\x00\x00\x80?') + 1  # inside an array of ones
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])


@pytest.mark.parametrize('how', ['half', 'empty', 'one bit'])
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_is_used(tmp_path, how, caplog):
    write(tmp_path, image_id=8)
    damaged = write(tmp_path, image_id=16)
    spoil(damaged, how)
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 8
    assert 'checkpoint-0000000016.corrupt' in caplog.text
    assert not damaged.exists() and damaged.with_suffix('.corrupt').exists()


def test_playing_refuses_a_damaged_newest_checkpoint_and_renames_nothing(tmp_path):
    write(tmp_path, image_id=8)
    damaged = write(tmp_path, stage_id=1, image_id=16)
    spoil(damaged, 'half')
    message = (f'newest checkpoint, {str(damaged)!r}, cannot be played.*Cannot read the weights.*'
               'To play the one before, stage_00000/checkpoint-0000000008.npz, rename this one')
    with pytest.raises(InputError, match=message):
        checkpoints.read_generator(tmp_path)
    damaged.rename(damaged.with_suffix('.damaged'))
    np.testing.assert_array_equal(checkpoints.read_generator(tmp_path).arrays['a/kernel'], [2, 2, 2])


def test_the_only_checkpoint_being_damaged(tmp_path):
    spoil(write(tmp_path), 'empty')
    with pytest.raises(InputError, match='checkpoint-0000000008.npz.*There is none before it'):
        checkpoints.read_generator(tmp_path)


@pytest.mark.parametrize('ema, value', [(True, 2), (False, 1)])
def test_generator_of_a_run(tmp_path, ema, value):
    write(tmp_path)
    state = checkpoints.read_generator(tmp_path, ema=ema)
    assert list(state.arrays) == ['a/kernel'] and (state.num_blocks, state.progress) == (1, 0.0)
    np.testing.assert_array_equal(state.arrays['a/kernel'], [value] * 3)


@pytest.mark.parametrize('mantissa_bits, weights', [(23, [0.5, -3.0, 0.1, 0.0]), (3, [0.5, -3.0, 0.1015625, 0.0])])
def test_generator_file(tmp_path, mantissa_bits, weights):
    state = GeneratorState({'a/kernel': np.array([0.5, -3.0, 0.1, 0.0], np.float32)}, num_blocks=2, progress=0.75)
    checkpoints.write_generator(state, tmp_path, mantissa_bits=mantissa_bits)
    read = checkpoints.read_generator(tmp_path)
    assert (read.num_blocks, read.progress) == (2, 0.75)
    np.testing.assert_array_equal(read.arrays['a/kernel'], np.array(weights, np.float32))
    assert read.arrays['a/kernel'].dtype == np.float32


def test_a_model_directory_is_a_run_without_what_playing_does_not_need(tmp_path):
    write(tmp_path / 'run')
    (tmp_path / 'run' / 'experiment.json').write_text('{"fmap_max": 4}')
    (tmp_path / 'run' / 'metrics.jsonl').write_text('{}')
    model = checkpoints.write_model(tmp_path / 'run', tmp_path / 'model')
    assert sorted(path.name for path in model.iterdir()) == ['experiment.json', 'generator.npz']
    assert (model / 'experiment.json').read_text() == '{"fmap_max": 4}'
    np.testing.assert_array_equal(checkpoints.read_generator(model).arrays['a/kernel'], [2, 2, 2])


@pytest.mark.parametrize('latent_noise', [0, 0.3])
def test_a_model_directory_has_timbre_codes_where_random_timbres_need_them(tmp_path, latent_noise):
    write(tmp_path / 'run')
    (tmp_path / 'run' / 'experiment.json').write_text(json.dumps({'latent_noise': latent_noise}))
    (tmp_path / 'run' / 'timbre_codes.npz').write_bytes(b'codes')
    model = checkpoints.write_model(tmp_path / 'run', tmp_path / 'model')
    assert (model / 'timbre_codes.npz').exists() == (latent_noise > 0)


def test_a_model_for_playing_has_no_live_weights(tmp_path):
    checkpoints.write_generator(GeneratorState({'a/kernel': np.ones(1)}, 1, 0.0), tmp_path)
    with pytest.raises(InputError, match='No live weights: expected a training run'):
        checkpoints.read_generator(tmp_path, ema=False)


def test_no_model(tmp_path):
    with pytest.raises(InputError, match='No model: expected generator.npz or stage_000NN'):
        checkpoints.read_generator(tmp_path)


@pytest.mark.parametrize('how', ['half', 'empty'])
def test_a_damaged_generator_file(tmp_path, how):
    path = checkpoints.write_generator(GeneratorState({'a/kernel': np.ones(1000)}, 1, 0.0), tmp_path)
    spoil(path, how)
    with pytest.raises(InputError, match='Cannot read the weights: expected a complete .npz file'):
        checkpoints.read_generator(tmp_path)


def test_a_file_of_something_else(tmp_path):
    np.savez(tmp_path / 'generator.npz', something=np.ones(1))
    with pytest.raises(InputError, match='Not a checkpoint: expected'):
        checkpoints.read_generator(tmp_path)


@pytest.mark.parametrize('arrays, message', [
    ({'generator_ema/a/kernel': np.float32([1, np.nan, 1])}, 'Unusable weights: .* NaN or infinity in generator_ema/a'),
    ({'stage_id': np.int64(3)}, 'expected the stage of its directory as stage_id'),
    ({'image_id': np.int64(-8)}, 'expected a whole number as image_id'),
    ({'num_blocks': np.float64(np.nan)}, 'expected a whole number as num_blocks'),
    ({'num_blocks': np.ones(2)}, 'expected a whole number as num_blocks'),
    ({'random_stream': np.float64(0.5)}, 'expected a whole number as random_stream'),
    ({'image_id': np.int64(24)}, 'expected the number in its name as image_id')])
def test_what_no_training_writes_is_set_aside(tmp_path, arrays, message, caplog):
    write(tmp_path, image_id=8)
    checkpoints.write(STATE | {'image_id': np.int64(16)} | arrays, checkpoints.stage_directory(tmp_path, 0), 16)
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 8
    assert re.search(message, caplog.text)
    assert (tmp_path / 'stage_00000' / 'checkpoint-0000000016.corrupt').exists()


@pytest.mark.parametrize('name', ['image_id', 'stage_id'])
def test_a_checkpoint_without_its_number_is_set_aside(tmp_path, name, caplog):
    arrays = {key: array for key, array in STATE.items() if key != name}
    checkpoints.write(arrays, checkpoints.stage_directory(tmp_path, 0), 8)
    assert checkpoints.read_latest(tmp_path) is None
    assert f'expected {name} in it' in caplog.text


def test_the_best_is_that_of_the_lowest_distance_in_the_newest_stage(tmp_path):
    with pytest.raises(InputError, match='No best checkpoint: expected a run whose checkpoints were compared'):
        checkpoints.read_generator(tmp_path, checkpoint='best')
    for stage_id, image_id, distance in ((0, 8, 0.1), (1, 16, 0.4), (1, 24, 0.3), (1, 32, 0.5), (2, 40, None)):
        values = {} if distance is None else {'sliced_wasserstein': np.float64(distance)}
        weights = {'generator_ema/a/kernel': np.full(3, image_id, np.float32)}
        numbers = {'stage_id': np.int64(stage_id), 'image_id': np.int64(image_id)}
        checkpoints.write(STATE | numbers | values | weights, checkpoints.stage_directory(tmp_path, stage_id), image_id)
    assert checkpoints.read_generator(tmp_path, checkpoint='best').arrays['a/kernel'][0] == 24
    assert checkpoints.read_generator(tmp_path).arrays['a/kernel'][0] == 40
