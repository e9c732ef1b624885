import pathlib
import re
import subprocess
import sysconfig

import mido
import numpy as np
import pytest
import soundfile

from gansynth_tf.cli import command, export_instrument, generate
from gansynth_tf.music.note import read_at

PITCH = 60


@pytest.fixture
def run(capsys):
    def run_it(*args):
        code = command.execute(export_instrument.main, export_instrument, ['gansynth_export_instrument', *args])
        return code, *capsys.readouterr()
    return run_it


def test_the_built_in_model_becomes_an_instrument(run, tmp_path):
    code, out, _ = run('--timbre=2', '--seed=3', f'--output_dir={tmp_path}', '--formats=sfz,sf2')
    assert code == 0
    assert out.splitlines()[:2] == [str(tmp_path / 'seed3_number2.sfz'), str(tmp_path / 'seed3_number2.sf2')]
    wavs = sorted((tmp_path / 'seed3_number2_samples').iterdir())
    assert len(wavs) == 61 and wavs[0].name == 'seed3_number2_024.wav'
    assert soundfile.info(wavs[0]).samplerate == 44100
    generated = tmp_path / 'generated'
    assert command.execute(generate.main, generate, [
        'gansynth_generate', '--timbre=2', '--seed=3', f'--pitches={PITCH}', '--sample_rate=44100', '--bits=24',
        f'--output_dir={generated}']) == 0
    assert_sfizz_plays_the_same(tmp_path / 'seed3_number2.sfz', next(generated.iterdir()))


def assert_sfizz_plays_the_same(sfz, wav):
    """Whether a sampler's note has the spectrum of a note of gansynth_generate, aligned and at one level."""
    sfizz = pathlib.Path(sysconfig.get_path('purelib')) / 'bin' / 'sfizz_render'
    if not sfizz.exists():
        pytest.skip('the rest needs pysfizz')
    sfizz.chmod(0o755)
    midi = mido.MidiFile(ticks_per_beat=480, tracks=[mido.MidiTrack([
        mido.Message('note_on', note=PITCH, velocity=127, time=0), mido.Message('note_off', note=PITCH, time=1920)])])
    midi.save(sfz.with_suffix('.mid'))
    subprocess.run([sfizz, '--sfz', sfz, '--midi', sfz.with_suffix('.mid'), '--wav', sfz.with_suffix('.wav'),
                    '--samplerate', '44100'], check=True, capture_output=True)
    played = soundfile.read(sfz.with_suffix('.wav'))[0].mean(axis=1)
    # The sampler plays it in tune, ours is as the model made it.
    cents = int(re.search(rf'pitch_keycenter={PITCH} tune=(-?\d+)', sfz.read_text())[1])
    ours = read_at(soundfile.read(wav)[0], np.arange(40000) * 2 ** (cents / 1200))
    begin, end = 882, 36000  # after sfizz's fade-in and before the loop; it begins a sample late
    reference, note = magnitudes(ours[begin:end]), magnitudes(played[begin + 1:end + 1])
    note *= np.sqrt(np.sum(reference ** 2) / np.sum(note ** 2))
    sounding = reference > 1e-3 * reference.max()
    difference = (note - reference)[sounding]
    assert 10 * np.log10(np.sum(difference ** 2) / np.sum(reference[sounding] ** 2)) < -40
    assert np.mean(np.abs(20 * np.log10(note[sounding] / reference[sounding]))) < 0.1


def magnitudes(wave):
    frames = np.lib.stride_tricks.sliding_window_view(wave, 2048)[::512] * np.hanning(2048)
    return np.abs(np.fft.rfft(frames))


@pytest.mark.parametrize('flag, message', [
    ('--timbre=1:2,2:3', 'expected one, a file or a number'),
    ('--timbre=nowhere.json', 'No such timbre'),
    ('--timbre=nowhere', 'or a name of the library such as '),
    ('--formats=nki', 'expected some of sfz, sf2, dspreset'),
    ('--release=0', 'release'),
])
def test_bad_values_are_one_line(run, tmp_path, flag, message):
    code, _, err = run(f'--output_dir={tmp_path / "out"}', flag)
    assert code == 2
    assert message in err and err.count('\n') == 1
