"""A trained auxiliary pitch classifier: loading, saving, features and logits."""

import hashlib
import os
import pathlib
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.classifier import classifier_network
from gansynth_tf.networks import weights

BUILT_IN_CLASSIFIER = pathlib.Path(__file__).resolve().parents[2] / 'pretrained' / 'classifier'
_WEIGHTS_FILE, _DESCRIPTION_FILE = 'classifier.npz', 'classifier.json'
_BOUNDS: dict[str, tuple[float, float]] = {'width': (1 / 1024, 4.0), 'sample_rate': (1000, 1_000_000),
                                           'audio_length': (1024, 1 << 24)}


class Classifier:
    """An auxiliary pitch classifier.

    Attributes:
      width: factor of the network's filters.
      sample_rate: Hz.
      audio_length: samples of a note that it uses; shorter ones are padded with silence.
    """

    def __init__(self, network: keras.Model, *, width: float, sample_rate: int, audio_length: int):
        self.width = width
        self.sample_rate = sample_rate
        self.audio_length = audio_length
        self._network = network
        self._outputs = tf.function(
            lambda waves: network(classifier_network.waves_to_images(waves), training=False),
            input_signature=[tf.TensorSpec([None, audio_length], tf.float32)])

    @property
    def fingerprint(self) -> str:
        """A digest of the weights."""
        digest = hashlib.sha256()
        for name, array in sorted(weights.to_arrays(self._network).items()):
            digest.update(name.encode() + array.tobytes())
        return digest.hexdigest()

    def outputs(self, waves: np.ndarray) -> dict[str, np.ndarray]:
        """Features and logits.

        Args:
          waves: float [batch, samples], full scale 1, at `sample_rate`, finite, of any loudness. Notes longer than
            `audio_length` are cut.

        Returns:
          float32 'features' [batch, features] and logits by head, as `classifier_network.build` has them.
        """
        waves = np.asarray(waves, np.float32)[:, :self.audio_length]
        padded = np.pad(waves, [(0, 0), (0, self.audio_length - waves.shape[1])])
        return {name: output.numpy() for name, output in self._outputs(padded).items()}

    def save(self, directory: str | os.PathLike, facts: Mapping[str, float]) -> None:
        """Writes `classifier.npz` (kernels in half precision) and `classifier.json`, with its accuracies, `facts`."""
        directory = files.make_directory(directory)
        arrays = {name: array.astype(np.float16) if array.ndim > 1 else array
                  for name, array in weights.to_arrays(self._network).items()}
        with files.atomic_write(directory / _WEIGHTS_FILE) as path:
            np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # as in training/checkpoints
        description = {'width': self.width, 'sample_rate': self.sample_rate, 'audio_length': self.audio_length,
                       'held_out_accuracy': dict(facts)}
        files.write_json(description, directory / _DESCRIPTION_FILE)


def load(directory: str | os.PathLike | None = None) -> Classifier:
    """The classifier that `gansynth_train_classifier` wrote into `directory`; the built-in one for None.

    Raises:
      InputError: if there is none, or it is damaged.
    """
    directory = BUILT_IN_CLASSIFIER if directory is None else files.expanded(directory)
    try:
        description = files.read_json(directory / _DESCRIPTION_FILE)
        facts = {name: _within(description[name], bounds) for name, bounds in _BOUNDS.items()}
        stored = files.read_arrays(directory / _WEIGHTS_FILE)
        arrays = {name: array.astype(np.float32) for name, array in stored.items()}
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError('weights are not finite')
        network = classifier_network.build(facts['width'])
        weights.from_arrays(network, arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'No pitch classifier: expected {_DESCRIPTION_FILE} and {_WEIGHTS_FILE} of '
                         f'gansynth_train_classifier ({error}). Received: {str(directory)!r}') from error
    return Classifier(network, **facts)


def _within(value, bounds: tuple[float, float]):
    """Returns `value`, which must be a number between the bounds, whole where the bounds are."""
    lowest, highest = bounds
    if isinstance(value, bool) or not isinstance(value, (int, type(highest))) or not lowest <= value <= highest:
        raise ValueError(f'{str(value)[:20]} is not from {lowest} to {highest}')
    return value
