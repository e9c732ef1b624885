"""Trains a GANSynth, or another model, on a prepared data set.

    gansynth_train --config=mel_prog_hires --tfds_data_dir=~/notes --train_root_dir=~/run

Run it again with the same flags to go on after an interruption, whatever it was. Ctrl-C or SIGTERM saves first.
Watch it with `tensorboard --logdir=~/run/events`.
"""

import importlib
import os
import pathlib
import shlex
import sys

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

MODELS = ('gansynth', 'wavegan', 'specgan', 'wavenet', 'wavenet_autoencoder')

FLAGS = command.new_flags()
FLAGS.define_enum('model', 'gansynth', MODELS, 'What to train: a GANSynth, or one of the models that it is compared '
                  'with.')
FLAGS.define_string('config', None, 'A preset: mel_prog_hires, mel_prog, linear_prog_hires, linear_prog, '
                    'phase_prog_hires, phase_prog, small or tiny; other models have others, which a wrong name lists. '
                    'Without it, that of the run that --train_root_dir holds, or mel_prog_hires (of another model the '
                    'first) for a new run.')
FLAGS.define_string('hparams', '{}', 'Hyperparameters to change, as a JSON object: {"fmap_max": 64}.')
FLAGS.define_path('tfds_data_dir', 'Where gansynth_prepare_data wrote the notes; of several sets, all, separated by '
                  'commas: the first one is tested on.', required=True)
FLAGS.define_path('cache_dir', 'Where converted spectrograms are kept, for later stages and runs: worth it for data '
                  'sets whose spectrograms do not fit in memory. By default nowhere.')
FLAGS.define_path('train_root_dir', 'Where the run goes: checkpoints, summaries, experiment.json.', required=True)
FLAGS.define_float('checkpoint_seconds', 600.0, 'Time between two checkpoints within a stage.', lower_bound=0.0)
FLAGS.define_enum('on_nan', 'stop', ['stop', 'rollback'], 'When a loss or gradient is not finite: stop, or go back to '
                  'the last checkpoint and draw other random numbers, three times at most.')
FLAGS.define_bool('mixed_precision', None, 'Compute in bfloat16 over float32 weights: for hardware that multiplies '
                  'bfloat16 faster. The run remembers it.')
FLAGS.define_enum('strategy', 'none', ['none', 'mirrored', 'multi_worker'], 'mirrored: on all accelerators of this '
                  'machine. multi_worker: on several machines, each with its TF_CONFIG and the same --train_root_dir. '
                  'Batches are split among them.')
FLAGS.define_bool('dry_run', False, 'Print stages, sizes, memory and a time estimate from a few iterations; train and '
                  'write nothing.')

_EXIT_CUT_SHORT = 1


def main(argv):
    from gansynth_tf import config as config_lib
    from gansynth_tf import tensorflow_setup

    if FLAGS.model == 'gansynth':  # before TensorFlow is imported, so that a mistake is told at once
        config = _config(config_lib.PRESETS)
        tensorflow_setup.import_tensorflow(tensorflow_setup.TRAINING)
    else:
        _refuse_what_only_gansynth_can()
        tensorflow_setup.import_tensorflow(tensorflow_setup.TRAINING)
        baseline = importlib.import_module(f'gansynth_tf.baselines.{FLAGS.model}')
        config = _config(baseline.PRESETS)
    from gansynth_tf.data import mixed_notes
    from gansynth_tf.training import dry_run, loop, trainer
    from gansynth_tf.training.distribution import Distribution

    notes = mixed_notes.open_all(FLAGS.tfds_data_dir, cache_dir=FLAGS.cache_dir)
    if FLAGS.dry_run:
        for line in dry_run.report(config, notes):
            print(line, flush=True)
        return command.EXIT_DONE
    distribution = Distribution(FLAGS.strategy)
    model = trainer.Gansynth(config, notes, distribution) if FLAGS.model == 'gansynth' \
        else baseline.create(config, notes)
    return _until_it_ends(lambda: loop.train(model, FLAGS.train_root_dir, checkpoint_seconds=FLAGS.checkpoint_seconds,
                                             on_nan=FLAGS.on_nan, distribution=distribution), argv)


def _config(presets):
    """The configuration: a preset's or that of the existing run, changed by the flags."""
    from gansynth_tf import config as config_lib
    from gansynth_tf import hyperparameters

    default = next(iter(presets))
    if FLAGS.config is None and (pathlib.Path(FLAGS.train_root_dir) / hyperparameters.EXPERIMENT_FILE).exists():
        config = hyperparameters.read_experiment(FLAGS.train_root_dir, type(presets[default]))
    else:
        config = config_lib.preset(FLAGS.config or default, presets)
    config = config.replace(**hyperparameters.parse_hparams(FLAGS.hparams))
    return config if FLAGS.mixed_precision is None else config.replace(mixed_precision=FLAGS.mixed_precision)


def _refuse_what_only_gansynth_can() -> None:
    for name, plain in (('strategy', 'none'), ('dry_run', False), ('cache_dir', None)):
        if FLAGS[name].value != plain:
            raise InputError(f'Impossible --{name}: expected none where --model is not gansynth. '
                             f'Received: {FLAGS[name].value!r}')


def _until_it_ends(train, argv) -> int:
    """Trains, prints the reason for an early end, and returns the exit code."""
    from gansynth_tf.training import distribution, loop, signals

    try:
        print(train())
    except signals.Stopped as stopped:
        given = [f'--{name}={FLAGS[name].value}' for name in FLAGS if FLAGS[name].present]
        print(f'Stopped and saved after {stopped.image_id} images. To go on:\n{shlex.join([*argv, *given])}')
    except loop.NonFiniteError as error:
        print(f'error: {error}', file=sys.stderr)
        return _EXIT_CUT_SHORT
    except distribution.WorkerLostError as error:
        print(f'error: Another worker is gone ({error}). Start all workers again: the run goes on from its last '
              f'checkpoint.', file=sys.stderr, flush=True)
        os._exit(_EXIT_CUT_SHORT)  # TensorFlow would wait for the lost one
    return command.EXIT_DONE


run = command.tool(main)
