"""Draws the paper's pictures: rainbowgrams and overlaid periods of wav files; interpolation and timbre of a model.

    gansynth_plot --wav_file=a_pitch60.wav,b_pitch60.wav --output_dir=out
    gansynth_plot --ckpt_dir=run --output_dir=out                                interpolation and timbres
    gansynth_plot interpolation --timbres=1,2 --tfds_data_dir=notes --output_dir=out    between two timbres
    gansynth_plot interpolation --timbres=1,2,3,warm.json --output_dir=out       a square between four
    gansynth_plot sweep --timbres=1,2 --pitches=36,48,60,72 --output_dir=out     timbres at pitches

Prints the path of every file it writes; interpolation and sweep write wav files, too. Between two timbres there is a
row for mixed waves, one for mixed codes of an autoencoder (--autoencoder_dir), and one for what lies between the
latents; with --tfds_data_dir also how far the middle of each is from the nearest real note. gansynth_evaluate draws
notes beside real ones.
"""

import pathlib

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

COMMANDS = ('interpolation', 'sweep')
_NUM_CORNERS = (2, 4)
_SWEEP_PITCHES = (36, 43, 48, 55, 60, 67, 72, 79, 84)

FLAGS = command.new_flags()
FLAGS.define_list('wav_file', None, 'Audio files to draw side by side, with commas between them.')
FLAGS.define_list('pitches', None, 'With --wav_file: the MIDI pitch of each. Without it, what the names of the files '
                  'tell; periods are drawn of those files whose pitch is known. With sweep: the pitches.')
command.model_flags(FLAGS)
FLAGS.define_list('timbres', ['1', '2'], 'Of interpolation, two or four, and of sweep: numbers of random timbres of '
                  'the seed, timbre files, or names of the library.')
command.library_flag(FLAGS)
FLAGS.define_string('pitch', None, 'Of interpolation: a MIDI pitch or a name such as C4. Without it, the middle of the '
                    "model's.")
FLAGS.define_integer('num_steps', 5, 'Of interpolation: notes from one timbre to the next, both included.',
                     lower_bound=2, upper_bound=33)
FLAGS.define_path('autoencoder_dir', 'Of interpolation: a WaveNet autoencoder whose codes are mixed.')
FLAGS.define_path('tfds_data_dir', 'Of interpolation: real notes, from gansynth_prepare_data, to which distances are '
                  'told.')
FLAGS.define_path('classifier_dir', 'With --tfds_data_dir: a classifier of gansynth_train_classifier. Without it, the '
                  'built-in one.')
FLAGS.define_path('output_dir', 'Where the files go.', required=True)
FLAGS.define_integer('seed', 0, 'With a model: where the randomness starts.', lower_bound=0)


def main(argv):
    _check(argv[1:])
    sources = [] if FLAGS.wav_file or not argv[1:] else _sources()
    from gansynth_tf.data.sources import pitch_names
    pitches = [pitch_names.parse_pitch(text) for text in FLAGS.pitches or ()]
    pitch = pitch_names.parse_pitch(FLAGS.pitch) if FLAGS.pitch else None
    settings = command.model_settings(FLAGS)
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    command.import_tensorflow()
    if FLAGS.wav_file:
        paths = _draw_files(output_dir, pitches)
    else:
        instrument = gansynth_tf.load(**settings)
        if 'interpolation' in argv[1:]:
            paths = _draw_interpolation(instrument, sources, pitch, output_dir)
        elif 'sweep' in argv[1:]:
            paths = _draw_sweep(instrument, sources, pitches, output_dir)
        else:
            from gansynth_tf.evaluation.pictures import picture_book
            paths = picture_book.of_model(instrument, output_dir, seed=FLAGS.seed)
    print(*paths, sep='\n')


def _check(commands):
    if len(commands) > 1 or (FLAGS.wav_file and (FLAGS.ckpt_dir or commands)):
        raise InputError(f'What excludes each other: expected --wav_file, --ckpt_dir alone, or one of '
                         f'{", ".join(COMMANDS)}. Received: more than one')
    if FLAGS.pitches and 'sweep' not in commands and len(FLAGS.pitches) != len(FLAGS.wav_file or ()):
        raise InputError(f'Counts differ: expected a pitch for each --wav_file. '
                         f'Received: {len(FLAGS.pitches)} pitches for {len(FLAGS.wav_file or ())} files')
    if 'interpolation' in commands and len(FLAGS.timbres) not in _NUM_CORNERS:
        raise InputError(f'Impossible --timbres: expected two or four. Received: {len(FLAGS.timbres)}')


