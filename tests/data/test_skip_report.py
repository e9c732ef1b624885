import csv

from gansynth_tf.data import skip_report
from gansynth_tf.data.sources.note_source import SkippedNote


def rows(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.reader(file))


def test_every_skipped_note_is_listed_with_its_reason(tmp_path):
    skipped = [SkippedNote('b', 'Audio silent: expected sound, "loud"'), SkippedNote('a', 'é')]
    path = skip_report.write(skipped, tmp_path)
    assert path == tmp_path / 'skipped.csv'
    assert rows(path) == [['name', 'reason'], ['a', 'é'], ['b', 'Audio silent: expected sound, "loud"']]


def test_if_nothing_was_skipped_an_earlier_list_does_not_stay(tmp_path):
    skip_report.write([SkippedNote('a', 'b')], tmp_path)
    assert rows(skip_report.write([], tmp_path)) == [['name', 'reason']]


def test_a_name_that_is_not_unicode_can_be_written(tmp_path):
    path = skip_report.write([SkippedNote('\udcff', 'Impossible file name')], tmp_path)
    assert rows(path)[1] == ['\\udcff', 'Impossible file name']
