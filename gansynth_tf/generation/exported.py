"""Reading exported models: SavedModels that play by themselves, here played like any other model."""

import json
import os
import pathlib

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config, from_dict
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError

FORMAT = 'gansynth_tf SavedModel 1'
_FILE = 'saved_model.pb'


def find(directory: str | os.PathLike) -> pathlib.Path | None:
    """The SavedModel in a directory: the directory itself, or its subdirectory with the highest version number.

    That is TensorFlow Serving's layout. None if there is no SavedModel.
    """
    directory = pathlib.Path(directory)
    if (directory / _FILE).exists():
        return directory
    return max((path.parent for path in directory.glob(f'*/{_FILE}') if path.parent.name.isdecimal()),
               key=lambda path: int(path.name), default=None)


class ExportedModel:
    """An export, as a source of waves.

    Args:
      directory: holds `saved_model.pb`.

    Attributes:
      config: the hyperparameters of the model that was exported.
      vocabulary: the pitches that it knows.

    Raises:
      InputError: if it cannot be loaded, or is not an export of this package.
    """

    def __init__(self, directory: str | os.PathLike):
        try:
            self._model = tf.saved_model.load(os.fspath(directory))
            description = json.loads(self._model.signatures['describe']()['description'].numpy())
            if description['format'] != FORMAT:
                raise ValueError(f'it is a {description["format"]!r}')
            self.config: Config = from_dict(description['config'])
            self.vocabulary = PitchVocabulary({int(p): count for p, count in description['pitch_counts'].items()})
        except (OSError, KeyError, ValueError, AttributeError, TypeError, tf.errors.OpError) as error:
            raise InputError(f'Cannot read the export: expected what gansynth_export wrote ({_first_line(error)}). '
                             f'Received: {str(directory)!r}') from error
        self._pitches = np.array(self.vocabulary.pitches, np.int32)
        self._generate = self._model.signatures['generate']

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        return self._generate(latents=tf.constant(latents), pitches=tf.constant(self._pitches[labels]))['audio']


def _first_line(error: Exception) -> str:
    return str(error).strip().split('\n')[0]
