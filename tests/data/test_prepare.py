import dataclasses
import functools
import os
import pathlib
import resource

import numpy as np
import pytest
import soundfile
import tensorflow as tf
import tensorflow_datasets as tfds

from gansynth_tf.data import audio_files, prepare
from gansynth_tf.data.sources import note_source, nsynth
from gansynth_tf.data.sources.note_source import NoteSource, SourceNote, split_of
from gansynth_tf.data.sources.selection import Selection
from gansynth_tf.errors import InputError

LENGTH = 64
NAMES = [f'{family}_acoustic_{i:03d}-{pitch:03d}-075' for i, family in enumerate(['brass', 'flute'])
         for pitch in range(40, 48)]


def noise(name, num_samples=LENGTH):
    return np.random.default_rng(list(name.encode())).integers(-32768, 32768, num_samples).astype(np.int16)


def sources(*notes):
    """A source of notes given as (name, how to read the audio)."""
    return NoteSource(kind='test', description='', homepage='', citation='', license='', notes=tuple(
        SourceNote(name=name, pitch=60, velocity=100, instrument='a', family='b', origin='c', read_audio=read_audio)
        for name, read_audio in notes))


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob('*') if path.is_file()}


@pytest.fixture
def nsynth_directory(write_nsynth):
    return write_nsynth({name: noise(name) for name in NAMES},
                        entries={NAMES[3]: dict(pitch=43, velocity=75, instrument_str='brass_acoustic_000',
                                                instrument_family_str='brass', instrument_source_str='acoustic',
                                                qualities_str=['dark', 'tempo-synced'])})


def test_tfds_itself_reads_every_note_back_bit_for_bit(nsynth_directory, tmp_path):
    summary = prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'out')
    assert summary.directory == tmp_path / 'out' / 'gansynth_notes' / '1.0.0'
    info = tfds.builder_from_directory(summary.directory).info
    instruments = info.features['instrument']
    read = {}
    for split in ('train', 'test'):
        for note in tfds.as_numpy(tfds.load('gansynth_notes', data_dir=tmp_path / 'out', split=split)):
            name = note['id'].decode()
            assert name not in read
            read[name] = split
            np.testing.assert_array_equal(note['audio'], noise(name))
            assert (note['pitch'], note['velocity']) == (int(name[-7:-4]), 75)
            assert instruments['label'].int2str(note['instrument']['label']) == name[:-8]
            assert instruments['family'].int2str(note['instrument']['family']) == name[:5]
            assert instruments['source'].int2str(note['instrument']['source']) == 'acoustic'
            assert [quality for quality, has in note['qualities'].items() if has] == (
                ['dark', 'tempo-synced'] if name == NAMES[3] else [])
    assert read == {name: split_of(name) for name in NAMES}
    assert set(read.values()) == {'train', 'test'}
    assert summary.num_notes == {split: list(read.values()).count(split) for split in ('train', 'test')}


def test_the_directory_says_where_the_notes_come_from(nsynth_directory, tmp_path):
    summary = prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path, audio_length=1000)
    info = tfds.builder_from_directory(summary.directory).info
    assert 'CC BY 4.0' in info.redistribution_info.license
    assert 'engel2017neural' in info.citation
    assert info.homepage == 'https://g.co/magenta/nsynth-dataset'
    assert (info.metadata['source'], info.metadata['sample_rate'], info.metadata['audio_length']) == (
        'nsynth', 16000, 1000)


def test_families_and_sources_have_nsynths_numbers_and_others_follow(tmp_path):
    summary = prepare.prepare(sources((NAMES[0], lambda: (np.array([[0], [.5]], np.float32), 16000))), tmp_path)
    instrument = tfds.builder_from_directory(summary.directory).info.features['instrument']
    assert instrument['family'].names[1] == 'brass' and instrument['family'].names[11:] == ['b']
    assert instrument['source'].names == ['acoustic', 'electronic', 'synthetic', 'c']


