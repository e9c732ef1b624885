"""Finds, describes and mixes timbres; --timbre of gansynth_generate and gansynth_export_instrument plays their files.

    gansynth_timbres --timbres=1,2,warm.json                                a table: brightness, attack, decay, ...
    gansynth_timbres spread --num_timbres=24 --output_dir=out               timbres far apart and in tune, as files
    gansynth_timbres mix --timbres=1,2 --weights=1,3 --name=half --output_dir=out
    gansynth_timbres near --wav_file=mine.wav --pitch=C4 --name=mine --output_dir=out
    gansynth_timbres map --output_dir=out                                   directions for sliders, a picture and JSON

Prints what it finds, and the paths of what it writes.
"""

import sys

from absl import flags

import gansynth_tf
from gansynth_tf import files
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

COMMANDS = ('describe', 'spread', 'mix', 'near', 'map')

FLAGS = command.new_flags()
command.model_flags(FLAGS)
flags.DEFINE_list('timbres', ['1', '2'], 'Of describe and mix: numbers of random timbres of the seed, or timbre files.',
                  flag_values=FLAGS)
flags.DEFINE_list('weights', None, 'Of mix: how much of each; by default as much of all.', flag_values=FLAGS)
flags.DEFINE_integer('num_timbres', 24, 'Of spread: how many are kept.', lower_bound=1, upper_bound=1000,
                     flag_values=FLAGS)
flags.DEFINE_integer('num_candidates', 256, 'Random timbres that spread, near and map look at.', lower_bound=2,
                     upper_bound=10_000, flag_values=FLAGS)
command.define_path('wav_file', 'Of near: the recording of one note.', FLAGS)
flags.DEFINE_string('pitch', None, 'Of near: its MIDI pitch or name, such as C4.', flag_values=FLAGS)
flags.DEFINE_string('name', None, 'Of mix and near: what the timbre is called.', flag_values=FLAGS)
command.define_path('output_dir', 'Where files go.', FLAGS)
flags.DEFINE_integer('seed', 0, 'Decides the random timbres.', lower_bound=0, flag_values=FLAGS)


def main(argv):
    action = argv[1] if len(argv) > 1 else 'describe'
    if action != 'describe' and FLAGS.output_dir is None:
        raise InputError(f'Flag missing: expected --output_dir with {action}. Received: none')
    if action == 'near' and (FLAGS.wav_file is None or FLAGS.pitch is None):
        raise InputError('Flags missing: expected --wav_file and --pitch with near. Received: not both')
    settings = command.model_settings(FLAGS)
    command.import_tensorflow()
    _ACTIONS[action](gansynth_tf.load(**settings))


def _describe(instrument):
    import numpy as np

    from gansynth_tf.exploration import description
    chosen = _chosen(instrument)
    _print_table([timbre.name for timbre in chosen],
                 description.describe(instrument, np.stack([timbre.latent for timbre in chosen])))


def _spread(instrument):
    from gansynth_tf.exploration import choosing, description
    latents = choosing.spread(instrument, FLAGS.num_timbres, seed=FLAGS.seed, num_candidates=FLAGS.num_candidates)
    described = description.describe(instrument, latents)
    names = ['_'.join((*found.words, f'{number:02d}')) for number, found in enumerate(described, 1)]
    _print_table(names, described)
    for name, latent in zip(names, latents):
        _write(instrument, name, latent)


def _mix(instrument):
    from gansynth_tf.exploration import choosing
    chosen = _chosen(instrument)
    try:
        weights = [float(weight) for weight in FLAGS.weights or ['1'] * len(chosen)]
    except ValueError as error:
        raise InputError(f'Impossible --weights: expected numbers. Received: {",".join(FLAGS.weights)!r}') from error
    _write(instrument, FLAGS.name or 'mixture', choosing.mix([timbre.latent for timbre in chosen], weights))


def _near(instrument):
    import numpy as np

    from gansynth_tf.data import audio_files, note_audio
    from gansynth_tf.data.sources import pitch_names
    from gansynth_tf.evaluation.classifier import classifier
    from gansynth_tf.exploration import choosing
    pitch = pitch_names.parse_pitch(FLAGS.pitch)
    samples, rate = audio_files.read_audio(FLAGS.wav_file)
    wave = note_audio.resample(note_audio.mono(samples), rate, instrument.sample_rate)
    known = classifier.load()
    latent, distance = choosing.near(
        instrument, wave, pitch, lambda waves: known.outputs(np.stack(
            [note_audio.resample(one, instrument.sample_rate, known.sample_rate) for one in waves]))['features'],
        seed=FLAGS.seed, num_candidates=FLAGS.num_candidates)
    print(f'distance {distance:.3f} (0 for the same, 1 for nothing in common)')
    _write(instrument, FLAGS.name or 'near', latent)


def _map(instrument):
    from gansynth_tf.exploration import timbre_map
    found = timbre_map.explore(instrument, seed=FLAGS.seed, num_timbres=FLAGS.num_candidates)
    directory = files.make_directory(FLAGS.output_dir)
    for number, name in enumerate(found.names, 1):
        print(f'direction {number}: {name}')
    print(timbre_map.write(found, directory / 'timbre_map.json'))
    print(timbre_map.draw(found, directory / 'timbre_map.png'))


_ACTIONS = {'describe': _describe, 'spread': _spread, 'mix': _mix, 'near': _near, 'map': _map}


def _chosen(instrument):
    """The timbres that --timbres names."""
    from gansynth_tf.music import timbres
    return [timbres.resolved(timbres.one(text), instrument, FLAGS.seed) for text in FLAGS.timbres]


def _print_table(names, described):
    print(f'{"timbre":32} brightness  attack ms  decay dB/s  noise dB  inharmonic c  off c  words')
    for name, found in zip(names, described):
        print(f'{name[:32]:32} {found.brightness:10.2f} {found.attack_ms:10.0f} {found.decay_db_per_second:11.1f} '
              f'{found.noise_db:9.1f} {found.inharmonicity_cents:13.1f} {found.detuning_cents:6.1f}  '
              f'{" ".join(found.words)}')


def _write(instrument, name, latent):
    from gansynth_tf.music import timbres
    directory = files.make_directory(FLAGS.output_dir)
    print(timbres.write(directory / f'{name}.json', timbres.Timbre(name, latent), instrument))


def run():
    command.run(main, sys.modules[__name__])


if __name__ == '__main__':
    run()
