"""Renders docs/audio from a piece: `python docs/examples/render_audio.py PIECE.mid docs/audio`."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile

import gansynth_tf as gs
from gansynth_tf.instrument import without_clicks

PEAK = 0.5
BACH_SECONDS = 25
ONE_TIMBRE = 'dark_firm_short'  # all of whose keys are in tune


def main(midi_file, output_dir):
    output_dir = pathlib.Path(output_dir)
    output_dir.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(['gansynth_generate', f'--midi_file={midi_file}', f'--output_dir={place}', '--seed=1'],
                       check=True)
        piece, rate = soundfile.read(next(pathlib.Path(place).glob('*.wav')))
    piece = piece[:BACH_SECONDS * rate]
    piece[-rate:] *= np.linspace(1, 0, rate)  # a second's fade, since the piece goes on
    write(output_dir / 'bach.flac', piece, rate)
    synth = gs.load()
    eight = synth.sample_latents(8, seed=1)
    write(output_dir / 'eight_timbres_at_c4.flac', one_after_the_other(synth, eight, [60] * 8), synth.sample_rate)
    pitches = range(36, 85, 6)
    one = np.repeat(gs.timbres()[ONE_TIMBRE][None], len(pitches), axis=0)
    write(output_dir / 'one_timbre_from_c2_to_c6.flac', one_after_the_other(synth, one, pitches), synth.sample_rate)


def one_after_the_other(synth, latents, pitches):
    """Notes of a second each, equally loud at their peak."""
    notes = synth.generate(latents, pitches)[:, :synth.sample_rate]
    notes = without_clicks(notes, synth.sample_rate)
    return (notes / np.abs(notes).max(axis=1, keepdims=True)).ravel()


def write(path, audio, rate):
    soundfile.write(path, audio * PEAK / np.abs(audio).max(), rate)
    print(path)


if __name__ == '__main__':
    main(*sys.argv[1:])
