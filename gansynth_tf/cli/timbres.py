"""Finds, describes, keeps and mixes timbres, which --timbre of gansynth_generate and gansynth_export_instrument plays.

    gansynth_timbres list                                                   the model's library: names for --timbre
    gansynth_timbres sample --num_timbres=16 --seed=1 --output_dir=out      random timbres on a page, to listen to
    gansynth_timbres keep --seed=1 --number=7 --name=mine --timbre_library=my_timbres.json
    gansynth_timbres --timbres=1,2,warm.json                                a table: brightness, attack, decay, ...
    gansynth_timbres spread --num_timbres=24 --output_dir=out               timbres far apart and in tune, as files
    gansynth_timbres mix --timbres=1,2 --weights=1,3 --name=half --output_dir=out
    gansynth_timbres near --wav_file=mine.wav --pitch=C4 --name=mine --output_dir=out
    gansynth_timbres map --output_dir=out                                   directions for sliders, a picture and JSON
    gansynth_timbres library --ckpt_dir=run                                 makes a model's library: run/timbres.json

Prints what it finds, and the paths of what it writes.
"""



import gansynth_tf
from gansynth_tf import files
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

COMMANDS = ('describe', 'list', 'sample', 'keep', 'spread', 'mix', 'near', 'map', 'library')
_MOST_SAMPLED = 200

FLAGS = command.new_flags()
command.model_flags(FLAGS)
command.library_flag(FLAGS)
FLAGS.define_list('timbres', ['1', '2'], 'Of describe, mix and sample: numbers of random timbres of the seed, timbre '
                  'files, or names of the library.')
FLAGS.define_list('weights', None, 'Of mix: how much of each; by default as much of all.')
FLAGS.define_integer('num_timbres', 24, 'Of sample, spread and library: how many.', lower_bound=1, upper_bound=1000)
FLAGS.define_integer('num_candidates', 256, 'Random timbres that spread, near, map and library look at.', lower_bound=2,
                     upper_bound=10_000)
FLAGS.define_float('least_in_tune', 0.9, 'Of library: the share of keys that must be within half a semitone.',
                   lower_bound=0.0, upper_bound=1.0)
FLAGS.define_integer('number', None, 'Of keep: which of the random timbres of the seed.', lower_bound=1,
                     upper_bound=10_000)
FLAGS.define_path('wav_file', 'Of near: the recording of one note.')
FLAGS.define_string('pitch', None, 'Of near: its MIDI pitch or name, such as C4.')
FLAGS.define_string('name', None, 'Of keep, mix and near: what the timbre is called.')
FLAGS.define_path('output_dir', 'Where files go. Of library: a table and riffs, if they are wanted.')
FLAGS.define_integer('seed', 0, 'Decides the random timbres.', lower_bound=0)


def main(argv):
    action = argv[1] if len(argv) > 1 else 'describe'
    if len(argv) > 2:
        raise InputError(f'Too many commands: expected one. Received: {" ".join(argv[1:])}')
    _check(action)
    if action == 'list':
        return _list()
    settings = command.model_settings(FLAGS)
    sources = _sources() if action in ('describe', 'mix', 'sample') else []
    command.import_tensorflow()
    instrument = gansynth_tf.load(**settings)
    return _WITH_TIMBRES[action](instrument, sources) if action in _WITH_TIMBRES else _ACTIONS[action](instrument)


def _check(action):
    if action in ('spread', 'mix', 'near', 'map', 'sample') and FLAGS.output_dir is None:
        raise InputError(f'Flag missing: expected --output_dir with {action}. Received: none')
    if action == 'near' and (FLAGS.wav_file is None or FLAGS.pitch is None):
        raise InputError('Flags missing: expected --wav_file and --pitch with near. Received: not both')
    if action == 'keep':
        if FLAGS.number is None or FLAGS.name is None or not (FLAGS.timbre_library or FLAGS.output_dir):
            raise InputError('Flags missing: expected --number, --name, and --timbre_library or --output_dir with '
                             'keep. Received: not all')
        from gansynth_tf.music import timbre_library
        timbre_library.check_name(FLAGS.name)
    if action == 'library' and not (FLAGS.ckpt_dir or FLAGS.timbre_library):
        raise InputError('Flag missing: expected --ckpt_dir, or --timbre_library for another library of the built-in '
                         'model. Received: neither')
    if action == 'sample' and FLAGS.num_timbres > _MOST_SAMPLED:
        raise InputError(f'Impossible --num_timbres: expected at most {_MOST_SAMPLED} with sample. '
                         f'Received: {FLAGS.num_timbres}')


def _sources():
    """The sources of the timbres in --timbres."""
    from gansynth_tf.music import timbres
    library = command.library(FLAGS)
    return [timbres.one(text, library) for text in FLAGS.timbres]


