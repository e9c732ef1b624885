"""Paths of this machine, and files that are written whole or not at all and checked when they are read."""

import contextlib
import json
import math
import os
import pathlib
import re
import shutil
import struct
import tempfile
import tokenize
import typing
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import psutil

from gansynth_tf.errors import InputError, first_line

LARGEST_JSON_BYTES = 1 << 26
LONGEST_PATH = 4095
_TEMPORARY_NAME = re.compile(r'\..*\.(\d{1,9})\.partial[^.]*(?:\..*)?')
# Arrays may hold that many bytes, or more if their file is not so many times smaller: real weights hardly shrink.
_UNSUSPICIOUS_BYTES, _LARGEST_RATIO = 1 << 26, 50


def expanded(path: str | os.PathLike) -> pathlib.Path:
    """A path with `~` and `~user` as the directories that they stand for.

    Raises:
      InputError: if there is no such path on any machine; `path_fault` says why.
    """
    if fault := path_fault(path):
        raise InputError(f'Impossible path: expected {fault}. Received: {path!r}')
    return pathlib.Path(path).expanduser()


def path_fault(path: str | os.PathLike) -> str | None:
    """The path that was expected instead of `path`, in words; None if `path` can be one of this machine."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        return 'a path, as a string or pathlib.Path'
    if not text or '\0' in text or len(text) > LONGEST_PATH:
        return f'a path, which has from 1 to {LONGEST_PATH} characters and no NUL'
    if re.match(r'[a-z0-9]{2,}://', text):
        return f'a path of this machine (what lies at {text.partition("://")[0]}:// has to be downloaded first)'
    try:
        pathlib.Path(text).expanduser()
    except RuntimeError:
        return f'a path whose {pathlib.Path(text).parts[0]} is a user of this machine'
    return None


def existing_directory(path: str | os.PathLike) -> pathlib.Path:
    """The directory of a model, with `~` expanded.

    Raises:
      InputError: if it is not there, or may not be entered.
    """
    directory = expanded(path)
    try:
        os.listdir(directory)
    except OSError as error:
        raise InputError(f'No such model: expected a training run or model directory. '
                         f'Received: {str(path)!r} ({error.strerror})') from error
    return directory


def make_directory(path: str | os.PathLike) -> pathlib.Path:
    """Creates a directory (and its parents) and makes sure that it can be written to.

    Raises:
      InputError: if `path` is a file, or cannot be created or written to.
    """
    directory = expanded(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Permission bits do not tell for root, network mounts or read-only file systems; a file does.
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise InputError(f'Cannot write to the output directory: expected one that can be created and written. '
                         f'Received: {str(path)!r} ({error.strerror or error})') from error
    return directory


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary name beside `path`; what is written there becomes `path` when the block ends well.

    The temporary name keeps the final suffix, since audio and array writers choose their format by it. If the block
    raises, or the disk fills up, the temporary file is removed and whatever was at `path` before stays as it was.

    Raises:
      InputError: if the file system refuses (no space left, read-only, no permission).
    """
    final = pathlib.Path(path)
    temporary = temporary_name(final)
    try:
        with write_errors(final):
            yield temporary
            with open(temporary, 'rb+') as file:
                os.fsync(file.fileno())
            os.replace(temporary, final)
    finally:
        with contextlib.suppress(OSError):  # the error that brought us here says more
            temporary.unlink()


@contextlib.contextmanager
def write_errors(path: str | os.PathLike, *, what: str = 'the file', others: tuple[type[Exception], ...] = ()
                 ) -> Iterator[None]:
    """Turns errors of the file system, and `others` that mean the same, into an InputError about `what` at `path`."""
    errors: tuple[type[Exception], ...] = (OSError, *others)
    try:
        yield
    except errors as error:
        reason = getattr(error, 'strerror', None) or first_line(error)
        raise InputError(f'Cannot write {what}: expected room and permission for it. '
                         f'Received: {str(path)!r} ({reason})') from error


