"""The storage of prepared notes: NSynth's feature names, as TFDS has them, for any sample rate and length."""

import os
import pathlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

import gansynth_tf
from gansynth_tf.data.sources.note_source import FAMILIES, ORIGINS, QUALITIES, NoteSource, SourceNote, licences

DATASET_NAME = 'gansynth_notes'
VERSION = '1.0.0'


def dataset_info(source: NoteSource, directory: str | os.PathLike, *, sample_rate: int,
                 audio_length: int) -> tfds.core.DatasetInfo:
    """Describes a source's notes as a TFDS data set in `directory`.

    Against `nsynth/full`: audio has 16 bits instead of 32 and its own length, instruments are those of the source, and
    families and sources that NSynth does not know come after those that it does.

    Args:
      source: the notes, and what is to be said about them.
      directory: where the data set is going to be.
      sample_rate: in Hz.
      audio_length: samples that a note has at most.
    """
    features = {
        'id': tf.string,
        'audio': tfds.features.Tensor(shape=(None,), dtype=np.int16, encoding='bytes'),
        'pitch': tfds.features.ClassLabel(num_classes=128),
        'velocity': tfds.features.ClassLabel(num_classes=128),
        'instrument': {
            'label': _labels((), (note.instrument for note in source.notes)),
            'family': _labels(FAMILIES, (note.family for note in source.notes)),
            'source': _labels(ORIGINS, (note.origin for note in source.notes)),
        },
        'qualities': dict.fromkeys(QUALITIES, tf.bool),
    }
    identity = tfds.core.dataset_info.DatasetIdentity(
        name=DATASET_NAME, version=tfds.core.Version(VERSION), data_dir=os.fspath(pathlib.Path(directory)),
        module_name=gansynth_tf.__name__)
    return tfds.core.DatasetInfo(
        builder=identity, description=source.description, features=tfds.features.FeaturesDict(features),
        homepage=source.homepage, citation=source.citation, license=licences(source),
        metadata=tfds.core.MetadataDict(source=source.kind, sample_rate=sample_rate, audio_length=audio_length))


class NoteWriter:
    """Writes notes to the shards of their splits as they come; the description last, when the block ends well.

    The same notes in the same order give the same bytes. TFDS's own writers do not keep that promise, since they leave
    the order of a record's features to protobuf, which orders them anew in every process.

    Args:
      info: says where, and how.
      splits: all that there may be; one without notes is not described, since TFDS cannot read an empty one.
      notes_per_shard: at most.
    """

    def __init__(self, info: tfds.core.DatasetInfo, *, splits: Iterable[str], notes_per_shard: int):
        info.set_file_format('tfrecord')
        self._info = info
        self._notes_per_shard = notes_per_shard
        self._shard_lengths: dict[str, list[int]] = {split: [] for split in splits}
        self._num_bytes = dict.fromkeys(splits, 0)
        self._files: dict[str, tf.io.TFRecordWriter] = {}

    def __enter__(self) -> 'NoteWriter':
        return self

    def __exit__(self, kind, *_):
        for file in self._files.values():
            file.close()
        if kind is None:
            self._info.set_splits(tfds.core.SplitDict([
                tfds.core.SplitInfo(name=split, shard_lengths=lengths, num_bytes=self._num_bytes[split],
                                    filename_template=self._filename_template(split))
                for split, lengths in self._shard_lengths.items() if lengths]))
            self._info.write_to_directory(self._info.data_dir)

    def write(self, note: SourceNote, samples: np.ndarray) -> None:
        """Appends a note with its int16 [samples] to its split."""
        unordered = tf.train.Example.FromString(self._info.features.serialize_example(_example(note, samples)))
        record = unordered.SerializeToString(deterministic=True)
        lengths = self._shard_lengths[note.split]
        if not lengths or lengths[-1] == self._notes_per_shard:
            self._begin_shard(note.split)
        self._files[note.split].write(record)
        lengths[-1] += 1
        self._num_bytes[note.split] += len(record)

    def _begin_shard(self, split: str) -> None:
        if split in self._files:
            self._files[split].close()
        lengths = self._shard_lengths[split]
        path = self._filename_template(split).sharded_filepath(shard_index=len(lengths), num_shards=None)
        self._files[split] = tf.io.TFRecordWriter(os.fspath(path))
        lengths.append(0)

    def _filename_template(self, split: str) -> tfds.core.ShardedFileTemplate:
        # Without the number of shards, which is not known before the last note.
        return tfds.core.ShardedFileTemplate(
            dataset_name=self._info.name, data_dir=self._info.data_dir, split=split, filetype_suffix='tfrecord',
            template='{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_INDEX}')


def _example(note: SourceNote, samples: np.ndarray) -> dict:
    return {
        'id': note.name,
        'audio': samples,
        'pitch': note.pitch,
        'velocity': note.velocity,
        'instrument': {'label': note.instrument, 'family': note.family, 'source': note.origin},
        'qualities': {quality: quality in note.qualities for quality in QUALITIES},
    }


def _labels(known: Iterable[str], found: Iterable[str]) -> tfds.features.ClassLabel:
    return tfds.features.ClassLabel(names=[*known, *sorted(set(found).difference(known))])
