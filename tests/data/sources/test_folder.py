import csv
import os
import pathlib
import re

import numpy as np
import pytest
import soundfile

from gansynth_tf.data import note_audio, prepare, prepared_notes
from gansynth_tf.data.sources import folder, pitch_detection
from gansynth_tf.data.sources.folder import PitchRules
from gansynth_tf.data.sources.selection import Selection
from gansynth_tf.errors import InputError

UNHEARD = PitchRules(trust_names=True)


def tone(pitch, rate=16000, seconds=0.2, *, harmonics=5):
    """float64 [samples]: a decaying tone with a few harmonics."""
    t = np.arange(round(rate * seconds)) / rate
    hz = 440 * 2 ** ((pitch - 69) / 12)
    return 0.4 * np.exp(-t) * sum(np.sin(2 * np.pi * k * hz * t) / k for k in range(1, harmonics + 1))


def write(path, samples=None, rate=16000, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(60) if samples is None else samples, rate, **options)


def by_name(source):
    return {note.name: note for note in source.notes}


def test_every_format_rate_and_number_of_channels_is_read(tmp_path):
    kinds = [('wav', 'PCM_U8'), ('wav', 'PCM_16'), ('wav', 'PCM_24'), ('wav', 'PCM_32'), ('wav', 'FLOAT'),
             ('wav', 'DOUBLE'), ('aiff', 'PCM_16'), ('aiff', 'PCM_24'), ('flac', 'PCM_16'), ('flac', 'PCM_24'),
             ('ogg', 'VORBIS'), ('mp3', 'MPEG_LAYER_III')]
    for i, (suffix, subtype) in enumerate(kinds):
        rate = (16000, 22050, 44100, 48000)[i % 4]
        samples = np.stack([tone(60, rate)] * (1 + i % 3), axis=1)
        if suffix == 'mp3':
            samples = samples[:, :2]
        write(tmp_path / 'in' / f'{i}' / f'C4.{suffix}', samples, rate, subtype=subtype)
    source = folder.read_source(tmp_path / 'in')
    assert source.skipped == () and len(source.notes) == len(kinds)
    for note in source.notes:
        samples, rate = note.read_audio()
        wave = note_audio.conform(samples, rate, sample_rate=16000, audio_length=4000) / 32768
        lag = int(np.argmax(np.correlate(wave, tone(60)[:2000], 'valid')))  # mp3 keeps some of its padding
        assert lag < 1200
        np.testing.assert_allclose(wave[lag + 100:lag + 1000], tone(60)[100:1000], atol=0.05, err_msg=note.file)


def test_files_in_any_layout_become_notes(tmp_path):
    for name in ('60.wav', 'Grand Piano - C4 v64.wav', 'brass section/F#2 take 1.wav', 'brass section/F#2 take 2.wav',
                 'deep/C5/one.wav', 'string_acoustic_014-050-075.flac', '.hidden/61.wav', '.62.wav', 'read me.txt'):
        if name.endswith('.txt'):
            (tmp_path / 'in' / name).write_text('not audio, and not called so')
        else:
            write(tmp_path / 'in' / name)
    notes = by_name(folder.read_source(tmp_path / 'in', UNHEARD))
    assert {name: (note.pitch, note.velocity, note.instrument, note.family) for name, note in notes.items()} == {
        '60': (60, 100, 'in', 'unknown'),
        'Grand Piano - C4 v64': (60, 64, 'Grand Piano', 'unknown'),
        'brass section/F#2 take 1': (42, 100, 'brass section', 'brass'),
        'brass section/F#2 take 2': (42, 100, 'brass section', 'brass'),
        'deep/C5/one': (72, 100, 'deep', 'unknown'),
        'string_acoustic_014-050-075': (50, 75, 'string_acoustic_014', 'string')}
    assert notes['60'].file == '60.wav'


def test_the_octave_convention_and_the_selection_are_kept(tmp_path):
    write(tmp_path / 'C3.wav'), write(tmp_path / 'C4.wav')
    an_octave_up = folder.read_source(tmp_path, PitchRules(middle_c='C3', trust_names=True))
    assert {note.pitch for note in an_octave_up.notes} == {60, 72}
    selected = folder.read_source(tmp_path, UNHEARD, Selection(max_pitch=50))
    assert ([note.pitch for note in selected.notes], selected.num_not_selected) == ([48], 1)


def test_the_silence_before_a_note_goes_if_asked_for(tmp_path):
    write(tmp_path / '60.wav', np.concatenate([np.zeros(8000), tone(60)]))
    for trim, length in ((True, 3200 + 80), (False, 11200)):
        note, = folder.read_source(tmp_path, trim=trim).notes
        assert abs(len(note.read_audio()[0]) - length) <= 1


