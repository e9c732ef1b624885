"""Loops that repeat exactly: the steady part of a note, changed so that every partial ends in the phase it began in.

In a spectrogram of magnitudes and instantaneous frequencies, a loop of some frames repeats without a seam if the phase
of every bin makes a whole number of turns in it. So the loop's frames are brought to one level, its last frames are
blended into those before the loop, and a constant is added to each bin's frequency that makes its turns whole. Bins of
one partial make the same number of turns, so that they do not beat. Of several lengths the one is taken that moves
partials least. Nothing is cross-faded in the wave.
"""

import dataclasses

import numpy as np

from gansynth_tf.music.extension import hann_window, stft

_START_SECONDS = 0.9  # of the loop, to the nearest frame
MOST_FRAMES = 60  # of a loop: 1.92 s at 16 kHz
_FEWEST_FRAMES = 40
_STEP_FRAMES = 5  # at 44.1 kHz multiples of 5 frames are whole samples
_FRAME_SECONDS = 0.128  # window; a frame comes every quarter of it
_OVERLAP = 4  # frames over every sample
_NUM_BLENDED = 16  # frames at the loop's end that are blended into those before it
_LOBE = 2  # bins to each side that belong to a partial: the main lobe of a Hann window
_AUDIBLE = 1e-4  # of the loudest bin: a bin below it belongs to no partial
_TINY = 1e-12
_DIED_DB = -50.0  # relative to its peak: a note below it has ended, and needs no loop
_FASTEST_DB_PER_SECOND = 40.0  # a note with a faster decay gets no loop


@dataclasses.dataclass(frozen=True)
class LoopedNote:
    """A note whose loop can repeat for ever.

    Attributes:
      wave: float64 [samples], up to the loop's end and a little beyond.
      loop_start: index of the loop's first sample.
      loop_end: index of the sample after its last.
      decay_db_per_second: decay of the original note over the loop, whose own level is constant; at least 0.
    """

    wave: np.ndarray
    loop_start: int
    loop_end: int
    decay_db_per_second: float


