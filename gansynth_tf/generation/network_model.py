"""Exports of a network alone, read and played by another engine, without TensorFlow."""

import dataclasses
import importlib
import os
import pathlib
import typing
from collections.abc import Callable, Mapping

import numpy as np

from gansynth_tf import files
from gansynth_tf.config import Config, from_dict
from gansynth_tf.data import timbre_code_file, vocabulary
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError, first_line
from gansynth_tf.instrument import shortened, whole_number
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.numpy_synthesis import NumpySynthesis
from gansynth_tf.spectral.pitch import midi_to_hz

DESCRIPTION_FILE = 'description.json'


def open_export(directory: pathlib.Path, *, precision: str = 'fp32', phase_locking: bool = True
                ) -> 'NetworkModel | None':
    """The network in a directory; None if there is none.

    Raises:
      InputError: if there is one that cannot be used.
    """
    for engine in ENGINES.values():
        if (directory / engine.file).exists():
            return NetworkModel(directory, engine, precision=precision, phase_locking=phase_locking)
    return None


class NetworkModel:
    """A generator that another engine runs; waves are made of its images in NumPy.

    Args:
      directory: holds `engine.file`, `normalizer.json` and `description.json`.
      engine: one of `ENGINES`.
      precision: 'fp32' or, with OpenVINO on processors that have it, 'bf16'.
      phase_locking: as `gansynth_tf.load` has it.

    Attributes:
      config: the hyperparameters of the model that was exported.
      vocabulary: the pitches that it knows.
      codes: around which its random latents lie, see `timbre_codes`; None if they lie around 0.

    Raises:
      InputError: if something is missing or damaged, or the engine is not installed.
    """

    def __init__(self, directory: pathlib.Path, engine: 'Engine', *, precision: str = 'fp32',
                 phase_locking: bool = True):
        engine.check_installed()
        try:
            description = files.read_json(directory / DESCRIPTION_FILE)
            self.config, self.vocabulary = described(description, engine.form)
            self.codes = timbre_code_file.of_model(directory, self.config)
            self._fundamentals = midi_to_hz(self.vocabulary.pitches).astype(np.float32)
            num_blocks = whole_number(description['num_blocks'], 'num_blocks', lowest=1)
            self._synthesis = NumpySynthesis(self.config, num_blocks, normalizers.read(directory),
                                             phase_locking=phase_locking)
        except (KeyError, ValueError, TypeError) as error:
            raise unreadable(directory, error) from error
        try:
            self._network = engine.open(directory / engine.file, precision)
        except InputError:
            raise
        except Exception as error:  # each engine has its own exceptions for unusable files
            raise unreadable(directory, error) from error

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        return self._synthesis(self._network(latents, labels), self._fundamentals[labels])


_Network = Callable[[np.ndarray, np.ndarray], np.ndarray]  # from latents and labels to images


def _open_openvino(path: pathlib.Path, precision: str) -> _Network:
    import openvino
    hint = {'fp32': 'f32', 'bf16': 'bf16'}[precision]
    network = openvino.Core().compile_model(str(path), 'CPU', {'INFERENCE_PRECISION_HINT': hint})
    return lambda latents, labels: network({'latents': latents, 'labels': labels})[0]


def _open_litert(path: pathlib.Path, precision: str) -> _Network:
    _check_single(precision, 'LiteRT')
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=path.read_bytes(), num_threads=os.cpu_count())
    network = interpreter.get_signature_runner()
    return lambda latents, labels: next(iter(network(latents=latents, labels=labels).values()))


def _open_onnx(path: pathlib.Path, precision: str) -> _Network:
    _check_single(precision, 'ONNX Runtime')
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    # Waiting threads would spin: that takes twice the processor time, and half the speed where the processor is shared.
    settings.add_session_config_entry('session.intra_op.allow_spinning', '0')
    network = onnxruntime.InferenceSession(path.read_bytes(), settings, providers=['CPUExecutionProvider'])
    return lambda latents, labels: network.run(None, {'latents': latents, 'labels': labels})[0]


def _check_single(precision: str, name: str) -> None:
    if precision != 'fp32':
        raise InputError(f"Impossible precision for {name}: expected 'fp32'. Received: {precision!r}")


@dataclasses.dataclass(frozen=True)
class Engine:
    """A program other than TensorFlow that runs networks.

    Attributes:
      name: as errors tell it.
      package: its module, to be imported.
      extra: the extra of this package that installs it.
      file: the name of an export's network.
      form: the "format" in an export's description.
      open: from the path of such a file and a precision to the network.
    """

    name: str
    package: str
    extra: str
    file: str
    form: str
    open: Callable[[pathlib.Path, str], _Network]

    def check_installed(self) -> None:
        """Raises an `InputError` that names the extra, if the engine cannot be imported."""
        try:
            importlib.import_module(self.package)
        except ImportError as error:
            raise InputError(f"{self.name} is missing: expected pip install 'gansynth-tf[{self.extra}]'. "
                             f'Received: {error}') from error


ENGINES: Mapping[str, Engine] = {
    'openvino': Engine('OpenVINO', 'openvino', 'openvino', 'generator.xml', 'gansynth_tf OpenVINO 1', _open_openvino),
    'litert': Engine('LiteRT', 'ai_edge_litert', 'litert', 'generator.tflite', 'gansynth_tf LiteRT 1', _open_litert),
    'onnx': Engine('ONNX Runtime', 'onnxruntime', 'onnx', 'generator.onnx', 'gansynth_tf ONNX 1', _open_onnx)}


def described(description: typing.Any, expected_format: str) -> tuple[Config, PitchVocabulary]:
    """Configuration and vocabulary from an export's description, which must have the expected format."""
    if description['format'] != expected_format:
        raise ValueError(f'it is a {shortened(description["format"])}')
    return from_dict(description['config']), vocabulary.from_json(description['pitch_counts'], 'description')


def unreadable(directory: str | os.PathLike, error: Exception) -> InputError:
    """The error of an export that cannot be read."""
    return InputError(f'Cannot read the export: expected what gansynth_export wrote ({first_line(error)}). '
                      f'Received: {str(directory)!r}')
