"""Requests to stop: SIGTERM and SIGINT, which take effect after the current iteration."""

import signal
import threading

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):
    """Training was asked to stop and has saved a checkpoint.

    Attributes:
      image_id: notes seen so far.
    """

    def __init__(self, image_id: int):
        super().__init__(f'stopped after {image_id} images')
        self.image_id = image_id


class StopRequest:
    """While entered, the first SIGTERM or SIGINT sets `received`; the second does what it would have done before.

    Signals reach the main thread only: in another one this notices nothing, and does no harm.

    Attributes:
      received: whether this process has been asked to stop.
    """

    def __init__(self):
        self.received = False
        self._before = {}

    def __enter__(self) -> 'StopRequest':
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in _SIGNALS}
        return self

    def __exit__(self, *_):
        self._restore()

    def _receive(self, *_) -> None:
        self.received = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
