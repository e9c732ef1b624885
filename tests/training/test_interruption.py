"""Whatever ends a run, at whatever moment: the next one goes on as if nothing had happened.

The iterations here change a few numbers by what they draw and read, and cost nothing; test_trainer has real ones.
"""

import json
import os
import pathlib
import signal

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf import config as config_lib
from gansynth_tf.errors import InputError
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import loop, run_directory, signals, trainer
from gansynth_tf.training.draw import draw_numbers
from gansynth_tf.training.step import TrainingStep

STAGES = ('stage_00000', 'stage_00001', 'stage_00002')


@pytest.fixture(scope='module')
def config():
    """Three stages of three iterations each."""
    return config_lib.Config(num_resolutions=2, start_height=4, start_width=32, audio_length=320, latent_vector_size=4,
                             fmap_base=8, fmap_max=4, batch_size_schedule=(2,), stable_stage_num_images=6,
                             transition_stage_num_images=6, total_num_images=18, fake_batch_size=3,
                             sliced_wasserstein_num_samples=0, generator_reconstruction_weight=1.0, seed=3)


@pytest.fixture(autouse=True)
def iterate(monkeypatch):
    """Iterations that leave traces of progress, random numbers and notes; `iterate.before(image_id)` may be set."""
    def iterate_quickly(self, real, real_labels, draw, progress, *, with_penalty):
        trace = float(progress) + float(draw['mix'][0]) + float(tf.reduce_mean(real)) + float(real_labels[0])
        trace += float(draw['real_codes'][0, 0])
        variables = self.variables()
        for name in ('generator/block_1/conv0/bias', 'generator_ema/block_1/conv0/bias', 'generator_adam/iterations'):
            variables[name].assign(variables[name].value * 2 % 97 + tf.cast(trace, variables[name].dtype))
        return {name: tf.constant(1.0) for name in ('generator/pitch', 'discriminator/pitch',
                                                    'discriminator/wasserstein')}

    monkeypatch.setattr(TrainingStep, 'iterate', iterate_quickly)
    monkeypatch.setattr(trainer.Gansynth, 'summarise', lambda *_: {})
    monkeypatch.setattr(trainer.Gansynth, 'show_notes', lambda *_: None)


@pytest.fixture
def at_image(monkeypatch):
    """Calls something when the iteration after so many images draws its random numbers, the first time."""
    def at(image_id, action):
        waiting = [action]

        def draw_at(config, seen, *args):
            if seen == image_id and waiting:
                waiting.pop()()
            return draw_numbers(config, seen, *args)
        monkeypatch.setattr(trainer, 'draw_numbers', draw_at)
    return at


@pytest.fixture(scope='module')
def expected(config, notes, tmp_path_factory):
    """The last checkpoint of each stage of a run that nothing interrupted; made when it is first needed."""
    made = {}

    def last_checkpoints():
        if not made:
            directory = tmp_path_factory.mktemp('uninterrupted')
            trainer.train(config, notes, directory)
            made.update(last_of_each_stage(directory))
        return made
    return last_checkpoints


def last_of_each_stage(directory):
    return {stage: dict(np.load(max((directory / stage).glob('*.npz')))) for stage in STAGES}


def assert_same(directory, expected):
    for stage, arrays in last_of_each_stage(directory).items():
        assert arrays.keys() == expected[stage].keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, expected[stage][name], err_msg=f'{stage}: {name}')


class Killed(BaseException):
    pass


def die_at_write(patch, number):
    """From the `number`-th write on, nothing reaches the disk, as after kill -9."""
    count = [0]

    def dying(write):
        def write_or_die(*args, **kwargs):
            count[0] += 1
            if count[0] >= number:
                raise Killed
            return write(*args, **kwargs)
        return write_or_die
    patch.setattr(os, 'replace', dying(os.replace))
    patch.setattr(os, 'fsync', dying(os.fsync))
    patch.setattr(pathlib.Path, 'unlink', dying(pathlib.Path.unlink))
    patch.setattr(np, 'savez', dying(np.savez))


