import importlib.util
import pathlib
import sys

import numpy as np
import pytest

from gansynth_tf.data import note_audio, prepare, prepared_notes
from gansynth_tf.data.sources import soundfont
from gansynth_tf.errors import InputError

FLUID = pathlib.Path('/usr/share/sounds/sf2/FluidR3_GM.sf2')

plays = pytest.mark.skipif(importlib.util.find_spec('tinysoundfont') is None,
                           reason='needs tinysoundfont: pip install --no-deps tinysoundfont')


@pytest.fixture
def path(write_soundfont, tmp_path):
    return write_soundfont(tmp_path / 'small.sf2', [
        ('Violin', 0, 40, [(0, 127, 57), (0, 127, 69)]), ('Drums', 128, 0, [(35, 81, 60)]),
        ('Trumpet', 0, 56, [(62, 64, 60)]), ('Noise', 0, 120, [(0, 127, 60)])])


def loudest_hz(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate / len(samples)


@plays
def test_every_pitch_of_an_instrument_becomes_a_note_at_every_velocity(path):
    source = soundfont.read_source(path, velocities=(50, 100), max_pitch=63)
    assert {(note.instrument, note.pitch, note.velocity) for note in source.notes} == (
        {('040 Violin', pitch, velocity) for pitch in range(51, 64) for velocity in (50, 100)}
        | {('056 Trumpet', pitch, velocity) for pitch in (62, 63) for velocity in (50, 100)})
    assert {note.instrument: note.family for note in source.notes} == {'040 Violin': 'string', '056 Trumpet': 'brass'}
    assert source.notes[0].name == '040 Violin-051-050'


@plays
def test_a_note_has_its_pitch_is_held_and_let_go(path):
    notes = {note.name: note for note in soundfont.read_source(path, programs=[56], velocities=(30, 127)).notes}
    loud, rate = notes['056 Trumpet-062-127'].read_audio()
    assert (loud.shape, loud.dtype, rate) == ((4 * 48000, 1), np.float32, 48000)
    assert loudest_hz(loud[:, 0], rate) == pytest.approx(440 * 2 ** (-7 / 12), rel=0.002)
    assert np.abs(loud[2 * rate:3 * rate]).max() > 0.1
    assert np.abs(loud[3 * rate + rate // 2:]).max() == 0  # these fonts let go at once
    quiet, _ = notes['056 Trumpet-062-030'].read_audio()
    assert np.abs(quiet).max() < 0.5 * np.abs(loud).max()


@plays
def test_a_note_sounds_the_same_whatever_was_played_before(path):
    notes = soundfont.read_source(path, programs=[40], velocities=(100,), max_pitch=53, seconds=0.5).notes
    first = [note.read_audio()[0] for note in notes]
    again = [note.read_audio()[0] for note in reversed(notes)][::-1]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


@plays
def test_the_notes_are_prepared_at_the_models_rate(path, tmp_path):
    source = soundfont.read_source(path, programs=[56], velocities=(75, 100, 127), seconds=1)
    summary = prepare.prepare(source, tmp_path / 'out', audio_length=16000)
    assert sum(summary.num_notes.values()) == 9 and summary.seconds == 9
    for note in prepared_notes.open_notes(tmp_path / 'out').waves('train').as_numpy_iterator():
        expected = 440 * 2 ** ((note['pitch'] - 69) / 12)
        assert loudest_hz(note['wave'][:, 0], 16000) == pytest.approx(expected, rel=0.005)


@plays
@pytest.mark.parametrize(('options', 'reason'), [
    (dict(programs=[3]), r'No such instruments in the SoundFont: expected some of .* 40, 56, 120 \(others in the banks '
                         r'128\). Received: 3'),
    (dict(velocities=(0,)), 'Impossible velocity: expected whole numbers from 1 to 127'),
])
def test_what_the_font_cannot_play_is_refused(path, options, reason):
    with pytest.raises(InputError, match=reason):
        soundfont.read_source(path, **options)


def test_without_a_synthesizer_it_says_how_to_get_one(path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tinysoundfont', None)
    with pytest.raises(InputError, match='pip install --no-deps tinysoundfont'):
        soundfont.read_source(path)


@plays
@pytest.mark.skipif(not FLUID.exists(), reason='needs FluidR3: apt-get install fluid-soundfont-gm')
def test_fluidr3_plays_its_violin_where_violins_play():
    notes = soundfont.read_source(FLUID, programs=[40], velocities=(100,), seconds=1).notes
    assert (min(note.pitch for note in notes), max(note.pitch for note in notes)) == (50, 101)
    samples, rate = next(note for note in notes if note.pitch == 69).read_audio()
    wave = note_audio.conform(samples, rate, sample_rate=16000, audio_length=16000)
    spectrum = np.abs(np.fft.rfft(wave[:8000] * np.hanning(8000))) ** 2  # 2 Hz a bin
    harmonics = sum(spectrum[220 * k - 6:220 * k + 7].sum() for k in range(1, 17))
    assert harmonics > 0.9 * spectrum.sum()
