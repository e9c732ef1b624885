"""Prepares notes for training: reads a source once and writes it as a TFDS directory.

Notes that cannot be used (audio missing, truncated, silent, stereo, at another rate, ...) are named with the reason
and left out. A summary of what was written comes last.

Example:
  gansynth_prepare_data --source=nsynth --input=nsynth-train --data_dir=prepared
"""

import sys

from absl import flags

from gansynth_tf.cli import command

FLAGS = command.new_flags()
flags.DEFINE_enum('source', 'nsynth', ['nsynth'], 'What --input is: nsynth is a directory with examples.json and '
                  'audio/ (.wav or .flac).', flag_values=FLAGS)
flags.DEFINE_string('input', None, 'Where the notes come from.', required=True, flag_values=FLAGS)
flags.DEFINE_string('data_dir', None, 'Where the prepared notes go.', required=True, flag_values=FLAGS)
flags.DEFINE_integer('sample_rate', 16000, 'Rate of the notes in Hz; others are skipped.', lower_bound=1,
                     flag_values=FLAGS)
flags.DEFINE_integer('audio_length', 64000, 'Samples that a note may have; longer ones are skipped.', lower_bound=1,
                     flag_values=FLAGS)
flags.DEFINE_enum('instrument_source', 'acoustic', ['acoustic', 'electronic', 'synthetic', 'all'],
                  'Which NSynth instruments to take.', flag_values=FLAGS)
flags.DEFINE_integer('min_pitch', 24, 'Lowest MIDI pitch to take.', lower_bound=0, upper_bound=127, flag_values=FLAGS)
flags.DEFINE_integer('max_pitch', 84, 'Highest MIDI pitch to take.', lower_bound=0, upper_bound=127, flag_values=FLAGS)
flags.DEFINE_bool('overwrite', False, 'Replace notes that were prepared there earlier.', flag_values=FLAGS)


def main(argv):
    del argv
    command.import_tensorflow()
    from gansynth_tf.data import nsynth, prepare
    instrument_source = None if FLAGS.instrument_source == 'all' else FLAGS.instrument_source
    source = nsynth.read_source(FLAGS.input, instrument_source=instrument_source, min_pitch=FLAGS.min_pitch,
                                max_pitch=FLAGS.max_pitch)
    summary = prepare.prepare(source, FLAGS.data_dir, sample_rate=FLAGS.sample_rate, audio_length=FLAGS.audio_length,
                              overwrite=FLAGS.overwrite)
    print(summary)


def run():
    command.run(main, sys.modules[__name__])


if __name__ == '__main__':
    run()
