"""How a prepared note is stored: NSynth's feature names, as TFDS has them, for any sample rate and length."""

import os
import pathlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

import gansynth_tf
from gansynth_tf.data.note_source import FAMILIES, ORIGINS, QUALITIES, NoteSource, SourceNote

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
        homepage=source.homepage, citation=source.citation, license=source.license,
        metadata=tfds.core.MetadataDict(source=source.kind, sample_rate=sample_rate, audio_length=audio_length))


def example(note: SourceNote, samples: np.ndarray) -> dict:
    """A note with its int16 [samples], by feature names."""
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
