"""Reading exported models, to be played like any other: SavedModels, and networks alone."""

import dataclasses
import functools
import importlib
import logging
import os
import pathlib
import typing
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.config import Config, from_dict
from gansynth_tf.data import timbre_codes, vocabulary
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation.inference_graph import Synthesis
from gansynth_tf.instrument import shortened, whole_number
from gansynth_tf.spectral import normalizers

FORMAT = 'gansynth_tf SavedModel 1'
SAVED_MODEL = 'saved_model'  # the format that is not an engine's
DESCRIPTION_FILE = 'description.json'
_FILE = 'saved_model.pb'


def open_export(directory: pathlib.Path, *, precision: str = 'fp32', phase_locking: bool = True
                ) -> 'ExportedModel | NetworkModel | None':
    """The export in a directory; None if there is none.

    Raises:
      InputError: if there is one that cannot be used.
    """
    for engine in ENGINES.values():
        if (directory / engine.file).exists():
            return NetworkModel(directory, engine, precision=precision, phase_locking=phase_locking)
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


def require_format(directory: pathlib.Path, name: str) -> None:
    """Raises an InputError if a directory holds an export of another format than `name`, whose files would mix.

    Args:
      directory: where an export is to go.
      name: `SAVED_MODEL`, or one of `ENGINES`.
    """
    there = [other for other, engine in ENGINES.items() if (directory / engine.file).exists()]
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
      codes: where its random latents lie, see `timbre_codes`; None if around 0.

    Raises:
      InputError: if it cannot be loaded, or is not an export of this package.
    """

    def __init__(self, directory: str | os.PathLike):
        _warn_of_programs()
        try:
            self._model = tf.saved_model.load(os.fspath(directory))
            description = files.parse_json(self._model.signatures['describe']()['description'].numpy())
            self.config, self.vocabulary = _described(description, FORMAT)
            self.codes = _codes(pathlib.Path(directory), self.config)
        except (OSError, KeyError, ValueError, AttributeError, TypeError, RuntimeError, tf.errors.OpError) as error:
            raise _unreadable(directory, error) from error
        self._pitches = np.array(self.vocabulary.pitches, np.int32)
        # Exports made before there was generate_raw had its audio under the name generate.
        signatures = self._model.signatures
        self._generate = signatures['generate_raw' if 'generate_raw' in signatures else 'generate']

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        try:
            return self._generate(latents=tf.constant(latents), pitches=tf.constant(self._pitches[labels]))['audio']
        except tf.errors.OpError as error:
            raise InputError(f'Unusable export: expected one that plays. Received: {_first_line(error)}') from error


class NetworkModel:
    """A generator that another engine runs; TensorFlow makes waves of its images. Attributes as `ExportedModel`'s.

    Args:
      directory: holds `engine.file`, `normalizer.json` and `description.json`.
      engine: one of `ENGINES`.
      precision: 'fp32' or, with OpenVINO, 'bf16', in which it computes on processors that have it.
      phase_locking: as `gansynth_tf.load` has it.

    Raises:
      InputError: if something is missing or damaged, or the engine is not installed.
    """

    def __init__(self, directory: pathlib.Path, engine: 'Engine', *, precision: str = 'fp32',
                 phase_locking: bool = True):
        engine.check_installed()
        try:
            description = files.read_json(directory / DESCRIPTION_FILE)
            self.config, self.vocabulary = _described(description, engine.form)
            self.codes = _codes(directory, self.config)
            num_blocks = whole_number(description['num_blocks'], 'num_blocks', lowest=1)
            synthesis = Synthesis(self.config, num_blocks, normalizers.read(directory), phase_locking=phase_locking)
        except (KeyError, ValueError, TypeError) as error:
            raise _unreadable(directory, error) from error
        try:
            self._network = engine.open(directory / engine.file, precision)
        except InputError:
            raise
        except Exception as error:  # what is wrong with a file, each engine says with exceptions of its own
            raise _unreadable(directory, error) from error
        self._synthesis = tf.function(synthesis, autograph=False, reduce_retracing=True)

    def waves(self, latents: np.ndarray, labels: np.ndarray) -> tf.Tensor:
        """Notes: float32 [n, latent_vector_size], int32 pitch labels [n] -> float32 [n, audio_length]."""
        return self._synthesis(tf.constant(self._network(latents, labels)))


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
    network = onnxruntime.InferenceSession(path.read_bytes(), providers=['CPUExecutionProvider'])
    return lambda latents, labels: network.run(None, {'latents': latents, 'labels': labels})[0]


def _check_single(precision: str, name: str) -> None:
    if precision != 'fp32':
        raise InputError(f"Impossible precision for {name}: expected 'fp32'. Received: {precision!r}")


@dataclasses.dataclass(frozen=True)
class Engine:
    """Something else than TensorFlow that runs networks.

    Attributes:
      name: its name.
      package: its module, to be imported.
      extra: the extra of this package that installs it.
      file: an export's network.
      form: what an export's description calls itself.
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


def _described(description: typing.Any, expected_format: str) -> tuple[Config, PitchVocabulary]:
    if description['format'] != expected_format:
        raise ValueError(f'it is a {shortened(description["format"])}')
    return from_dict(description['config']), vocabulary.from_json(description['pitch_counts'], 'description')


def _codes(directory: pathlib.Path, config: Config) -> np.ndarray | None:
    return timbre_codes.read(directory, config.latent_vector_size) if config.latent_noise else None


@functools.cache
def _warn_of_programs() -> None:
    """Says once that a SavedModel is more than data."""
    logging.warning('A SavedModel is a program, which can read and write files: play only those that you trust.')


def _unreadable(directory: str | os.PathLike, error: Exception) -> InputError:
    return InputError(f'Cannot read the export: expected what gansynth_export wrote ({_first_line(error)}). '
                      f'Received: {str(directory)!r}')


def _first_line(error: Exception) -> str:
    lines = str(error).strip().split('\n')
    return lines[0][:300]
