"""Trains the auxiliary pitch classifier that gansynth_evaluate uses, on a prepared data set.

    gansynth_train_classifier --tfds_data_dir=notes --output_dir=classifier
    gansynth_evaluate --classifier_dir=classifier --tfds_data_dir=notes --output_dir=out

Run it again with the same flags to go on after an interruption. Prints its accuracy on the held-out notes. There is a
built-in one, for acoustic notes at 16 kHz; numbers of one classifier cannot be compared with those of another.
"""

import sys

from gansynth_tf.cli import command

FLAGS = command.new_flags()
FLAGS.define_path('tfds_data_dir', 'Where gansynth_prepare_data wrote the notes.', required=True)
FLAGS.define_path('output_dir', 'Where the classifier goes.', required=True)
FLAGS.define_float('width', 0.125, "Factor of the number of filters: 1 for the paper's, which takes a GPU.",
                   lower_bound=1 / 128, upper_bound=4)
FLAGS.define_integer('num_short_epochs', 30, 'How often the first quarter of each note is seen, before whole notes '
                     'are: four times as fast.', lower_bound=0)
FLAGS.define_integer('num_epochs', 4, 'How often each whole note is seen.', lower_bound=1)
FLAGS.define_integer('batch_size', 16, 'Notes in a step.', lower_bound=1)
FLAGS.define_float('learning_rate', 2e-3, 'Of Adam at the start; it falls to zero. The paper has 1e-4, for the full '
                   'width and more notes.', lower_bound=0)
FLAGS.define_integer('most_semitones', 6, 'Half of the notes are played faster or slower by up to so many semitones, '
                     'and named accordingly.', lower_bound=0, upper_bound=48)
FLAGS.define_integer('seed', 0, 'Where the randomness starts.', lower_bound=0)


def main(_):
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    command.import_tensorflow()
    from gansynth_tf.data import prepared_notes
    from gansynth_tf.evaluation.classifier import classifier_training

    notes = prepared_notes.open_notes(FLAGS.tfds_data_dir)
    accuracies = classifier_training.train(
        notes, output_dir, width=FLAGS.width, num_short_epochs=FLAGS.num_short_epochs,
        num_epochs=FLAGS.num_epochs, batch_size=FLAGS.batch_size, learning_rate=FLAGS.learning_rate,
        most_semitones=FLAGS.most_semitones, seed=FLAGS.seed, verbose=1 if sys.stderr.isatty() else 2)
    for name, accuracy in accuracies.items():
        print(f'{name}: {accuracy:.1%} of the held-out notes right')
    print(output_dir)


run = command.tool(main)
