import json

import numpy as np
import pytest

from gansynth_tf.data.sources import note_source, nsynth
from gansynth_tf.data.sources.selection import EVERYTHING, Selection
from gansynth_tf.errors import InputError

NAME = 'brass_acoustic_003-040-100'
TONE = np.array([0, 100, -100], np.int16)


def test_an_entry_becomes_a_note(write_nsynth):
    qualities = {NAME: {'pitch': 40, 'velocity': 100, 'instrument_str': 'brass_acoustic_003',
                        'instrument_family_str': 'brass', 'instrument_source_str': 'acoustic',
                        'qualities_str': ['dark', 'reverb']}}
    source = nsynth.read_source(write_nsynth({NAME: TONE}, entries=qualities))
    note, = source.notes
    assert (note.name, note.pitch, note.velocity) == (NAME, 40, 100)
    assert (note.instrument, note.family, note.origin) == ('brass_acoustic_003', 'brass', 'acoustic')
    assert note.qualities == {'dark', 'reverb'}
    samples, rate = note.read_audio()
    np.testing.assert_array_equal(samples[:, 0] * 32768, TONE)
    assert rate == 16000
    assert (source.kind, source.skipped, source.num_not_selected) == ('nsynth', (), 0)
    assert 'CC BY 4.0' in source.license and 'engel2017neural' in source.citation


def test_flac_is_read_where_there_is_no_wav(write_nsynth):
    note, = nsynth.read_source(write_nsynth({NAME: TONE}, suffix='.flac')).notes
    np.testing.assert_array_equal(note.read_audio()[0][:, 0] * 32768, TONE)


def test_an_index_without_qualities_is_read(write_nsynth):
    directory = write_nsynth({NAME: TONE})
    index = json.loads((directory / 'examples.json').read_text())
    del index[NAME]['qualities_str']
    (directory / 'examples.json').write_text(json.dumps(index))
    note, = nsynth.read_source(directory).notes
    assert note.qualities == frozenset()


@pytest.mark.parametrize(('selection', 'expected'), [
    ({}, [24, 84]),
    ({'selection': EVERYTHING}, [23, 24, 60, 84, 85]),
    ({'selection': Selection(instrument_source='synthetic')}, [60]),
])
def test_the_selection_counts_what_it_leaves_out(write_nsynth, selection, expected):
    names = [f'brass_acoustic_000-{pitch:03d}-100' for pitch in (23, 24, 84, 85)] + ['bass_synthetic_000-060-100']
    source = nsynth.read_source(write_nsynth(dict.fromkeys(names, TONE)), **selection)
    assert sorted(note.pitch for note in source.notes) == expected
    assert source.num_not_selected == 5 - len(expected)
    assert source.skipped == ()


@pytest.mark.parametrize(('changes', 'reason'), [
    ({'pitch': 128}, 'Impossible pitch: expected a whole number from 0 to 127. Received: 128'),
    ({'pitch': -1}, 'Impossible pitch: expected a whole number from 0 to 127. Received: -1'),
    ({'pitch': 'C4'}, "Impossible pitch: expected a whole number from 0 to 127. Received: 'C4'"),
    ({'pitch': 60.5}, 'Impossible pitch: expected a whole number from 0 to 127. Received: 60.5'),
    ({'pitch': True}, 'Impossible pitch: expected a whole number from 0 to 127. Received: True'),
    ({'pitch': None}, 'Impossible pitch: expected a whole number from 0 to 127. Received: None'),
    ({'pitch': '1e999'}, "Impossible pitch: expected a whole number from 0 to 127. Received: '1e999'"),
    ({'pitch': 10**999}, f'Impossible pitch: expected a whole number from 0 to 127. Received: 1{"0" * 38}…'),
    ({'pitch': [60]}, 'Impossible pitch: expected a whole number from 0 to 127. Received: [60]'),
    ({'velocity': 200}, 'Impossible velocity: expected a whole number from 0 to 127. Received: 200'),
    ({'licence': 5}, 'Impossible licence: expected a name. Received: 5'),
    ({'instrument_str': ''}, "Impossible instrument_str: expected a name. Received: ''"),
    ({'instrument_family_str': 4}, 'Impossible instrument_family_str: expected a name. Received: 4'),
    ({'instrument_source_str': 'a\nb'}, "Impossible instrument_source_str: expected a name. Received: 'a\\nb'"),
    ({'qualities_str': 'dark'}, "Impossible qualities_str: expected a list of names. Received: 'dark'"),
])
def test_a_bad_entry_is_skipped_and_the_others_stay(write_nsynth, changes, reason):
    other = 'flute_acoustic_000-060-100'
    directory = write_nsynth({NAME: TONE, other: TONE})
    index = json.loads((directory / 'examples.json').read_text())
    index[NAME] |= changes
    (directory / 'examples.json').write_text(json.dumps(index))
    source = nsynth.read_source(directory)
    assert [note.name for note in source.notes] == [other]
    skipped, = source.skipped
    assert (skipped.name, skipped.reason) == (NAME, reason)


