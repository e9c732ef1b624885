"""The pitches that a data set holds: what a model can play, and how often it sees each."""

import dataclasses
import os
import pathlib
import re
import typing
from collections.abc import Iterable, Mapping

import numpy as np

from gansynth_tf import files, instrument
from gansynth_tf.errors import InputError

PITCH_COUNTS_FILE = 'pitch_counts.json'
_EXPECTED = 'a JSON object of note counts by MIDI pitch'


@dataclasses.dataclass(frozen=True)
class PitchVocabulary:
    """MIDI pitches in ascending order; a pitch's label is its index in that order.

    Attributes:
      counts: training notes by MIDI pitch.

    >>> vocabulary = PitchVocabulary({64: 1, 60: 3})
    >>> vocabulary.pitches, vocabulary.labels([64, 60]).tolist(), vocabulary.probabilities.tolist()
    ((60, 64), [1, 0], [0.75, 0.25])
    """

    counts: Mapping[int, int]

    def __post_init__(self):
        ok = self.counts and all(0 <= pitch <= 127 and count > 0 for pitch, count in self.counts.items())
        if not ok:
            raise InputError(f'Unusable pitch counts: expected counts above 0 of MIDI pitches 0..127. '
                             f'Received: {dict(self.counts)!r}')
        object.__setattr__(self, 'counts', dict(sorted(self.counts.items())))

    @property
    def pitches(self) -> tuple[int, ...]:
        return tuple(self.counts)

    @property
    def probabilities(self) -> np.ndarray:
        """float64 [num_pitches]: the share of each pitch in the training notes, by label."""
        counts = np.array(list(self.counts.values()), np.float64)
        return counts / counts.sum()

    def labels(self, pitches: Iterable[int]) -> np.ndarray:
        """int32 labels of MIDI pitches.

        Raises:
          InputError: if a pitch is not in the vocabulary.
        """
        pitches = list(pitches)
        instrument.check_pitches(pitches, self.pitches)
        return np.searchsorted(self.pitches, pitches).astype(np.int32)


def write(vocabulary: PitchVocabulary, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `pitch_counts.json` into a model directory and returns its path."""
    return files.write_json(vocabulary.counts, pathlib.Path(directory) / PITCH_COUNTS_FILE)


def read(directory: str | os.PathLike) -> PitchVocabulary:
    """Reads the `pitch_counts.json` of a model directory.

    Raises:
      InputError: if it is missing or is not an object of counts by pitch.
    """
    path = pathlib.Path(directory) / PITCH_COUNTS_FILE
    return from_json(files.read_json(path, expected=_EXPECTED), str(path))


def from_json(values: Mapping[str, typing.Any], source: str) -> PitchVocabulary:
    """The vocabulary that a JSON object describes: note counts by MIDI pitch.

    Raises:
      InputError: if it is something else; names the `source` of the object.
    """
    is_counts = all(
        re.fullmatch('[0-9]{1,3}', pitch) and type(count) is int and 0 < count < 2**53
        for pitch, count in values.items())
    if not is_counts or not values:
        raise InputError(f'Unusable pitch counts: expected {_EXPECTED}. '
                         f'Received: {str(values)[:100]} ({source})')
    return PitchVocabulary({int(pitch): count for pitch, count in values.items()})


# The pitches of Magenta's models, which do not keep them: acoustic notes of NSynth by pitch, 24 to 84. Source: her
# `datasets.py`.
_COUNTS = (
    711, 720, 715, 725, 726, 723, 738, 829, 839, 840, 860, 870,
    999, 1007, 1063, 1070, 1084, 1121, 1134, 1129, 1155, 1149, 1169, 1154,
    1432, 1406, 1454, 1432, 1593, 1613, 1578, 1784, 1738, 1756, 1718, 1738,
    1789, 1746, 1765, 1748, 1764, 1744, 1677, 1746, 1682, 1705, 1694, 1667,
    1695, 1580, 1608, 1546, 1576, 1485, 1408, 1438, 1333, 1369, 1331, 1295,
    1291)

MAGENTA_VOCABULARY = PitchVocabulary(dict(enumerate(_COUNTS, start=24)))
