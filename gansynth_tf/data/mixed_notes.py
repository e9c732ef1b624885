"""Several prepared sets as one: trained on together, and tested on the first alone."""

import os
from collections.abc import Sequence

import numpy as np

from gansynth_tf.data.prepared_notes import PreparedNotes, open_notes
from gansynth_tf.data.records import RecordFiles
from gansynth_tf.data.sources.note_source import TRAIN
from gansynth_tf.errors import InputError

_FEATURES = ('id', 'audio', 'pitch')  # what all sets have alike: their instruments are numbered differently


class MixedNotes(PreparedNotes):
    """The training notes of all sets, one set after the other, and the other splits of the first.

    Args:
      sets: at the same sample rate, with audio stored in the same way.
      cache_dir: where converted spectrograms may be kept; None for nowhere.

    Raises:
      InputError: if the sets do not go together.
    """

    def __init__(self, sets: Sequence[PreparedNotes], cache_dir: str | os.PathLike | None = None):
        for name, values in {'sample rate': [str(notes.sample_rate) for notes in sets],
                             'form of audio': [str(notes.features['audio']) for notes in sets]}.items():
            if len(set(values)) > 1:
                raise InputError(f'Prepared sets that do not go together: expected one {name}. '
                                 f'Received: {", ".join(values)}')
        self.cache_dir = cache_dir
        self.features = {name: sets[0].features[name] for name in _FEATURES}
        self.sample_rate = sets[0].sample_rate
        self.audio_length = max(notes.audio_length for notes in sets)
        self.licence = '; '.join(dict.fromkeys(notes.licence for notes in sets if notes.licence))
        self._sets = tuple(sets)
        self._records: dict[str, RecordFiles] = {}

    @property
    def splits(self) -> tuple[str, ...]:
        return self._sets[0].splits

    def num_notes(self, split: str) -> int:
        return sum(notes.num_notes(split) for notes in self._with(split))

    def num_notes_of_first_set(self, split: str) -> int:
        return self._sets[0].num_notes(split)

    def pitches(self, split: str) -> np.ndarray:
        return np.concatenate([notes.pitches(split) for notes in self._with(split)])

    def identity(self, split: str) -> dict:
        return {'split': split, 'sets': [notes.identity(split) for notes in self._with(split)],
                'pitches': list(self.vocabulary.pitches)}

    def paths(self, split: str) -> list[str]:
        return [path for notes in self._with(split) for path in notes.paths(split)]

    def _with(self, split: str) -> tuple[PreparedNotes, ...]:
        return self._sets if split == TRAIN else self._sets[:1]


def open_all(data_dirs: str, *, cache_dir: str | os.PathLike | None = None) -> PreparedNotes:
    """Opens the prepared set in a directory, or all of those whose directories are separated by commas.

    Raises:
      InputError: as `open_notes`, and if the sets do not go together, or one is named twice.
    """
    directories = [data_dirs] if os.path.exists(data_dirs) else data_dirs.split(',')
    if len(directories) == 1:
        return open_notes(data_dirs, cache_dir=cache_dir)
    if len({os.path.realpath(os.path.expanduser(directory)) for directory in directories}) < len(directories):
        raise InputError(f'One prepared set twice: expected different directories. Received: {data_dirs!r}')
    return MixedNotes([open_notes(directory) for directory in directories], cache_dir)
