import pytest

from gansynth_tf.data.sources import soundfont_file
from gansynth_tf.errors import InputError


@pytest.fixture
def path(write_soundfont, tmp_path):
    return write_soundfont(tmp_path / 'small.sf2', [('Violin', 0, 40, [(0, 60, 55), (61, 127, 70)]),
                                                    ('Drums', 128, 0, [(35, 81, 60)]), ('Piano', 0, 0, [(50, 62, 60)])])


def test_presets_have_their_names_places_and_zones(path):
    assert soundfont_file.read_presets(path) == [
        soundfont_file.Preset('Piano', 0, 0, (soundfont_file.Zone((50, 62), 60),)),
        soundfont_file.Preset('Violin', 0, 40, (soundfont_file.Zone((0, 60), 55), soundfont_file.Zone((61, 127), 70))),
        soundfont_file.Preset('Drums', 128, 0, (soundfont_file.Zone((35, 81), 60),))]


@pytest.mark.parametrize('zone, sounding', [
    (soundfont_file.Zone((57, 63), 60), {57: 57, 60: 60, 63: 63}),
    (soundfont_file.Zone((57, 63), 60, tuning_cents=1200), {57: 69, 63: 75}),  # an organ's octave stop
    (soundfont_file.Zone((57, 63), 60, tuning_cents=50), {57: 58, 58: 59, 60: 61}),
    (soundfont_file.Zone((57, 63), 60, scale_tuning=0), {57: 60, 63: 60}),  # one pitch at every key
    (soundfont_file.Zone((36, 39), 63), {36: 36, 39: 39}),  # a root key that says at which rate to play
    (soundfont_file.Zone((0, 127), 60), {54: 54, 66: 66}),
])
def test_a_key_has_the_pitch_that_sounds(zone, sounding):
    keys = soundfont_file.Preset('x', 0, 0, (zone,)).keys(6)
    assert {key: keys[key] for key in sounding} == sounding
    assert zone.keys != (0, 127) or list(keys) == list(range(54, 67))


def test_an_instrument_plays_what_is_near_its_recordings(path):
    piano, violin, _ = soundfont_file.read_presets(path)
    assert list(piano.keys()) == list(range(50, 63))
    assert list(piano.keys(3)) == list(range(50, 63))  # a zone of few keys is a recording of each
    assert list(violin.keys()) == list(range(128))
    assert list(violin.keys(2)) == [53, 54, 55, 56, 57, 68, 69, 70, 71, 72]


@pytest.mark.parametrize('num_bytes', [0, 5, 12, 40, -30, -700])
def test_what_is_no_whole_soundfont_is_refused(path, num_bytes):
    path.write_bytes(path.read_bytes()[:num_bytes])
    with pytest.raises(InputError, match='Not a SoundFont: expected a whole .sf2 or .sf3 file'):
        soundfont_file.read_presets(path)


def test_other_files_and_none_are_refused(tmp_path):
    (tmp_path / 'text.sf2').write_text('RIFF but in words, and rather many of them')
    with pytest.raises(InputError, match='Not a SoundFont'):
        soundfont_file.read_presets(tmp_path / 'text.sf2')
    with pytest.raises(InputError, match='Cannot read the SoundFont: .*No such file'):
        soundfont_file.read_presets(tmp_path / 'missing.sf2')
