"""Magenta's original GANSynth at work, to be timed beside this project. Run by a Python that has it, never imported.

    python original.py JOB     does the job once to warm up, prints 'ready'; then once more for every line it reads,
                               and prints {"count": units} when it is done

Needs magenta 2.1 with TensorFlow 2.15, tensorflow-gan and tf-slim (Python 3.11). The configuration is mel_prog_hires,
the weights are random, and synthetic notes stand in for the data set: none of that changes the speed.
"""
# Its imports are not installed where types are checked.
# mypy: ignore-errors

import contextlib
import importlib.util
import inspect
import io
import json
import os
import pathlib
import sys
import tempfile
import types
from collections import namedtuple

import numpy as np

BATCH_SIZE = 8
NOTE_LENGTH = 64000
WAVENET_STEPS = 32  # samples of a note that are timed


def import_magenta():
    """Magenta's GANSynth, without the other models that `import magenta` would bring, each with needs of its own."""
    site = pathlib.Path(importlib.util.find_spec('tensorflow_gan').origin).parents[1]
    package = types.ModuleType('magenta')
    package.__path__ = [str(site / 'magenta')]
    sys.modules['magenta'] = package
    if not hasattr(inspect, 'getargspec'):  # gone from Python 3.11; tensorflow-gan still asks for it
        spec = namedtuple('ArgSpec', 'args varargs keywords defaults')
        inspect.getargspec = lambda function: spec(*inspect.getfullargspec(function)[:4])
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    from magenta.models.gansynth.configs import mel_prog_hires
    from magenta.models.gansynth.lib import data_helpers, datasets, flags, model
    return tf, types.SimpleNamespace(data_helpers=data_helpers, datasets=datasets, flags=flags, model=model,
                                     hparams=mel_prog_hires.hparams)


def synthetic_notes(tf, datasets):
    """The original's reader with decaying sines in place of NSynth's notes."""
    class SyntheticNotes(datasets.NSynthTfdsDataset):
        def provide_dataset(self):
            pitches = sorted(self.get_pitch_counts())
            seconds = np.arange(NOTE_LENGTH)[:, None] / 16000
            waves = [np.exp(-seconds) * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)
                     for pitch in pitches]

            def draw():
                random = np.random.default_rng(0)
                while True:
                    label = random.integers(len(pitches))
                    yield np.float32(waves[label]), np.eye(len(pitches), dtype=np.float32)[label]
            return tf.data.Dataset.from_generator(draw, (tf.float32, tf.float32), ((NOTE_LENGTH, 1), (len(pitches),)))
    return SyntheticNotes


class Original:
    """The jobs: each method prepares one, and returns a function that does the work and returns its number of units."""

    def __init__(self):
        self.tf, self.magenta = import_magenta()
        self.magenta.datasets.registry['nsynth_tfds'] = synthetic_notes(self.tf, self.magenta.datasets)
        self.flags = self.magenta.flags.Flags()
        self.flags.load(self.magenta.hparams)
        self.flags['train_root_dir'] = tempfile.mkdtemp()
        self.magenta.model.set_flags(self.flags)

    def data(self):
        images, _ = self.magenta.data_helpers.registry['mel'](self.flags).provide_data(BATCH_SIZE)
        return self._repeat(images, 12)

    def analysis(self):
        helper = self.magenta.data_helpers.registry['mel'](self.flags)
        waves = np.random.default_rng(0).standard_normal((BATCH_SIZE, NOTE_LENGTH, 1), np.float32)
        inputs = self.tf.placeholder(self.tf.float32, waves.shape)
        return self._repeat(helper.waves_to_data(inputs), 10, {inputs: waves})

    def synthesis(self):
        helper = self.magenta.data_helpers.registry['mel'](self.flags)
        images = np.random.default_rng(0).uniform(-1, 1, (BATCH_SIZE, 128, 1024, 2)).astype(np.float32)
        inputs = self.tf.placeholder(self.tf.float32, images.shape)
        return self._repeat(helper.data_to_waves(inputs), 10, {inputs: images})

    def sample(self, batch_size):
        """Steps of the WaveNet autoencoder's fast sampler, counted as parts of notes."""
        from magenta.models.nsynth.wavenet import fastgen, h512_bo16
        waves = self.tf.placeholder(self.tf.float32, [batch_size, 1])
        net = h512_bo16.FastGenerationConfig(batch_size).build({'wav': waves})
        net['X'] = waves
        session = self.tf.Session()
        session.run(self.tf.global_variables_initializer())
        session.run(net['init_ops'])
        encoding = np.zeros([batch_size, 16])

        def work():
            audio = np.zeros([batch_size, 1])
            for _ in range(WAVENET_STEPS):
                audio = fastgen.generate_audio_sample(session, net, audio, encoding)
            return WAVENET_STEPS * batch_size / NOTE_LENGTH
        return work

    def generate(self, batch_size, num_notes):
        model = self.magenta.model.Model(12, batch_size, self.flags)
        model.sess.run(self.tf.global_variables_initializer())
        latents, pitches = model.generate_z(num_notes), list(range(36, 36 + num_notes))

        def work():
            with contextlib.redirect_stdout(io.StringIO()):
                return len(model.generate_samples_from_z(latents, pitches))
        return work

    def _repeat(self, tensor, times, feeds=None):
        session = self.tf.Session()
        session.run(self.tf.tables_initializer())

        def work():
            for _ in range(times):
                session.run(tensor, feeds)
            return times * BATCH_SIZE
        return work

    def train(self, stage_id, times):
        model = self.magenta.model.Model(stage_id, BATCH_SIZE, self.flags)
        model.sess.run([self.tf.global_variables_initializer(), self.tf.tables_initializer()])
        if stage_id:
            [step] = [variable for variable in self.tf.global_variables() if variable.op.name == 'global_step']
            step.load(10_400_000, model.sess)
        steps = model.gan_train_ops

        def work():
            for _ in range(times):
                for step in (steps.generator_train_op, steps.discriminator_train_op, steps.global_step_inc_op):
                    model.sess.run(step)
            return times * BATCH_SIZE
        return work


JOBS = {
    'generate_8': lambda original: original.generate(8, 24), 'generate_1': lambda original: original.generate(1, 8),
    'data': Original.data, 'analysis': Original.analysis, 'synthesis': Original.synthesis,
    'train_first': lambda original: original.train(0, 5), 'train_last': lambda original: original.train(12, 1),
    'wavenet_1': lambda original: original.sample(1), 'wavenet_32': lambda original: original.sample(32)}


def main(job):
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    with contextlib.redirect_stdout(sys.stderr):
        work = JOBS[job](Original())
        work()
    print('ready', flush=True)
    from measurement import measure  # of this directory, where Python looks first
    for _ in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            measured = measure(work)
        print(json.dumps(vars(measured)), flush=True)


if __name__ == '__main__':
    main(sys.argv[1])
