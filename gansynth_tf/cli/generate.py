"""Plays a trained model: single notes, or a whole MIDI file whose timbre wanders as it goes.

    gansynth_generate --output_dir=out                                a handful of random notes
    gansynth_generate --output_dir=out --pitches=60,64,67 --seed=1    these, the same every time
    gansynth_generate --output_dir=out --midi_file=piece.mid          the piece, as out/piece.wav

Prints the path of every file it writes.
"""

import pathlib
import re
import secrets
import sys

from absl import flags

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import MAX_NOTES, shortened

FLAGS = command.new_flags()
command.model_flags(FLAGS)
command.define_path('output_dir', 'Where the WAV files go.', FLAGS, required=True)
command.define_path('midi_file', 'The MIDI file to play. Without it, single notes.', FLAGS)
flags.DEFINE_alias('midi', 'midi_file', flag_values=FLAGS)
flags.DEFINE_float('secs_per_instrument', 6.0, 'With a MIDI file: seconds from one random timbre to the next.',
                   flag_values=FLAGS)
flags.DEFINE_string('pitches', None, 'Without a MIDI file: MIDI pitches to play, such as 60,64,67 or 48-60. Without '
                    'it, random ones, as frequent as in the training notes.', flag_values=FLAGS)
flags.DEFINE_integer('num_samples', None, 'Without a MIDI file: how many notes. Without it, one for each of --pitches, '
                     'or else --batch_size.', lower_bound=1, upper_bound=MAX_NOTES, flag_values=FLAGS)
flags.DEFINE_integer('seed', None, 'Where the randomness starts: the same seed, the same sound. Without it, a new one '
                     'each time, which is reported.', lower_bound=0, flag_values=FLAGS)


def main(argv):
    del argv
    # First what can be checked without TensorFlow, so that a mistake is told at once.
    if FLAGS.midi_file and (FLAGS.pitches or FLAGS.num_samples):
        raise InputError('Flags that exclude each other: expected --midi_file, or --pitches and --num_samples. '
                         'Received: both')
    pitches = parse_pitches(FLAGS.pitches) if FLAGS.pitches else None
    settings = command.model_settings(FLAGS)
    if FLAGS.midi_file:
        from gansynth_tf.music import score
        notes = score.read_midi(FLAGS.midi_file)
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    seed = FLAGS.seed
    if seed is None:
        seed = secrets.randbelow(1 << 32)
        _report(f'Seed: {seed} (--seed={seed} repeats this)')

    command.import_tensorflow()
    synth = gansynth_tf.load(**settings)
    if FLAGS.midi_file:
        _play_piece(synth, notes, output_dir / f'{pathlib.Path(FLAGS.midi_file).stem}.wav', seed)
    else:
        _play_notes(synth, pitches, output_dir, seed)


def parse_pitches(text: str) -> list[int]:
    """The value of --pitches: '60,64-66' as [60, 64, 65, 66].

    Raises:
      InputError: if it is anything but whole numbers and ascending ranges.
    """
    pitches: list[int] = []
    for part in text.split(','):
        match = re.fullmatch(r'\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?', part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last <= 127:
            raise InputError(f'Impossible --pitches: expected MIDI numbers and ranges such as 60,64,67 or 48-60. '
                             f'Received: {shortened(text)}')
        pitches += range(first, last + 1)
    return pitches


def run():
    command.run(main, sys.modules[__name__])


def _play_piece(synth, notes, path, seed):
    from gansynth_tf.music import output, render, score
    kept = score.playable(notes, synth.pitches)
    if len(kept) < len(notes):
        drums = sum(note.is_drum for note in notes)
        _report(f'Left out {len(notes) - len(kept)} of {len(notes)} notes: {drums} for drums, '
                f"{len(notes) - len(kept) - drums} outside the model's pitches")
    faults = render.Faults()
    latents = render.piece_latents(synth, kept, seconds_per_instrument=FLAGS.secs_per_instrument, seed=seed)

    def blocks():
        with _bar(len(kept)) as bar:
            yield from render.render_blocks(synth, kept, latents, faults=faults, on_progress=bar.update)
        if len(faults.broken) == len(kept):  # before anything is written
            raise _no_audio(len(kept))

    written = output.write_clip(path, blocks(), synth.sample_rate, peak=render.CLIP_PEAK)
    for fault, places in (('was not finite; they are left out', faults.broken), ('was silent', faults.silent)):
        if places:
            _report(f"The model's audio for {len(places)} of {len(kept)} notes {fault}")
    print(written)


def _play_notes(synth, pitches, output_dir, seed):
    import numpy as np

    from gansynth_tf.music import output
    num_notes = FLAGS.num_samples or len(pitches or ()) or FLAGS.batch_size
    pitches = synth.sample_pitches(num_notes, seed=seed) if pitches is None else np.resize(pitches, num_notes)
    place = num_broken = 0
    with _bar(num_notes) as bar:
        for batch in synth.generate_batches(synth.sample_latents(num_notes, seed=seed), pitches):
            for audio in batch:
                path = output_dir / f'generated_{place:03d}_pitch{pitches[place]}.wav'
                if np.all(np.isfinite(audio)):
                    bar.write(str(output.write_wav(path, audio, synth.sample_rate)))
                else:
                    num_broken += 1
                    _report(f"Left out {path.name}: the model's audio was not finite")
                place += 1
            bar.update(len(batch))
    if num_broken == num_notes:
        raise _no_audio(num_notes)


def _bar(num_notes: int):
    import tqdm
    return tqdm.tqdm(total=num_notes, unit='note', disable=not sys.stderr.isatty())


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _no_audio(num_notes: int) -> InputError:
    return InputError(f'Unusable model: expected finite audio. Received: NaN or infinity for all of {num_notes} notes')
