"""The one reader of prepared notes: those of gansynth_prepare_data, and any TFDS directory with NSynth's features."""

import functools
import logging
import os
import pathlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tqdm

from gansynth_tf import files
from gansynth_tf.data import note_audio
from gansynth_tf.data.records import RecordFiles
from gansynth_tf.data.sources.note_source import TRAIN
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError

_INFO_FILE = 'dataset_info.json'
_FEATURES_FILE = 'features.json'
# TFDS imports every module of which a description names a class.
_CLASSES = 'tensorflow_datasets.core.features.'
_MAX_SAMPLE_RATE, _MAX_AUDIO_LENGTH = 384_000, 1 << 26
_DEEPEST = 3  # data_dir/name/config/version

# TFDS reads a deprecated field of its own, and warns of that.
logging.getLogger('absl').addFilter(lambda record: 'FeatureConnector' not in str(record.msg))


class PreparedNotes:
    """Notes in a TFDS directory.

    Attributes:
      sample_rate: in Hz.
      audio_length: samples that a note has at most.
      licence: what the notes may be used under; '' if nothing is said of it.
      features: the TFDS features of a note.
      cache_dir: where converted spectrograms may be kept; None for nowhere.
    """

    def __init__(self, builder: tfds.core.DatasetBuilder, cache_dir: str | os.PathLike | None = None):
        info = builder.info
        self.cache_dir = cache_dir
        self.features = info.features
        self._metadata = dict(info.metadata or {})
        self._splits = dict(info.splits)
        self._records: dict[str, RecordFiles] = {}
        audio = self.features['audio']
        self.sample_rate = int(getattr(audio, 'sample_rate', None) or self._metadata['sample_rate'])
        self.audio_length = int(audio.shape[0] or self._metadata['audio_length'])
        self.licence = info.redistribution_info.license or ''
        for name, most in (('sample_rate', _MAX_SAMPLE_RATE), ('audio_length', _MAX_AUDIO_LENGTH)):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f'its {name} is {getattr(self, name)}')

    @functools.cached_property
    def vocabulary(self) -> PitchVocabulary:
        """The pitches of the train split and their counts."""
        pitches, counts = np.unique(self.pitches(TRAIN), return_counts=True)
        return PitchVocabulary(dict(zip(pitches.tolist(), counts.tolist())))

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of all splits."""
        return tuple(self._splits)

    def num_notes(self, split: str) -> int:
        """The number of notes in a split."""
        return sum(self._split(split).shard_lengths)

    def num_notes_of_first_set(self, split: str) -> int:
        """The number of notes in a split of the first set; there is only one set unless it is a `MixedNotes`."""
        return self.num_notes(split)

    def pitches(self, split: str) -> np.ndarray:
        """int32 [num_notes]: MIDI pitches by note index."""
        self._split(split)
        # Data sets prepared elsewhere do not list them; they are read once.
        listed = self._metadata.setdefault('pitches', {})
        if split not in listed:
            notes = self.read(split, tf.data.Dataset.range(self.num_notes(split)), 'pitch')
            listed[split] = [int(note['pitch']) for note in tqdm.tqdm(
                notes.as_numpy_iterator(), desc=f'Reading the pitches of {split}', total=self.num_notes(split),
                unit=' notes', delay=2, disable=None)]
        return np.array(listed[split], np.int32)

    def identity(self, split: str) -> dict:
        """A description by which the notes of a split differ from others: the files that hold them, and the pitches."""
        paths = [pathlib.Path(path) for path in self.paths(split)]
        return {'split': split, 'files': [[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns]
                                          for path in paths], 'pitches': list(self.vocabulary.pitches)}

    def paths(self, split: str) -> list[str]:
        """The files that hold the notes of a split, in the order of their indices."""
        return [str(path) for path in self._split(split).filepaths]

    def read(self, split: str, indices: tf.data.Dataset, *names: str) -> tf.data.Dataset:
        """Dicts of the named features of the notes whose indices `indices` yields, in that order.

        Args:
          split: e.g. 'train'.
          indices: int64 scalars, 0 <= index < num_notes(split); each may come any number of times.
          names: of features, as stored: 'audio' in its own type and length.
        """
        records = self._records_of(split)
        features = tfds.features.FeaturesDict({name: self.features[name] for name in names})

        def read_one(index):
            record = tf.ensure_shape(tf.numpy_function(records.read, [index], tf.string), [])
            return features.deserialize_example(record)
        return indices.map(read_one, num_parallel_calls=tf.data.AUTOTUNE)

    def audio(self, split: str, index: int) -> np.ndarray:
        """float32 [samples], full scale 1: one note as it is stored."""
        features = tfds.features.FeaturesDict({'audio': self.features['audio']})
        return to_float(features.deserialize_example(self._records_of(split).read(index))['audio']).numpy()

    def waves(self, split: str, limit: int | None = None, *, audio_length: int | None = None,
              indices: tf.data.Dataset | None = None) -> tf.data.Dataset:
        """Notes as waves of one length.

        Args:
          split: e.g. 'train'.
          limit: how many notes; None for all.
          audio_length: samples of each; shorter notes are padded with zeros, longer ones fade out before the cut.
            None for `self.audio_length`.
          indices: which notes; None for all of the split, once, in the order of their indices (which has nothing to do
            with instruments or pitches in notes that gansynth_prepare_data wrote).

        Returns:
          Dicts of 'wave' (float32 [audio_length, 1], full scale 1), 'pitch' (int32) and 'id' (string).
        """
        audio_length = audio_length or self.audio_length
        fade_samples = round(note_audio.FADE_SECONDS * self.sample_rate)

        def to_wave(note):
            wave = fit_length(to_float(note['audio']), audio_length, fade_samples=fade_samples)
            return {'wave': wave[:, tf.newaxis], 'pitch': tf.cast(note['pitch'], tf.int32), 'id': note['id']}
        if indices is None:
            indices = tf.data.Dataset.range(self.num_notes(split))
        notes = self.read(split, indices.take(-1 if limit is None else limit), 'audio', 'pitch', 'id')
        return notes.map(to_wave)

    def _records_of(self, split: str) -> RecordFiles:
        if split not in self._records:
            records = RecordFiles(self.paths(split))
            if len(records) != self.num_notes(split):
                raise InputError(f'Prepared notes truncated: expected {self.num_notes(split)} in the split {split!r}. '
                                 f'Received: {len(records)}')
            self._records[split] = records
        return self._records[split]

    def _split(self, name: str) -> tfds.core.SplitInfo:
        if name not in self._splits:
            raise InputError(f'Unknown split: expected one of {", ".join(self._splits)}. Received: {name!r}')
        return self._splits[name]


def is_prepared(directory: pathlib.Path) -> bool:
    """True if a TFDS data set lies at or below a directory."""
    return any(_data_sets(directory))


def _data_sets(directory: pathlib.Path) -> list[pathlib.Path]:
    return sorted({path.parent for depth in range(_DEEPEST + 1) for path in directory.glob('*/' * depth + _INFO_FILE)
                   if not _is_hidden(path.relative_to(directory))})


def open_notes(data_dir: str | os.PathLike, *, cache_dir: str | os.PathLike | None = None) -> PreparedNotes:
    """Opens the one TFDS data set at or below `data_dir`.

    Args:
      data_dir: what gansynth_prepare_data wrote, or TFDS.
      cache_dir: where converted spectrograms are kept for later stages and runs; None for memory alone.

    Raises:
      InputError: if there is none, or more than one, or it is incomplete.
    """
    found = _data_sets(pathlib.Path(data_dir).expanduser())
    if not found:
        raise InputError(f'No prepared notes: expected a directory that gansynth_prepare_data wrote. '
                         f'Received: {str(data_dir)!r}')
    if len(found) > 1:
        raise InputError(f'Several data sets: expected the directory of one of them. '
                         f'Received: {", ".join(map(repr, map(str, found)))}')
    try:
        _check_classes(files.read_json(found[0] / _FEATURES_FILE))
        notes = PreparedNotes(tfds.builder_from_directory(found[0]), cache_dir)
        notes.num_notes(TRAIN)
    except Exception as error:  # exceptions of TFDS and protobuf have no common base
        raise InputError(f'Cannot read the prepared notes: expected a TFDS directory with features as NSynth has '
                         f'({" ".join(str(error).split())}). Received: {str(found[0])!r}') from error
    return notes


def _check_classes(values) -> None:
    """Raises a ValueError if a description names classes of other modules than TFDS's own, whose code would be run."""
    if isinstance(values, dict):
        for key in ('pythonClassName', 'python_class_name', 'type'):
            if isinstance(name := values.get(key), str) and not name.startswith(_CLASSES):
                raise ValueError(f'it names a class {name!r}')
        values = list(values.values())
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and value.lstrip()[:1] in ('{', '['):  # descriptions within descriptions
            value = files.parse_json(value)
        _check_classes(value)


def _is_hidden(path: pathlib.Path) -> bool:
    """Unfinished runs write into directories whose names begin with a dot."""
    return any(part.startswith('.') for part in path.parts)


def fit_length(wave: tf.Tensor, audio_length: int, *, fade_samples: int) -> tf.Tensor:
    """float32 [samples] -> [audio_length]: zeros at the end, or a cut after a linear fade-out of `fade_samples`."""
    fade_out = note_audio.fade_out(audio_length, fade_samples).astype(np.float32)
    kept = wave[:audio_length]
    padded = tf.ensure_shape(tf.pad(kept, [[0, audio_length - tf.size(kept)]]), [audio_length])
    return tf.where(tf.size(wave) > audio_length, padded * fade_out, padded)


def to_float(stored: tf.Tensor) -> tf.Tensor:
    """float32 of full scale 1, from stored samples: int16, or floating point as NSynth's own are."""
    return tf.cast(stored, tf.float32) / (32768.0 if stored.dtype == tf.int16 else 1.0)
