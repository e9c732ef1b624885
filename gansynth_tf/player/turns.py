"""One instrument for several threads: one of them generates at a time, and keys go before pieces."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gansynth_tf.instrument import Instrument


class Turns:
    """A lock with two kinds of holders: those for a piece get it only while none waits for a key."""

    def __init__(self):
        self._changed = threading.Condition()
        self._taken = False
        self._num_keys_waiting = 0

    @contextlib.contextmanager
    def of_key(self) -> Iterator[None]:
        """Holds the lock while a key's note is generated."""
        with self._changed:
            self._num_keys_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._taken)
            finally:
                self._num_keys_waiting -= 1
            self._taken = True
        with self._released_after():
            yield

    @contextlib.contextmanager
    def of_piece(self) -> Iterator[None]:
        """Holds the lock while one batch of longer work is generated."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken and not self._num_keys_waiting)
            self._taken = True
        with self._released_after():
            yield

    @contextlib.contextmanager
    def _released_after(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()


class YieldingInstrument:
    """An `Instrument` whose batches are generated one by one, between the notes of keys.

    Args:
      instrument: generates them.
      turns: the lock.
      on_batch: called with the number of notes of each batch; it may raise, which ends the work.
    """

    def __init__(self, instrument: Instrument, turns: Turns, *, on_batch: Callable[[int], object] = lambda _: None):
        self._instrument, self._turns, self._on_batch = instrument, turns, on_batch
        self.sample_rate, self.audio_length = instrument.sample_rate, instrument.audio_length
        self.pitches, self.latent_size = instrument.pitches, instrument.latent_size
        self.sample_latents, self.sample_pitches = instrument.sample_latents, instrument.sample_pitches

    def generate(self, latents: np.ndarray, pitches: Sequence[int]) -> np.ndarray:
        batches = list(self.generate_batches(latents, pitches))
        return np.concatenate(batches) if batches else np.zeros((0, self.audio_length), np.float32)

    def generate_batches(self, latents: np.ndarray, pitches: Sequence[int]) -> Iterator[np.ndarray]:
        batches = self._instrument.generate_batches(latents, pitches)
        while True:
            with self._turns.of_piece():
                batch = next(batches, None)
            if batch is None:
                return
            self._on_batch(len(batch))
            yield batch
