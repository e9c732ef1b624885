"""Random access to the records of TFRecord files, so that a shuffled epoch needs neither a buffer nor a second copy.

Format: tensorflow/core/lib/io/record_writer.h (length: 8 bytes, its checksum: 4, data, the data's checksum: 4).
"""

import os
import struct
from collections.abc import Sequence

from gansynth_tf.errors import InputError

_HEADER_BYTES = 12
_FOOTER_BYTES = 4


class RecordFiles:
    """The records of several files, numbered through from 0 in the order of the files.

    Raises:
      InputError: if a file is missing or does not consist of whole records.
    """

    def __init__(self, paths: Sequence[str | os.PathLike]):
        self._records = [(os.fspath(path), *record) for path in paths for record in _offsets_and_sizes(path)]

    def __len__(self) -> int:
        return len(self._records)

    def read(self, index: int) -> bytes:
        """The record of that number."""
        path, offset, size = self._records[index]
        with open(path, 'rb') as file:
            file.seek(offset)
            return file.read(size)


def _offsets_and_sizes(path: str | os.PathLike) -> list[tuple[int, int]]:
    """(offset, size) of every record in a file."""
    found, offset = [], 0
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise InputError(f'Cannot read the prepared notes: expected a regular file. Received: {os.fspath(path)!r}')
    try:
        with open(path, 'rb') as file:
            end = os.fstat(file.fileno()).st_size
            while offset < end:
                file.seek(offset)
                header = file.read(_HEADER_BYTES)
                size = struct.unpack('<Q', header[:8])[0] if len(header) == _HEADER_BYTES else end
                found.append((offset + _HEADER_BYTES, size))
                offset += _HEADER_BYTES + size + _FOOTER_BYTES
    except OSError as error:
        raise InputError(f'Cannot read the prepared notes: expected a file of records ({error.strerror or error}). '
                         f'Received: {os.fspath(path)!r}') from error
    if offset != end:
        raise InputError(f'Prepared notes truncated: expected whole records. Received: {os.fspath(path)!r}')
    return found