@contextlib.contextmanager
def temporary_directory(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a new hidden directory beside `path`; after the block it is removed, unless it has been renamed."""
    temporary = temporary_name(path)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with write_errors(temporary, what='the directory'):
            temporary.mkdir()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_abandoned(directory: str | os.PathLike) -> None:
    """Deletes what processes that are gone were writing in a directory: temporary files and directories of theirs."""
    for path in pathlib.Path(directory).glob('.*.partial*'):
        match = _TEMPORARY_NAME.fullmatch(path.name)
        if match and not psutil.pid_exists(int(match[1])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def temporary_name(path: str | os.PathLike) -> pathlib.Path:
    """The hidden name beside `path` under which this process writes it, with the same suffix."""
    path = pathlib.Path(path)
    return path.with_name(f'.{path.stem}.{os.getpid()}.partial{path.suffix}')


def write_json(values, path: str | os.PathLike) -> pathlib.Path:
    """Writes plain values as a JSON file, as `atomic_write` does, and returns its path."""
    return write_text(json.dumps(values, indent=1) + '\n', path)


def write_text(text: str, path: str | os.PathLike) -> pathlib.Path:
    """Writes a text file in UTF-8, as `atomic_write` does, and returns its path."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding='utf-8')
    return pathlib.Path(path)


def write_figure(figure: typing.Any, path: str | os.PathLike, *, dpi: int) -> pathlib.Path:
    """Writes a Matplotlib figure in the format of the path's suffix, as `atomic_write` does, and returns its path."""
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=dpi)
    return pathlib.Path(path)


def read_json(path: str | os.PathLike, *, expected: str = 'a JSON object') -> dict:
    """The JSON object in a file, which the error calls what was `expected`.

    Raises:
      InputError: if it is missing, is no regular file, no JSON or no object, or is nested or large beyond reason.
    """
    path = pathlib.Path(path)
    try:
        if (num_bytes := _file_size(path)) > LARGEST_JSON_BYTES:
            raise OSError(f'it has {num_bytes} bytes')
        values = parse_json(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise InputError(f'Cannot read {path.name}: expected {expected} ({error}). '
                         f'Received: {str(path)!r}') from error
    if not isinstance(values, dict):
        raise InputError(f'Cannot read {path}: expected {expected}. Received: {str(values)[:100]}')
    return values


def parse_json(text: str) -> typing.Any:
    """The plain values that a JSON text stands for.

    Raises:
      ValueError: if it is no JSON, or nested beyond reason.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError('it is nested too deep') from None


def write_arrays(arrays: Mapping[str, typing.Any], path: str | os.PathLike) -> pathlib.Path:
    """Writes arrays by name as an .npz file, as `atomic_write` does, and returns its path."""
    with atomic_write(path) as temporary:
        np.savez(temporary, **arrays)
    return pathlib.Path(path)


def read_arrays(path: str | os.PathLike, *, wanted: Callable[[str], object] = bool,
                kind: str = 'the weights') -> dict[str, np.ndarray]:
    """The arrays in an .npz file by name, each checked against its checksum.

    Args:
      path: the file.
      wanted: says of a name whether that array is to be read; all of them if not given.
      kind: what the arrays are, for the error.

    Raises:
      InputError: if it is missing, is no regular file, is damaged or no .npz file, or holds anything but numbers (no
        pickles), or more of them than its size allows for.
    """
    path = pathlib.Path(path)
    try:
        num_bytes = _file_size(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, num_bytes)
            return {name: _read_array(archive, member) for member in members
                    if wanted(name := member.filename.removesuffix('.npy'))}
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, struct.error, zipfile.BadZipFile,
            zlib.error) as error:
        raise InputError(f'Cannot read {kind}: expected a complete .npz file ({error}). '
                         f'Received: {str(path)!r}') from error


def _file_size(path: pathlib.Path) -> int:
    """Bytes of a regular file; a pipe or device would be waited for, or never end."""
    if not path.is_file():
        raise OSError('it is not a file' if path.exists() else 'there is no such file')
    return path.stat().st_size


def _check_members(members: list[zipfile.ZipInfo], num_bytes: int) -> None:
    names = [member.filename for member in members]
    if len(set(names)) < len(names) or not all(name.endswith('.npy') for name in names):
        raise ValueError('it does not hold arrays of different names')
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise ValueError('it is compressed in another way than NumPy does')
    total = sum(member.file_size for member in members)
    if total > max(_UNSUSPICIOUS_BYTES, _LARGEST_RATIO * num_bytes):
        raise ValueError(f'its {num_bytes} bytes would become {total}')


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        try:
            shape, is_fortran, dtype = _read_header(file)
        except (SyntaxError, TypeError, RecursionError, tokenize.TokenError) as error:
            raise ValueError(f'{member.filename} has no header') from error
        if dtype.kind not in 'biuf':
            raise ValueError(f'{member.filename} holds {dtype} instead of numbers')
        if math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ValueError(f'{member.filename} is not as large as its header says')
        content = file.read()  # to its end, where zipfile compares the checksum
    return np.frombuffer(content, dtype).reshape(shape, order='F' if is_fortran else 'C')


def _read_header(file: typing.IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f'an array of format {version}')
