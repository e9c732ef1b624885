import gzip

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.data import prepare, prepared_notes
from gansynth_tf.data.sources import nsynth, nsynth_tfrecord
from gansynth_tf.data.sources.selection import EVERYTHING
from gansynth_tf.errors import InputError


def texts(*values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))


def numbers(*values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def samples_of(name):
    return np.random.default_rng(list(name.encode())).integers(-30000, 30000, 64).astype(np.float32) / 32768


def record(name, **changes):
    """A record as NSynth has it, with 64 samples."""
    instrument, pitch, velocity = name.rsplit('-', 2)
    family, origin, _ = instrument.rsplit('_', 2)
    features = {
        'note': numbers(1), 'note_str': texts(name), 'instrument': numbers(2), 'instrument_str': texts(instrument),
        'pitch': numbers(int(pitch)), 'velocity': numbers(int(velocity)), 'sample_rate': numbers(16000),
        'audio': tf.train.Feature(float_list=tf.train.FloatList(value=samples_of(name))),
        'qualities': numbers(0, 1, 0, 0, 0, 0, 0, 0, 0, 0), 'qualities_str': texts('dark'),
        'instrument_family': numbers(1), 'instrument_family_str': texts(family),
        'instrument_source': numbers(0), 'instrument_source_str': texts(origin)} | changes
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path, *records):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for each in records:
            writer.write(each)
    return path


def test_packed_files_are_named_for_what_they_are(tmp_path):
    content = write(tmp_path / 'plain', record(NAMES[0])).read_bytes()
    for name, told in {'nsynth-test.tfrecord': r'zcat nsynth-test\.tfrecord > .*Received: a gzip-compressed',
                       'nsynth-test.jsonwav.tar.gz': r'tar xf nsynth-test\.jsonwav\.tar\.gz\).*an archive'}.items():
        (tmp_path / name).write_bytes(gzip.compress(content))
        with pytest.raises(InputError, match=told):
            nsynth_tfrecord.read_source(tmp_path / name)


NAMES = [f'brass_acoustic_000-{pitch:03d}-100' for pitch in range(40, 48)]


def test_a_record_becomes_a_note(tmp_path):
    source = nsynth_tfrecord.read_source(write(tmp_path / 'notes', record(NAMES[0])))
    note, = source.notes
    assert (note.name, note.pitch, note.velocity, note.qualities) == (NAMES[0], 40, 100, {'dark'})
    assert (note.instrument, note.family, note.origin) == ('brass_acoustic_000', 'brass', 'acoustic')
    samples, rate = note.read_audio()
    np.testing.assert_array_equal(samples[:, 0], samples_of(NAMES[0]))
    assert (rate, source.kind) == (16000, 'nsynth')


def test_all_files_of_a_directory_are_read_and_the_papers_notes_taken(tmp_path):
    write(tmp_path / 'nsynth-train.tfrecord', *map(record, NAMES[:5]), record('bass_synthetic_000-060-100'))
    write(tmp_path / 'nsynth-test.tfrecord', *map(record, NAMES[5:]), record('reed_acoustic_000-090-100'))
    assert nsynth_tfrecord.is_there(tmp_path) and nsynth_tfrecord.is_there(tmp_path / 'nsynth-test.tfrecord')
    source = nsynth_tfrecord.read_source(tmp_path)
    assert sorted(note.name for note in source.notes) == NAMES
    assert source.num_not_selected == 2
    assert len(nsynth_tfrecord.read_source(tmp_path, EVERYTHING).notes) == 10


def test_records_and_wav_files_of_the_same_notes_are_prepared_alike(tmp_path, write_nsynth):

    no_qualities = dict(qualities_str=texts())
    write(tmp_path / 'nsynth-train.tfrecord', *(record(name, **no_qualities) for name in NAMES))
    wav = write_nsynth({name: np.round(samples_of(name) * 32768).astype(np.int16) for name in NAMES})
    prepare.prepare(nsynth_tfrecord.read_source(tmp_path), tmp_path / 'a')
    prepare.prepare(nsynth.read_source(wav), tmp_path / 'b')
    a, b = ({path.relative_to(root): path.read_bytes() for path in root.rglob('*') if path.is_file()}
            for root in (tmp_path / 'a', tmp_path / 'b'))
    assert a == b
    assert prepared_notes.open_notes(tmp_path / 'a').num_notes('train') > 0


@pytest.mark.parametrize(('bad', 'reason'), [
    (b'\x0a\xff\xff\xff\xff', 'Corrupt record: expected a TensorFlow Example'),
    (b'', "Impossible note name: expected printable characters without \"/\". Received: ''"),
    (record(NAMES[0], pitch=numbers(200)), 'Impossible pitch: expected a whole number from 0 to 127. Received: 200'),
    (record(NAMES[0], pitch=texts('C4')), 'Impossible pitch: .*Received: None'),
    (record(NAMES[1]), 'Duplicate name: expected each note once'),
])
def test_a_bad_record_is_skipped_and_the_others_stay(tmp_path, bad, reason):
    source = nsynth_tfrecord.read_source(write(tmp_path / 'notes', record(NAMES[1]), bad))
    assert [note.name for note in source.notes] == [NAMES[1]]
    skipped, = source.skipped
    assert skipped.name == 'record 1'
    with pytest.raises(InputError, match=reason):
        raise InputError(skipped.reason)


def test_truncated_and_missing_files_are_refused(tmp_path):
    path = write(tmp_path / 'nsynth-train.tfrecord', record(NAMES[0]))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match='truncated: expected whole records'):
        nsynth_tfrecord.read_source(tmp_path)
    assert not nsynth_tfrecord.is_there(tmp_path / 'missing')
    with pytest.raises(InputError, match='No NSynth records: expected files nsynth-'):
        nsynth_tfrecord.read_source(tmp_path / 'missing')
