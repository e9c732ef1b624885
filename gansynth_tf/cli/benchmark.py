"""Measures how fast this machine generates, transforms, reads and trains: against its own peak and the original.

    gansynth_benchmark                                        everything
    gansynth_benchmark generate roofline                      these parts
    gansynth_benchmark --peer_python=~/original/bin/python    in turn with Magenta's original
    gansynth_benchmark --json=speed.json --picture=speed.png

Parts: generate, synthesis, data, train, wavenet, roofline. Prints a table of medians. Speed ratios above 1 are in this
project's favour.
"""

from gansynth_tf.benchmark import parts
from gansynth_tf.cli import command

COMMANDS = parts.PARTS

FLAGS = command.new_flags()
FLAGS.define_string('peer_python', None, "A Python that has Magenta's original (magenta 2.1, TensorFlow 2.15): its "
                    'counterparts are then timed in turn. They are in the configuration mel_prog_hires.')
FLAGS.define_string('config', 'mel_prog_hires', 'The preset to measure.')
FLAGS.define_string('hparams', '{}', 'Hyperparameters to change, as a JSON object.')
FLAGS.define_path('tfds_data_dir', 'Prepared notes for data and train. Without it, synthetic ones.')
FLAGS.define_integer('rounds', 5, 'How often each thing is timed.', lower_bound=1)
FLAGS.define_path('json', 'Where the figures go, as JSON.')
FLAGS.define_path('picture', 'Where a picture of them goes, as PNG.')


def main(argv):
    from gansynth_tf import config as config_lib
    from gansynth_tf import files
    config = config_lib.preset(FLAGS.config).replace(**config_lib.parse_hparams(FLAGS.hparams))
    results = [result for part in argv[1:] or COMMANDS for result in parts.measure(
        part, config, tfds_data_dir=FLAGS.tfds_data_dir, peer_python=FLAGS.peer_python, rounds=FLAGS.rounds,
        import_tensorflow=command.import_tensorflow)]
    command.import_tensorflow()
    from gansynth_tf.benchmark import report, wavenet
    print('\n'.join([report.table(results), *wavenet.latencies(results)]))
    if FLAGS.json:
        print(files.write_json(report.to_dict(results), FLAGS.json))
    if FLAGS.picture:
        print(report.draw(results, FLAGS.picture))


run = command.tool(main)
