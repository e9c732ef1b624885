"""The original in a process of its own, so that it can be timed in turn with this project."""

import json
import os
import pathlib
import subprocess
from types import TracebackType

from gansynth_tf.benchmark.measurement import Measurement
from gansynth_tf.errors import InputError
from gansynth_tf.tensorflow_setup import GENERATING

_SCRIPT = pathlib.Path(__file__).with_name('original.py')


class Peer:
    """One job of the original (see `original.py`), prepared and waiting.

    Args:
      python: the Python that has the original.
      job: one of `original.JOBS`.

    Raises:
      InputError: if that Python cannot do it.
    """

    def __init__(self, python: str, job: str):
        self._python = python
        try:
            # Without this project's settings of TensorFlow, as its users would run it.
            environment = {name: value for name, value in os.environ.items() if GENERATING.get(name) != value}
            self._process = subprocess.Popen([pathlib.Path(python).expanduser(), str(_SCRIPT), job], text=True,
                                             env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                             stderr=subprocess.PIPE)
        except OSError as error:
            raise self._unusable(error.strerror) from error
        self._answer()

    def measure(self) -> Measurement:
        """Does the job once."""
        assert self._process.stdin
        self._process.stdin.write('again\n')
        self._process.stdin.flush()
        return Measurement(**json.loads(self._answer()))

    def __enter__(self) -> 'Peer':
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        if not line:
            complaints = self._process.stderr.read().split('\n')
            raise self._unusable(next((line for line in reversed(complaints) if line), 'it ended without a word'))
        return line

    def _unusable(self, reason: str | None) -> InputError:
        return InputError(f'Cannot run the original: expected a Python with magenta 2.1, TensorFlow 2.15 and '
                          f'tensorflow-gan ({reason}). Received: {self._python!r}')
