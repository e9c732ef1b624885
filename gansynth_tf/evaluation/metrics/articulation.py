"""Articulation of a piece: the share of its notes that stand out when they are played.

A measure of this project's own: a note is articulate if its pitch is the loudest of all pitches of the piece from 20 to
200 ms after its onset (or among the k loudest, where k notes are held at that time). The loudness of a pitch is the sum
of the magnitudes of its partials, each weighted by 0.8 of the one before, after the harmonic sums of Klapuri 2006,
"Multiple fundamental frequency estimation by summing harmonic amplitudes". With a slow attack or a wrong pitch, the
note before is louder.
"""

from collections.abc import Sequence

import numpy as np

from gansynth_tf.music.performance import PlayedNote
from gansynth_tf.spectral.pitch import midi_to_hz

WINDOW_SECONDS = (0.02, 0.2)  # after the onset
_NUM_PARTIALS = 10
_PARTIAL_WEIGHT = 0.8
_CENTS = np.linspace(-25, 25, 25)  # around a partial
_RESOLUTION_HZ = 2.0
_HIGHEST = 0.45  # of the sample rate


def articulate(clip: np.ndarray, notes: Sequence[PlayedNote], sample_rate: int) -> np.ndarray:
    """True for every note of a rendered piece that is articulate.

    Args:
      clip: float [samples], the piece.
      notes: of the piece, in any order.
      sample_rate: Hz.

    Returns:
      bool [num_notes].
    """
    pitches = np.unique([note.pitch for note in notes])
    starts = np.array([note.start_seconds for note in notes])
    ends = np.array([note.end_seconds for note in notes])
    size = int(2 ** np.ceil(np.log2(sample_rate / _RESOLUTION_HZ)))
    bins, weights = _partials(pitches, sample_rate, size)
    begin, end = (round(seconds * sample_rate) for seconds in WINDOW_SECONDS)
    window = np.hanning(end - begin)
    found = np.zeros(len(notes), bool)
    for index, note in enumerate(notes):
        start = round(note.start_seconds * sample_rate)
        stretch = clip[start + begin:start + end]
        spectrum = np.abs(np.fft.rfft(stretch * window[:len(stretch)], size))
        loudness = np.sum(spectrum[bins].max(axis=2) * weights, axis=1)
        held = (starts < note.start_seconds + WINDOW_SECONDS[0]) & (ends > note.start_seconds)
        own = loudness[np.searchsorted(pitches, note.pitch)]
        found[index] = own > 0 and np.sum(loudness > own) < held.sum()
    return found


def _partials(pitches: np.ndarray, sample_rate: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins around the partials of pitches, int [pitches, 10, 25], and weights [pitches, 10]: 0 where too high."""
    orders = np.arange(1, _NUM_PARTIALS + 1)
    partials_hz = midi_to_hz(pitches)[:, None] * orders
    weights = _PARTIAL_WEIGHT ** (orders - 1) * (partials_hz < _HIGHEST * sample_rate)
    bins = np.rint(np.minimum(partials_hz[..., None] * 2 ** (_CENTS / 1200) / sample_rate, 0.5) * size).astype(int)
    return bins, weights
