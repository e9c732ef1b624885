"""The directory of a run: its lock, its numbers, and what describes it beside its checkpoints."""

import contextlib
import json
import logging
import math
import os
import pathlib
from collections.abc import Callable, Iterator

import filelock

from gansynth_tf import files, hyperparameters
from gansynth_tf.data import vocabulary
from gansynth_tf.data.vocabulary import MAGENTA_VOCABULARY
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import FREE, LATER, Hyperparameters

LOCK_FILE = 'run.lock'
PROCESS_FILE = 'run.pid'
METRICS_FILE = 'metrics.jsonl'


@contextlib.contextmanager
def exclusive(directory: pathlib.Path) -> Iterator[None]:
    """Holds a run's directory for this process.

    The files may remain and mean nothing by themselves: only the system's lock on one of them counts, which ends with
    its process.

    Raises:
      InputError: if another process holds it; the message has that process's number.
    """
    lock, process = filelock.FileLock(directory / LOCK_FILE), directory / PROCESS_FILE
    try:
        held = lock.acquire(timeout=0)
    except filelock.Timeout:
        number = process.read_text().strip() if process.exists() else ''
        raise InputError(f'The directory is in use: expected one that no other run writes to (process '
                         f'{number or "unknown"} does). Received: {str(directory)!r}') from None
    with held:
        process.write_text(f'{os.getpid()}\n')
        yield


def claim(directory: pathlib.Path, config: Hyperparameters, pitches: vocabulary.PitchVocabulary, *,
          lengths_may_change: Callable[[Hyperparameters], bool] = lambda _: True) -> None:
    """Writes what describes a run, or checks it against the run that is there.

    Args:
      directory: the run's.
      config: what it is to be trained with.
      pitches: those of the notes it is to see.
      lengths_may_change: is asked, with the configuration of the run that is there, whether the run may go on with
        stages of the lengths that `config` has.

    Raises:
      InputError: if there is a run on other notes, or one whose hyperparameters cannot become these.
    """
    if not (directory / hyperparameters.EXPERIMENT_FILE).exists():
        vocabulary.write(pitches, directory)
        hyperparameters.write_experiment(config, directory)  # last, so that a directory that has it has all
        return
    known = vocabulary.read(directory)
    is_imported = known == MAGENTA_VOCABULARY and known.pitches == pitches.pitches
    if known != pitches and not is_imported:
        raise InputError(f'The directory holds a run on other notes: expected the same data set to go on with it, or '
                         f'another directory. Received: {str(directory)!r}')
    before = hyperparameters.read_experiment(directory, type(config))
    if before != config:
        check_changes(before, config, lengths_may_change=lengths_may_change(before))
        hyperparameters.write_experiment(config, directory)
    if is_imported:  # it goes on with the counts of the notes it now sees
        vocabulary.write(pitches, directory)


def check_changes(before: Hyperparameters, after: Hyperparameters, *, lengths_may_change: bool) -> None:
    """Logs the changes from one configuration to the next, if a run can go on with them.

    Raises:
      InputError: naming every hyperparameter that cannot change, with its value in the run.
    """
    old, new = before.to_dict(), after.to_dict()
    changed = sorted(name for name, value in new.items() if old[name] != value)
    allowed = {FREE, LATER} if lengths_may_change else {FREE}
    if refused := [name for name in changed if after.facts()[name].on_resume not in allowed]:
        raise InputError(f'The directory holds a run of another configuration: expected the same hyperparameters to go '
                         f'on with it ({", ".join(f"{name} = {old[name]!r}" for name in refused)}), or another '
                         f'directory. Received: {", ".join(f"{name} = {new[name]!r}" for name in refused)}')
    for name in changed:
        logging.warning('The run goes on with %s = %r instead of %r.', name, new[name], old[name])


class MetricsLog:
    """`metrics.jsonl`, the numbers of a run: a line of JSON each time that they are taken.

    Args:
      directory: the run's.
    """

    def __init__(self, directory: str | os.PathLike):
        self._path = pathlib.Path(directory) / METRICS_FILE

    def write(self, numbers: dict) -> None:
        """Appends a line; what is not finite becomes null, since JSON has no other value for it.

        Raises:
          InputError: if the file system refuses.
        """
        line = json.dumps({name: value if math.isfinite(value) else None for name, value in numbers.items()})
        with files.write_errors(self._path), open(self._path, 'a', encoding='utf-8') as file:
            file.write(line + '\n')

    def rewind(self, image_id: int) -> None:
        """Drops the lines after `image_id`, which a resumed run writes again, and a line that is cut off."""
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
