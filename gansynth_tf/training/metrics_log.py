"""metrics.jsonl: the numbers of a run, a line of JSON each time they are taken."""

import json
import math
import os
import pathlib

from gansynth_tf import files

METRICS_FILE = 'metrics.jsonl'


class MetricsLog:
    """The log of one run.

    Args:
      directory: the run's.
    """

    def __init__(self, directory: str | os.PathLike):
        self._path = pathlib.Path(directory) / METRICS_FILE

    def write(self, numbers: dict) -> None:
        """Appends a line; what is not finite becomes null, since JSON has no word for it.

        Raises:
          InputError: if the file system refuses.
        """
        line = json.dumps({name: value if math.isfinite(value) else None for name, value in numbers.items()})
        with files.write_errors(self._path), open(self._path, 'a', encoding='utf-8') as file:
            file.write(line + '\n')

    def rewind(self, image_id: int) -> None:
        """Drops the lines after `image_id`, which a resumed run writes again, and what a kill left half-written."""
        if not self._path.exists():
            return
        lines = self._path.read_text(encoding='utf-8').splitlines(keepends=True)
        kept = [line for line in lines if line.endswith('\n') and _image_id(line) <= image_id]
        if kept != lines:
            files.write_text(''.join(kept), self._path)


def _image_id(line: str) -> float:
    try:
        return json.loads(line)['image_id']
    except (ValueError, KeyError, TypeError):
        return math.inf
