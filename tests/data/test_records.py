import pytest
import tensorflow as tf

from gansynth_tf.data.records import RecordFiles
from gansynth_tf.errors import InputError

RECORDS = [b'first', b'', b'third' * 1000, b'4']


def write_files(directory):
    paths = [directory / 'a', directory / 'none', directory / 'b']
    for path, records in zip(paths, (RECORDS[:3], [], RECORDS[3:])):
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    return paths


def test_records_are_numbered_through_the_files_and_read_in_any_order(tmp_path):
    records = RecordFiles(write_files(tmp_path))
    assert len(records) == 4
    assert [records.read(index) for index in (3, 0, 2, 1, 3)] == [RECORDS[index] for index in (3, 0, 2, 1, 3)]


@pytest.mark.parametrize('num_bytes', [-1, -4, -20, 3])
def test_a_truncated_file_is_refused(tmp_path, num_bytes):
    path = write_files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:num_bytes])
    with pytest.raises(InputError, match=f"truncated: expected whole records. Received: '{path}'"):
        RecordFiles([path])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r'Cannot read the prepared notes.*No such file'):
        RecordFiles([tmp_path / 'missing'])
