import csv

import numpy as np
from matplotlib import image

from gansynth_tf.data import reports
from gansynth_tf.data.reports import Summary
from gansynth_tf.data.sources.note_source import SkippedNote, SourceNote, split_of


def filled(*, num_instruments=3):
    """Notes 'a' (train), 'b' (test) and more, and two that were skipped."""
    found = Summary(num_not_selected=4, skipped=[SkippedNote(name, 'Audio silent: y') for name in 'xz'])
    for i, name in enumerate(['a', 'b', *map(str, range(num_instruments - 2))]):
        note = SourceNote(name=name, pitch=60 + i, velocity=100, instrument=f'instrument ${i}$', family='f', origin='o',
                          read_audio=lambda: None, file=f'{name}.wav', confidence=1 - i / 10 if i < 2 else None)
        found.add(note, seconds=1.5)
    return found


def test_everything_is_counted():
    assert [split_of(name) for name in 'ab0'] == ['train', 'test', 'test']
    lines = str(filled()).splitlines()
    for line in ('prepared notes  none: a dry run', 'notes           3 (train 1, test 2)', 'instruments     3',
                 'pitches         3 (MIDI 60 to 62)', '  test only     2', 'seconds         4.5',
                 'not selected    4', 'skipped         2', '       2  Audio silent',
                 'detected        2 pitches, confidence 0.90 to 1.00, median 1.00'):
        assert line in lines


def test_detected_pitches_are_listed_least_certain_first(tmp_path):
    path = reports.write_detected(filled(), tmp_path)
    assert path.read_text() == 'file,pitch,confidence\nb.wav,61,0.900\na.wav,60,1.000\n'


def test_the_picture_shows_both_splits_and_is_the_same_every_time(tmp_path):
    (tmp_path / 'a').mkdir(), (tmp_path / 'b').mkdir()
    a, b = (reports.write_picture(filled(num_instruments=40), tmp_path / name) for name in 'ab')
    assert a == tmp_path / 'a' / 'notes.png' and a.read_bytes() == b.read_bytes()
    colours = (image.imread(a)[..., :3] * 255).round().astype(int).reshape(-1, 3)
    for colour in ((0x33, 0x65, 0x8a), (0xf6, 0xae, 0x2d), (0x86, 0xbb, 0xd8)):
        assert np.all(colours == colour, axis=1).sum() > 100


def rows(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.reader(file))


def test_every_skipped_note_is_listed_with_its_reason(tmp_path):
    skipped = [SkippedNote('b', 'Audio silent: expected sound, "loud"'), SkippedNote('a', 'é')]
    path = reports.write_skipped(skipped, tmp_path)
    assert path == tmp_path / 'skipped.csv'
    assert rows(path) == [['name', 'reason'], ['a', 'é'], ['b', 'Audio silent: expected sound, "loud"']]


def test_if_nothing_was_skipped_an_earlier_list_does_not_stay(tmp_path):
    reports.write_skipped([SkippedNote('a', 'b')], tmp_path)
    assert rows(reports.write_skipped([], tmp_path)) == [['name', 'reason']]


def test_a_name_that_is_not_unicode_can_be_written(tmp_path):
    path = reports.write_skipped([SkippedNote('\udcff', 'Impossible file name')], tmp_path)
    assert rows(path)[1] == ['\\udcff', 'Impossible file name']
