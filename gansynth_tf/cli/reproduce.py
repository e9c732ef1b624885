"""Repeats the paper's Table 1 in small: trains every system on the same notes for the same time, measures, compares.

    gansynth_reproduce --input=notes --budget_minutes=60 --output_dir=out
    gansynth_reproduce --input=recordings --budget_minutes=20 --output_dir=out --systems=if-mel+h,wavegan

Systems: if-mel+h, if+h, phase+h, if-mel, if, phase, wavegan, wavenet. Give the same command again to go on after an
interruption; systems that are done are not repeated. Writes table1.md and table1.json, report.html with pictures, and a
listening test of all systems.
"""

import pathlib
import shlex

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
FLAGS.define_path('input', 'The notes: what gansynth_prepare_data wrote, NSynth, or a folder of recordings. The last '
                  'two are prepared first, in --output_dir.', required=True)
FLAGS.define_float('budget_minutes', 60.0, 'How long each system is trained.', lower_bound=0.0)
FLAGS.define_path('output_dir', 'Where everything goes: runs, pictures, the table.', required=True)
FLAGS.define_list('systems', None, 'The systems, with commas between them. Without it, all.')
FLAGS.define_bool('full', False, "Train at the paper's size, for as many notes as the paper has, whatever "
                  '--budget_minutes says: weeks without accelerators.')
FLAGS.define_bool('dry_run', False, 'Print what would be trained and how long that takes; train nothing.')


def main(argv):
    if not FLAGS.budget_minutes:
        raise InputError('Impossible --budget_minutes: expected more than 0. Received: 0')
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    from gansynth_tf import tensorflow_setup
    tensorflow_setup.import_tensorflow(tensorflow_setup.TRAINING)
    from gansynth_tf.reproduction import reproduction, systems
    from gansynth_tf.training import signals

    chosen = systems.chosen(FLAGS.systems, systems.all_systems())
    study = reproduction.study(FLAGS.input, output_dir, full=FLAGS.full,
                               seconds=None if FLAGS.full else 60 * FLAGS.budget_minutes)
    if FLAGS.dry_run:
        for line in reproduction.plan(chosen, study):
            print(line, flush=True)
        return command.EXIT_DONE
    try:
        paths = reproduction.reproduce(chosen, study)
    except signals.Stopped:
        given = [FLAGS[name].serialize() for name in FLAGS if FLAGS[name].present]
        print(f'Stopped and saved. To go on:\n{shlex.join([argv[0], *given])}')
        return command.EXIT_DONE
    print(pathlib.Path(paths[1]).read_text(encoding='utf-8'))
    print(*paths, sep='\n')
    return command.EXIT_DONE


run = command.tool(main)
