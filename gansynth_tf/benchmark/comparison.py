"""Times cases and, in turn with each, the original's counterpart."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator

from gansynth_tf.benchmark.measurement import Case, Measurement, measure, median
from gansynth_tf.benchmark.peer import Peer

DEFAULT_ROUNDS = 5


@dataclasses.dataclass(frozen=True)
class Result:
    """How fast a case went, and how fast the original was between its rounds.

    Attributes:
      name, unit, flops_each: the case's.
      ours: medians of all rounds.
      original: likewise.
    """

    name: str
    unit: str
    flops_each: float | None
    ours: Measurement
    original: Measurement | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the original, by the clock."""
        return self.ours.per_second / self.original.per_second if self.original else None

    @property
    def cpu_ratio(self) -> float | None:
        """How many times less processor time than the original."""
        return self.original.cpu_seconds_each / self.ours.cpu_seconds_each if self.original else None

    @property
    def memory_ratio(self) -> float | None:
        """What part of the original's peak memory was held."""
        return self.ours.peak_gib / self.original.peak_gib if self.original else None

    def fraction_of_peak(self, peak_flops: float | None) -> float | None:
        """The share of the best convolution's rate that this reached, both in operations a second of processor time."""
        if not (self.flops_each and peak_flops):
            return None
        return self.flops_each / self.ours.cpu_seconds_each / peak_flops


def compare(cases: Iterable[Case], *, peer_python: str | None = None, rounds: int = DEFAULT_ROUNDS,
            on_start: Callable[[str], object] | None = None) -> Iterator[Result]:
    """Times every case `rounds` times after a warm-up, and gives the medians.

    Args:
      cases: made one after the other, each when the one before is done.
      peer_python: a Python that has the original; each round is then followed by one of its counterpart, so that both
        meet the same machine.
      rounds: how often.
      on_start: is told the name of what is timed next.
    """
    for case in cases:
        if on_start:
            on_start(case.name)
        with contextlib.ExitStack() as stack:
            peer = stack.enter_context(Peer(peer_python, case.original)) if peer_python and case.original else None
            case.work()
            ours, original = [], []
            for _ in range(rounds):
                ours.append(measure(case.work))
                if peer:
                    original.append(peer.measure())
        yield Result(case.name, case.unit, case.flops_each, median(ours), median(original) if original else None)
