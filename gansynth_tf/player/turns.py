"""One instrument for many threads: one generation at a time, and whoever plays a key goes first."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gansynth_tf.instrument import Instrument


class Turns:
    """A lock that those who render a piece get only while nobody waits for a key."""

    def __init__(self):
        self._changed = threading.Condition()
        self._taken = False
        self._num_keys_waiting = 0

    @contextlib.contextmanager
    def of_key(self) -> Iterator[None]:
        """Held while a key's note is generated."""
        with self._changed:
            self._num_keys_waiting += 1
            try:
                self._changed.wait_for(lambda: not self._taken)
            finally:
                self._num_keys_waiting -= 1
            self._taken = True
        try:
            yield
        finally:
            self._release()

    @contextlib.contextmanager
    def of_piece(self) -> Iterator[None]:
        """Held for one step of what takes long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken and not self._num_keys_waiting)
            self._taken = True
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()


class YieldingInstrument:
    """An instrument whose batches are made one by one, between the notes of keys.

    Args:
      instrument: makes them.
      turns: says when.
      on_batch: is told the number of notes in each; it may raise, which ends the work.
    """

    def __init__(self, instrument: Instrument, turns: Turns, *, on_batch: Callable[[int], object] = lambda _: None):
        self._instrument, self._turns, self._on_batch = instrument, turns, on_batch

    @property
    def sample_rate(self) -> int:
        return self._instrument.sample_rate

    @property
    def audio_length(self) -> int:
        return self._instrument.audio_length

    @property
    def pitches(self) -> tuple[int, ...]:
        return self._instrument.pitches

    @property
    def latent_size(self) -> int:
        return self._instrument.latent_size

    def sample_latents(self, n: int, *, seed: int | None = None) -> np.ndarray:
        return self._instrument.sample_latents(n, seed=seed)

    def sample_pitches(self, n: int, *, seed: int | None = None) -> np.ndarray:
        return self._instrument.sample_pitches(n, seed=seed)

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