def test_the_same_notes_give_the_same_bytes(nsynth_directory, write_nsynth, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, '_NOTES_PER_SHARD', 3)
    prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'a')
    other = write_nsynth({name: noise(name) for name in reversed(NAMES)}, suffix='.flac', directory='other',
                         entries={NAMES[3]: dict(pitch=43, velocity=75, instrument_str='brass_acoustic_000',
                                                 instrument_family_str='brass', instrument_source_str='acoustic',
                                                 qualities_str=['tempo-synced', 'dark'])})
    prepare.prepare(nsynth.read_source(other), tmp_path / 'b')
    a, b = contents(tmp_path / 'a'), contents(tmp_path / 'b')
    assert a.keys() == b.keys()
    assert a == b
    assert sum('train' in path.name for path in a) == 5  # ceil(13 / 3): several shards


def test_the_features_of_a_record_have_a_fixed_order(nsynth_directory, tmp_path):
    # Left to itself, protobuf orders them anew in every process, which no test within one process would show.
    prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path)
    records = list(tf.data.TFRecordDataset([str(path) for path in tmp_path.rglob('*.tfrecord-*')]).as_numpy_iterator())
    assert len(records) == len(NAMES)
    for record in records:
        assert tf.train.Example.FromString(record).SerializeToString(deterministic=True) == record


def test_faulty_notes_are_named_and_the_others_written(nsynth_directory, tmp_path, capsys):
    audio = nsynth_directory / 'audio'
    (audio / f'{NAMES[0]}.wav').unlink()
    (audio / f'{NAMES[1]}.wav').write_bytes((audio / f'{NAMES[1]}.wav').read_bytes()[:-7])
    (audio / f'{NAMES[2]}.wav').write_bytes(b'')
    soundfile.write(audio / f'{NAMES[4]}.wav', np.zeros(64, np.int16), 16000)
    soundfile.write(audio / f'{NAMES[5]}.wav', np.zeros(65, np.int16), 16000)
    summary = prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'out', audio_length=LENGTH)
    assert {note.name for note in summary.skipped} == {NAMES[i] for i in (0, 1, 2, 4, 5)}
    assert sum(summary.num_notes.values()) == len(NAMES) - 5
    assert summary.seconds == pytest.approx((len(NAMES) - 5) * LENGTH / 16000)
    lines = capsys.readouterr().err.splitlines()
    assert sorted(lines) == sorted(f'skipped {note.name}: {note.reason}' for note in summary.skipped)
    told = str(summary)
    for line in ('notes           11 (train', 'instruments     2', 'pitches         8 (MIDI 40 to 47)',
                 'seconds         0.0', 'not selected    0', 'skipped         5', '1  Audio file missing',
                 '1  Audio file truncated', '1  Cannot decode audio', '2  Audio silent'):
        assert line in told


def test_nothing_to_train_on_is_refused_and_leaves_nothing(write_nsynth, tmp_path):
    source = nsynth.read_source(write_nsynth({NAMES[0]: np.zeros(LENGTH, np.int16), NAMES[1]: None}))
    with pytest.raises(InputError, match=r'No notes to train on.*Received: 0 in the test split, 2 skipped, 0 not'):
        prepare.prepare(source, tmp_path / 'out')
    assert list((tmp_path / 'out').iterdir()) == []


def test_notes_of_the_test_split_alone_are_refused(tmp_path):
    assert split_of('b') == 'test'
    with pytest.raises(InputError, match=r'No notes to train on.*Received: 1 in the test split'):
        prepare.prepare(sources(('b', lambda: (np.array([[0], [.5]], np.float32), 16000))), tmp_path)


def test_prepared_notes_are_replaced_only_if_asked_for(nsynth_directory, tmp_path):
    source = nsynth.read_source(nsynth_directory)
    prepare.prepare(source, tmp_path / 'out')
    before = contents(tmp_path / 'out')
    with pytest.raises(InputError, match=r'Notes are prepared there already: .* or --overwrite'):
        prepare.prepare(source, tmp_path / 'out')
    assert contents(tmp_path / 'out') == before
    prepare.prepare(nsynth.read_source(nsynth_directory, Selection(max_pitch=44)), tmp_path / 'out', overwrite=True)
    after = contents(tmp_path / 'out')
    assert after.keys() == before.keys() and after != before


