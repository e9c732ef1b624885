"""Writing files so that a final name never holds half a file."""

import contextlib
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator

from gansynth_tf.errors import InputError


def make_directory(path: str | os.PathLike) -> pathlib.Path:
    """Creates a directory (and its parents) and makes sure that it can be written to.

    Raises:
      InputError: if `path` is a file, or cannot be created or written to.
    """
    directory = pathlib.Path(path).expanduser()
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
    temporary = final.with_name(f'.{final.stem}.{os.getpid()}.partial{final.suffix}')
    try:
        yield temporary
        with open(temporary, 'rb+') as file:
            os.fsync(file.fileno())
        os.replace(temporary, final)
    except OSError as error:
        raise InputError(f'Cannot write the file: expected room and permission for it. '
                         f'Received: {str(final)!r} ({error.strerror or error})') from error
    finally:
        with contextlib.suppress(OSError):  # the error that brought us here says more
            temporary.unlink()


def write_json(values, path: str | os.PathLike) -> pathlib.Path:
    """Writes plain values as a JSON file, as `atomic_write` does, and returns its path."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1) + '\n')
    return pathlib.Path(path)
