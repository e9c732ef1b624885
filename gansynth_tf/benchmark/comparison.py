"""Comparisons of speed: cases are timed in turn with the original's counterparts."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator

from gansynth_tf.benchmark.measurement import Case, Measurement, measure, median
from gansynth_tf.benchmark.peer import Peer

DEFAULT_ROUNDS = 5


@dataclasses.dataclass(frozen=True)
class Result:
    """The speed of a case, and of the original, which is timed in turn with it.

    Attributes:
      name, unit, flops_each: of the case.
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
        """The speed as a multiple of the original's, by the clock."""
        return self.ours.per_second / self.original.per_second if self.original else None

    @property
    def cpu_ratio(self) -> float | None:
        """The original's processor time as a multiple of ours."""
        return self.original.cpu_seconds_each / self.ours.cpu_seconds_each if self.original else None

    @property
    def memory_ratio(self) -> float | None:
        """The peak memory as a share of the original's."""
        return self.ours.peak_gib / self.original.peak_gib if self.original else None

    def fraction_of_peak(self, peak_flops: float | None) -> float | None:
        """The share of the best convolution's rate, both in operations per second of processor time."""
        if not (self.flops_each and peak_flops):
            return None
        return self.flops_each / self.ours.cpu_seconds_each / peak_flops


def compare(cases: Iterable[Case], *, peer_python: str | None = None, rounds: int = DEFAULT_ROUNDS,
            on_start: Callable[[str], object] | None = None) -> Iterator[Result]:
    """Times every case `rounds` times after a warm-up, and yields the medians.

    Args:
      cases: each is made when the one before is done.
      peer_python: a Python that has the original; each round is then followed by one of its counterpart, so that both
        run under the same conditions.
      rounds: of each case.
      on_start: called with the name of the case that is timed next.
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