def csv_file(tmp_path, text):
    (tmp_path / 'pitches.csv').write_text(text, encoding='utf-8-sig')  # as spreadsheets write it
    return PitchRules(ways=('csv',), csv_file=tmp_path / 'pitches.csv')


def test_pitches_come_from_a_csv_file(tmp_path):
    for name in ('a.wav', 'b/x.wav', 'c.wav', 'd.wav'):
        write(tmp_path / 'in' / name)
    rules = csv_file(tmp_path, 'pitch,file,velocity,instrument\nC4,a.wav,25,harp\n61,b/x.wav,,\n'
                               '300,d.wav,,\n5,e.wav,,\n')
    source = folder.read_source(tmp_path / 'in', rules)
    notes = by_name(source)
    assert (notes['a'].pitch, notes['a'].velocity, notes['a'].instrument) == (60, 25, 'harp')
    assert (notes['b/x'].pitch, notes['b/x'].velocity, notes['b/x'].instrument) == (61, 100, 'b')
    assert {note.name: note.reason.partition(':')[0] for note in source.skipped} == {
        'c.wav': 'No pitch in the CSV file', 'd.wav': 'Impossible pitch', 'e.wav': 'Audio file missing'}


@pytest.mark.parametrize(('text', 'reason'), [
    ('', 'Cannot read the CSV file: expected columns file and pitch. Received: none'),
    ('name,pitch\na,1\n', 'Cannot read the CSV file: expected columns file and pitch. Received: name, pitch'),
    ('file,pitch\na.wav,1\na.wav,2\n', 'Ambiguous CSV file: expected each file once. Received: 2 rows for 1 files'),
])
def test_a_csv_file_that_does_not_tell_is_refused(tmp_path, text, reason):
    write(tmp_path / 'in' / 'a.wav')
    with pytest.raises(InputError, match=reason):
        folder.read_source(tmp_path / 'in', csv_file(tmp_path, text))


def test_a_missing_csv_file_is_refused(tmp_path):
    write(tmp_path / 'a.wav')
    with pytest.raises(InputError, match='Cannot read the CSV file'):
        folder.read_source(tmp_path, PitchRules(ways=('csv',), csv_file=tmp_path / 'none.csv'))


@pytest.mark.parametrize(('values', 'reason'), [
    (dict(ways=('guess',)), "expected some of name, csv, detect. Received: 'guess'"),
    (dict(ways=()), 'Unknown way to a pitch'),
    (dict(ways=('csv',)), "Received: file 'None', ways 'csv'"),
    (dict(csv_file='a'), "Received: file 'a', ways 'name'"),
])
def test_impossible_rules_are_refused(values, reason):
    with pytest.raises(InputError, match=reason):
        PitchRules(**values)


def test_pitches_are_detected_where_the_name_does_not_tell(tmp_path):
    write(tmp_path / 'low.wav', tone(45, seconds=0.6))
    write(tmp_path / 'high.wav', tone(81, 22050, seconds=0.6), 22050)
    write(tmp_path / '62.wav', tone(62, seconds=0.6))
    write(tmp_path / 'noise.wav', np.random.default_rng(0).normal(size=9600) * 0.1)
    source = folder.read_source(tmp_path, PitchRules(ways=('name', 'detect')))
    notes = by_name(source)
    assert {name: note.pitch for name, note in notes.items()} == {'low': 45, 'high': 81, '62': 62}
    assert notes['62'].confidence is None and notes['low'].confidence > 0.9
    skipped, = source.skipped
    assert skipped.name == 'noise.wav' and skipped.reason.startswith('Pitch uncertain: expected a confidence of at lea')


@pytest.mark.parametrize(('name', 'sounds', 'pitch'), [
    ('C4.wav', 60, 60), ('take 1.wav', 64, 64), ('Flute_60_127.wav', 60, 60), ('As3.wav', 56, 56), ('As3.wav', 58, 58),
    ('C-4.wav', 60, 60), ('take 30 F#3.wav', 30, 30),
])
def test_the_name_proposes_and_the_ear_disposes(tmp_path, name, sounds, pitch):
    write(tmp_path / name, tone(sounds, seconds=0.6))
    note, = folder.read_source(tmp_path).notes
    assert note.pitch == pitch


@pytest.mark.parametrize(('name', 'reason'), [
    ('Rode_25.wav', r'expected the pitch that the name says \(25\). Received: a sound of MIDI pitch 60'),
    ('C3.wav', r'expected the pitch that the name says \(48\). Received: a sound of MIDI pitch 60'),
])
def test_where_name_and_sound_disagree_both_are_the_reason(tmp_path, name, reason):
    write(tmp_path / name, tone(60, seconds=0.6))
    skipped, = folder.read_source(tmp_path).skipped
    assert re.search(reason, skipped.reason)
    note, = folder.read_source(tmp_path, UNHEARD).notes
    assert note.pitch in (25, 48)


