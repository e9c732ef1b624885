"""Jobs of the server: pieces and sampler instruments are made one after the other, in a thread of their own."""

import contextlib
import logging
import pathlib
import queue
import secrets
import shutil
import threading
import time
import typing
from collections.abc import Callable

from gansynth_tf import files
from gansynth_tf.errors import InputError

MOST_WAITING = 4
_MOST_ENDED = 8  # whose files are kept
_STOP_SECONDS = 5.0


class Cancelled(Exception):
    """Raised in a job that has been cancelled."""


class Job:
    """A piece of work, its progress, and its results.

    Attributes:
      id: a text that cannot be guessed.
      state: 'waiting', 'working', 'done' or 'failed'.
      total: notes to be made; 0 while that is not known.
      num_done: notes that are made.
      error: the reason for a failure.
      report: lines for the user.
      outputs: files by kind: 'audio', 'stems'.
    """

    def __init__(self, work: Callable[['Job', pathlib.Path], dict[str, pathlib.Path]]):
        self.id = secrets.token_urlsafe(9)
        self.state = 'waiting'
        self.total = self.num_done = 0
        self.error: str | None = None
        self.report: list[str] = []
        self.outputs: dict[str, pathlib.Path] = {}
        self._work = work
        self._begun = 0.0
        self._cancelled = threading.Event()

    def step(self, num_notes: int) -> None:
        """Counts finished notes; raises `Cancelled` if the job has been cancelled."""
        if self._cancelled.is_set():
            raise Cancelled
        self.num_done += num_notes

    def cancel(self) -> None:
        self._cancelled.set()

    def status(self) -> dict[str, typing.Any]:
        """The progress of the job, for the page."""
        seconds_left = None
        if self.state == 'working' and self.num_done and self.total:
            elapsed = time.monotonic() - self._begun
            seconds_left = round(elapsed / self.num_done * (self.total - self.num_done), 1)
        return {'state': 'working' if self.state == 'waiting' else self.state, 'done': self.num_done,
                'total': self.total, 'seconds_left': seconds_left, 'error': self.error, 'report': self.report}

    def run(self, directory: pathlib.Path) -> None:
        """Does the work, with a directory for its files."""
        self.state, self._begun = 'working', time.monotonic()
        try:
            self.step(0)
            self.outputs = self._work(self, directory)
            self.step(0)
            self.state = 'done'
            return
        except Cancelled:
            self.error = 'Cancelled'
        except InputError as error:
            self.error = ' '.join(str(error).split())
        except Exception:
            logging.exception('A piece failed')
            self.error = 'A fault of the program: its terminal says more'
        self.state = 'failed'
        shutil.rmtree(directory, ignore_errors=True)


class Jobs:
    """A queue of jobs and the thread that does them.

    Args:
      directory: a hidden directory in it has the files of jobs, until they are dropped or `close` is called. If the
        process is killed, the next one removes its directory.
    """

    def __init__(self, directory: pathlib.Path):
        self._parent = directory
        self._directory: pathlib.Path | None = None
        self._jobs: dict[str, Job] = {}
        self._waiting: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name='pieces', daemon=True)
        self._thread.start()

    def add(self, work: Callable[[Job, pathlib.Path], dict[str, pathlib.Path]]) -> str:
        """Queues a function of a job and its directory that returns outputs by kind; returns the job's id.

        Raises:
          InputError: if too many jobs are waiting, or files cannot be written.
        """
        with self._lock:
            if sum(job.state in ('waiting', 'working') for job in self._jobs.values()) > MOST_WAITING:
                raise InputError(f'Too much to do: expected at most {MOST_WAITING} pieces waiting. Received: one more')
            if self._directory is None:
                self._directory = _own_directory(self._parent)
            job = Job(work)
            self._jobs[job.id] = job
            self._waiting.put(job)
            ended = [job for job in self._jobs.values() if job.state in ('done', 'failed')]
            for old in ended[:-_MOST_ENDED]:
                self._drop(old)
            return job.id

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def remove(self, job_id: str) -> None:
        """Cancels a job and removes its files."""
        with self._lock:
            if job := self._jobs.get(job_id):
                self._drop(job)

    def close(self) -> None:
        """Cancels all jobs and removes their files."""
        for job in list(self._jobs.values()):
            job.cancel()
        self._waiting.put(None)
        self._thread.join(_STOP_SECONDS)
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _drop(self, job: Job) -> None:
        job.cancel()
        del self._jobs[job.id]
        if job.state in ('done', 'failed') and self._directory:
            shutil.rmtree(self._directory / job.id, ignore_errors=True)

    def _work(self) -> None:
        while job := self._waiting.get():
            directory = typing.cast(pathlib.Path, self._directory) / job.id
            with contextlib.suppress(OSError):
                directory.mkdir()
            job.run(directory)
            if job.id not in self._jobs:  # removed while it was being finished
                shutil.rmtree(directory, ignore_errors=True)


def _own_directory(parent: pathlib.Path) -> pathlib.Path:
    parent = files.make_directory(parent)
    files.remove_abandoned(parent)
    directory = files.temporary_name(parent / 'pieces')
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    return directory
