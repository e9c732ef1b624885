"""Exports one timbre over the whole keyboard, for any sampler or DAW: SFZ, SoundFont 2, Decent Sampler preset.

    gansynth_export_instrument --timbre=warm.json --output_dir=out
    gansynth_export_instrument --timbre=7 --seed=1 --output_dir=out --formats=sfz

Notes loop for as long as a key is held, and are in tune to a cent. Prints the paths of the instruments.
"""

import sys

from gansynth_tf.cli import command

FLAGS = command.new_flags()
command.model_flags(FLAGS)
FLAGS.define_path('output_dir', 'Where the instrument goes.', required=True)
FLAGS.define_string('timbre', '1', 'A timbre file, a name of the library (gansynth_timbres list), or the number of a '
                    'random timbre of the seed, from 1.')
command.library_flag(FLAGS)
FLAGS.define_integer('seed', 0, 'Decides the random timbres.', lower_bound=0)
FLAGS.define_string('name', None, "The instrument's name; by default the timbre's.")
FLAGS.define_list('formats', ['sfz', 'sf2', 'dspreset'], 'Some of sfz, sf2, dspreset.')
FLAGS.define_integer('sample_rate', 44100, 'Of the samples, in Hz.', lower_bound=8000, upper_bound=192000)
FLAGS.define_float('release', 0.3, 'Seconds that a note sounds after its key is let go.', lower_bound=0.01,
                   upper_bound=10.0)


def main(_):
    from gansynth_tf.music import timbres
    source = timbres.one(FLAGS.timbre, command.library(FLAGS))
    settings = command.model_settings(FLAGS)
    from gansynth_tf.music.samplers import sampled_instrument
    instrument = command.load(settings)
    timbre = timbres.resolved(source, instrument, FLAGS.seed)
    written = sampled_instrument.write(instrument, timbre.latent, FLAGS.output_dir, name=FLAGS.name or timbre.name,
                                       formats=FLAGS.formats, sample_rate=FLAGS.sample_rate,
                                       release_seconds=FLAGS.release)
    print(*written.paths, sep='\n')
    print(f'{written.num_looped} of {len(instrument.pitches)} notes go on while a key is held, the others end')
    if timbres.foreign(instrument, [timbre]):
        print(f'warning: {timbre.name} sounds otherwise on this model than where it was saved', file=sys.stderr)


run = command.tool(main)
