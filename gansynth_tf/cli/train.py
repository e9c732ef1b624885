"""Trains a GANSynth on a prepared data set, through all stages of the configuration.

    gansynth_train --config=mel_prog_hires --tfds_data_dir=~/notes --train_root_dir=~/run

Run it again with the same flags to go on after an interruption, whatever it was. Ctrl-C or SIGTERM saves first.
Watch it with `tensorboard --logdir=~/run/events`.
"""

import os
import pathlib
import shlex
import sys

from absl import flags

from gansynth_tf.cli import command

FLAGS = command.new_flags()
flags.DEFINE_string('config', None, 'A preset: mel_prog_hires, mel_prog, linear_prog_hires, linear_prog, '
                    'phase_prog_hires, phase_prog, small or tiny. Without it, that of the run that --train_root_dir '
                    'holds, or mel_prog_hires for a new run.', flag_values=FLAGS)
flags.DEFINE_string('hparams', '{}', 'Hyperparameters to change, as a JSON object: {"fmap_max": 64}.',
                    flag_values=FLAGS)
flags.DEFINE_string('tfds_data_dir', None, 'Where gansynth_prepare_data wrote the notes.', required=True,
                    flag_values=FLAGS)
flags.DEFINE_string('cache_dir', None, 'Where converted spectrograms are kept, for later stages and runs: worth it for '
                    'data sets whose spectrograms do not fit in memory. By default nowhere.', flag_values=FLAGS)
flags.DEFINE_string('train_root_dir', None, 'Where the run goes: checkpoints, summaries, experiment.json.',
                    required=True, flag_values=FLAGS)
flags.DEFINE_float('checkpoint_seconds', 600.0, 'Time between two checkpoints within a stage.', lower_bound=0.0,
                   flag_values=FLAGS)
flags.DEFINE_enum('on_nan', 'stop', ['stop', 'rollback'], 'When a loss or gradient is not finite: stop, or go back to '
                  'the last checkpoint and draw other random numbers, three times at most.', flag_values=FLAGS)
flags.DEFINE_bool('mixed_precision', None, 'Compute in bfloat16 over float32 weights: for hardware that multiplies '
                  'bfloat16 faster. The run remembers it.', flag_values=FLAGS)
flags.DEFINE_enum('strategy', 'none', ['none', 'mirrored', 'multi_worker'], 'mirrored: on all accelerators of this '
                  'machine. multi_worker: on several machines, each with its TF_CONFIG and the same --train_root_dir. '
                  'Batches are split among them.', flag_values=FLAGS)
flags.DEFINE_bool('dry_run', False, 'Print stages, sizes, memory and a time estimate from a few iterations; train and '
                  'write nothing.', flag_values=FLAGS)

_EXIT_CUT_SHORT = 1


def main(argv):
    from gansynth_tf import config as config_lib
    from gansynth_tf import processor

    # Before TensorFlow is imported, so that a mistake is told at once.
    if FLAGS.config is None and (pathlib.Path(FLAGS.train_root_dir) / config_lib.EXPERIMENT_FILE).exists():
        config = config_lib.read_experiment(FLAGS.train_root_dir)
    else:
        config = config_lib.preset(FLAGS.config or 'mel_prog_hires')
    config = config.replace(**config_lib.parse_hparams(FLAGS.hparams))
    if FLAGS.mixed_precision is not None:
        config = config.replace(mixed_precision=FLAGS.mixed_precision)

    processor.prefer_speed(processor.TRAINING)
    command.import_tensorflow()
    from gansynth_tf.data import pipeline
    from gansynth_tf.training import distribution, dry_run, nonfinite, signals, trainer

    notes = pipeline.open_notes(FLAGS.tfds_data_dir, cache_dir=FLAGS.cache_dir)
    if FLAGS.dry_run:
        for line in dry_run.report(config, notes):
            print(line, flush=True)
        return command.EXIT_DONE
    try:
        print(trainer.train(config, notes, FLAGS.train_root_dir, checkpoint_seconds=FLAGS.checkpoint_seconds,
                            on_nan=FLAGS.on_nan, strategy=FLAGS.strategy))
    except signals.Stopped as stopped:
        given = [f'--{name}={FLAGS[name].value}' for name in FLAGS if FLAGS[name].present]
        print(f'Stopped and saved after {stopped.image_id} images. To go on:\n{shlex.join([*argv, *given])}')
    except nonfinite.NonFiniteError as error:
        print(f'error: {error}', file=sys.stderr)
        return _EXIT_CUT_SHORT
    except distribution.WorkerLostError as error:
        print(f'error: Another worker is gone ({error}). Start all workers again: the run goes on from its last '
              f'checkpoint.', file=sys.stderr, flush=True)
        os._exit(_EXIT_CUT_SHORT)  # TensorFlow would wait for the lost one
    return command.EXIT_DONE


def run():
    command.run(main, sys.modules[__name__])
