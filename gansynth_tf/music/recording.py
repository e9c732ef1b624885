"""A piece's sound between rendering and writing: kept on disk until its gain is known.

Sources: loudness, ITU-R BS.1770 as pyloudnorm computes it; true peak, its annex 2 (four times the sample rate).
"""

import os
import tempfile
import typing
from collections.abc import Iterable, Iterator

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.music import output
from gansynth_tf.music.render import CLIP_PEAK

LOUDNESS_RANGE = (-70.0, -5.0)  # LUFS
TRUE_PEAK = 10 ** (-1 / 20)
SILENCE = 1e-4  # of the peak: 80 dB below
_SHORTEST_LOUDNESS_SECONDS = 0.4
_BLOCK = 1 << 18
_FULL_SCALE = 0.999


class Recording:
    """The sound of one or more buses, which add up to the mix.

    It lies in files without names, which the system removes however the process ends.

    Args:
      directory: of the files.
      blocks: float32 [buses, any number of samples, channels], one after the other.
      sample_rate: Hz.
      trim: leave out the end, where the mix stays 80 dB below its peak.

    Raises:
      InputError: if there is no room, or a sample is not finite.
    """

    def __init__(self, directory: str | os.PathLike[str], blocks: Iterable[np.ndarray], sample_rate: int, *,
                 trim: bool = True):
        self.sample_rate = sample_rate
        self.peak = 0.0  # of the mix
        self.highest = 0.0  # of any bus
        self.num_channels = 1
        self.num_samples = 0
        self._files: list[typing.BinaryIO] = []
        self._step = max(sample_rate // 100, 1)
        peaks: list[np.ndarray] = []
        with files.write_errors(directory, what='the clip'):
            for block in blocks:
                self._write(directory, block)
                peaks.append(_peaks(block.sum(axis=0), self._step))
                self.highest = max(self.highest, float(np.max(np.abs(block), initial=0)))
        self.peak = float(max((part.max(initial=0) for part in peaks), default=0.0))
        output.require_finite(max(self.peak, self.highest), directory)
        if trim and self.peak:
            self.num_samples = min(self.num_samples, self._end_of_sound(peaks))

    @property
    def num_buses(self) -> int:
        """Number of buses."""
        return len(self._files)

    def blocks(self, bus: int | None = None, *, gain: float = 1.0) -> Iterator[np.ndarray]:
        """A bus or, if None, the mix: float32 [some samples, channels], one after the other."""
        frame = 4 * self.num_channels
        for begin in range(0, self.num_samples, _BLOCK):
            count = min(_BLOCK, self.num_samples - begin)
            total = np.zeros((count, self.num_channels), np.float32)
            for file in self._files if bus is None else [self._files[bus]]:
                file.seek(begin * frame)
                total += np.frombuffer(file.read(count * frame), np.float32).reshape(count, self.num_channels)
            yield total * np.float32(gain)

    def peak_gain(self) -> float:
        """The gain that brings the mix to its peak, or less if a bus would exceed full scale; 1 for silence."""
        if not self.peak:
            return 1.0
        return min(CLIP_PEAK / self.peak, _FULL_SCALE / self.highest)

    def loudness_gain(self, lufs: float) -> tuple[float, str | None]:
        """The gain that brings the mix to a loudness, and a line that says so if true peaks allow less.

        The whole mix is in memory meanwhile.

        Raises:
          InputError: if the loudness is outside `LOUDNESS_RANGE`, or the sound is too short to have one.
        """
        import pyloudnorm
        check_loudness(lufs)
        if self.num_samples < _SHORTEST_LOUDNESS_SECONDS * self.sample_rate:
            raise InputError(f'Impossible loudness: expected at least {_SHORTEST_LOUDNESS_SECONDS} seconds of sound. '
                             f'Received: {self.num_samples / self.sample_rate:.3f}')
        measured = pyloudnorm.Meter(self.sample_rate).integrated_loudness(np.concatenate(list(self.blocks())))
        if not np.isfinite(measured):
            return 1.0, None
        finer = output.resampled(self.blocks(), self.sample_rate, 4 * self.sample_rate)
        true_peak = max(max(float(np.max(np.abs(block), initial=0)) for block in finer), self.highest)
        wanted, allowed = 10 ** ((lufs - measured) / 20), TRUE_PEAK / true_peak
        if wanted <= allowed:
            return wanted, None
        reached = measured + 20 * np.log10(allowed)
        return allowed, f'Loudness {reached:.1f} LUFS instead of {lufs:g}: a true peak of -1 dB allows no more'

    def _write(self, directory: str | os.PathLike[str], block: np.ndarray) -> None:
        if not self._files:
            self.num_channels = block.shape[2]
            self._files = [tempfile.TemporaryFile(dir=os.fspath(directory)) for _ in block]  # noqa: SIM115 - they are read later
        for file, part in zip(self._files, block):
            file.write(np.ascontiguousarray(part, np.float32).tobytes())
        self.num_samples += block.shape[1]

    def _end_of_sound(self, peaks: list[np.ndarray]) -> int:
        """Samples up to the last that is not 80 dB below the peak, in steps of 10 ms."""
        end = begin = 0
        for part in peaks:
            loud = np.flatnonzero(part > SILENCE * self.peak)
            end = begin + (loud[-1] + 1) if loud.size else end
            begin += len(part)
        return int(end) * self._step


def check_loudness(lufs: float) -> None:
    """Raises an `InputError` unless a loudness is within `LOUDNESS_RANGE`."""
    if not LOUDNESS_RANGE[0] <= lufs <= LOUDNESS_RANGE[1]:
        raise InputError(f'Impossible loudness: expected {LOUDNESS_RANGE[0]:g} to {LOUDNESS_RANGE[1]:g} LUFS. '
                         f'Received: {lufs!r}')


def _peaks(block: np.ndarray, step: int) -> np.ndarray:
    """The largest magnitude of every `step` samples, float32."""
    largest = np.max(np.abs(block), axis=1)
    return np.pad(largest, (0, -len(largest) % step)).reshape(-1, step).max(axis=1)
