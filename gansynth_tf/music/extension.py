"""Notes of any length: an instrument's note whose steady part is continued.

The note is analysed into the magnitude and the instantaneous frequency of each of its frames. Frames of its steady part
are appended in an order that goes back and forth at random, so that the note does not sound frozen. The phase of each
appended frame follows from the one before and the frame's own frequencies. A note that decays continues to decay, each
frequency at its own rate.

Sources: phase vocoder (Flanagan and Golden 1966); phases of the bins around a peak turn with it (Laroche and Dolson
1999, "Improved phase vocoder time-scale modification of audio", identity phase locking). Deviation: successive frames
are always neighbours in the note, in either direction, so no frequency is interpolated.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from gansynth_tf.spectral.pitch import midi_to_hz

_FRAME_SECONDS = 0.064  # at least
_BINS_PER_PARTIAL = 6
_LONGEST_FRAME = 8192
_SHORTEST_FRAME = 16
_OVERLAP = 4  # frames over each sample
_FRAMES_AT_ONCE = 256
_STEADY_FROM = 0.3  # of the time that the note can be held; before it is the attack
_DECAY_DB_PER_SECOND = -2.0  # a slower decay counts as none
_STEEPEST = 4.0  # times as fast as the whole note, at most, may a frequency decay
_SLOWEST = 0.7  # at least, of a partial
_COHERENT = 0.9  # noise has 0.66
_SILENT = 1e-10


def extend(wave: np.ndarray, num_samples: int, *, sample_rate: int, pitch: int, held_samples: int,
           rng: np.random.Generator) -> np.ndarray:
    """A note that is continued.

    Args:
      wave: float [samples], the note.
      num_samples: the length to reach; at least `held_samples`.
      sample_rate: Hz.
      pitch: MIDI pitch.
      held_samples: the part of the note that sounds as if held; the rest is its own release and is not used.
      rng: chooses the order of the frames.

    Returns:
      float64 [num_samples]; the first samples, up to shortly before `held_samples`, are the note's own.
    """
    n_fft = frame_length(sample_rate, pitch, held_samples)
    analysis = _analyse(wave[:held_samples], n_fft, sample_rate)
    num_frames = -(-(num_samples + n_fft) // (n_fft // _OVERLAP)) + 1
    path = _path(analysis.first, analysis.last, num_frames, rng)
    return _overlap_add(analysis.frames(path), num_frames, n_fft)[:num_samples]


def frame_length(sample_rate: int, pitch: int, held_samples: int) -> int:
    """Samples of a frame: a power of two, long enough to separate partials, short enough for six in the held part."""
    hz = midi_to_hz(pitch)
    wanted = max(_FRAME_SECONDS * sample_rate, _BINS_PER_PARTIAL * sample_rate / hz)
    longest = min(_LONGEST_FRAME, held_samples / 6)
    return max(_SHORTEST_FRAME, 1 << int(min(np.ceil(np.log2(wanted)), np.floor(np.log2(max(longest, 1))))))


@dataclasses.dataclass
class _Analysis:
    """A note as frames, [frames, bins]; frame i is centred at (i - 2) hops.

    Attributes:
      stft: complex.
      first, last: of the steady frames.
      flat: log magnitudes of the steady frames without the decay: all are as loud as the last.
      steps: change of phase from each steady frame to the next.
      peaks: for each bin of the steady frames, the bin of the partial that it belongs to.
      slopes: [bins], change of the log magnitude per frame after the last; at most 0.
    """

    stft: np.ndarray
    first: int
    last: int
    flat: np.ndarray
    steps: np.ndarray
    peaks: np.ndarray
    slopes: np.ndarray

    def frames(self, path: np.ndarray) -> Iterator[np.ndarray]:
        """Complex frames on a path that begins with all of 0 to `last` and goes on from neighbour to neighbour."""
        yield from self.stft[:len(path)]
        phases, own = np.angle(self.stft[self.last]), np.angle(self.stft[self.first:self.last + 1])
        for index in range(self.last + 1, len(path)):
            here, before = path[index] - self.first, path[index - 1] - self.first
            peaks = self.peaks[here]
            moved = phases + self.steps[min(here, before)]
            phases = moved[peaks] + own[here] - own[here][peaks]
            magnitudes = np.exp(self.flat[here] + self.slopes * (index - self.last))
            yield magnitudes * np.exp(1j * phases)


def _analyse(wave: np.ndarray, n_fft: int, sample_rate: int) -> _Analysis:
    hop = n_fft // _OVERLAP
    padded = np.concatenate([np.zeros(n_fft), wave])
    spectra = stft(padded, n_fft, hop)  # of frames that end within the note
    last = len(spectra) - 1
    first = min(int(np.ceil((_STEADY_FROM * len(wave) + n_fft) / hop)), max(last - _OVERLAP, 0))
    steady = spectra[first:last + 1]
    logmag = np.log(np.abs(steady) + _SILENT)
    times = np.arange(len(steady)) - (len(steady) - 1.0)
    slopes, decay = _slopes(logmag, times)
    held = 20 / np.log(10) * decay * sample_rate / hop > _DECAY_DB_PER_SECOND
    flat = logmag - slopes * times[:, None]
    slopes = np.zeros_like(slopes) if held else _bounded(slopes, decay, _is_tone(steady))
    return _Analysis(spectra, first, last, flat, _steps(steady, held=held),
                     np.stack([_peaks(row) for row in logmag]), slopes)


def _steps(steady: np.ndarray, *, held: bool) -> np.ndarray:
    """Change of phase from each frame to the next, [frames - 1, bins].

    In a note that decays, louder frames count more for each bin's mean: the late frames of a partial that has faded
    hold the frequency of noise.
    """
    turns = steady[1:] * steady[:-1].conj()
    middle = np.angle(turns.sum(axis=0))
    around = np.angle(turns * np.exp(-1j * middle))
    return middle + around - (0 if held else around.mean(axis=0))


def _slopes(logmag: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, float]:
    """Change of log magnitude per frame: of each bin, [bins], one value a partial, and of the whole note."""
    power = np.exp(2 * logmag)
    centred = times - times.mean()
    scale = max(np.sum(centred ** 2), 1e-9)
    fitted = centred @ logmag / scale
    weights = power.mean(axis=0)
    partials = _peaks(np.log(weights))
    sums = [np.bincount(partials, part, len(weights)) for part in (weights * fitted, weights)]
    slopes = (sums[0] / np.maximum(sums[1], _SILENT ** 2))[partials]
    return slopes, float(centred @ (0.5 * np.log(power.sum(axis=1))) / scale)


def _is_tone(steady: np.ndarray) -> np.ndarray:
    """True for bins of partials, False for bins of noise, whose phase steps vary between frames: bool [bins]."""
    turns = steady[1:] * steady[:-1].conj()
    coherence = np.abs(turns.sum(axis=0)) / np.maximum(np.abs(turns).sum(axis=0), _SILENT ** 2)
    return (coherence > _COHERENT)[_peaks(np.log(np.mean(np.abs(steady) ** 2, axis=0) + _SILENT ** 2))]


def _bounded(slopes: np.ndarray, decay: float, is_tone: np.ndarray) -> np.ndarray:
    """Slopes limited around the decay of the whole note, so that noise that decays more slowly does not take over."""
    return np.clip(slopes, _STEEPEST * decay, np.where(is_tone, _SLOWEST, 1.0) * decay)


def _peaks(logmag: np.ndarray) -> np.ndarray:
    """The local maximum nearest to each bin, int [bins]."""
    padded = np.pad(logmag, 2, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5)
    peaks = np.flatnonzero(logmag >= around.max(axis=1))
    borders = (peaks[1:] + peaks[:-1]) / 2
    return peaks[np.searchsorted(borders, np.arange(len(logmag)))]


def _path(first: int, last: int, num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Frames 0 to `last`, and then back and forth between `first` and `last`, turning at random: int [num_frames]."""
    path = list(range(last + 1))
    span, here, forward = last - first, last, False
    while len(path) < num_frames:
        if span < 1:
            return np.array((path + [last] * num_frames)[:num_frames])
        turn = int(rng.integers(last - span // 3, last + 1) if forward else rng.integers(first, first + span // 3 + 1))
        path += range(here + 1, turn + 1) if forward else range(here - 1, turn - 1, -1)
        here, forward = (max(turn, here) if forward else min(turn, here)), not forward
    return np.array(path[:num_frames])


def stft(wave: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Complex spectra [frames, bins] of a wave's Hann-windowed frames, the first at its first sample."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, n_fft)[::hop_length]
    return np.fft.rfft(frames * hann_window(n_fft))


def hann_window(n_fft: int) -> np.ndarray:
    """The periodic Hann window, float64 [n_fft]."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)


def _overlap_add(frames: Iterable[np.ndarray], num_frames: int, n_fft: int) -> np.ndarray:
    """The wave of complex frames, from the end of the first on. Only a few frames are in memory at a time."""
    hop = n_fft // _OVERLAP
    window = hann_window(n_fft) / (0.375 * _OVERLAP)  # the sum of its squares over the frames
    wave = np.zeros((num_frames + _OVERLAP - 1, hop))
    frames = iter(frames)
    for begin in range(0, num_frames, _FRAMES_AT_ONCE):
        parts = np.fft.irfft(np.stack(list(itertools.islice(frames, _FRAMES_AT_ONCE))), n_fft) * window
        for part in range(_OVERLAP):
            wave[begin + part:begin + part + len(parts)] += parts[:, part * hop:(part + 1) * hop]
    return wave.ravel()[n_fft:]