def loop_note(wave: np.ndarray, sample_rate: int) -> LoopedNote | None:
    """The note with a loop in it; before the loop the wave is unchanged, to rounding.

    Args:
      wave: float [samples] of one note.
      sample_rate: in Hz.

    Returns:
      None if the note is too short for a loop.
    """
    n_fft = 1 << int(np.log2(_FRAME_SECONDS * sample_rate))
    hop_length = n_fft // _OVERLAP
    start = max(_NUM_BLENDED + 1, round(_START_SECONDS * sample_rate / hop_length))
    # Frame n is centred at sample n * hop_length.
    spectrum = stft(np.pad(np.asarray(wave, np.float64), n_fft // 2), n_fft, hop_length)
    most_frames = min(MOST_FRAMES, len(spectrum) - _OVERLAP - start)
    if most_frames < _FEWEST_FRAMES:
        return None
    logmag, turns = np.log(np.abs(spectrum) + _TINY), _turns(spectrum, hop_length, n_fft)
    num_frames = _best_length(logmag[start:], turns[start:], most_frames)
    logmag, slope = _levelled(logmag, start, num_frames)
    logmag, turns = _blended(logmag, start, num_frames), _blended(turns, start, num_frames)
    turns = _whole(logmag, turns)

    # The loop's beginning follows once more, so that its last samples have all frames that overlap them.
    frames = np.arange(num_frames + 2 * _OVERLAP) % num_frames
    phase = np.angle(spectrum[start - 1]) + 2 * np.pi * np.cumsum(turns[frames], axis=0)
    looped = np.concatenate([spectrum[:start], np.exp(logmag[frames] + 1j * phase)])
    first = (start - 1) * hop_length + n_fft // 2  # the first sample that no frame before the loop overlaps
    length = num_frames * hop_length
    return LoopedNote(_istft(looped, n_fft, hop_length)[:first + length + hop_length], first, first + length,
                      max(0.0, -slope * 20 / np.log(10) * sample_rate / hop_length))


def sustained(wave: np.ndarray, sample_rate: int) -> LoopedNote | None:
    """The note with a loop in it; None if it ends by itself, or is too short for a loop."""
    looped = loop_note(wave, sample_rate)
    if looped is None:
        return None
    inside = looped.wave[looped.loop_start:looped.loop_end]
    level_db = 20 * np.log10(np.sqrt(np.mean(inside ** 2)) / np.max(np.abs(wave)) + _TINY)
    return None if level_db < _DIED_DB or looped.decay_db_per_second > _FASTEST_DB_PER_SECOND else looped


def _istft(spectrum: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    window = hann_window(n_fft)
    frames = np.fft.irfft(spectrum, n_fft) * window
    total = np.zeros(n_fft + (len(frames) - 1) * hop_length)
    weight = np.zeros_like(total)
    for index, frame in enumerate(frames):
        part = slice(index * hop_length, index * hop_length + n_fft)
        total[part] += frame
        weight[part] += window ** 2
    return (total / np.maximum(weight, _TINY))[n_fft // 2:]


def _turns(spectrum: np.ndarray, hop_length: int, n_fft: int) -> np.ndarray:
    """Turns of every bin's phase since the frame before, [frames, bins]: the number nearest to that of its centre."""
    centre = np.arange(spectrum.shape[1]) * hop_length / n_fft
    steps = np.diff(np.angle(spectrum), axis=0, prepend=0) / (2 * np.pi) - centre
    return centre + steps - np.round(steps)


def _best_length(logmag: np.ndarray, turns: np.ndarray, most_frames: int) -> int:
    """The number of frames after which partials have made almost whole numbers of turns, relative to all turns."""
    def detuning(num_frames):
        sums, power = turns[:num_frames].sum(axis=0), np.exp(2 * logmag[:num_frames]).mean(axis=0)
        peaks = _peaks(power)
        peaks = peaks[sums[peaks] > 1]
        moved = np.abs(np.round(sums[peaks]) - sums[peaks]) / sums[peaks]
        return np.average(moved, weights=power[peaks]) if peaks.size else 0.0
    return min(range(most_frames, _FEWEST_FRAMES - 1, -_STEP_FRAMES), key=detuning)


def _levelled(logmag: np.ndarray, start: int, num_frames: int) -> tuple[np.ndarray, float]:
    """Log magnitudes without the trend of the level in the loop, and that trend, in nepers a frame."""
    level = 0.5 * np.log(np.sum(np.exp(2 * logmag), axis=1) + _TINY)
    inside = slice(start, start + num_frames)
    slope = np.polyfit(np.arange(num_frames), level[inside], 1)[0]
    return logmag - slope * (np.arange(len(logmag)) - start)[:, np.newaxis], slope


def _blended(values: np.ndarray, start: int, num_frames: int) -> np.ndarray:
    """The loop's frames, the last of which are blended into those before its first."""
    loop = values[start:start + num_frames].copy()
    weight = (np.arange(_NUM_BLENDED) + 1)[:, np.newaxis] / _NUM_BLENDED
    loop[-_NUM_BLENDED:] += weight * (values[start - _NUM_BLENDED:start] - loop[-_NUM_BLENDED:])
    return loop


def _whole(logmag: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Turns with a constant added to each bin, so that over the loop they are whole."""
    sums = turns.sum(axis=0)
    power = np.exp(2 * logmag).mean(axis=0)
    wanted = np.round(sums)
    for peak in _peaks(power):
        lobe = slice(max(peak - _LOBE, 0), peak + _LOBE + 1)
        beside = slice(max(peak - 1, 0), peak + 2)
        # Bins further than a turn from their partial belong to another sound.
        together = np.round(np.average(sums[beside], weights=power[beside]))
        wanted[lobe] = np.where(np.abs(sums[lobe] - together) <= 1.5, together, wanted[lobe])
    return turns + (wanted - sums) / len(turns)


def _peaks(power: np.ndarray) -> np.ndarray:
    """Bins louder than two neighbours on each side, the faintest first, so that louder ones overrule them."""
    padded = np.pad(power, 2)
    neighbours = np.stack([padded[shift:shift + len(power)] for shift in (0, 1, 3, 4)])
    peaks = np.flatnonzero((power > neighbours.max(axis=0)) & (power > _AUDIBLE ** 2 * power.max()))
    return peaks[np.argsort(power[peaks])]
