"""Reading exported models, to be played like any other: SavedModels, and networks for OpenVINO."""

import json
import os
import pathlib

import numpy as np
import tensorflow as tf

from gansynth_tf.config import Config, from_dict
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation.inference_graph import Synthesis
from gansynth_tf.spectral import normalizers

FORMAT = 'gansynth_tf SavedModel 1'
OPENVINO_FORMAT = 'gansynth_tf OpenVINO 1'
OPENVINO_FILE = 'generator.xml'
DESCRIPTION_FILE = 'description.json'
_FILE = 'saved_model.pb'


def open_export(directory: pathlib.Path, *, precision: str = 'fp32') -> 'ExportedModel | OpenVinoModel | None':
    """The export in a directory; None if there is none.

    Raises:
      InputError: if there is one that cannot be used.
    """
    if (directory / OPENVINO_FILE).exists():
        return OpenVinoModel(directory, precision=precision)
    saved_model = find(directory)
    return ExportedModel(saved_model) if saved_model else None


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
            self.config, self.vocabulary = _described(description, FORMAT)
        except (OSError, KeyError, ValueError, AttributeError, TypeError, tf.errors.OpError) as error:
            raise InputError(f'Cannot read the export: expected what gansynth_export wrote ({_first_line(error)}). '
                             f'Received: {str(directory)!r}') from error
        self._pitches = np.array(self.vocabulary.pitches, np.int32)
        self._generate = self._model.signatures['generate']

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        return self._generate(latents=tf.constant(latents), pitches=tf.constant(self._pitches[labels]))['audio']


class OpenVinoModel:
    """A generator that OpenVINO runs; TensorFlow makes waves of its images. Attributes as `ExportedModel`'s.

    Args:
      directory: holds `generator.xml`, `generator.bin`, `normalizer.json` and `description.json`.
      precision: 'fp32' or 'bf16', in which OpenVINO computes on processors that have it.

    Raises:
      InputError: if something is missing or damaged, or OpenVINO is not installed.
    """

    def __init__(self, directory: pathlib.Path, *, precision: str = 'fp32'):
        try:
            import openvino
        except ImportError as error:
            raise InputError(f"OpenVINO is missing: expected pip install 'gansynth-tf[openvino]' ({error}). "
                             f'Received: {str(directory)!r}') from error
        try:
            description = json.loads((directory / DESCRIPTION_FILE).read_text())
            self.config, self.vocabulary = _described(description, OPENVINO_FORMAT)
            hint = {'fp32': 'f32', 'bf16': 'bf16'}[precision]
            self._network = openvino.Core().compile_model(str(directory / OPENVINO_FILE), 'CPU',
                                                          {'INFERENCE_PRECISION_HINT': hint})
        except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(f'Cannot read the export: expected what gansynth_export wrote ({_first_line(error)}). '
                             f'Received: {str(directory)!r}') from error
        synthesis = Synthesis(self.config, description['num_blocks'], normalizers.read(directory))
        self._synthesis = tf.function(synthesis, autograph=False)

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        return self._synthesis(tf.constant(self._network({'latents': latents, 'labels': labels})[0]))


def _described(description: dict, expected_format: str) -> tuple[Config, PitchVocabulary]:
    if description['format'] != expected_format:
        raise ValueError(f'it is a {description["format"]!r}')
    counts = {int(pitch): count for pitch, count in description['pitch_counts'].items()}
    return from_dict(description['config']), PitchVocabulary(counts)


def _first_line(error: Exception) -> str:
    return str(error).strip().split('\n')[0]
