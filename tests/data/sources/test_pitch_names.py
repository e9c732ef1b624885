import pytest

from gansynth_tf.data.sources import pitch_names
from gansynth_tf.errors import InputError


@pytest.mark.parametrize(('text', 'pitch'), [
    ('60', 60), ('0', 0), ('127', 127), ('C4', 60), ('c#3', 49), ('F#2', 42), ('A4', 69), ('Bb3', 58), ('Db4', 61),
    ('Cb4', 59), ('B#3', 60), ('C-1', 0), ('G9', 127), ('a♭4', 68), ('Fs2', 42), (' C4 ', 60),
])
def test_a_pitch_is_a_number_or_the_name_of_a_note(text, pitch):
    assert pitch_names.parse_pitch(text) == pitch


@pytest.mark.parametrize(('middle_c', 'pitch'), [('C3', 72), ('C4', 60), ('C5', 48)])
def test_the_octave_is_a_convention(middle_c, pitch):
    assert pitch_names.parse_pitch('C4', middle_c=middle_c) == pitch
    assert pitch_names.parse_pitch(middle_c, middle_c=middle_c) == 60


@pytest.mark.parametrize('text', ['', '128', '-1', 'H4', 'C', 'C44', 'G#9', 'Cb-1', 'C4 C4', '6O', 'C##4'])
def test_what_is_no_pitch_is_refused(text):
    with pytest.raises(InputError, match='expected a MIDI number from 0 to 127 or the name of a note such as C4'):
        pitch_names.parse_pitch(text)


@pytest.mark.parametrize(('stem', 'pitch'), [
    ('60', 60), ('C4', 60), ('c#3', 49), ('F#2', 42),
    ('Piano.ff.Bb3', 58), ('Grand Piano - C4 v100', 60), ('cello_C#2_01', 37), ('take 2 F#3', 54), ('C4-60', 60),
    ('brass_acoustic_003-040-100', 40), ('organ-036', 36), ('note 64 v100', 64), ('vel30_note_70', 70), ('Eb3', 51),
    ('(D5)', 74), ('808_kick_C2', 36), ('b_flat_C4_C4', 60), ('C99_60', 60), ('violin_H4', 71), ('A0v1', 21),
    ('generated_000_pitch60', 60), ('midi_note_5', 5), ('Violin_G_3', 55), ('Harp C# 4', 61), ('C3_060', 60),
    ('C-4', 60), ('Fis4', 66), ('x_B♭3', 58), ('Dflat5', 73),
])
def test_the_pitch_is_found_in_a_file_name(stem, pitch):
    assert pitch_names.pitch_in_file_name(stem) == pitch


@pytest.mark.parametrize(('stem', 'kind'), [
    ('violin', 'No pitch'), ('C99', 'No pitch'), ('take_200', 'No pitch'), ('take_12', 'No pitch'), ('éA4', 'No pitch'),
    ('C4_D4', r'Ambiguous pitch \(60 or 62\)'), ('60_100', r'Ambiguous pitch \(60 or 100\)'), ('la3', 'No pitch'),
    ('As3', r'Ambiguous pitch \(56 or 58\)'), ('Eb-1', r'Ambiguous pitch \(3 or 27\)'), ('A440', 'No pitch'),
    ('abc4', 'No pitch'), ('v100', 'No pitch'), ('', 'No pitch'),
    ('brass_acoustic_003-140-100', 'No pitch'),
])
def test_no_pitch_is_guessed(stem, kind):
    with pytest.raises(InputError, match=f'{kind} in the file name: expected exactly one .*Received: {stem!r}'):
        pitch_names.pitch_in_file_name(stem)


def plain(*stems):
    return [readings.plain for readings in pitch_names.readings(stems)]


def test_what_all_files_share_is_no_pitch_unless_nothing_else_is():
    assert plain('Hammond_B3_057', 'Hammond_B3_064') == [(57,), (64,)]
    assert plain('C4_take1', 'C4_take2') == [(60,), (60,)]
    assert plain('Flute_60_127', 'Flute_62_127') == [(60,), (62,)]


def test_files_beside_each_other_tell_the_convention():
    assert plain('H3', 'B3') == [(59,), (58,)]  # German: B is B flat
    assert plain('B3', 'C4') == [(59,), (60,)]
    assert plain('As3', 'Fis4') == [(56,), (66,)]
    assert plain('As3', 'Cs4') == [(58,), (61,)]


def test_a_number_settles_the_octave_of_a_name():
    assert plain('piano_C3_060') == [(60,)]
    assert plain('take 31 F#3') == [(54,)]
    assert pitch_names.readings(['take 31 F#3'])[0].possible == (31, 54)


@pytest.mark.parametrize(('stem', 'velocity'), [
    ('C4', None), ('C4_v100', 100), ('C4 vel-64', 64), ('velocity30_C4', 30), ('brass_acoustic_003-040-075', 75),
    ('C4_v200', None), ('cv4', None), ('A0v1', None), ('C4_v8', None),
])
def test_the_velocity_is_found_in_a_file_name(stem, velocity):
    assert pitch_names.velocity_in_file_name(stem) == velocity


@pytest.mark.parametrize(('stem', 'before'), [
    ('Grand Piano - C4 v100', 'Grand Piano'), ('cello_C#2', 'cello'), ('C4', ''), ('60', ''), ('v100_C4', ''),
    ('brass_acoustic_003-040-100', 'brass_acoustic_003'), ('violin', 'violin'),
])
def test_what_comes_before_the_pitch_names_the_instrument(stem, before):
    assert pitch_names.before_pitch(stem) == before
