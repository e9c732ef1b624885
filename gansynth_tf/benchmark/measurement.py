"""Cases that are timed, and their measurement.

A part of the benchmark is a module with a function `cases(config, tfds_data_dir)` that yields a `Case` for each thing
to be timed. The objects of a case are made when it is asked for, and are no longer needed for the next one.
"""

import contextlib
import dataclasses
import os
import pathlib
import statistics
import time
from collections.abc import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Case:
    """Work that is timed.

    Attributes:
      name: unique, such as 'generate, batch 8, float32'.
      unit: that is counted: 'notes', 'images'.
      work: does a fixed amount of work and returns its number of units; it should take a second or two.
      original: the job of `original.py` that does the same, if there is one.
      flops_each: floating-point operations of a unit, where they are known.
    """

    name: str
    unit: str
    work: Callable[[], float]
    original: str | None = None
    flops_each: float | None = None


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The time and the memory of some work.

    Attributes:
      count: units done.
      seconds: of the clock.
      cpu_seconds: of this process on all cores; on a busy machine they are more reliable than the clock's.
      peak_gib: the most memory that the process has held meanwhile.
    """

    count: float
    seconds: float
    cpu_seconds: float
    peak_gib: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_seconds_each(self) -> float:
        return self.cpu_seconds / self.count

    def to_dict(self) -> dict[str, float]:
        return {'count': self.count, 'per_second': self.per_second, 'cpu_seconds_each': self.cpu_seconds_each,
                'peak_gib': self.peak_gib}


def measure(work: Callable[[], float]) -> Measurement:
    """Times one call of `work`, which returns its number of units."""
    _forget_peak()
    cpu, clock = _cpu_seconds(), time.perf_counter()
    count = work()
    return Measurement(count, time.perf_counter() - clock, _cpu_seconds() - cpu, _peak_gib())


def median(measurements: Sequence[Measurement]) -> Measurement:
    """The median of several rounds, of each figure separately, so that a disturbed round does not matter."""
    count = measurements[0].count
    return Measurement(count, count * statistics.median(m.seconds / m.count for m in measurements),
                       count * statistics.median(m.cpu_seconds_each for m in measurements),
                       max(m.peak_gib for m in measurements))


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _forget_peak() -> None:
    """Resets the peak to the memory that is held now, where the system can do that (Linux)."""
    with contextlib.suppress(OSError):
        pathlib.Path('/proc/self/clear_refs').write_text('5')


def _peak_gib() -> float:
    try:
        lines = pathlib.Path('/proc/self/status').read_text().splitlines()
        [kib] = [line.split()[1] for line in lines if line.startswith('VmHWM')]
        return int(kib) / 2 ** 20
    except (OSError, ValueError):
        import resource  # here, since Windows lacks it
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** 20
