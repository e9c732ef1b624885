"""Files appear under their names whole or not at all, and what the file system refuses is said in one line."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest

from gansynth_tf import files
from gansynth_tf.errors import InputError


def names(directory):
    return sorted(file.name for file in directory.iterdir())


def test_a_finished_file_has_its_name_and_nothing_else_is_left(tmp_path):
    with files.atomic_write(tmp_path / 'notes.json') as temporary:
        temporary.write_text('[60]')
        assert names(tmp_path) == [temporary.name]
    assert names(tmp_path) == ['notes.json']
    assert (tmp_path / 'notes.json').read_text() == '[60]'


def test_the_temporary_name_is_hidden_beside_the_file_and_keeps_the_suffix(tmp_path):
    with files.atomic_write(str(tmp_path / 'clip.wav')) as temporary:
        assert temporary.parent == tmp_path
        assert (temporary.name[0], temporary.suffix) == ('.', '.wav')
        temporary.touch()


def test_writers_that_choose_their_format_by_suffix_write_to_the_temporary_name(tmp_path):
    with files.atomic_write(tmp_path / 'weights.npz') as temporary:
        np.savez(temporary, kernel=np.arange(3))
    assert names(tmp_path) == ['weights.npz']
    np.testing.assert_array_equal(np.load(tmp_path / 'weights.npz')['kernel'], [0, 1, 2])


def test_a_file_of_before_is_replaced_whole(tmp_path):
    (tmp_path / 'notes.json').write_text('a longer text than the new one')
    with files.atomic_write(tmp_path / 'notes.json') as temporary:
        temporary.write_text('new')
        assert (tmp_path / 'notes.json').read_text() == 'a longer text than the new one'
    assert (tmp_path / 'notes.json').read_text() == 'new'


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, InputError])
def test_when_the_writer_fails_the_file_of_before_stays_and_the_error_comes_through(tmp_path, error):
    (tmp_path / 'notes.json').write_text('before')
    with pytest.raises(error, match='midway'), files.atomic_write(tmp_path / 'notes.json') as temporary:
        temporary.write_text('half')
        raise error('midway')
    assert names(tmp_path) == ['notes.json']
    assert (tmp_path / 'notes.json').read_text() == 'before'


def test_a_disk_that_reports_itself_full(tmp_path):
    final = tmp_path / 'clip.wav'
    with pytest.raises(InputError) as refused, files.atomic_write(final) as temporary:
        temporary.write_bytes(b'half')
        raise OSError(28, 'No space left on device')
    assert str(refused.value) == (f'Cannot write the file: expected room and permission for it. '
                                  f'Received: {str(final)!r} (No space left on device)')
    assert names(tmp_path) == []


def test_a_disk_that_fills_up_in_the_middle_of_an_array(tmp_path):
    """The kernel refuses every byte beyond a limit, as it does on a full disk."""
    (tmp_path / 'weights.npz').write_bytes(b'before')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        with pytest.raises(InputError) as refused, files.atomic_write(tmp_path / 'weights.npz') as temporary:
            np.savez(temporary, kernel=np.zeros(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert 'weights.npz' in str(refused.value) and 'File too large' in str(refused.value)
    assert names(tmp_path) == ['weights.npz']
    assert (tmp_path / 'weights.npz').read_bytes() == b'before'


def test_a_process_killed_while_writing_leaves_nothing_under_the_final_name(tmp_path):
    code = f"""
        import os, signal
        from gansynth_tf import files
        with files.atomic_write({str(tmp_path / 'notes.json')!r}) as temporary:
            temporary.write_text('half')
            os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run([sys.executable, '-c', textwrap.dedent(code)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 1
    assert re.fullmatch(r'\.notes\.\d+\.partial\.json', names(tmp_path)[0])


@pytest.mark.parametrize('place', ['missing/notes.json', 'file/notes.json', 'directory'])
def test_a_place_where_no_file_can_be(tmp_path, place):
    (tmp_path / 'file').touch()
    (tmp_path / 'directory').mkdir()
    (tmp_path / 'directory' / 'kept').touch()
    with pytest.raises(InputError) as refused, files.atomic_write(tmp_path / place) as temporary:
        temporary.write_text('new')
    assert str(refused.value).startswith(
        f'Cannot write the file: expected room and permission for it. Received: {str(tmp_path / place)!r} (')
    assert names(tmp_path) == ['directory', 'file']
    assert names(tmp_path / 'directory') == ['kept']


def test_make_directory_creates_parents_and_leaves_what_is_there(tmp_path):
    assert files.make_directory(tmp_path / 'a' / 'b') == tmp_path / 'a' / 'b'
    (tmp_path / 'a' / 'b' / 'kept').touch()
    files.make_directory(str(tmp_path / 'a' / 'b'))
    assert names(tmp_path / 'a' / 'b') == ['kept']


def test_make_directory_knows_home(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    assert files.make_directory('~/run') == tmp_path / 'run'
    assert (tmp_path / 'run').is_dir()


@pytest.mark.parametrize('place', ['file', 'file/under'])
def test_make_directory_where_a_file_is(tmp_path, place):
    (tmp_path / 'file').touch()
    with pytest.raises(InputError) as refused:
        files.make_directory(tmp_path / place)
    assert str(refused.value).startswith(f'Cannot write to the output directory: expected one that can be created and '
                                         f'written. Received: {str(tmp_path / place)!r} (')


def test_make_directory_notices_one_that_exists_but_takes_no_files(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(files.tempfile, 'TemporaryFile', refuse)
    with pytest.raises(InputError, match='Read-only file system'):
        files.make_directory(tmp_path)


def test_write_json(tmp_path):
    path = files.write_json({'a': [1, 2.5], 'b': None}, tmp_path / 'values.json')
    assert path == tmp_path / 'values.json' and path.read_text().endswith('\n')
    assert json.loads(path.read_text()) == {'a': [1, 2.5], 'b': None}


def test_what_processes_that_are_gone_left_is_removed_and_nothing_else(tmp_path):
    gone = subprocess.Popen([sys.executable, '-c', ''])
    gone.wait()
    kept = {'a.wav', '.hidden', '.a.partial.wav', files.temporary_name(tmp_path / 'b.wav').name,
            files.temporary_name(tmp_path / '3').name}
    for name in (*kept, f'.a.{gone.pid}.partial.wav'):
        (tmp_path / name).touch()
    (tmp_path / f'.2.{gone.pid}.partial' / 'variables').mkdir(parents=True)
    files.remove_abandoned(tmp_path)
    assert set(names(tmp_path)) == kept


@pytest.mark.parametrize('text', ['[' * 50_000, '{"a":' * 50_000, '', '[1]', '{"a": 1', '9' * 5000])
def test_json_that_is_no_object_or_nested_too_deep(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(InputError, match='a.json: expected a JSON object'):
        files.read_json(tmp_path / 'a.json')


def test_json_of_an_absurd_size_and_no_regular_file(tmp_path, monkeypatch):
    (tmp_path / 'a.json').write_text('{"a": "long"}')
    monkeypatch.setattr(files, 'LARGEST_JSON_BYTES', 5)
    with pytest.raises(InputError, match='it has 13 bytes'):
        files.read_json(tmp_path / 'a.json')
    for path, reason in ((tmp_path, 'it is not a file'), (tmp_path / 'none', 'there is no such file')):
        with pytest.raises(InputError, match=reason):
            files.read_json(path)
        with pytest.raises(InputError, match=reason):
            files.read_arrays(path)


def test_arrays_are_read_as_they_were_written(tmp_path):
    arrays = {'a/kernel': np.arange(6, dtype='>f4').reshape(2, 3), 'b': np.float64(3), 'c': np.zeros((0, 2), bool),
              'd': np.asfortranarray(np.arange(6).reshape(2, 3))}
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / 'a.npz', **arrays)
        read = files.read_arrays(tmp_path / 'a.npz')
        assert read.keys() == arrays.keys()
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)
    assert files.read_arrays(tmp_path / 'a.npz', wanted='b'.__eq__).keys() == {'b'}


def overwrite(path, place, new):
    content = bytearray(path.read_bytes())
    content[place:place + len(new)] = new
    path.write_bytes(content)


def test_arrays_compressed_in_another_way(tmp_path):
    np.savez(tmp_path / 'a.npz', a=np.ones(3))
    content = (tmp_path / 'a.npz').read_bytes()
    overwrite(tmp_path / 'a.npz', content.index(b'PK\x01\x02') + 10, b'\x09')  # of the central directory
    with pytest.raises(InputError, match='compressed in another way'):
        files.read_arrays(tmp_path / 'a.npz')


@pytest.mark.parametrize('array, reason', [
    (np.array([b'bytes']), 'holds |S5 instead of numbers'), (np.array([{}]), 'instead of numbers'),
    (np.array(['text']), 'instead of numbers'), (np.array([1j]), 'instead of numbers')])
def test_arrays_of_anything_but_numbers(tmp_path, array, reason):
    np.savez(tmp_path / 'a.npz', a=array)
    with pytest.raises(InputError, match=re.escape(reason)):
        files.read_arrays(tmp_path / 'a.npz')


def test_arrays_that_would_grow_beyond_reason(tmp_path):
    np.savez_compressed(tmp_path / 'a.npz', a=np.zeros(1 << 24))
    with pytest.raises(InputError, match='bytes would become 134217'):
        files.read_arrays(tmp_path / 'a.npz')


def test_an_array_smaller_than_its_header_says(tmp_path):
    np.savez(tmp_path / 'a.npz', a=np.ones(3))
    with zipfile.ZipFile(tmp_path / 'a.npz') as archive:
        content = archive.read('a.npy').replace(b'(3,)', b'(9,)')
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('a.npy', content)
    with pytest.raises(InputError, match='not as large as its header says'):
        files.read_arrays(tmp_path / 'a.npz')


@pytest.mark.parametrize(('error', 'reason'), [(OSError(28, 'No space left'), 'No space left'), (OSError(), 'OSError'),
                                               (RuntimeError('first\nsecond'), 'first')])
def test_errors_of_writing_are_told_in_one_line(error, reason):
    with pytest.raises(InputError) as raised, files.write_errors('out.wav', others=(RuntimeError,)):
        raise error
    assert str(raised.value) == ('Cannot write the file: expected room and permission for it. '
                                 f"Received: 'out.wav' ({reason})")
