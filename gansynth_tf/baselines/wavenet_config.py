"""Hyperparameters of the two WaveNets, by Magenta's names and with the values of her h512_bo16 where it has them."""

import dataclasses
import types
import typing
from collections.abc import Mapping

from gansynth_tf.hyperparameters import FREE, Hyperparameters, hyperparameter, require

_MOST_CHANNELS, _MOST_LAYERS = 4096, 100  # together some 10**10 weights
_LONGEST_HOP = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecoderConfig(Hyperparameters):
    """Hyperparameters of both models: of the decoder and its training.

    Raises:
      InputError: on construction, if a value is of the wrong type, out of range or impossible beside the others.
    """

    sample_rate: int = hyperparameter(16000, 'Hz', above=0, at_most=10**6)
    audio_length: int = hyperparameter(64000, 'samples of a note', above=0, at_most=10**8)
    num_layers: int = hyperparameter(30, "the decoder's dilated layers", above=0, at_most=_MOST_LAYERS)
    num_stages: int = hyperparameter(10, 'layers after which its dilation, 1, 2, 4, ..., begins at 1 again', above=0,
                                     at_most=20)
    width: int = hyperparameter(512, "the decoder's channels", above=0, at_most=_MOST_CHANNELS)
    skip_width: int = hyperparameter(256, 'channels of its skip connections', above=0, at_most=_MOST_CHANNELS)
    ae_hop_length: int = hyperparameter(512, 'samples per frame of its conditioning', above=0,
                                        at_most=_LONGEST_HOP)
    crop_length: int = hyperparameter(6144, 'samples of a note in an update', above=0, at_most=10**8)
    batch_size: int = hyperparameter(32, 'notes of an update', above=0, at_most=65536)
    learning_rate: float = hyperparameter(2e-4, 'first learning rate of Adam', above=0, at_most=10**6, on_resume=FREE)
    learning_rate_steps: tuple[int, ...] = hyperparameter(
        (90_000, 120_000, 150_000, 180_000, 210_000, 240_000), 'updates after which the learning rate is the first '
        'times 2/3, 3/10, 1/5, 1/10, 3/100, 1/100', at_least=0, at_most=10**12, on_resume=FREE)
    ema_decay: float = hyperparameter(0.9999, 'of the average of the weights, which follows faster at first',
                                      at_least=0, below=1, on_resume=FREE)
    total_num_images: int = hyperparameter(6_400_000, 'notes that training sees', above=0, at_most=10**12,
                                           on_resume=FREE)
    save_summaries_num_images: int = hyperparameter(3200, 'notes from one summary to the next', above=0,
                                                    at_most=10**12, on_resume=FREE)
    seed: int = hyperparameter(0, 'seed of all random numbers', at_least=0, below=2**31)

    def __post_init__(self):
        super().__post_init__()
        for name in ('crop_length', 'audio_length'):
            require(getattr(self, name) % self.ae_hop_length == 0, name,
                    f'a multiple of ae_hop_length = {self.ae_hop_length}', getattr(self, name))
        require(self.crop_length <= self.audio_length, 'crop_length', f'at most audio_length = {self.audio_length}',
                self.crop_length)
        require(len(self.learning_rate_steps) == len(RATES), 'learning_rate_steps', f'{len(RATES)} numbers of updates',
                self.learning_rate_steps)

    @property
    def encoding_channels(self) -> int:
        """Channels of what conditions the decoder."""
        raise NotImplementedError

    def learning_rate_after(self, num_updates: int) -> float:
        """The learning rate of the next update."""
        return self.learning_rate * (1.0, *RATES)[sum(num_updates >= step for step in self.learning_rate_steps)]

    def ema_decay_after(self, num_updates: int) -> float:
        """The decay of the average of the weights after a number of updates."""
        return min(self.ema_decay, (1 + num_updates) / (10 + num_updates))


@dataclasses.dataclass(frozen=True, kw_only=True)
class AutoencoderConfig(DecoderConfig):
    """Every hyperparameter of the NSynth autoencoder.

    Raises:
      InputError: on construction, as for `DecoderConfig`.
    """

    MODEL = 'wavenet_autoencoder'

    ae_num_layers: int = hyperparameter(30, "the encoder's dilated layers", above=0, at_most=_MOST_LAYERS)
    ae_num_stages: int = hyperparameter(10, 'layers after which its dilation begins at 1 again', above=0, at_most=20)
    ae_width: int = hyperparameter(128, "the encoder's channels", above=0, at_most=_MOST_CHANNELS)
    ae_bottleneck_width: int = hyperparameter(16, 'channels of a code', above=0, at_most=_MOST_CHANNELS)

    latent_size: int = hyperparameter(4, 'notes kept of each pitch; as an instrument it plays mixtures of their codes, '
                                      'a number of the latent for each', above=0, at_most=1000)

    @property
    def encoding_channels(self) -> int:
        return self.ae_bottleneck_width


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveNetConfig(DecoderConfig):
    """Every hyperparameter of the WaveNet that a pitch conditions.

    Raises:
      InputError: on construction, as for `DecoderConfig`.
    """

    MODEL = 'wavenet'

    pitch_width: int = hyperparameter(512, 'channels of the layers that the pitch goes through', above=0,
                                      at_most=_MOST_CHANNELS)
    pitch_on_seconds: float = hyperparameter(3.0, 'how long from its start a note has its pitch', above=0,
                                             at_most=10**6)

    latent_size: int = hyperparameter(16, "numbers that seed a note's draws", above=0, at_most=10**6)

    @property
    def encoding_channels(self) -> int:
        return self.pitch_width


RATES = (2 / 3, 3 / 10, 1 / 5, 1 / 10, 3 / 100, 1 / 100)  # of the first learning rate, after each of its steps

# For two processor cores, an hour or three: a quarter of the batch, an eighth of the width, two thirds of the
# layers, shorter crops, and so higher rates.
_SMALL: dict[str, typing.Any] = dict(
    num_layers=20, width=64, skip_width=64, crop_length=5120, batch_size=8, learning_rate=2e-3, ema_decay=0.999,
    learning_rate_steps=(1000, 1500, 2000, 2250, 3000, 3750), total_num_images=20_000, save_summaries_num_images=1600)
# Trains in seconds: for trying the tools, not for listening.
_TINY: dict[str, typing.Any] = dict(
    _SMALL, num_layers=4, num_stages=4, width=8, skip_width=8, audio_length=1024, crop_length=256, ae_hop_length=64,
    batch_size=4, total_num_images=80, save_summaries_num_images=40)

AUTOENCODER_PRESETS: Mapping[str, AutoencoderConfig] = types.MappingProxyType({
    'h512_bo16': AutoencoderConfig(), 'wavenet_autoencoder_small': AutoencoderConfig(
        ae_num_layers=20, ae_width=32, **_SMALL),
    'wavenet_autoencoder_tiny': AutoencoderConfig(
        ae_num_layers=4, ae_num_stages=4, ae_width=8, ae_bottleneck_width=4, **_TINY)})
WAVENET_PRESETS: Mapping[str, WaveNetConfig] = types.MappingProxyType({
    'wavenet': WaveNetConfig(), 'wavenet_small': WaveNetConfig(pitch_width=64, **_SMALL),
    'wavenet_tiny': WaveNetConfig(pitch_width=8, **_TINY)})
