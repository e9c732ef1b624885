import os
import pathlib
import shutil
import subprocess
import sysconfig
import xml.etree.ElementTree as ElementTree

import mido
import numpy as np
import pytest
import soundfile

from gansynth_tf.data.sources import soundfont_file
from gansynth_tf.errors import InputError
from gansynth_tf.music import loudness
from gansynth_tf.music.note import Style
from gansynth_tf.music.samplers import sampled_instrument

LATENT = np.zeros(4, np.float32)


@pytest.fixture(scope='session')
def sfizz():
    """The sfizz sampler's own renderer, which pysfizz brings along."""
    tool = pathlib.Path(sysconfig.get_path('purelib')) / 'bin' / 'sfizz_render'
    if not tool.exists():
        pytest.skip('needs pysfizz')
    tool.chmod(0o755)
    return tool


def render(sfizz, sfz, directory, messages):
    """What sfizz plays of MIDI messages whose times are in ticks of 1/960 s: mono, 44.1 kHz."""
    midi = mido.MidiFile(ticks_per_beat=480)
    midi.tracks.append(mido.MidiTrack(messages))
    midi.save(directory / 'piece.mid')
    subprocess.run([sfizz, '--sfz', sfz, '--midi', directory / 'piece.mid', '--wav', directory / 'out.wav',
                    '-s', '44100'], check=True, capture_output=True)
    audio, rate = soundfile.read(directory / 'out.wav')
    assert rate == 44100
    return audio.mean(axis=1)


def on_and_off(pitch, ticks, velocity=127):
    return [mido.Message('note_on', note=pitch, velocity=velocity, time=0),
            mido.Message('note_off', note=pitch, velocity=0, time=ticks)]


def level_db(audio, start_seconds, seconds=0.25):
    part = audio[round(start_seconds * 44100):round((start_seconds + seconds) * 44100)]
    return 20 * np.log10(np.sqrt(np.mean(part ** 2)) + 1e-9)


def test_every_format_has_every_key(make_instrument, tmp_path):
    written = sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='warm, bright')
    assert [path.name for path in written.paths] == ['warm_bright.sfz', 'warm_bright.dspreset', 'warm_bright.sf2']
    assert written.num_looped == 3 and written.out_of_tune == ()
    text = (tmp_path / 'warm_bright.sfz').read_text(encoding='ascii')
    keys = [tuple(int(word.split('=')[1]) for word in line.split() if word.split('=')[0] in ('lokey', 'hikey'))
            for line in text.splitlines() if line.startswith('lokey')]
    assert keys == [(45, 57), (58, 60), (61, 76)]
    for element in ElementTree.parse(tmp_path / 'warm_bright.dspreset').iter('sample'):
        assert (tmp_path / element.get('path')).is_file()


def test_sfizz_plays_the_note_that_was_recorded(sfizz, make_instrument, make_tone, tmp_path):
    sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sfz'])
    audio = render(sfizz, tmp_path / 'tone.sfz', tmp_path, on_and_off(60, 960))
    # From 20 ms on: sfizz fades in its first samples, lest a click be heard.
    wave = soundfile.read(tmp_path / 'tone_samples' / 'tone_060.wav')[0][882:36000]
    def difference_db(delay):
        part = audio[882 + delay:882 + delay + len(wave)]
        gain = part @ wave / (wave @ wave)
        return 20 * np.log10(np.std(part - gain * wave) / np.std(gain * wave))
    assert min(map(difference_db, range(3))) < -40  # sfizz begins a sample late


def test_a_held_key_goes_on_without_a_click(sfizz, make_instrument, tmp_path):
    sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sfz'])
    audio = render(sfizz, tmp_path / 'tone.sfz', tmp_path, on_and_off(60, 960 * 9))
    assert level_db(audio, 8.5) == pytest.approx(level_db(audio, 0.5), abs=0.3)
    steps = np.abs(np.diff(audio[2000:44100 * 8]))
    first_seam = round((0.95 + 1.92) * 44100)
    assert steps[first_seam - 4000:first_seam + 4000].max() <= 1.02 * steps[:30000].max()


def test_the_pedal_holds_a_note(sfizz, make_instrument, tmp_path):
    sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sfz'])
    pedal = [mido.Message('control_change', control=64, value=127), *on_and_off(60, 480),
             mido.Message('control_change', control=64, value=0, time=1440)]
    without = [*on_and_off(60, 480), mido.Message('note_on', note=0, velocity=0, time=1440)]
    held, let_go = (render(sfizz, tmp_path / 'tone.sfz', tmp_path, messages) for messages in (pedal, without))
    assert level_db(held, 1.5) > level_db(let_go, 1.5) + 40


def test_velocity_is_loudness_as_in_the_renderer(sfizz, make_instrument, tmp_path):
    sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sfz'])
    velocities = (127, 100, 64, 20)
    levels = [level_db(render(sfizz, tmp_path / 'tone.sfz', tmp_path, on_and_off(60, 960, velocity)), 0.3)
              for velocity in velocities]
    curve = Style().velocity_curve
    expected = [20 * curve * np.log10(velocity / 127) for velocity in velocities]
    np.testing.assert_allclose(np.array(levels) - levels[0], expected, atol=0.1)


