"""gansynth_plot from flags to files, with a model small enough for a test."""

import pathlib

import matplotlib.image
import numpy as np
import pytest
import soundfile

from gansynth_tf.cli import command, plot
from gansynth_tf.music import output

MODEL = pathlib.Path(__file__).parents[1] / 'golden' / 'magenta_tiny_pert'
NUM_SAMPLES = 320  # of its notes


@pytest.fixture
def run(tmp_path, capsys):
    def execute(*arguments):
        argv = ['gansynth_plot', *arguments, f'--output_dir={tmp_path / "out"}']
        code = command.execute(plot.main, plot, argv)
        out, err = capsys.readouterr()
        paths = [pathlib.Path(line) for line in out.splitlines()]
        for path in paths:
            if path.suffix == '.png':
                assert matplotlib.image.imread(path).std() > 0.01  # something is drawn
        return code, {path.name: path for path in paths}, err
    return execute


def test_files_whose_names_tell_their_pitches(run, tmp_path):
    for pitch in (60, 64):
        wave = 0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(8000) / 16000)
        output.write_wav(tmp_path / f'a_pitch{pitch}.wav', wave, 16000)
    files = ','.join(str(tmp_path / f'a_pitch{pitch}.wav') for pitch in (60, 64))
    code, paths, _ = run(f'--wav_file={files}')
    assert code == 0 and list(paths) == ['a_pitch60_rainbowgrams.png', 'a_pitch60_phase_coherence.png']


def test_a_model(run):
    code, paths, _ = run(f'--ckpt_dir={MODEL}')
    assert code == 0 and list(paths) == ['interpolation.png', 'timbre_across_pitch.png']


@pytest.mark.parametrize('timbres, names, num_notes', [
    ('1,2', ('interpolation_mixed_waves.wav', 'interpolation_latents_between.wav'), 3),
    ('1,2,3,4', ('interpolation_square.wav',), 9)])
def test_interpolation_in_pictures_and_sound(run, timbres, names, num_notes):
    code, paths, _ = run('interpolation', f'--ckpt_dir={MODEL}', f'--timbres={timbres}', '--pitch=C4', '--num_steps=3')
    assert code == 0 and list(paths) == ['interpolation.png', *names]
    for name in names:
        assert soundfile.info(paths[name]).frames == num_notes * NUM_SAMPLES


def test_a_sweep_over_pitches(run):
    code, paths, _ = run('sweep', f'--ckpt_dir={MODEL}', '--timbres=1,7', '--pitches=36,C4')
    assert code == 0 and list(paths) == ['sweep.png', 'sweep_seed0_number1.wav', 'sweep_seed0_number7.wav']
    assert soundfile.info(paths['sweep_seed0_number7.wav']).frames == 2 * NUM_SAMPLES


@pytest.mark.parametrize('arguments, complaint', [
    (('interpolation', '--timbres=1,2,3'), 'Impossible --timbres: expected two or four. Received: 3'),
    (('interpolation', '--wav_file=a.wav'), 'What excludes each other: expected --wav_file'),
    (('interpolation', 'sweep'), 'What excludes each other: expected --wav_file'),
    (('--wav_file=a.wav', '--pitches=60,61'), 'Counts differ: expected a pitch for each --wav_file. Received: 2'),
    (('interpolation', '--pitch=H9'), 'Impossible pitch: '),
    (('sweep', '--timbres=wander', f'--ckpt_dir={MODEL}'), 'Impossible --timbres: expected numbers or timbre files.'),
    (('sweep', '--pitches=100', f'--ckpt_dir={MODEL}'), "Unknown pitch: expected one of the model's, 24 to 84. "),
])
def test_bad_flags_are_one_line(run, arguments, complaint):
    code, paths, err = run(*arguments)
    assert (code, paths) == (2, {}) and err.startswith(f'error: {complaint}') and err.count('\n') == 1
