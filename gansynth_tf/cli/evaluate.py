"""Measures how good notes are, as the paper did: those of a model, or of a folder of wav files made by anything.

    gansynth_evaluate --ckpt_dir=run --tfds_data_dir=notes --output_dir=out
    gansynth_evaluate --wav_dir=their_notes --tfds_data_dir=notes --output_dir=out

Real notes are the first column: held-out ones against training ones, at the length that the model plays. Prints the
table and writes it as metrics.md and metrics.json, with pictures. Wav files tell their pitches by their names
(pitch60, C4) or in a CSV.
"""

import pathlib

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
command.model_flags(FLAGS)
FLAGS.define_path('wav_dir', 'A folder of wav files, instead of a model.')
FLAGS.define_path('pitch_csv', 'With --wav_dir: a CSV with the columns file and pitch. Without it, the names of the '
                  'files tell.')
FLAGS.define_path('tfds_data_dir', 'Real notes to compare with: where gansynth_prepare_data wrote them.', required=True)
FLAGS.define_path('output_dir', 'Where the table and the pictures go.', required=True)
FLAGS.define_integer('num_samples', None, 'How many notes. Without it, as many as are held out, so that the columns '
                     'can be compared.', lower_bound=2)
FLAGS.define_path('classifier_dir', 'A classifier of gansynth_train_classifier. Without it, the built-in one.')
FLAGS.define_path('cache_dir', 'Where features of the real notes are kept for the next time. Without it, --output_dir.')
FLAGS.define_path('midi_file', 'A piece that the model plays, for one voice: the share of notes that are loudest at '
                  'their own pitch just after they begin is measured, too.')
FLAGS.define_integer('num_replicates', 100, 'Bootstrap draws for the confidence intervals; 0 for none.', lower_bound=0)
FLAGS.define_integer('seed', 0, 'Where the randomness starts: the same seed, the same table.', lower_bound=0)
FLAGS.define_bool('untrained', False, 'Measure the model as it was before training, too.')
FLAGS.define_bool('pictures', True, 'Draw the pictures, too.')


def main(_):
    if FLAGS.ckpt_dir and FLAGS.wav_dir:
        raise InputError('Flags that exclude each other: expected --ckpt_dir or --wav_dir. Received: both')
    if FLAGS.pitch_csv and not FLAGS.wav_dir:
        raise InputError('Flag without its other: expected --wav_dir with --pitch_csv. Received: --pitch_csv alone')
    if FLAGS.wav_dir and (FLAGS.midi_file or FLAGS.untrained):
        raise InputError('Flags that exclude each other: expected a model with --midi_file and --untrained. '
                         'Received: --wav_dir')
    settings = command.model_settings(FLAGS)
    from gansynth_tf import files
    from gansynth_tf.music import score
    piece = score.read_midi(FLAGS.midi_file) if FLAGS.midi_file else None
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
        subjects = [evaluation.of_folder(FLAGS.wav_dir, FLAGS.pitch_csv, classifier, limit=FLAGS.num_samples)]
    else:
        subjects = _models(settings, notes, classifier)
    table = evaluation.evaluate(subjects, notes, classifier, cache_dir=cache_dir, piece=piece, seed=FLAGS.seed,
                                num_replicates=FLAGS.num_replicates)
    paths = table.write(output_dir)
    if FLAGS.pictures:
        from gansynth_tf.evaluation.pictures import picture_book
        paths += picture_book.of_evaluation(subjects[0], table, notes, output_dir, seed=FLAGS.seed)
    print(pathlib.Path(paths[0]).read_text(encoding='utf-8'))
    print(*paths, sep='\n')


def _models(settings, notes, classifier):
    from gansynth_tf.data.sources.note_source import TEST
    from gansynth_tf.evaluation import evaluation

    instrument = gansynth_tf.load(**settings)
    instruments = [(command.model_name(FLAGS), instrument)]
    if FLAGS.untrained:
        from gansynth_tf.generation import synthesizer
        instruments.append(('untrained', synthesizer.untrained(instrument, seed=FLAGS.seed)))
    num_notes = FLAGS.num_samples or notes.num_notes(TEST)
    return [evaluation.of_instrument(each, classifier, num_notes=num_notes, seed=FLAGS.seed, name=name)
            for name, each in instruments]


run = command.tool(main)
