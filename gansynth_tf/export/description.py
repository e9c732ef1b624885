"""The description of an export: its model's facts, origin and signatures."""

import os
import pathlib

import tensorflow as tf

import gansynth_tf
from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.export.served_model import SIGNATURES
from gansynth_tf.generation import exported_model
from gansynth_tf.networks.checkpoints import GeneratorState

PROVENANCE_FILE = 'provenance.json'  # beside a model: any facts on its origin, and `data_licence`
_UNKNOWN = 'not recorded with the model'


def read_provenance(directory: str | os.PathLike) -> dict:
    """The facts in a model directory's `provenance.json`; none if there is no such file.

    Raises:
      InputError: if it is not a JSON object.
    """
    path = pathlib.Path(directory) / PROVENANCE_FILE
    return files.read_json(path) if path.exists() else {}


def describe(config: Config, vocabulary: PitchVocabulary, state: GeneratorState, *, provenance: dict,
             data_licence: str | None = None, form: str = exported_model.FORMAT) -> dict:
    """The facts on an export as plain values, for programs and people."""
    return {
        'format': form,
        'pitches': list(vocabulary.pitches),
        'pitch_counts': {str(pitch): count for pitch, count in vocabulary.counts.items()},
        'sample_rate': config.sample_rate,
        'audio_length': config.audio_length,
        'latent_size': config.latent_vector_size,
        'num_blocks': state.num_blocks,
        'progress': state.progress,
        'data_licence': data_licence or provenance.get('data_licence', _UNKNOWN),
        'provenance': {'gansynth_tf': gansynth_tf.__version__, 'tensorflow': tf.__version__, **provenance},
        'config': config.to_dict(),
        'signatures': {name: {'output': output, 'inputs': inputs} for name, (output, inputs) in SIGNATURES.items()},
    }
