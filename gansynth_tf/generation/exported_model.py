"""SavedModels, read to be played like any other model; `network_model` reads networks alone."""

import functools
import logging
import os
import pathlib

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.data import timbre_code_file
from gansynth_tf.errors import InputError, first_line
from gansynth_tf.generation import network_model

FORMAT = 'gansynth_tf SavedModel 1'
SAVED_MODEL = 'saved_model'  # TensorFlow's own format, beside those of `network_model.ENGINES`
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


def require_format(directory: pathlib.Path, name: str) -> None:
    """Raises an InputError if a directory holds an export of another format than `name`, since their files would mix.

    Args:
      directory: to which an export is to be written.
      name: `SAVED_MODEL`, or one of `network_model.ENGINES`.
    """
    there = [other for other, engine in network_model.ENGINES.items() if (directory / engine.file).exists()]
    if find(directory):
        there.append(SAVED_MODEL)
    if others := [other for other in there if other != name]:
        raise InputError(f'The directory holds another export: expected a new one, or one with --format={name}. '
                         f'Received: {str(directory)!r} with --format={others[0]}')


class ExportedModel:
    """An export, as a source of waves.

    Args:
      directory: holds `saved_model.pb`.

    Attributes:
      config: the hyperparameters of the model that was exported.
      vocabulary: the pitches that it knows.
      codes: around which its random latents lie, see `timbre_codes`; None if they lie around 0.

    Raises:
      InputError: if it cannot be loaded, or is not an export of this package.
    """

    def __init__(self, directory: str | os.PathLike):
        _warn_of_programs()
        try:
            self._model = tf.saved_model.load(os.fspath(directory))
            description = files.parse_json(self._model.signatures['describe']()['description'].numpy())
            self.config, self.vocabulary = network_model.described(description, FORMAT)
            self.codes = timbre_code_file.of_model(directory, self.config)
        except (OSError, LookupError, ValueError, AttributeError, TypeError, RuntimeError, tf.errors.OpError) as error:
            raise network_model.unreadable(directory, error) from error
        self._pitches = np.array(self.vocabulary.pitches, np.int32)
        # Exports made before there was generate_raw had its audio under the name generate.
        signatures = self._model.signatures
        self._generate = signatures['generate_raw' if 'generate_raw' in signatures else 'generate']

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        try:
            return self._generate(latents=tf.constant(latents), pitches=tf.constant(self._pitches[labels]))['audio']
        except tf.errors.OpError as error:
            raise InputError(f'Unusable export: expected one that plays. '
                             f'Received: {first_line(error)}') from error


@functools.cache
def _warn_of_programs() -> None:
    """Warns once that a SavedModel is a program."""
    logging.warning('A SavedModel is a program, which can read and write files: play only those that you trust.')
