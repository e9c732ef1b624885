"""Draws the paper's pictures: rainbowgrams and overlaid periods of wav files; interpolation and timbre of a model.

    gansynth_plot --wav_file=a_pitch60.wav,b_pitch60.wav --output_dir=out
    gansynth_plot --ckpt_dir=run --output_dir=out

Prints the path of every picture it writes. gansynth_evaluate draws them beside real notes.
"""

import pathlib
import sys

from absl import flags

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
flags.DEFINE_list('wav_file', None, 'Audio files to draw side by side, with commas between them.', flag_values=FLAGS)
flags.DEFINE_list('pitches', None, 'With --wav_file: the MIDI pitch of each. Without it, what the names of the files '
                  'tell; periods are drawn of those files whose pitch is known.', flag_values=FLAGS)
command.model_flags(FLAGS)
command.define_path('output_dir', 'Where the pictures go.', FLAGS, required=True)
flags.DEFINE_integer('seed', 0, 'With a model: where the randomness starts.', lower_bound=0, flag_values=FLAGS)


def main(argv):
    del argv
    if FLAGS.wav_file and FLAGS.ckpt_dir:
        raise InputError('Flags that exclude each other: expected --wav_file or --ckpt_dir. Received: both')
    if FLAGS.pitches and len(FLAGS.pitches) != len(FLAGS.wav_file or ()):
        raise InputError(f'Counts differ: expected a pitch for each --wav_file. '
                         f'Received: {len(FLAGS.pitches)} pitches for {len(FLAGS.wav_file or ())} files')
    settings = command.model_settings(FLAGS)
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    command.import_tensorflow()
    paths = _draw_files(output_dir) if FLAGS.wav_file else _draw_model(settings, output_dir)
    for path in paths:
        print(path)


def run():
    command.run(main, sys.modules[__name__])


def _draw_files(output_dir):
    from gansynth_tf.data import audio_files
    from gansynth_tf.data.sources import pitch_names
    from gansynth_tf.evaluation.pictures import picture_book

    paths = [pathlib.Path(name).expanduser() for name in FLAGS.wav_file]
    read = [audio_files.read_audio(path) for path in paths]
    rates = sorted({rate for _, rate in read})
    if len(rates) > 1:
        raise InputError(f'Sample rates differ: expected files of one rate. Received: {", ".join(map(str, rates))} Hz')
    if FLAGS.pitches:
        pitches = [pitch_names.parse_pitch(text) for text in FLAGS.pitches]
    else:
        pitches = [_pitch_told(path.stem) for path in paths]
    return picture_book.of_notes([samples.mean(axis=1) for samples, _ in read], pitches,
                                 [path.stem[-24:] for path in paths], rates[0], output_dir, name=paths[0].stem)


def _pitch_told(stem):
    from gansynth_tf.data.sources import pitch_names
    try:
        return pitch_names.pitch_in_file_name(stem)
    except InputError:
        return None


def _draw_model(settings, output_dir):
    from gansynth_tf.evaluation.pictures import picture_book
    return picture_book.of_model(gansynth_tf.load(**settings), output_dir, seed=FLAGS.seed)
