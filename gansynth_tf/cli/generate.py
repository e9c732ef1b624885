"""Plays a trained model: single notes, or a whole MIDI file whose timbre wanders as it goes.

    gansynth_generate --output_dir=out                                a handful of random notes
    gansynth_generate --output_dir=out --pitches=60,64,67 --seed=1    these, the same every time
    gansynth_generate --output_dir=out --midi_file=piece.mid          the piece, as out/piece.wav
    gansynth_generate --output_dir=out --audition=16 --seed=1         16 timbres, each on a scale
    gansynth_generate --output_dir=out --midi_file=piece.mid --seed=1 --timbre=7 --save_timbre=warm.json
    gansynth_generate --output_dir=out --midi_file=piece.mid --timbre=1:warm.json,2:12 --stems --pan=spread

Prints the path of every file it writes.
"""

import pathlib
import secrets
import sys

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import MAX_NOTES, check_pitches

FLAGS = command.new_flags()
command.model_flags(FLAGS)
FLAGS.define_path('output_dir', 'Where the audio files go.', required=True)
FLAGS.define_path('midi_file', 'The MIDI file to play. Without it, single notes.')
FLAGS.define_alias('midi', 'midi_file')
FLAGS.define_string('pitches', None, 'Without a MIDI file: MIDI pitches to play, such as 60,64,67 or 48-60. Without '
                    'it, random ones, as frequent as in the training notes.')
FLAGS.define_integer('num_samples', None, 'Without a MIDI file: how many notes. Without it, one for each of --pitches, '
                     'or else --batch_size.', lower_bound=1, upper_bound=MAX_NOTES)
FLAGS.define_integer('audition', None, 'Instead of notes or a piece: play so many random timbres of the seed, each for '
                     'a long note and a scale. --timbre=7 is the seventh of them.', lower_bound=1, upper_bound=1000)
FLAGS.define_integer('seed', None, 'Where the randomness starts: the same seed, the same sound. Without it, a new one '
                     'each time, which is reported.', lower_bound=0)

# Timbre.
FLAGS.define_string('timbre', None, "Which timbre: 'wander' (a piece's own: from one random timbre to the next), "
                    "'track' or 'program' (one for each), 'fixed' (one for all), a number (that random timbre of the "
                    "seed), a file of --save_timbre, or tracks with theirs: '1:warm.json,2:7'; 'p41:' is a program, "
                    "'30s:' from 30 seconds on, '*:' all others. A name of the library does for a file.")
command.library_flag(FLAGS)
FLAGS.define_float('secs_per_instrument', 6.0, 'With wandering timbre: seconds from one random timbre to the next.')
FLAGS.define_path('save_timbre', 'Keep the timbre that was played, as this JSON file; of several, each with a number '
                  'added to its name.')

# How a piece is played.
FLAGS.define_bool('as_magenta', False, "Play a piece as Magenta's GANSynth does: pitches 36 to 84, no pedals, "
                  'controllers or bends, notes of at most 3 seconds, loudness by the largest sample, phases as '
                  'they come (but for --phase_locking).')
FLAGS.define_bool('pedal', True, 'Count the sustain and sostenuto pedals.')
FLAGS.define_bool('controllers', True, 'Count volume, expression and, with --pan=score, pan.')
FLAGS.define_bool('pitch_bend', True, 'Count the pitch wheel.')
FLAGS.define_bool('extend', True, "Let notes go on that are held for longer than the model's.")
FLAGS.define_enum('out_of_range', 'octave', ['octave', 'drop', 'error'], "What becomes of notes outside the model's "
                  'pitches: they move by octaves, are left out, or are an error.')
FLAGS.define_float('velocity_curve', 2.0, 'Loudness is velocity to this power: 0 all notes alike, 1 as Magenta, 2 as '
                   'General MIDI.')
FLAGS.define_bool('darken', True, 'Soft notes lose their upper partials.')
FLAGS.define_enum('level', 'matched', ['matched', 'raw', 'peak'], 'What a velocity decides: how loud a note is to the '
                  "ear; nothing beyond the model's own loudness; how high its largest sample is.")
FLAGS.define_float('release', 0.1, 'Seconds in which a note fades when its key goes up.')

# Output.
FLAGS.define_enum('format', 'wav', ['wav', 'flac', 'ogg'], 'The kind of audio files.')
FLAGS.define_enum('bits', None, ['16', '24', '32'], 'Bits of a sample in wav and flac; 32 is floating point, wav only. '
                  'Without it 16, with --stems 24.')
FLAGS.define_integer('sample_rate', None, 'Samples per second of the files, such as 44100 or 48000. Without it, the '
                     "model's.")
FLAGS.define_enum('pan', 'none', ['none', 'score', 'spread'], 'Mono; stereo with the pan of the score; stereo with the '
                  'tracks spread from left to right.')
