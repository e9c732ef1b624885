"""Writes the training step of every stage as a program that trains without TensorFlow: StableHLO for any XLA runtime.

    gansynth_export_step --config=mel_prog_hires --output_dir=steps
    gansynth_export_step --ckpt_dir=run --output_dir=steps            # from a run's newest checkpoint on

gansynth_run_step runs and measures what this writes.
"""

from gansynth_tf.cli import command

FLAGS = command.new_flags()
FLAGS.define_path('ckpt_dir', 'A run, whose hyperparameters and newest checkpoint are taken.')
FLAGS.define_string('config', None, 'Without --ckpt_dir: the preset of a new model.')
FLAGS.define_string('hparams', '{}', 'Hyperparameters to change, as a JSON object: {"batch_size_schedule": [64]}.')
FLAGS.define_path('output_dir', 'Where a directory for each stage goes.', required=True)
FLAGS.define_list('stages', [], 'Stages to export, from 0; all if not given.')
FLAGS.define_integer('num_pitches', 61, 'Without --ckpt_dir: pitch classes of the new model.', lower_bound=1)
FLAGS.define_bool('mixed_precision', False, 'Compute in bfloat16 over float32 weights.')


def main(_):
    from gansynth_tf import config as config_lib
    from gansynth_tf.errors import InputError

    if bool(FLAGS.ckpt_dir) == bool(FLAGS.config):
        raise InputError(f'Unclear what to export: expected either --ckpt_dir or --config. '
                         f'Received: {FLAGS.ckpt_dir!r} and {FLAGS.config!r}')
    config = config_lib.read_experiment(FLAGS.ckpt_dir) if FLAGS.ckpt_dir else config_lib.preset(FLAGS.config)
    config = config.replace(**config_lib.parse_hparams(FLAGS.hparams))
    if FLAGS.mixed_precision:
        config = config.replace(mixed_precision=True)
    stage_ids = _stage_ids(FLAGS.stages, config)

    command.import_tensorflow()
    from gansynth_tf.data import vocabulary
    from gansynth_tf.networks import checkpoints
    from gansynth_tf.spectral import normalizers
    from gansynth_tf.step_export import step_export

    checkpoint, num_pitches = None, FLAGS.num_pitches
    if FLAGS.ckpt_dir:
        checkpoint = checkpoints.read_newest(FLAGS.ckpt_dir)
        if checkpoint is None:
            raise InputError(f'No checkpoint: expected a run with one. Received: {FLAGS.ckpt_dir!r}')
        num_pitches = len(vocabulary.read(FLAGS.ckpt_dir).pitches)
    has_own = FLAGS.ckpt_dir and normalizers.needs_data(config)
    normalizer = normalizers.read(FLAGS.ckpt_dir) if has_own else normalizers.from_config(config)
    for path in step_export.export(config, num_pitches, normalizer, FLAGS.output_dir, stage_ids=stage_ids,
                                   checkpoint=checkpoint):
        print(path)


def _stage_ids(texts, config) -> tuple[int, ...]:
    from gansynth_tf.errors import InputError
    from gansynth_tf.training import stages

    known = {str(stage.stage_id) for stage in stages.all_stages(config)}
    if unknown := [text for text in texts if text not in known]:
        raise InputError(f'Unknown stage: expected some of {", ".join(sorted(known, key=int))}. '
                         f'Received: {", ".join(unknown)}')
    return tuple(map(int, texts))


run = command.tool(main)