def test_killed_between_any_two_writes(config, notes, tmp_path, monkeypatch, expected):
    whole, num_kills = expected(), 0
    for attempt in range(100):
        try:
            with monkeypatch.context() as patch:
                die_at_write(patch, 4 + attempt % 9)
                trainer.train(config, notes, tmp_path, checkpoint_seconds=0.0)
            break
        except Killed:
            num_kills += 1
    assert num_kills > 6
    assert_same(tmp_path, whole)
    assert not list(tmp_path.rglob('*.partial*'))
    lines = [json.loads(line)['image_id'] for line in (tmp_path / 'metrics.jsonl').read_text().splitlines()]
    assert lines == [6, 12, 18]


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize('image_id', [0, 8])  # at the very start, and within a transition
def test_told_to_stop(config, notes, tmp_path, at_image, expected, number, image_id):
    whole, before = expected(), signal.getsignal(number)
    at_image(image_id, lambda: os.kill(os.getpid(), number))
    with pytest.raises(signals.Stopped) as stopped:
        trainer.train(config, notes, tmp_path)
    assert stopped.value.image_id == image_id + 2  # the iteration is finished first
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == image_id + 2
    assert signal.getsignal(number) == before
    trainer.train(config, notes, tmp_path)
    assert_same(tmp_path, whole)


