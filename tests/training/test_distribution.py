"""Several replicas train as one does: two devices of one process, and two processes that talk over loopback."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import checkpoints
from gansynth_tf.training import distribution, trainer

CONFIG = Config(num_resolutions=2, start_height=4, start_width=32, audio_length=320, latent_vector_size=4, fmap_base=32,
                fmap_max=8, batch_size_schedule=(4,), train_progressive=False, total_num_images=24,
                save_summaries_num_images=4, fake_batch_size=3, sliced_wasserstein_num_samples=0,
                gradient_penalty_domain='stage', generator_ac_loss_weight=1.0, discriminator_ac_loss_weight=1.0)
# Arguments: prepared notes, directory of the run, strategy, hyperparameters.
PROGRAM = """
import json, os, sys
import tensorflow as tf
data_dir, train_root_dir, strategy, hparams = sys.argv[1:]
if strategy == 'mirrored':
    [cpu] = tf.config.list_physical_devices('CPU')
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.training import distribution, trainer
try:
    trainer.train(Config(**json.loads(hparams)), pipeline.open_notes(data_dir), train_root_dir,
                  strategy=strategy, checkpoint_seconds=0.0)
except distribution.WorkerLostError as error:
    print(f'worker lost: {error}', flush=True)
    os._exit(3)
"""


def start(notes_dir, run, strategy, *, tf_config=None, **hparams):
    environment = os.environ | {'CUDA_VISIBLE_DEVICES': '', 'TF_CPP_MIN_LOG_LEVEL': '3'}
    if tf_config:
        environment['TF_CONFIG'] = json.dumps(tf_config)
    return subprocess.Popen([sys.executable, '-c', PROGRAM, str(notes_dir), str(run), strategy,
                             json.dumps(CONFIG.replace(**hparams).to_dict())],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_two(notes_dir, run, **hparams):
    """The two workers of one run."""
    addresses = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            addresses.append(f'127.0.0.1:{free.getsockname()[1]}')
    return [start(notes_dir, run, 'multi_worker', tf_config={
        'cluster': {'worker': addresses}, 'task': {'type': 'worker', 'index': index}}, **hparams) for index in range(2)]


def finish(*processes):
    for process in processes:
        _, errors = process.communicate(timeout=560)
        assert process.returncode == 0, errors


def metrics(run):
    """The numbers of a run, [summaries, terms]; rates of training left out."""
    lines = [json.loads(line) for line in (pathlib.Path(run) / 'metrics.jsonl').read_text().splitlines()]
    names = sorted(lines[0].keys() - {'images_per_second', 'data_wait'})
    return names, np.array([[line[name] for name in names] for line in lines])


@pytest.fixture(scope='module')
def notes_dir(notes):
    return pathlib.Path(notes._splits['train'].filepaths[0]).parent


@pytest.mark.slow
def test_replicas_train_to_what_one_does(notes, notes_dir, tmp_path):
    processes = [start(notes_dir, tmp_path / 'mirrored', 'mirrored'), *start_two(notes_dir, tmp_path / 'workers')]
    try:
        for name, batch_size in (('one', 4), ('half', 2)):
            trainer.train(CONFIG.replace(batch_size_schedule=(batch_size,)), notes, tmp_path / name)
        finish(*processes)
    finally:
        for process in processes:
            process.kill()
    names, expected = metrics(tmp_path / 'one')
    assert len(expected) == 6 and {'discriminator/gradient_penalty', 'generator/gradient_norm'} <= set(names)
    for run in ('mirrored', 'workers'):
        assert metrics(tmp_path / run)[0] == names
        np.testing.assert_allclose(metrics(tmp_path / run)[1], expected, rtol=2e-3, atol=2e-4)
    # A statistic over half the batch would be seen: each worker alone trains to something else.
    assert not np.allclose(metrics(tmp_path / 'half')[1][0], expected[0], rtol=0.02)


@pytest.mark.slow
def test_losing_a_worker_ends_the_other_with_a_checkpoint(notes_dir, tmp_path):
    chief, worker = start_two(notes_dir, tmp_path, total_num_images=10_000_000)
    try:
        for line in iter(chief.stderr.readline, ''):
            if (newest := checkpoints.exist(tmp_path)) and 'note/s' in line:
                break
        assert newest
        worker.send_signal(signal.SIGKILL)
        chief.communicate(timeout=560)
        assert chief.returncode not in (0, None)
    finally:
        chief.kill(), worker.kill()
    state = checkpoints.read_latest(tmp_path)
    assert int(state['image_id']) % 4 == 0 and all(np.isfinite(array).all() for array in state.values())


@pytest.mark.parametrize('tf_config', ['', '{}', '{"task": 1}'])
def test_a_worker_that_does_not_know_which_it_is(monkeypatch, tf_config):
    monkeypatch.setenv('TF_CONFIG', tf_config)
    with pytest.raises(InputError, match='Cannot tell which worker this is: expected TF_CONFIG'):
        distribution.Distribution('multi_worker')


def test_unknown_strategy():
    with pytest.raises(InputError, match='Unknown strategy: expected one of none, mirrored, multi_worker'):
        distribution.Distribution('tpu')


def test_batches_that_cannot_be_split():
    spread = distribution.Distribution()
    spread.num_replicas = 3
    with pytest.raises(InputError, match='expected multiples of 3, the number of replicas. Received: 8'):
        spread.check_batch_size(8)
