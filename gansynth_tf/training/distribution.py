"""One run on several accelerators or machines, by tf.distribute. Every replica has all weights and a part of the batch.

Every process draws random numbers and reads notes for the whole batch, in the same way, and each replica takes its
slice: so results do not depend on the number of replicas, up to rounding. Means over the batch (losses, gradients,
minibatch standard deviation) are means over the replicas' means.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from gansynth_tf.errors import InputError, first_line

STRATEGIES = ('none', 'mirrored', 'multi_worker')


class WorkerLostError(Exception):
    """Another worker of the run does not answer any more."""


class Distribution:
    """The replicas of a run, and the collective operations among them.

    Args:
      name: 'none'; 'mirrored' for all accelerators of this machine; 'multi_worker' for several machines, each of which
        runs the same command with its own TF_CONFIG.

    Attributes:
      strategy: the tf.distribute strategy, None for 'none'.
      is_chief: whether this process writes files.

    Raises:
      InputError: if the name is unknown, or TF_CONFIG does not say which worker this is.
    """

    def __init__(self, name: str = 'none'):
        self.strategy, self.is_chief = None, True
        if name == 'mirrored':
            self.strategy = tf.distribute.MirroredStrategy(tf.config.list_logical_devices('GPU') or
                                                           tf.config.list_logical_devices('CPU'))
        elif name == 'multi_worker':
            self.is_chief = _is_chief(os.environ.get('TF_CONFIG', ''))
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        elif name != 'none':
            raise InputError(f'Unknown strategy: expected one of {", ".join(STRATEGIES)}. Received: {name!r}')
        self.num_replicas = self.strategy.num_replicas_in_sync if self.strategy else 1

    @contextmanager
    def scope(self) -> Iterator[None]:
        """The scope in which variables are made."""
        if self.strategy is None:
            yield
        else:
            with self.strategy.scope():
                yield

    def check_batch_size(self, batch_size: int) -> None:
        """Raises an InputError unless every replica gets the same share of a batch."""
        if batch_size % self.num_replicas:
            raise InputError(f'Impossible batch_size_schedule: expected multiples of {self.num_replicas}, the number '
                             f'of replicas. Received: {batch_size}')

    def split(self, arrays: dict):
        """A dict of [batch, ...] arrays or tensors -> each replica's slices, for `strategy.run`."""
        def slices(context):
            index = context.replica_id_in_sync_group
            return {name: tf.convert_to_tensor(array[_share(len(array), index, self.num_replicas)])
                    for name, array in arrays.items()}
        assert self.strategy is not None
        return self.strategy.experimental_distribute_values_from_function(slices)

    def any(self, flag: bool) -> bool:
        """True if `flag` is true in any process; all processes must ask, and so wait for each other."""
        if self.strategy is None:
            return flag
        flags = self.strategy.experimental_distribute_values_from_function(lambda _: tf.constant(float(flag)))
        return float(self.strategy.reduce(tf.distribute.ReduceOp.SUM, flags, axis=None)) > 0

    @contextmanager
    def noticing_losses(self) -> Iterator[None]:
        """Turns the errors with which TensorFlow reports that a worker has gone into a WorkerLostError."""
        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError,
                tf.errors.DeadlineExceededError) as error:
            if not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
                raise
            raise WorkerLostError(first_line(error)) from error


def _is_chief(tf_config: str) -> bool:
    try:
        task = json.loads(tf_config)['task']
        return task['type'] == 'chief' or (task['type'] == 'worker' and int(task['index']) == 0)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'Cannot tell which worker this is: expected TF_CONFIG to be a JSON object with cluster and '
                         f'task. Received: {tf_config!r}') from error


def _share(length: int, index: int, num_replicas: int) -> slice:
    size = length // num_replicas
    return slice(int(np.asarray(index)) * size, (int(np.asarray(index)) + 1) * size)