def test_told_to_stop_twice_it_does_not_wait(config, notes, tmp_path, at_image):
    def twice():
        signal.raise_signal(signal.SIGINT)  # two by os.kill could arrive as one
        signal.raise_signal(signal.SIGINT)
    at_image(8, twice)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.train(config, notes, tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_damaged_checkpoint_costs_what_came_after_the_one_before(config, notes, tmp_path, at_image, expected):
    whole = expected()
    at_image(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(signals.Stopped):
        trainer.train(config, notes, tmp_path)
    newest = max((tmp_path / STAGES[1]).glob('*.npz'))
    newest.write_bytes(newest.read_bytes()[:-100])
    trainer.train(config, notes, tmp_path)
    assert newest.with_suffix('.corrupt').exists()
    assert_same(tmp_path, whole)


def spoiled(arrays, how):
    """A whole and readable checkpoint that no training of this model wrote."""
    name = 'discriminator/block_1/conv0/kernel'
    changes = {'shape': {name: arrays[name][..., :-1]}, 'size': {name: np.zeros((3, 3, 64, 4096), np.float32)},
               'optimizer': {f'discriminator_adam/v/{name.partition("/")[2]}': np.zeros(3)},
               'not finite': {name: arrays[name] * np.nan}, 'seconds': {'stage_seconds': np.array(np.nan)}}
    if how == 'name':
        return {key + '_' if key == name else key: array for key, array in arrays.items()}
    if how == 'missing':
        return {key: array for key, array in arrays.items() if key != 'is_complete'}
    return arrays | changes[how]


def test_readable_checkpoints_that_do_not_fit_are_set_aside_too(config, notes, tmp_path, at_image, expected, caplog):
    whole = expected()
    at_image(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(signals.Stopped):
        trainer.train(config, notes, tmp_path)
    newest = dict(np.load(max((tmp_path / STAGES[1]).glob('*.npz'))))
    faults = ('shape', 'size', 'optimizer', 'not finite', 'seconds', 'name', 'missing')
    for count, how in enumerate(faults):
        arrays = spoiled(newest, how) | {'image_id': np.array(11 + count)}
        checkpoints.write(arrays, checkpoints.stage_directory(tmp_path, 1), 11 + count, keep=100)
    early = newest | {'stage_id': np.array(2), 'image_id': np.array(3)}  # before its stage begins
    checkpoints.write(early, checkpoints.stage_directory(tmp_path, 2), 3)
    trainer.train(config, notes, tmp_path)
    assert {path.stem for path in tmp_path.rglob('*.corrupt')} == {
        f'checkpoint-{image_id:010d}' for image_id in (3, *range(11, 11 + len(faults)))}
    for word in ('has shape', 'is unknown', 'is missing', 'NaN or infinity', 'stage_seconds', 'expected is_complete',
                 'after 12 images'):
        assert word in caplog.text
    assert_same(tmp_path, whole)


def test_a_full_disk_is_one_line_and_loses_nothing(config, notes, tmp_path, monkeypatch, expected):
    whole, savez, written = expected(), np.savez, []

    def fill_disk(path, **arrays):
        written.append(path)
        savez(path, **arrays)
        if len(written) == 5:  # the timbre codes and four checkpoints
            path.write_bytes(path.read_bytes()[:200])
            raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(np, 'savez', fill_disk)
        with pytest.raises(InputError, match=r'Cannot write the file: .*No space left on device') as error:
            trainer.train(config, notes, tmp_path, checkpoint_seconds=0.0)
    assert '\n' not in str(error.value)
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 4
    trainer.train(config, notes, tmp_path)
    assert_same(tmp_path, whole)


def test_the_second_run_in_a_directory_is_refused(config, notes, tmp_path):
    message = f'in use: expected .*process {os.getpid()} does'
    with run_directory.exclusive(tmp_path), pytest.raises(InputError, match=message):
        trainer.train(config, notes, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {'run.lock', 'run.pid'}


def iterate_with_nan(monkeypatch, image_ids):
    """Makes the critic's penalty NaN in the iterations after these numbers of images, once each."""
    iterate, remaining = TrainingStep.iterate, list(image_ids)

    def sometimes_nan(self, *args, **kwargs):
        terms = iterate(self, *args, **kwargs)
        images = 2 * sometimes_nan.count
        sometimes_nan.count += 1
        if remaining and images == remaining[0]:
            remaining.pop(0)
            terms['discriminator/gradient_penalty'] = tf.constant(np.nan)
        return terms
    sometimes_nan.count = 0
    monkeypatch.setattr(TrainingStep, 'iterate', sometimes_nan)


def test_a_number_that_is_none_stops_with_a_dump(config, notes, tmp_path, monkeypatch):
    iterate_with_nan(monkeypatch, [8])
    with pytest.raises(loop.NonFiniteError, match='discriminator/gradient_penalty is nan after 8 images') as error:
        trainer.train(config, notes, tmp_path)
    dump = dict(np.load(tmp_path / 'nonfinite-0000000008.npz'))
    assert str(tmp_path / 'nonfinite-0000000008.npz') in str(error.value)
    assert np.isnan(dump['discriminator/gradient_penalty']) and dump['real'].shape == (2, 8, 64, 2)
    np.testing.assert_array_equal(dump['draw/mix'], draw_numbers(config, 8, 2, notes.vocabulary.probabilities)['mix'])
    assert 'generator/block_1/conv0/kernel' in dump and int(dump['image_id']) == 8


def test_rollback_goes_on_with_other_random_numbers(config, notes, tmp_path, monkeypatch, caplog, expected):
    whole = expected()
    iterate_with_nan(monkeypatch, [8])
    trainer.train(config, notes, tmp_path, on_nan='rollback')
    assert 'Going back to the last checkpoint, with other random numbers (1 of 3 times)' in caplog.text
    last = last_of_each_stage(tmp_path)
    name = 'generator/block_1/conv0/bias'
    np.testing.assert_array_equal(last[STAGES[0]][name], whole[STAGES[0]][name])
    assert not np.array_equal(last[STAGES[1]][name], whole[STAGES[1]][name])
    assert [int(arrays['random_stream']) for arrays in last.values()] == [0, 1, 1]


def test_rollbacks_end(config, notes, tmp_path, monkeypatch):
    iterate_with_nan(monkeypatch, [0, 2, 4, 6])
    with pytest.raises(loop.NonFiniteError):
        trainer.train(config, notes, tmp_path, on_nan='rollback')
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 0


def test_hyperparameters_that_are_safe_to_change_are_taken(config, notes, tmp_path, at_image, caplog):
    at_image(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(signals.Stopped):
        trainer.train(config, notes, tmp_path)
    trainer.train(config.replace(generator_learning_rate=1e-4, total_num_images=22), notes, tmp_path)
    assert 'goes on with generator_learning_rate = 0.0001 instead of 0.0008' in caplog.text
    assert config_lib.read_experiment(tmp_path).generator_learning_rate == 1e-4
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 22
    trainer.train(config.replace(generator_learning_rate=1e-4, total_num_images=26), notes, tmp_path)
    assert int(checkpoints.read_latest(tmp_path)['image_id']) == 26  # also when it had been finished


@pytest.mark.parametrize('change', [dict(fmap_max=8), dict(seed=4), dict(transition_stage_num_images=8)])
def test_others_are_refused_by_name(config, notes, tmp_path, at_image, change):
    at_image(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(signals.Stopped):
        trainer.train(config, notes, tmp_path)
    [name] = change
    with pytest.raises(InputError, match=rf'run of another configuration: .*\({name} = {getattr(config, name)}\)'):
        trainer.train(config.replace(**change, generator_learning_rate=1e-4), notes, tmp_path)
    assert config_lib.read_experiment(tmp_path) == config
