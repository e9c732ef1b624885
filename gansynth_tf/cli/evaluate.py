"""Measures how good notes are, as the paper did: those of a model, or of a folder of wav files made by anything.

    gansynth_evaluate --ckpt_dir=run --tfds_data_dir=notes --output_dir=out
    gansynth_evaluate --wav_dir=their_notes --tfds_data_dir=notes --output_dir=out

Real notes are the first column: held-out ones against training ones, at the length that the model plays. Prints the
table and writes it as metrics.md and metrics.json, with pictures. Wav files tell their pitches by their names
(pitch60, C4) or in a CSV.
"""

import pathlib
import sys

from absl import flags

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
flags.DEFINE_string('ckpt_dir', None, "The model: a training run, a model directory, an export, or a directory of "
                    "Magenta's original GANSynth. Without it and --wav_dir, the built-in model.", flag_values=FLAGS)
flags.DEFINE_string('wav_dir', None, 'A folder of wav files, instead of a model.', flag_values=FLAGS)
flags.DEFINE_string('pitch_csv', None, 'With --wav_dir: a CSV with the columns file and pitch. Without it, the names '
                    'of the files tell.', flag_values=FLAGS)
flags.DEFINE_string('tfds_data_dir', None, 'Real notes to compare with: where gansynth_prepare_data wrote them.',
                    required=True, flag_values=FLAGS)
flags.DEFINE_string('output_dir', None, 'Where the table and the pictures go.', required=True, flag_values=FLAGS)
flags.DEFINE_integer('num_samples', None, 'How many notes. Without it, as many as are held out, so that the columns '
                     'can be compared.', lower_bound=2, flag_values=FLAGS)
flags.DEFINE_string('classifier_dir', None, 'A classifier of gansynth_train_classifier. Without it, the built-in one.',
                    flag_values=FLAGS)
flags.DEFINE_string('cache_dir', None, 'Where what was heard of the real notes is kept for the next time. Without it, '
                    '--output_dir.', flag_values=FLAGS)
flags.DEFINE_integer('num_replicates', 100, 'Bootstrap draws for the confidence intervals; 0 for none.', lower_bound=0,
                     flag_values=FLAGS)
flags.DEFINE_integer('batch_size', 8, 'Notes generated at once.', lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer('seed', 0, 'Where the randomness starts: the same seed, the same table.', lower_bound=0,
                     flag_values=FLAGS)
flags.DEFINE_bool('ema', True, 'Play with the moving average of the weights instead of the weights themselves.',
                  flag_values=FLAGS)
flags.DEFINE_float('latent_scale', None, 'How far random timbres are from the middle: 1 for all that the model was '
                   "trained for, less for fewer kinds, more of them in tune. Without it, the model's own.",
                   flag_values=FLAGS)
flags.DEFINE_bool('untrained', False, 'Measure the model as it was before training, too.', flag_values=FLAGS)
flags.DEFINE_bool('pictures', True, 'Draw the pictures, too.', flag_values=FLAGS)
flags.DEFINE_string('config', None, "The preset that a model of Magenta's was trained with; only used where its "
                    'experiment.json is missing.', flag_values=FLAGS)


def main(argv):
    del argv
    if FLAGS.ckpt_dir and FLAGS.wav_dir:
        raise InputError('Flags that exclude each other: expected --ckpt_dir or --wav_dir. Received: both')
    if FLAGS.pitch_csv and not FLAGS.wav_dir:
        raise InputError('Flag without its other: expected --wav_dir with --pitch_csv. Received: --pitch_csv alone')
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    cache_dir = files.make_directory(FLAGS.cache_dir or FLAGS.output_dir)
    command.import_tensorflow()
    from gansynth_tf.data import prepared_notes
    from gansynth_tf.evaluation import evaluation
    from gansynth_tf.evaluation.classifier import classifier as classifier_lib

    notes = prepared_notes.open_notes(FLAGS.tfds_data_dir)
    classifier = classifier_lib.load(FLAGS.classifier_dir)
    evaluation.check(notes, classifier)
    if FLAGS.wav_dir:
        subjects = [evaluation.folder(FLAGS.wav_dir, FLAGS.pitch_csv, classifier, limit=FLAGS.num_samples)]
    else:
        subjects = _models(notes, classifier)
    subject, *others = subjects
    table = evaluation.evaluate(subject, notes, classifier, cache_dir=cache_dir, others=others, seed=FLAGS.seed,
                                num_replicates=FLAGS.num_replicates)
    paths = table.write(output_dir)
    if FLAGS.pictures:
        from gansynth_tf.evaluation.pictures import picture_book
        paths += picture_book.of_evaluation(subject.notes, subject.synth, notes, table.real.training.bins,
                                            table.bin_counts(), output_dir, seed=FLAGS.seed)
    print(pathlib.Path(paths[0]).read_text(encoding='utf-8'))
    for path in paths:
        print(path)


def run():
    command.run(main, sys.modules[__name__])


def _models(notes, classifier):
    from gansynth_tf import config as config_lib
    from gansynth_tf.data.sources.note_source import TEST
    from gansynth_tf.evaluation import evaluation
    from gansynth_tf.generation import synthesizer

    config = config_lib.given_with_flags(FLAGS.config, '{}')
    synth = synthesizer.load(FLAGS.ckpt_dir, config=config, ema=FLAGS.ema, batch_size=FLAGS.batch_size,
                             latent_scale=FLAGS.latent_scale)
    name = pathlib.Path(FLAGS.ckpt_dir).expanduser().resolve().name if FLAGS.ckpt_dir else 'built-in model'
    synths = {name: synth}
    if FLAGS.untrained:
        synths['untrained'] = evaluation.untrained(synth, seed=FLAGS.seed)
    num_notes = FLAGS.num_samples or notes.num_notes(TEST)
    return [evaluation.model(each, classifier, num_notes=num_notes, seed=FLAGS.seed, name=name)
            for name, each in synths.items()]
