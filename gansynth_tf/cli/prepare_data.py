"""Prepares notes for training: reads a source once and writes it as a TFDS directory.

Any rate, number of channels and bit depth is taken; notes become mono, 16 bits, --sample_rate, at most --audio_length.
Those that cannot be used (truncated, silent, without a pitch, ...) are left out, and named with the reason in
skipped.csv. A summary comes last, also as a picture, notes.png.

Examples:
  gansynth_prepare_data --source=nsynth --input=nsynth-train --data_dir=prepared
  gansynth_prepare_data --source=folder --input=my_samples --data_dir=prepared --dry_run
  gansynth_prepare_data --source=folder --input=my_samples --data_dir=prepared --pitch_from=detect
  gansynth_prepare_data --source=soundfont --input=FluidR3_GM.sf2 --data_dir=prepared --programs=0-7,40
"""

import dataclasses
import os
import re

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
FLAGS.define_enum('source', 'nsynth', ['nsynth', 'tfds', 'folder', 'soundfont'], 'What --input is: nsynth, a directory '
                  'with examples.json and audio/, or with nsynth-*.tfrecord, or such a file; tfds, a directory that '
                  'TFDS prepared (nsynth/full or nsynth/gansynth_subset); folder, audio files in any layout; '
                  'soundfont, an .sf2 or .sf3 file.')
FLAGS.define_string('input', None, 'Where the notes come from.', required=True)
FLAGS.define_path('data_dir', 'Where the prepared notes go.', required=True)
FLAGS.define_integer('sample_rate', 16000, 'Rate of the prepared notes in Hz.', lower_bound=1)
FLAGS.define_integer('audio_length', None, 'Samples that a prepared note has at most; by default 4 seconds.',
                     lower_bound=1)
FLAGS.define_float('fade_seconds', 0.02, 'How long a note that is too long fades out before it is cut.',
                   lower_bound=0.0)
FLAGS.define_enum('instrument_source', None, ['acoustic', 'electronic', 'synthetic', 'all'], 'Which NSynth instruments '
                  'to take; by default, with nsynth and tfds, acoustic ones, as in the paper.')
FLAGS.define_list('instrument_families', None, 'Families to take, e.g. brass,flute; by default all.')
FLAGS.define_integer('min_pitch', None, 'Lowest MIDI pitch to take; by default, with nsynth and tfds, 24, as in the '
                     'paper.', lower_bound=0, upper_bound=127)
FLAGS.define_integer('max_pitch', None, 'Highest MIDI pitch to take; by default, with nsynth and tfds, 84, as in the '
                     'paper.', lower_bound=0, upper_bound=127)
FLAGS.define_list('velocities', None, 'MIDI velocities to take, e.g. 75,100; by default all, and with soundfont '
                  '25,50,75,100,127.')
FLAGS.define_list('pitch_from', None, 'folder: ways to a pitch, tried in this order: name (of the file: 60, C4, f#3, '
                  'if what is heard agrees), csv (--pitch_csv), detect (by listening alone). By default name, or csv '
                  'if there is a --pitch_csv.')
FLAGS.define_bool('trust_names', False, 'folder: believe the names unheard, for noises and percussion.')
FLAGS.define_path('pitch_csv', 'folder: a CSV file with columns file and pitch, and if you like velocity and '
                  'instrument.')
FLAGS.define_enum('middle_c', 'C4', ['C3', 'C4', 'C5'], 'folder: what the names call MIDI pitch 60.')
FLAGS.define_float('min_confidence', 0.7, 'folder: detected pitches that are less certain are skipped.',
                   lower_bound=0.0, upper_bound=1.0)
FLAGS.define_bool('trim', True, 'folder: takes off the silence before a note begins.')
FLAGS.define_string('programs', '0-111', 'soundfont: MIDI programs from 0, e.g. 0-7,40; by default without percussion '
                    'and noises.')
FLAGS.define_integer('stretch', 6, 'soundfont: semitones that an instrument is played away from its nearest recording.',
                     lower_bound=0)
FLAGS.define_bool('test_split', True, 'Keep a fifth of the notes for testing; pitches that only those have are not '
                  'learnt. --notest_split trains on all notes.')
FLAGS.define_list('pitch_shifts', None, 'Training notes come once more, resampled by so many semitones and labelled '
                  'so: --pitch_shifts=-1,1 triples them. Notes for testing stay as they are.')
FLAGS.define_bool('overwrite', False, 'Replace notes that were prepared there earlier.')
FLAGS.define_bool('dry_run', False, 'Read everything and show the summary, but write nothing.')
FLAGS.define_bool('strict', False, 'Exit with code 2 if any note was skipped; the others are prepared all the same.')


