"""The NSynth WaveNet autoencoder: notes to codes, codes to notes, and mixtures of notes by their codes.

    autoencoder = wavenet_autoencoder.load('my_model')      # a run or an import; from_arrays(arrays) of weights
    codes = autoencoder.encode(audio)                       # [n, 125, 16] of 4 s at 16 kHz
    between = wavenet_autoencoder.mix(codes[0], codes[1], [0.0, 0.5, 1.0])
    audio = autoencoder.decode(between, seed=0)

`PRESETS` and `create` are what gansynth_train asks for. It has no latents; as an instrument,
which `load_instrument` opens for `gansynth_tf.load`, a run plays mixtures of the notes that it keeps.

Source: Engel et al. 2017, "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders"; Magenta's h512_bo16.
"""

import os
import pathlib
import re
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavenet_files, wavenet_networks
from gansynth_tf.baselines.wavenet_config import AUTOENCODER_PRESETS, AutoencoderConfig
from gansynth_tf.baselines.wavenet_model import WaveNetModel
from gansynth_tf.baselines.wavenet_sampler import NoteSampler
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import DEFAULT_BATCH_SIZE, BatchedInstrument
from gansynth_tf.networks import checkpoints
from gansynth_tf.networks.weights import check

PRESETS = AUTOENCODER_PRESETS
create = WaveNetModel
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
        check('WaveNet', wavenet_networks.shapes(config), weights)
        self.config = config
        self.weights = {name: tf.constant(array, tf.float32) for name, array in weights.items()}
        self._sampler = NoteSampler(self.weights, config)
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
        """Predictions of the decoder for each sample from those before it.

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

    def decode(self, encoding: np.ndarray, *, seed: int = 0) -> np.ndarray:
        """Codes to notes, drawn sample after sample.

        Args:
          encoding: float [n, frames, channels].
          seed: decides the draws. Every note is drawn by the same numbers, so that the codes alone tell them apart.

        Returns:
          float32 [n, frames * ae_hop_length], full scale 1.

        Raises:
          InputError: if the codes are misshapen or not finite.
        """
        return self.decode_by(encoding, np.full([len(encoding), 1], seed, np.uint32).view(np.float32))

    def decode_by(self, encoding: np.ndarray, latents: np.ndarray) -> np.ndarray:
        """As `decode`, but each note is drawn by the numbers that its latent, float [n, size], stands for."""
        return self._sampler.notes(self._checked_encoding(encoding), latents)

    def _checked_encoding(self, encoding: np.ndarray) -> np.ndarray:
        encoding, channels = np.asarray(encoding, np.float32), self.config.ae_bottleneck_width
        if encoding.ndim != 3 or encoding.shape[2] != channels or not encoding.shape[1]:
            raise InputError(f'Misshapen encoding: expected [n, frames, {channels}]. Received: {list(encoding.shape)}')
        if not np.isfinite(encoding).all():
            raise InputError('Unusable encoding: expected finite numbers. Received: NaN or infinity')
        return encoding


def from_arrays(arrays: Mapping[str, np.ndarray], **others: int) -> WaveNetAutoencoder:
    """An autoencoder of weights by the original's names, `<layer>/W` and `<layer>/biases`.

    Numbers of layers and channels are read off the names and shapes; the rest, which they do not tell, is that of the
    published model unless given. A checkpoint's averages and moments may be among the arrays and are passed over.

    Args:
      arrays: the weights.
      others: hyperparameters of `AutoencoderConfig` that are not the published model's, such as `num_stages`,
        `ae_num_stages` and `ae_hop_length`.

    Raises:
      InputError: if a weight is missing, unknown or of another shape.
    """
    weights = {name: array for name, array in arrays.items() if not _NO_WEIGHT.fullmatch(name)}
    hop_length = others.get('ae_hop_length', AutoencoderConfig().ae_hop_length)
    lengths = {'crop_length': hop_length, 'audio_length': 125 * hop_length}  # multiples of it, of use only in training
    config = AutoencoderConfig.from_dict(wavenet_networks.sizes_of(weights) | lengths | others)
    return WaveNetAutoencoder(weights, config)


def load(directory: str | os.PathLike, *, ema: bool = True) -> WaveNetAutoencoder:
    """Opens a run, or an imported model.

    Args:
      directory: where it is.
      ema: of a run, the average of the weights.

    Raises:
      InputError: if there is no such model, or it is damaged.
    """
    config, weights = wavenet_files.read(directory, AutoencoderConfig, ema=ema)
    return WaveNetAutoencoder(weights, config)


def mix(first: np.ndarray, second: np.ndarray, fractions: Sequence[float]) -> np.ndarray:
    """Codes between those of two notes, mixed frame by frame: float32 [len(fractions), frames, channels].

    Args:
      first: float [frames, channels].
      second: likewise.
      fractions: how much of the second there is in each, 0 to 1.

    Raises:
      InputError: if the two have different shapes.
    """
    if np.ndim(first) != 2 or np.shape(first) != np.shape(second):
        raise InputError(f'Codes that cannot be mixed: expected two of the same [frames, channels]. '
                         f'Received: {list(np.shape(first))} and {list(np.shape(second))}')
    share = np.asarray(fractions, np.float32)[:, np.newaxis, np.newaxis]
    return (1.0 - share) * np.asarray(first, np.float32) + share * np.asarray(second, np.float32)


def load_instrument(directory: pathlib.Path, *, ema: bool = True, precision: str = 'fp32',
                    latent_scale: float | None = None, batch_size: int = DEFAULT_BATCH_SIZE,
                    checkpoint: str = checkpoints.LATEST) -> BatchedInstrument:
    """Opens a run as an instrument: a note is a mixture of the codes of the notes that the run keeps of its pitch.

    The exponentials of the latent's numbers, divided by their sum, are the parts of the notes.

    Args:
      directory: the run's.
      ema: play with the average of the weights.
      precision: 'fp32' alone.
      latent_scale: 0 for equal parts of all notes; the larger, the more like one of them.
      batch_size: notes drawn at once.
      checkpoint: 'latest' alone, since checkpoints are not compared.

    Raises:
      InputError: if something is missing, damaged or impossible.
    """
    checkpoints.require_plain(AutoencoderConfig.MODEL, precision=precision, checkpoint=checkpoint)
    if not (directory / wavenet_files.NOTES_FILE).exists():
        raise InputError(f'No notes to play: expected a training run, which keeps some; an imported autoencoder only '
                         f'encodes and decodes, see gansynth_tf.baselines.wavenet_autoencoder.load. '
                         f'Received: {str(directory)!r}')
    autoencoder, kept = load(directory, ema=ema), wavenet_files.read_notes(directory)
    config = autoencoder.config
    codes: dict[int, np.ndarray] = {}  # by pitch label, encoded when they are first asked for

    def waves(latents, labels):
        for label in set(labels.tolist()) - codes.keys():
            codes[label] = autoencoder.encode(kept[label])
        parts = np.exp(latents - latents.max(axis=1, keepdims=True))
        parts /= parts.sum(axis=1, keepdims=True)
        encoding = np.stack([np.tensordot(part, codes[label], 1) for part, label in zip(parts, labels.tolist())])
        return autoencoder.decode_by(encoding, latents)
    return BatchedInstrument(waves, sample_rate=config.sample_rate, audio_length=config.audio_length,
                             latent_size=config.latent_size, pitch_counts=vocabulary.read(directory).counts,
                             batch_size=batch_size, latent_scale=1.0 if latent_scale is None else latent_scale)


def _checked_waves(audio: np.ndarray) -> np.ndarray:
    waves = np.asarray(audio, np.float32)
    if waves.ndim != 2:
        raise InputError(f'Misshapen audio: expected [n, samples]. Received: {list(waves.shape)}')
    if not np.isfinite(waves).all():
        raise InputError('Unusable audio: expected finite samples. Received: NaN or infinity')
    return waves
