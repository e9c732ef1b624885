"""One run at a time in a directory: a lock that the system releases when its process ends, however it ends."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator

from gansynth_tf.errors import InputError

LOCK_FILE = 'run.lock'


@contextlib.contextmanager
def exclusive(directory: str | os.PathLike) -> Iterator[None]:
    """Holds the directory for this process.

    The file stays behind and means nothing by itself: what counts is the lock on it, which dies with the process.

    Raises:
      InputError: if another process holds it; the message has that process's number.
    """
    path = pathlib.Path(directory) / LOCK_FILE
    with open(path, 'a+', encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise InputError(f'The directory is in use: expected one that no other run writes to (process '
                             f'{file.read().strip() or "unknown"} does). Received: {str(directory)!r}') from None
        file.truncate(0)
        file.write(f'{os.getpid()}\n')
        file.flush()
        yield