def main(_):
    command.import_tensorflow()
    from gansynth_tf.data import prepare, reports
    from gansynth_tf.data.sources import note_source, pitch_shifts
    source = _SOURCES[FLAGS.source]()
    if not FLAGS.test_split:
        source = note_source.without_test_split(source)
    if FLAGS.pitch_shifts:
        source = pitch_shifts.with_shifts(source, _semitones(FLAGS.pitch_shifts), **_pitch_range())
    lengths = dict(sample_rate=FLAGS.sample_rate, audio_length=_audio_length())
    if FLAGS.dry_run:
        summary = prepare.dry_run(source, **lengths)
        print(summary)
    else:
        summary = prepare.prepare(source, FLAGS.data_dir, **lengths, fade_seconds=FLAGS.fade_seconds,
                                  overwrite=FLAGS.overwrite)
        print(summary)
        print(f'picture         {os.path.join(FLAGS.data_dir, reports.PICTURE_FILE)}')
    return command.EXIT_BAD_INPUT if FLAGS.strict and summary.skipped else command.EXIT_DONE


def _read_nsynth():
    from gansynth_tf.data.sources import nsynth, nsynth_tfrecord
    from gansynth_tf.data.sources.selection import PAPER
    read = nsynth_tfrecord.read_source if nsynth_tfrecord.is_there(FLAGS.input) else nsynth.read_source
    return read(FLAGS.input, _selection(PAPER))


def _read_tfds():
    from gansynth_tf.data.sources import tfds_nsynth
    from gansynth_tf.data.sources.selection import PAPER
    return tfds_nsynth.read_source(FLAGS.input, _selection(PAPER))


def _read_folder():
    from gansynth_tf.data.sources import folder
    from gansynth_tf.data.sources.selection import EVERYTHING
    ways = FLAGS.pitch_from or ['name' if FLAGS.pitch_csv is None else 'csv']
    rules = folder.PitchRules(ways=tuple(ways), trust_names=FLAGS.trust_names, csv_file=FLAGS.pitch_csv,
                              middle_c=FLAGS.middle_c,
                              min_confidence=FLAGS.min_confidence,
                              **_given(min_detected=FLAGS.min_pitch, max_detected=FLAGS.max_pitch))
    return folder.read_source(FLAGS.input, rules, _selection(EVERYTHING), trim=FLAGS.trim)


def _read_soundfont():
    from gansynth_tf.data.sources import soundfont
    velocities = _numbers('velocities', FLAGS.velocities)
    return soundfont.read_source(FLAGS.input, programs=_numbers('programs', FLAGS.programs.split(',')),
                                 stretch=FLAGS.stretch, seconds=_audio_length() / FLAGS.sample_rate,
                                 **_given(velocities=velocities, min_pitch=FLAGS.min_pitch, max_pitch=FLAGS.max_pitch))


_SOURCES = {'nsynth': _read_nsynth, 'tfds': _read_tfds, 'folder': _read_folder, 'soundfont': _read_soundfont}


def _audio_length():
    return FLAGS.audio_length or 4 * FLAGS.sample_rate


def _selection(default):
    """The selection that the flags ask for, beginning with the source's own."""
    origin = {'instrument_source': None} if FLAGS.instrument_source == 'all' else _given(
        instrument_source=FLAGS.instrument_source)
    families = None if FLAGS.instrument_families is None else tuple(FLAGS.instrument_families)
    return dataclasses.replace(default, **origin, **_given(
        families=families, min_pitch=FLAGS.min_pitch, max_pitch=FLAGS.max_pitch,
        velocities=_numbers('velocities', FLAGS.velocities)))


def _pitch_range():
    """The pitches that are taken, as the source selects them."""
    from gansynth_tf.data.sources.selection import EVERYTHING, PAPER
    selection = _selection(PAPER if FLAGS.source in ('nsynth', 'tfds') else EVERYTHING)
    return dict(min_pitch=selection.min_pitch, max_pitch=selection.max_pitch)


def _semitones(texts):
    if not all(re.fullmatch(r'[+-]?\d{1,2}', text.strip()) for text in texts):
        raise InputError(f'Impossible --pitch_shifts: expected whole semitones, e.g. -1,1. '
                         f'Received: {",".join(texts)!r}')
    return [int(text) for text in texts]


def _given(**values):
    return {name: value for name, value in values.items() if value is not None}


def _numbers(name, texts):
    """Whole numbers from 0 to 127, and ranges of them such as 0-7; None for None."""
    if texts is None:
        return None
    numbers = command.midi_numbers(texts, name=name,
                                   expected='whole numbers from 0 to 127 or ranges of them, e.g. 0-7,40')
    return tuple(sorted(set(numbers)))


run = command.tool(main)