def test_keys_are_equally_loud_as_in_the_renderer(make_instrument):
    instrument = make_instrument()
    batches, gains = instrument.generate_batches, np.array([[0.01], [1], [0.1]], np.float32)
    instrument.generate_batches = lambda *args: (batch * gains for batch in batches(*args))
    samples, _ = sampled_instrument.record(instrument, LATENT)
    levels = [20 * np.log10(loudness.loudest(sample.wave[:3 * 44100], 44100)) for sample in samples]
    assert np.ptp(levels) < 0.2 and max(np.abs(sample.wave).max() for sample in samples) == pytest.approx(0.9, abs=0.01)


def test_a_decaying_note_goes_on_decaying_in_sfizz(sfizz, make_instrument, tmp_path):
    sampled_instrument.write(make_instrument(fall_db_per_second=10), LATENT, tmp_path, name='tone', formats=['sfz'])
    audio = render(sfizz, tmp_path / 'tone.sfz', tmp_path, on_and_off(60, 960 * 5))
    fall = [level_db(audio, start) - level_db(audio, start + 1) for start in (0.2, 1.5, 3.0)]
    assert fall == pytest.approx([10, 10, 10], abs=1.5)


@pytest.mark.parametrize('cents', [-30, -7, 0, 12, 45])
def test_tuning_is_measured_to_a_cent(make_tone, cents):
    assert sampled_instrument.tuning_cents(make_tone(57, cents=cents), 16000, 57) == pytest.approx(cents, abs=0.5)


def test_notes_are_retuned_to_a_cent(sfizz, make_instrument, tmp_path):
    sampled_instrument.write(make_instrument(cents=-20), LATENT, tmp_path, name='tone', formats=['sfz'])
    audio = render(sfizz, tmp_path / 'tone.sfz', tmp_path, on_and_off(60, 960 * 2))
    assert sampled_instrument.tuning_cents(audio[4410:70000], 44100, 60) == pytest.approx(0, abs=1)


def test_a_wrong_pitch_is_told_and_left_alone(make_instrument, caplog):
    samples, out_of_tune = sampled_instrument.record(make_instrument(cents=58), LATENT)
    assert out_of_tune == [57, 60, 64]
    assert [sample.tune_cents for sample in samples] == [0, 0, 0]
    assert '3 of 3 notes are over half a semitone from their pitch' in caplog.text


def test_fluidsynth_plays_the_soundfont(make_instrument, tmp_path):
    path, = sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sf2']).paths
    audio = fluidsynth(path, tmp_path, on_and_off(57, 960 * 5))
    assert sampled_instrument.tuning_cents(audio[4410:100000], 44100, 57) == pytest.approx(0, abs=1)
    assert level_db(audio, 4.5) == pytest.approx(level_db(audio, 0.5), abs=0.5)


def test_velocity_in_the_soundfont_is_that_of_the_renderer(make_instrument, tmp_path):
    path, = sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['sf2']).paths
    loud, soft = (level_db(fluidsynth(path, tmp_path, on_and_off(57, 960, velocity)), 0.3) for velocity in (127, 64))
    assert soft - loud == pytest.approx(20 * Style().velocity_curve * np.log10(64 / 127), abs=0.5)


def test_polyphone_reads_the_sfz(make_instrument, tmp_path):
    """A second reader of the format: it converts to a SoundFont, whose keys, loops and pitches are ours."""
    if not shutil.which('polyphone'):
        pytest.skip("needs Debian's package polyphone")
    sampled_instrument.write(make_instrument(cents=-20), LATENT, tmp_path, name='tone', formats=['sfz'])
    subprocess.run(['polyphone', '-1', '-i', tmp_path / 'tone.sfz', '-d', tmp_path, '-o', 'converted'], check=True,
                   capture_output=True, env={**os.environ, 'QT_QPA_PLATFORM': 'offscreen'}, timeout=120)
    preset, = soundfont_file.read_presets(tmp_path / 'converted.sf2')
    assert list(preset.keys()) == list(range(45, 77))
    audio = fluidsynth(tmp_path / 'converted.sf2', tmp_path, on_and_off(57, 960 * 5))
    assert sampled_instrument.tuning_cents(audio[4410:100000], 44100, 57) == pytest.approx(0, abs=1)
    assert level_db(audio, 4.5) == pytest.approx(level_db(audio, 0.5), abs=0.5)  # it loops


def fluidsynth(soundfont, directory, messages):
    """What FluidSynth plays of messages whose times are in ticks of 1/960 s: mono, 44.1 kHz."""
    if not shutil.which('fluidsynth'):
        pytest.skip("needs Debian's package fluidsynth")
    midi = mido.MidiFile(ticks_per_beat=480, tracks=[mido.MidiTrack(messages)])
    midi.save(directory / 'piece.mid')
    subprocess.run(['fluidsynth', '-ni', '-R0', '-C0', '-F', directory / 'out.wav', soundfont, directory / 'piece.mid'],
                   check=True, capture_output=True)
    audio, rate = soundfile.read(directory / 'out.wav')
    assert rate == 44100
    return audio.mean(axis=1)


def test_a_silent_timbre_is_an_error(make_instrument, tmp_path):
    instrument = make_instrument()
    instrument.generate_batches = lambda latents, pitches: iter([np.zeros((len(pitches), 64000), np.float32)])
    with pytest.raises(InputError, match='Nothing to record'):
        sampled_instrument.write(instrument, LATENT, tmp_path, name='tone')


def test_an_unknown_format_is_an_error(make_instrument, tmp_path):
    with pytest.raises(InputError, match="expected some of sfz, sf2, dspreset. Received: 'nki'"):
        sampled_instrument.write(make_instrument(), LATENT, tmp_path, name='tone', formats=['nki'])