def _list():
    from gansynth_tf.music import timbre_library
    path = FLAGS.timbre_library or timbre_library.path_of(FLAGS.ckpt_dir)
    if not files.expanded(path).is_file():
        raise InputError(f'No library: expected one, which `gansynth_timbres library` makes. Received: {str(path)!r}')
    entries = timbre_library.read(path)
    width = max((len(entry.timbre.name) for entry in entries), default=0)
    for entry in entries:
        print(f'{entry.timbre.name:{width}}  {" ".join(entry.words)}'.rstrip())


def _describe(instrument, sources):
    import numpy as np

    from gansynth_tf.exploration import description
    chosen = _resolved(instrument, sources)
    _print_table([timbre.name for timbre in chosen],
                 description.describe(instrument, np.stack([timbre.latent for timbre in chosen])))


def _sample(instrument, sources):
    from gansynth_tf.exploration import audition_page
    from gansynth_tf.music import timbres
    if FLAGS['timbres'].present:
        chosen = _resolved(instrument, sources)
    else:
        chosen = [timbres.random_timbre(instrument, number, FLAGS.seed) for number in range(1, FLAGS.num_timbres + 1)]
    print(*audition_page.write(instrument, chosen, files.make_directory(FLAGS.output_dir), model=FLAGS.ckpt_dir,
                               seed=None if FLAGS['timbres'].present else FLAGS.seed), sep='\n')


def _keep(instrument):
    from gansynth_tf.exploration import description, library
    from gansynth_tf.music import timbre_library, timbres
    latent = timbres.random_timbre(instrument, FLAGS.number, FLAGS.seed).latent
    if FLAGS.timbre_library:
        entry = library.entry(FLAGS.name, latent, description.describe(instrument, latent[None])[0],
                              library.keyboard(instrument, latent))
        print(timbre_library.add(FLAGS.timbre_library, entry, instrument))
    if FLAGS.output_dir:
        _write(instrument, FLAGS.name, latent)


def _library(instrument):
    from gansynth_tf.exploration import library, library_page
    from gansynth_tf.music import timbre_library
    entries = library.make(instrument, FLAGS.num_timbres, seed=FLAGS.seed, num_candidates=FLAGS.num_candidates,
                           least_in_tune=FLAGS.least_in_tune)
    print(timbre_library.write(FLAGS.timbre_library or timbre_library.path_of(FLAGS.ckpt_dir), entries, instrument))
    if FLAGS.output_dir:
        print(*library_page.write(instrument, entries, files.make_directory(FLAGS.output_dir)), sep='\n')


def _spread(instrument):
    from gansynth_tf.exploration import choosing, description
    latents = choosing.spread(instrument, FLAGS.num_timbres, seed=FLAGS.seed, num_candidates=FLAGS.num_candidates)
    described = description.describe(instrument, latents)
    names = ['_'.join((*found.words, f'{number:02d}')) for number, found in enumerate(described, 1)]
    _print_table(names, described)
    for name, latent in zip(names, latents):
        _write(instrument, name, latent)


def _mix(instrument, sources):
    from gansynth_tf.exploration import choosing
    chosen = _resolved(instrument, sources)
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
    print(f'analysed: {found.analysed}')
    for number, (name, share, (low, high)) in enumerate(zip(found.names, found.shares, found.ranges), 1):
        print(f'direction {number}: {name}, {low:g} to {high:g} standard deviations, {share:.1%} of the variance')
    print(timbre_map.write(found, directory / 'timbre_map.json'))
    print(timbre_map.draw(found, directory / 'timbre_map.png'))


_ACTIONS = {'keep': _keep, 'spread': _spread, 'near': _near, 'map': _map, 'library': _library}
_WITH_TIMBRES = {'describe': _describe, 'mix': _mix, 'sample': _sample}


def _resolved(instrument, sources):
    from gansynth_tf.music import timbres
    return [timbres.resolved(source, instrument, FLAGS.seed) for source in sources]


def _print_table(names, described):
    print(f'{"timbre":32} brightness  attack ms  decay dB/s  noise dB  inharmonic c  hollow dB  undulates dB  off c  '
          'words')
    for name, found in zip(names, described):
        print(f'{name[:32]:32} {found.brightness:10.2f} {found.attack_ms:10.0f} {found.decay_db_per_second:11.1f} '
              f'{found.noise_db:9.1f} {found.inharmonicity_cents:13.1f} {found.hollowness_db:10.1f} '
              f'{found.undulation_db:13.1f} {found.detuning_cents:6.1f}  {" ".join(found.words)}')


def _write(instrument, name, latent):
    from gansynth_tf.music import timbres
    directory = files.make_directory(FLAGS.output_dir)
    print(timbres.write(directory / f'{name}.json', timbres.Timbre(name, latent), instrument))


run = command.tool(main)