def _draw_files(output_dir, pitches):
    from gansynth_tf.data import audio_files
    from gansynth_tf.evaluation.pictures import picture_book

    paths = [pathlib.Path(name).expanduser() for name in FLAGS.wav_file]
    read = [audio_files.read_audio(path) for path in paths]
    rates = sorted({rate for _, rate in read})
    if len(rates) > 1:
        raise InputError(f'Sample rates differ: expected files of one rate. Received: {", ".join(map(str, rates))} Hz')
    pitches = pitches or [_pitch_told(path.stem) for path in paths]
    return picture_book.of_notes([samples.mean(axis=1) for samples, _ in read], pitches,
                                 [path.stem[-24:] for path in paths], rates[0], output_dir, name=paths[0].stem)


def _pitch_told(stem):
    from gansynth_tf.data.sources import pitch_names
    try:
        return pitch_names.pitch_in_file_name(stem)
    except InputError:
        return None


def _sources():
    from gansynth_tf.music import timbres
    library = command.library(FLAGS)
    choices = [timbres.parse(text, library) for text in FLAGS.timbres]
    if not all(choice.assigned.keys() == {None} for choice in choices):
        raise InputError(f'Impossible --timbres: expected numbers or timbre files. Received: {",".join(FLAGS.timbres)}')
    return [choice.assigned[None] for choice in choices]


def _timbres(instrument, sources):
    from gansynth_tf.music import timbres
    return [timbres.resolved(source, instrument, FLAGS.seed) for source in sources]


def _latents(timbres):
    import numpy as np
    return np.stack([timbre.latent for timbre in timbres])


def _known(instrument, pitches):
    if unknown := [pitch for pitch in pitches if pitch not in instrument.pitches]:
        raise InputError(f"Unknown pitch: expected one of the model's, {min(instrument.pitches)} to "
                         f'{max(instrument.pitches)}. Received: {", ".join(map(str, unknown))}')
    return list(pitches)


def _draw_interpolation(instrument, sources, pitch, output_dir):
    from gansynth_tf.evaluation.pictures import picture_book
    from gansynth_tf.music import timbres
    autoencoder = real = judge = None
    if FLAGS.autoencoder_dir:
        from gansynth_tf.baselines import wavenet_autoencoder
        autoencoder = wavenet_autoencoder.load(FLAGS.autoencoder_dir)
        if autoencoder.config.sample_rate != instrument.sample_rate:
            raise InputError(f'Autoencoder of another sample rate: expected {instrument.sample_rate} Hz. '
                             f'Received: {autoencoder.config.sample_rate} Hz')
    if FLAGS.tfds_data_dir:
        from gansynth_tf.data import prepared_notes
        from gansynth_tf.evaluation import evaluation
        from gansynth_tf.evaluation.classifier import classifier
        real, judge = prepared_notes.open_notes(FLAGS.tfds_data_dir), classifier.load(FLAGS.classifier_dir)
        evaluation.check(real, judge)
    pitch = timbres.middle_pitch(instrument) if pitch is None else pitch
    _known(instrument, [pitch])
    return picture_book.of_interpolation(instrument, _latents(_timbres(instrument, sources)), pitch, output_dir,
                                         num_steps=FLAGS.num_steps, autoencoder=autoencoder, real=real,
                                         classifier=judge)


def _draw_sweep(instrument, sources, pitches, output_dir):
    from gansynth_tf.evaluation.pictures import picture_book
    chosen = _timbres(instrument, sources)
    pitches = _known(instrument, pitches) or [pitch for pitch in _SWEEP_PITCHES if pitch in instrument.pitches]
    return picture_book.of_sweep(instrument, _latents(chosen), [timbre.name for timbre in chosen],
                                 pitches or list(instrument.pitches)[:len(_SWEEP_PITCHES)], output_dir)


run = command.tool(main)
