"""`skipped.csv`: every note that could not be used, and why."""

import csv
import os
import pathlib
from collections.abc import Iterable

from gansynth_tf import files
from gansynth_tf.data.sources.note_source import SkippedNote

SKIPPED_FILE = 'skipped.csv'


def write(skipped: Iterable[SkippedNote], directory: str | os.PathLike) -> pathlib.Path:
    """Writes `skipped.csv` (columns name and reason, ordered by name) into `directory` and returns its path.

    It is written if nothing was skipped, too, so that none of an earlier run is left.
    """
    path = pathlib.Path(directory) / SKIPPED_FILE
    with files.atomic_write(path) as temporary, \
            open(temporary, 'w', newline='', encoding='utf-8', errors='backslashreplace') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['name', 'reason'])
        writer.writerows(sorted((note.name, note.reason) for note in skipped))
    return path