@pytest.mark.parametrize('overwrite', [False, True])
def test_an_interrupted_run_leaves_what_was_there(nsynth_directory, tmp_path, overwrite):
    if overwrite:
        prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'out')
    (tmp_path / 'out').mkdir(exist_ok=True)
    before = contents(tmp_path / 'out')
    read_audio = functools.partial(audio_files.read_audio, nsynth_directory / 'audio' / f'{NAMES[0]}.wav')

    def interrupt():
        raise KeyboardInterrupt
    notes = [(name, read_audio) for name in NAMES] + [('interrupted', interrupt)]
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare(sources(*notes), tmp_path / 'out', overwrite=overwrite)
    assert contents(tmp_path / 'out') == before


def test_a_split_without_notes_is_none_for_tfds(nsynth_directory, tmp_path):
    source = note_source.without_test_split(nsynth.read_source(nsynth_directory))
    builder = tfds.builder_from_directory(prepare.prepare(source, tmp_path).directory)
    assert list(builder.info.splits) == ['train']
    assert {split: len(notes) for split, notes in builder.as_dataset().items()} == {'train': len(NAMES)}


def test_what_killed_runs_left_is_removed_by_the_next(nsynth_directory, tmp_path):
    gone, running = 2**22 + 1, os.getppid()  # the first is more than a process number of Linux can be
    for process in (gone, running):
        (tmp_path / 'out' / f'.gansynth_notes.{process}.partial' / '1.0.0').mkdir(parents=True)
    prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'out')
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'gansynth_notes', 'skipped.csv', 'notes.png', f'.gansynth_notes.{running}.partial'}


def test_notes_that_a_killed_run_had_moved_away_are_put_back(nsynth_directory, tmp_path):
    source = nsynth.read_source(nsynth_directory)
    prepare.prepare(source, tmp_path)
    before = contents(tmp_path)
    (tmp_path / 'gansynth_notes').rename(tmp_path / '.gansynth_notes.replaced')
    with pytest.raises(InputError, match='Notes are prepared there already'):
        prepare.prepare(source, tmp_path)
    assert contents(tmp_path) == before


def test_reports_are_there_before_the_notes(nsynth_directory, tmp_path, monkeypatch):
    rename, there = pathlib.Path.rename, []
    monkeypatch.setattr(pathlib.Path, 'rename', lambda path, target: (
        there.extend(each.name for each in path.parent.glob('[!.]*')), rename(path, target)))
    prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'out')
    assert sorted(there) == ['notes.png', 'skipped.csv']


def test_escape_codes_in_names_do_not_reach_the_terminal(tmp_path, capsys):
    good = (np.array([[0], [.5]], np.float32), 16000)
    source = dataclasses.replace(sources(('a', lambda: good)),
                                 skipped=(note_source.SkippedNote('\x1b[31mred\udcff', 'no'),))
    prepare.prepare(source, tmp_path)
    assert capsys.readouterr().err == 'skipped \\x1b[31mred\\udcff: no\n'


def test_a_full_disk_is_bad_input_and_leaves_nothing(write_nsynth, tmp_path):
    directory = write_nsynth({name: noise(name, 20000) for name in NAMES})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # bytes that a file may have
    try:
        with pytest.raises(InputError, match='Cannot write the prepared notes: expected room and permission'):
            prepare.prepare(nsynth.read_source(directory), tmp_path / 'out')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / 'out').iterdir()) == []


def test_a_failed_replacement_puts_the_old_notes_back(nsynth_directory, tmp_path, monkeypatch):
    source = nsynth.read_source(nsynth_directory)
    prepare.prepare(source, tmp_path / 'out')
    before = contents(tmp_path / 'out')
    rename = pathlib.Path.rename

    def refuse(path, target):
        if str(path).endswith('.partial'):
            raise OSError(28, 'No space left on device')
        return rename(path, target)
    monkeypatch.setattr(pathlib.Path, 'rename', refuse)
    with pytest.raises(InputError, match='No space left on device'):
        prepare.prepare(source, tmp_path / 'out', overwrite=True)
    assert contents(tmp_path / 'out') == before


def test_an_output_directory_that_cannot_be_is_refused(nsynth_directory, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match='Cannot write to the output directory'):
        prepare.prepare(nsynth.read_source(nsynth_directory), tmp_path / 'file' / 'out')