FLAGS.define_bool('stems', False, 'Write each track as a file of its own, too; they add up to the mix.')
FLAGS.define_float('loudness', None, 'Loudness of a piece in LUFS, such as -16, with true peaks of at most -1 dB. '
                   'Without it, its peak is half of full scale.')
FLAGS.define_bool('plot', False, 'Draw a piece, too: its notes coloured by timbre, its wave, its rainbowgram.')

_NOT_AS_MAGENTA = ('timbre', 'pedal', 'controllers', 'pitch_bend', 'extend', 'out_of_range', 'velocity_curve', 'darken',
                   'level', 'release', 'pan', 'stems', 'loudness')
_OF_AUDITIONS = ('timbre', 'save_timbre', 'as_magenta', 'pedal', 'controllers', 'pitch_bend', 'out_of_range', 'pan',
                 'stems', 'loudness', 'secs_per_instrument', 'plot')
_OF_PIECES = (*_NOT_AS_MAGENTA[1:], 'as_magenta', 'secs_per_instrument', 'plot')


def main(_):
    # Checks that need no TensorFlow come first, so that mistakes are reported at once.
    _check_combinations()
    from gansynth_tf import files
    from gansynth_tf.music import score, timbres
    style, encoding = _style(), _encoding()
    choice = timbres.parse(FLAGS.timbre, command.library(FLAGS)) if FLAGS.timbre else None
    pitches = command.midi_numbers(FLAGS.pitches.split(','), name='pitches', expected='MIDI numbers and ranges such as '
                                   '60,64,67 or 48-60') if FLAGS.pitches else None
    settings = command.model_settings(FLAGS)
    if FLAGS.as_magenta and not FLAGS['phase_locking'].present:
        settings['phase_locking'] = False  # which the original does not know
    known = command.known_pitches(FLAGS)
    if pitches and known:
        check_pitches(pitches, known)
    piece = score.read_midi(FLAGS.midi_file) if FLAGS.midi_file else None
    output_dir = files.make_directory(FLAGS.output_dir)
    seed = FLAGS.seed
    if seed is None:
        seed = secrets.randbelow(1 << 32)
        _report(f'Seed: {seed} (--seed={seed} repeats this)')

    instrument = command.load(settings)
    if choice:
        _check_timbres(instrument, choice, seed)
    if FLAGS.audition:
        _audition(instrument, output_dir, seed, style, encoding)
    elif piece:
        _play_piece(instrument, piece, output_dir / pathlib.Path(FLAGS.midi_file).stem, seed, style, encoding,
                    choice or timbres.Choice('wander'))
    else:
        _play_notes(instrument, pitches, output_dir, seed, encoding, choice)


def _check_combinations():
    notes = FLAGS.pitches or FLAGS.num_samples
    if sum(map(bool, (FLAGS.midi_file, notes, FLAGS.audition))) > 1:
        raise InputError('Flags that exclude each other: expected --midi_file, or --pitches and --num_samples, or '
                         '--audition. Received: more than one of them')
    if FLAGS.as_magenta and (present := _first_given(_NOT_AS_MAGENTA)):
        raise InputError(f'Flags that exclude each other: expected --as_magenta or --{present}. Received: both')
    if not FLAGS.midi_file and (present := _first_given(_OF_AUDITIONS if FLAGS.audition else _OF_PIECES)):
        raise InputError(f'A flag for pieces: expected a --midi_file with --{present}. Received: none')
    if FLAGS.loudness is not None:
        from gansynth_tf.music import recording
        recording.check_loudness(FLAGS.loudness)


def _first_given(names):
    return next((name for name in names if FLAGS[name].present), None)


def _style():
    from gansynth_tf.music import note
    if FLAGS.as_magenta:
        return note.MAGENTA
    return note.Style(level=FLAGS.level, velocity_curve=FLAGS.velocity_curve, darken=FLAGS.darken,
                      release_seconds=FLAGS.release, extend=FLAGS.extend)


def _encoding():
    from gansynth_tf.music import output
    bits = int(FLAGS.bits) if FLAGS.bits else 24 if FLAGS.stems else 16
    return output.Encoding(FLAGS.format, bits, FLAGS.sample_rate)


def _check_timbres(instrument, choice, seed):
    from gansynth_tf.music import timbres
    given = [timbres.resolved(source, instrument, seed) for source in choice.assigned.values()]
    for name in timbres.foreign(instrument, given):
        _report(f'The timbre {name!r} sounds otherwise here than on the model that it was saved with')


def _perform(piece, instrument, style):
    from gansynth_tf.music import performance
    if FLAGS.as_magenta:
        known = [pitch for pitch in instrument.pitches if pitch in performance.MAGENTA_PITCHES]
        return performance.perform(piece, known or instrument.pitches, pedal=False, controllers=False,
                                   pitch_bend=False, out_of_range='drop', drums=True)
    return performance.perform(piece, instrument.pitches, pedal=FLAGS.pedal, controllers=FLAGS.controllers,
                               pitch_bend=FLAGS.pitch_bend, out_of_range=FLAGS.out_of_range,
                               release_seconds=style.release_seconds)


