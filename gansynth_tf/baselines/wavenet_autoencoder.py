"""The NSynth WaveNet autoencoder: notes to codes, codes to notes, and mixtures of notes by their codes.

    autoencoder = wavenet_autoencoder.from_arrays(arrays)   # by the original's names
    codes = autoencoder.encode(audio)                       # [n, 125, 16] of 4 s at 16 kHz
    audio = autoencoder.decode(codes, seed=0)

Source: Engel et al. 2017, "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders"; Magenta's h512_bo16.
"""

import re
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavenet_networks
from gansynth_tf.baselines.wavenet_config import AUTOENCODER_PRESETS, AutoencoderConfig
from gansynth_tf.errors import InputError

# What a checkpoint of the original's holds besides weights.
_NO_WEIGHT = re.compile(r'.*/(ExponentialMovingAverage|Adam|Adam_1)|global_step|beta[12]_power')


class WaveNetAutoencoder:
    """A trained autoencoder.

    Args:
      weights: float32 arrays by the original's names.
      config: what the networks look like.

    Raises:
      InputError: if a weight is missing, unknown or of another shape.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], config: AutoencoderConfig):
        wavenet_networks.check(weights, wavenet_networks.shapes(config))
        self.config = config
        self.weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
        self._encode = tf.function(lambda waves: wavenet_networks.encode(self.weights, config, waves),
                                   input_signature=[tf.TensorSpec([None, None])])
        self._logits = tf.function(
            lambda waves, encoding: wavenet_networks.logits(self.weights, config, waves, encoding),
            input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None, None, None])])

    def encode(self, audio: np.ndarray) -> np.ndarray:
        """Notes to codes.

        Args:
          audio: float [n, samples], full scale 1; what exceeds a multiple of the hop is left out, as by the original.

        Returns:
          float32 [n, frames, channels], a frame for each whole hop (512 samples).

        Raises:
          InputError: if notes are shorter than a hop, misshapen, or not finite.
        """
        waves = _checked_waves(audio)
        hop_length = self.config.ae_hop_length
        num_frames = waves.shape[1] // hop_length
        if not num_frames:
            raise InputError(f'Too short to encode: expected at least {hop_length} samples. Received: {waves.shape[1]}')
        return self._encode(waves[:, :num_frames * hop_length]).numpy()

    def logits(self, audio: np.ndarray, encoding: np.ndarray) -> np.ndarray:
        """What the decoder expects of each sample, having heard those before.

        Args:
          audio: float [n, samples], full scale 1.
          encoding: float [n, frames, channels]; each frame is held for samples / frames.

        Returns:
          float32 [n, samples, 256], logits of the mu-law classes.

        Raises:
          InputError: if the two do not fit each other.
        """
        waves, encoding = _checked_waves(audio), self._checked_encoding(encoding)
        if len(waves) != len(encoding) or waves.shape[1] % encoding.shape[1]:
            raise InputError(f'Audio and encoding do not fit: expected as many notes, and a multiple of the frames in '
                             f'samples. Received: audio {list(waves.shape)}, encoding {list(encoding.shape)}')
        return self._logits(waves, encoding).numpy()

    def _checked_encoding(self, encoding: np.ndarray) -> np.ndarray:
        encoding, channels = np.asarray(encoding, np.float32), self.config.ae_bottleneck_width
        if encoding.ndim != 3 or encoding.shape[2] != channels or not encoding.shape[1]:
            raise InputError(f'Misshapen encoding: expected [n, frames, {channels}]. Received: {list(encoding.shape)}')
        if not np.isfinite(encoding).all():
            raise InputError('Unusable encoding: expected finite numbers. Received: NaN or infinity')
        return encoding


def from_arrays(arrays: Mapping[str, np.ndarray], *, num_stages: int = 10, ae_num_stages: int = 10,
                ae_hop_length: int = 512) -> WaveNetAutoencoder:
    """An autoencoder of weights by the original's names, `<layer>/W` and `<layer>/biases`.

    Numbers of layers and channels are read off the names and shapes; the rest, which they do not tell, is that of the
    published model unless given. A checkpoint's averages and moments may be among the arrays and are passed over.

    Args:
      arrays: the weights.
      num_stages: layers of the decoder after which the dilation begins at 1 again.
      ae_num_stages: likewise of the encoder.
      ae_hop_length: samples of a frame.

    Raises:
      InputError: if a weight is missing, unknown or of another shape.
    """
    weights = {name: array for name, array in arrays.items() if not _NO_WEIGHT.fullmatch(name)}
    config = AutoencoderConfig(num_stages=num_stages, ae_num_stages=ae_num_stages,
                           ae_hop_length=ae_hop_length, crop_length=ae_hop_length, audio_length=125 * ae_hop_length,
                           **wavenet_networks.sizes_of(weights))
    return WaveNetAutoencoder(weights, config)


def _checked_waves(audio: np.ndarray) -> np.ndarray:
    waves = np.asarray(audio, np.float32)
    if waves.ndim != 2:
        raise InputError(f'Misshapen audio: expected [n, samples]. Received: {list(waves.shape)}')
    if not np.isfinite(waves).all():
        raise InputError('Unusable audio: expected finite samples. Received: NaN or infinity')
    return waves