@pytest.mark.parametrize('number', [60, 60.0, '60', '60.0', ' 60 '])
def test_numbers_as_other_programs_write_them_are_numbers(write_nsynth, number):
    directory = write_nsynth({NAME: TONE}, entries={NAME: {
        'pitch': number, 'velocity': number, 'qualities_str': None, 'instrument_str': 'a',
        'instrument_family_str': 'brass', 'instrument_source_str': 'acoustic'}})
    note, = nsynth.read_source(directory).notes
    assert (note.pitch, note.velocity, type(note.pitch), note.qualities) == (60, 60, int, frozenset())


def test_licences_of_single_notes_are_those_of_the_source(write_nsynth):
    names = [f'brass_acoustic_000-{pitch:03d}-100' for pitch in (60, 61, 62, 63)]
    directory = write_nsynth(dict.fromkeys(names, TONE))
    assert note_source.licences(nsynth.read_source(directory)) == (
        'Creative Commons Attribution 4.0 International (CC BY 4.0)')
    index = json.loads((directory / 'examples.json').read_text())
    for name, licence, origin in zip(names, ('CC0', 'CC BY 4.0', 'CC BY 4.0'), ('c', 'b', 'a')):
        index[name] |= {'licence': licence, 'origin': origin}
    (directory / 'examples.json').write_text(json.dumps(index))
    source = nsynth.read_source(directory)
    assert note_source.licences(source) == 'CC BY 4.0: "a", "b"; CC0: "c"; unknown'
    assert 'NSynth dataset' not in source.description and not source.citation


def test_archives_and_folders_around_it_are_named_for_what_they_are(write_nsynth, tmp_path):
    write_nsynth({NAME: TONE}, directory='around/nsynth-test')
    with pytest.raises(InputError, match=r"in it \(they are in nsynth-test\)\. Received: '.*around'"):
        nsynth.read_source(tmp_path / 'around')
    (tmp_path / 'packed').mkdir()
    for name in ('nsynth-test.jsonwav.tar.gz', 'nsynth-test.tar'):
        (tmp_path / 'packed' / name).write_bytes(b'')
    with pytest.raises(InputError, match=r'in it \(unpack nsynth-test\.jsonwav\.tar\.gz first: tar xf\)'):
        nsynth.read_source(tmp_path / 'packed')


@pytest.mark.parametrize(('name', 'entry', 'reason'), [
    (NAME, {}, 'Impossible pitch: .*Received: None'),
    (NAME, [60], 'Impossible entry in examples.json: expected a JSON object'),
    ('../audio/' + NAME, {}, 'Impossible note name'),
    ('', {}, 'Impossible note name'),
    ('\ud800', {}, 'Impossible note name'),
    ('flute_acoustic_000-060-100', {}, 'Audio file missing: expected audio/flute_acoustic_000-060-100.wav or .flac'),
])
def test_an_entry_that_is_no_note_is_skipped(write_nsynth, name, entry, reason):
    source = nsynth.read_source(write_nsynth({NAME: TONE}, entries={name: entry}))
    skipped, = source.skipped
    assert skipped.name == name
    with pytest.raises(InputError, match=reason):
        raise InputError(skipped.reason)


@pytest.mark.parametrize('content', [b'', b'{"a": ', b'[]', b'"notes"', b'\xff\xfe', b'[' * 100000])
def test_a_corrupt_index_is_refused(write_nsynth, content):
    directory = write_nsynth({NAME: TONE})
    (directory / 'examples.json').write_bytes(content)
    with pytest.raises(InputError, match=r'Cannot read examples\.json: expected a JSON object of notes by name'):
        nsynth.read_source(directory)


def test_a_directory_without_index_or_audio_is_refused(tmp_path):
    for directory in (tmp_path / 'missing', tmp_path):
        with pytest.raises(InputError, match=r'Not an NSynth directory: expected examples\.json and audio/ in it'):
            nsynth.read_source(directory)
    (tmp_path / 'examples.json').write_text('{}')
    with pytest.raises(InputError, match='expected a readable folder audio/'):
        nsynth.read_source(tmp_path)
    with pytest.raises(InputError, match='Not an NSynth directory'):
        nsynth.read_source(tmp_path / 'examples.json')