def _play_piece(instrument, score, path, seed, style, encoding, choice):
    from gansynth_tf.music import piece, timbres
    performance = _perform(score, instrument, style)
    for line in performance.remarks:
        _report(line)
    chosen = timbres.choose(instrument, performance.notes, choice, seed=seed,
                            seconds_per_instrument=FLAGS.secs_per_instrument)
    with _bar(len(performance.notes)) as bar:
        recording, faults = piece.record(instrument, performance, chosen.latents, path.parent, style=style,
                                         stems=FLAGS.stems, pan=FLAGS.pan, on_progress=bar.update)
    for line in faults.remarks(len(performance.notes)):
        _report(line)
    gain, line = recording.peak_gain(), None
    if FLAGS.loudness is not None:
        gain, line = recording.loudness_gain(FLAGS.loudness)
    if line:
        _report(line)
    for written in piece.write(recording, path, performance, encoding=encoding, gain=gain,
                               tags=_tags(path.name, seed, chosen.timbres)):
        print(written)
    _save_timbres(instrument, chosen.timbres, seed)
    if FLAGS.plot:
        from gansynth_tf.evaluation.pictures import piece_picture
        print(piece_picture.write(path.with_name(f'{path.name}.png'), performance.notes, chosen.indices,
                                  [timbre.name for timbre in chosen.timbres], piece.pictured(recording, gain=gain),
                                  instrument.sample_rate))


def _audition(instrument, output_dir, seed, style, encoding):
    from gansynth_tf.music import piece, timbres
    with _bar(FLAGS.audition) as bar:
        for number in range(1, FLAGS.audition + 1):
            timbre = timbres.random_timbre(instrument, number, seed)
            performance, latents = piece.audition(instrument, timbre)
            recording, faults = piece.record(instrument, performance, latents, output_dir, style=style)
            for line in faults.remarks(len(performance.notes)):
                _report(f'Timbre {number}: {line}')
            path = output_dir / f'audition_seed{seed}_number{number:02d}'
            for written in piece.write(recording, path, performance, encoding=encoding, gain=recording.peak_gain(),
                                       tags=_tags(path.name, seed, [timbre])):
                bar.write(str(written))
            bar.update(1)


def _play_notes(instrument, pitches, output_dir, seed, encoding, choice):
    import numpy as np

    from gansynth_tf.music import output, timbres
    num_notes = FLAGS.num_samples or len(pitches or ()) or FLAGS.batch_size
    chosen = timbres.for_single_notes(instrument, num_notes, choice, seed=seed, round_length=len(pitches or [0]))
    pitches = instrument.sample_pitches(num_notes, seed=seed) if pitches is None else np.resize(pitches, num_notes)
    index = num_broken = 0
    with _bar(num_notes) as bar:
        for batch in instrument.generate_batches(chosen.latents, pitches):
            for audio in batch:
                path = output_dir / f'generated_{index:03d}_pitch{pitches[index]}_seed{seed}{encoding.suffix}'
                if np.all(np.isfinite(audio)):
                    tags = _tags(path.stem, seed, [chosen.timbres[int(chosen.indices[index])]])
                    bar.write(str(output.write_note(path, audio, instrument.sample_rate, encoding, tags=tags)))
                else:
                    num_broken += 1
                    _report(f"Left out {path.name}: the model's audio was not finite")
                index += 1
            bar.update(len(batch))
    if num_broken == num_notes:
        raise InputError(f'Unusable model: expected finite audio. Received: NaN or infinity for all of {num_notes} '
                         f'notes')
    _save_timbres(instrument, chosen.timbres, seed)


def _tags(title, seed, chosen):
    names = ', '.join(timbre.name for timbre in chosen[:20]) + (f' and {len(chosen) - 20} more' if chosen[20:] else '')
    model = FLAGS.ckpt_dir or 'built-in'
    return {'title': title, 'software': f'gansynth_tf {gansynth_tf.__version__}',
            'comment': f'model: {model}; seed: {seed}; timbres: {names}'}


def _save_timbres(instrument, chosen, seed):
    if not FLAGS.save_timbre:
        return
    from gansynth_tf.music import piece, timbres
    path = pathlib.Path(FLAGS.save_timbre)
    for timbre, target in zip(chosen, piece.timbre_paths(path, chosen)):
        named = timbre._replace(name=target.stem)
        print(timbres.write(target, named, instrument, notes=f'{timbre.name} of {FLAGS.ckpt_dir or "built-in"}'))


def _bar(num_notes: int):
    import tqdm
    return tqdm.tqdm(total=num_notes, unit='note', disable=not sys.stderr.isatty())


def _report(line: str) -> None:
    print(line, file=sys.stderr)


run = command.tool(main)
