import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.data import timbre_codes, vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.export import saved_model
from gansynth_tf.generation import synthesizer
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import trainer

STAGES = ['stage_00000', 'stage_00001', 'stage_00002']


@pytest.fixture(scope='module')
def config():
    """Two resolutions, so three stages, of three iterations each."""
    return config_lib.Config(num_resolutions=2, start_height=4, start_width=32, audio_length=320, latent_vector_size=4,
                             fmap_base=8, fmap_max=4, batch_size_schedule=(2,), stable_stage_num_images=6,
                             transition_stage_num_images=6, total_num_images=18, save_summaries_num_images=4,
                             fake_batch_size=3, sliced_wasserstein_num_samples=8, seed=3)


@pytest.fixture(scope='module')
def run(config, notes, tmp_path_factory):
    """A finished run. Only to be read."""
    return trainer.train(config, notes, tmp_path_factory.mktemp('run'))


@pytest.fixture(scope='module', autouse=True)
def _eagerly():
    """Tracing takes seconds for every stage, and the stages here have three iterations each."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class Killed(Exception):
    pass


def kill_after(monkeypatch, num_checkpoints):
    """Ends the trainer as a kill would, right after it has written so many checkpoints."""
    write, written = checkpoints.write, []

    def write_and_die(*args, **kwargs):
        written.append(write(*args, **kwargs))
        if len(written) == num_checkpoints:
            raise Killed
        return written[-1]
    monkeypatch.setattr(checkpoints, 'write', write_and_die)


def test_a_run_leaves_what_a_model_directory_needs(config, notes, run):
    assert config_lib.read_experiment(run) == config
    assert vocabulary.read(run) == notes.vocabulary
    assert sorted(path.name for path in run.glob('stage_*')) == STAGES
    assert [sorted(path.name for path in (run / stage).iterdir()) for stage in STAGES] == [
        [f'checkpoint-{image_id:010d}.npz'] for image_id in (6, 12, 18)]
    for stage in STAGES:  # how far samples are from notes; noise is further than 0, and not as far as 5
        assert 0.01 < float(np.load(next((run / stage).iterdir()))['sliced_wasserstein']) < 5


def test_every_network_is_trained(run, config):
    first, last = (dict(np.load(next((run / stage).iterdir()))) for stage in (STAGES[0], STAGES[2]))
    for name, array in last.items():
        if name.startswith(('generator/', 'generator_ema/', 'discriminator/')) and 'kernel' in name:
            # With two blocks in use the RGB layers of the first are at rest, but had their turn while it faded out.
            assert not np.array_equal(array, first[name]), name
    assert int(last['generator_adam/iterations']) == 3  # of its own stage only
    assert bool(last['is_complete']) and float(last['progress']) == 1.0


@pytest.mark.parametrize('num_checkpoints', [1, 4, 6])  # within a stage, between two, within a transition
def test_interrupted_and_resumed_equals_uninterrupted(config, notes, run, tmp_path, monkeypatch, num_checkpoints):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, num_checkpoints)
        trainer.train(config, notes, tmp_path, checkpoint_seconds=0.0)  # a checkpoint after every iteration
    trainer.train(config, notes, tmp_path)
    for stage in STAGES[1:]:
        theirs, ours = (dict(np.load(max((directory / stage).iterdir()))) for directory in (run, tmp_path))
        assert ours.keys() == theirs.keys()
        for name, array in theirs.items():
            np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_a_finished_run_is_left_as_it_is(config, notes, run):
    before = {path: path.read_bytes() for path in run.glob('stage_*/*')}
    trainer.train(config, notes, run)
    assert {path: path.read_bytes() for path in run.glob('stage_*/*')} == before


def test_summaries_can_be_seen_and_heard(run, config):
    seen = {}
    for path in (run / 'events').iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                seen.setdefault(value.metadata.plugin_data.plugin_name, {}).setdefault(value.tag, []).append(
                    (event.step, tf.make_ndarray(value.tensor)))
    assert {'generator/pitch', 'discriminator/gradient_penalty', 'discriminator/pitch_accuracy', 'progress',
            'generator/pitch_accuracy', 'generator/gradient_norm', 'discriminator/gradient_norm', 'images_per_second',
            'data_wait', 'generator/weight_norm', 'discriminator/weight_norm',
            'sliced_wasserstein'} <= seen['scalars'].keys()
    # 3 pictures of 64 rows (frequencies) and 8 columns (frames), the third beside or below the others.
    steps = [step for step, _ in seen['scalars']['generator/total']]
    assert steps == [4, 6, 8, 12, 16, 18]
    _, pictures = seen['images']['samples/magnitude'][-1]
    assert (int(pictures[0]), int(pictures[1])) == (3 * 8, 64)
    _, pictures = seen['images']['samples/interpolation'][-1]
    assert (int(pictures[0]), int(pictures[1])) == (8 * 8, 64)  # one row
    assert [step for step, _ in seen['images']['real/magnitude']] == [0, 6, 12]  # where each stage starts
    assert [step for step, _ in seen['audio']['real']] == [0, 6, 12]
    _, audio = seen['audio']['samples'][-1]
    wave, rate = tf.audio.decode_wav(audio[0, 0])
    assert wave.shape == (320, 1) and rate == 16000 and 0.9 < np.abs(wave).max() <= 1.0


def test_metrics_are_written_as_lines_of_json(run):
    lines = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
    assert [line['image_id'] for line in lines][-1] == 18
    assert all(np.isfinite(value) for line in lines for value in line.values())


def test_another_configuration_is_refused_by_name(config, notes, run):
    with pytest.raises(InputError, match=r'run of another configuration: .*\(fmap_max = 4\)'):
        trainer.train(config.replace(fmap_max=8), notes, run)


def test_other_notes_are_refused(config, notes, run, tmp_path):
    config_lib.write_experiment(config, tmp_path)
    vocabulary.write(vocabulary.PitchVocabulary({21: 5}), tmp_path)
    with pytest.raises(InputError, match='run on other notes'):
        trainer.train(config, notes, tmp_path)


def test_an_unwritable_directory_is_refused(config, notes, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='Cannot write to the output directory'):
        trainer.train(config, notes, tmp_path / 'file' / 'run')


def test_time_limit_ends_a_stage_early(config, notes, tmp_path):
    trainer.train(config.replace(train_time_limit=1e-6), notes, tmp_path)
    ids = [int(np.load(next((tmp_path / stage).iterdir()))['image_id']) for stage in STAGES]
    # One iteration a stage; the next stage starts at its own first image, so that progress stays right.
    assert [path.name for path in sorted(tmp_path.glob('stage_*'))] == STAGES
    assert ids == [2, 8, 14]


def test_fitted_normalizer_is_kept_with_the_run(config, notes, tmp_path):
    config = config.replace(data_normalizer='specgrams_freq_normalizer', train_progressive=False, total_num_images=2,
                            normalizer_num_examples=4)
    trainer.train(config, notes, tmp_path)
    fitted = json.loads((tmp_path / 'normalizer.json').read_text())
    assert np.shape(fitted['a']) == (64, 2)
    assert pathlib.Path(tmp_path / 'stage_00002').exists()


def test_timbre_codes_are_fitted_once_and_kept_with_the_run(config, notes, tmp_path, monkeypatch):
    config = config.replace(generator_reconstruction_weight=1.0, train_progressive=False, total_num_images=4)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(patch, 2)
        trainer.train(config, notes, tmp_path, checkpoint_seconds=0.0)
    fitted = (tmp_path / 'timbre_codes.npz').read_bytes()
    monkeypatch.setattr(timbre_codes, 'of_notes', None)  # not to be called again
    trainer.train(config, notes, tmp_path)
    assert (tmp_path / 'timbre_codes.npz').read_bytes() == fitted
    assert 'generator/reconstruction' in (tmp_path / 'metrics.jsonl').read_text()


@pytest.mark.slow
def test_patches_of_frames_from_training_to_an_export(config, notes, tmp_path):
    config = config.replace(
        start_height=2, time_patch=2, critic_phase_floor=0.1, constant_scale=True, gradient_penalty_domain='stage',
        generator_reconstruction_weight=1.0, generator_partials_weight=1.0, num_images_schedule=(2, 2))
    trainer.train(config, notes, tmp_path / 'run')
    played = gs.load(tmp_path / 'run').generate(np.ones((1, 4)), [60])
    assert played.shape == (1, config.audio_length) and np.abs(played).max() > 0
    exported = gs.load(saved_model.export(synthesizer.open_model(tmp_path / 'run'), tmp_path / 'export'))
    np.testing.assert_allclose(exported.generate(np.ones((1, 4)), [60]), played, atol=1e-5)


def test_a_run_that_ends_before_the_last_resolution_can_go_on_to_it(config, notes, tmp_path):
    trainer.train(config.replace(num_images_schedule=(2, 0)), notes, tmp_path)
    assert [path.name for path in tmp_path.glob('stage_*')] == STAGES[:1]
    audio = gs.load(tmp_path).generate(np.zeros((1, 4)), [60])
    assert audio.shape == (1, config.audio_length) and np.abs(audio).max() > 0
    trainer.train(config.replace(num_images_schedule=(2, 4)), notes, tmp_path)
    assert sorted(path.name for path in tmp_path.glob('stage_*')) == STAGES