def test_a_folder_that_is_an_octave_off_names_the_flag(tmp_path):
    for name, sounds in (('C3', 60), ('E3', 64), ('G3', 67), ('C4', 72)):
        write(tmp_path / f'{name}.wav', tone(sounds, seconds=0.6))
    with pytest.raises(InputError, match=r'Names are 1 octave below what is heard: .*--middle_c=C3. Received: 4 of 4'):
        folder.read_source(tmp_path)
    assert len(folder.read_source(tmp_path, PitchRules(middle_c='C3')).notes) == 4


def test_noise_is_believed_by_its_name_alone(tmp_path):
    write(tmp_path / 'C4.wav', np.random.default_rng(0).normal(size=9600) * 0.1)
    note, = folder.read_source(tmp_path).notes
    assert (note.pitch, note.confidence) == (60, None)


def test_an_octave_error_of_the_ear_does_not_overrule_the_name():
    wave = tone(57, seconds=1.0).astype(np.float32)[:, np.newaxis]
    assert pitch_detection.is_octave(wave, 16000, 57, instead_of=69)
    assert not pitch_detection.is_octave(wave, 16000, 69, instead_of=57)
    assert not pitch_detection.is_octave(wave, 16000, 45, instead_of=57)
    assert pitch_detection.is_octave(wave, 16000, 57, instead_of=45)


def test_a_folder_without_audio_is_refused(tmp_path):
    for directory in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(InputError, match='No audio files: expected a folder with wav, aiff, flac, ogg or mp3'):
            folder.read_source(directory)


def broken_in_ten_ways(directory):
    """Writes ten files that cannot be used; returns the beginning of each one's reason by its path."""
    good = directory / '60.wav'
    write(good, tone(60, seconds=1))
    content = good.read_bytes()
    (directory / 'truncated_61.wav').write_bytes(content[:len(content) // 2])
    (directory / 'empty_62.wav').write_bytes(b'')
    (directory / 'text_63.wav').write_text('these are words')
    write(directory / 'silent_64.wav', np.zeros(16000))
    write(directory / 'clipped_65.wav', np.sign(tone(65, seconds=1)))
    write(directory / 'nan_66.wav', np.full(16000, np.nan), subtype='FLOAT')
    write(directory / 'wrong_J4.wav', np.random.default_rng(0).normal(size=9600) * 0.1)
    write(directory / '60.flac', tone(60))  # the name of 60.wav
    (directory / 'unreadable_67.wav').symlink_to('nowhere')
    write(directory / 'enormous_68.wav', np.zeros(8000 * 61), 8000, subtype='PCM_U8')
    return {'truncated_61.wav': 'Audio file truncated', 'empty_62.wav': 'Cannot decode audio',
            'text_63.wav': 'Cannot decode audio', 'silent_64.wav': 'Audio silent', 'clipped_65.wav': 'Audio clipped',
            'nan_66.wav': 'Audio not finite', 'wrong_J4.wav': 'No pitch in the file name', '60.wav': 'Duplicate name',
            'unreadable_67.wav': 'Audio file missing', 'enormous_68.wav': 'Audio too long for a note'}


def test_files_broken_in_ten_ways_are_listed_and_the_others_prepared(tmp_path):
    reasons = broken_in_ten_ways(tmp_path / 'in')
    for pitch in range(30, 50):
        write(tmp_path / 'in' / 'good' / f'{pitch}.wav', tone(pitch, seconds=0.3))
    summary = prepare.prepare(folder.read_source(tmp_path / 'in'), tmp_path / 'out')
    assert sum(summary.num_notes.values()) == 21
    with open(tmp_path / 'out' / 'skipped.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert {row['name']: row['reason'].partition(':')[0] for row in rows} == reasons
    notes = prepared_notes.open_notes(tmp_path / 'out')
    assert notes.num_notes('train') + notes.num_notes('test') == 21


def test_things_that_are_no_files_are_skipped(tmp_path):
    write(tmp_path / '60.wav')
    os.mkfifo(tmp_path / '61.wav')
    (tmp_path / '62.wav').mkdir()
    write(tmp_path / '62.wav' / 'C4.wav')
    (tmp_path / '63.m4a').write_bytes(b'')
    pathlib.Path(os.fsdecode(bytes(tmp_path) + b'/\xff64.wav')).write_bytes(b'')
    source = folder.read_source(tmp_path)
    assert {note.name for note in source.skipped} == {'61.wav', '62.wav', '63.m4a', '\udcff64.wav'}
    assert {note.name for note in source.notes} == {'60', '62.wav/C4'}
