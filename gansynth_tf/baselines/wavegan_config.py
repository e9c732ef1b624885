"""Hyperparameters of WaveGAN and SpecGAN, with the values of the original code unless said otherwise."""

import dataclasses
import types
import typing
from collections.abc import Mapping

from gansynth_tf.errors import InputError

MODELS = ('wavegan', 'specgan')
SLICE_LENGTHS = (16384, 32768, 65536)
UPSAMPLING = ('zeros', 'nn')  # transposed convolutions, or nearest neighbours and convolutions


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveGANConfig:
    """Every hyperparameter of a model and of its training.

    Raises:
      InputError: on construction, if a value is impossible.
    """

    model: str = 'wavegan'
    sample_rate: int = 16000  # Hz
    slice_length: int = 65536  # samples that the networks see
    audio_length: int = 64000  # samples of a note, which zeros fill up to a slice
    latent_size: int = 100
    dim: int = 64  # channels of the widest convolution, the narrowest of which is 1/16 or 1/32 of the others
    upsample: str = 'zeros'
    batchnorm: bool = False
    post_filter_length: int = 0  # the original's --wavegan_genr_pp has 512
    phase_shuffle: int = 2  # samples at most, in either direction
    batch_size: int = 64
    num_critic_updates: int = 5  # to one of the generator
    learning_rate: float = 1e-4
    adam_beta1: float = 0.5
    adam_beta2: float = 0.9
    gradient_penalty_weight: float = 10.0
    total_num_images: int = 64_000_000  # 200,000 updates of the generator (remembered of the paper), of 5 batches each
    save_summaries_num_images: int = 100_000
    seed: int = 0

    # Beyond the original.
    pitch_loss_weight: float = 10.0  # 0: neither network knows of pitches, as in the original
    griffin_lim_iterations: int = 16  # SpecGAN's
    griffin_lim_gain: str = 'even'  # 'original': swings between 0.5 and 1 within every hop of 128 samples

    def __post_init__(self):
        for field in dataclasses.fields(self):
            kind, value = type(field.default), getattr(self, field.name)
            if kind is float and type(value) is int:
                object.__setattr__(self, field.name, value := float(value))
            _require(type(value) is kind, field.name, {int: 'a whole number', float: 'a number', str: 'a string',
                                                       bool: 'true or false'}[kind], value)
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            _require(value in choices, name, f'one of {", ".join(map(str, choices))}', value)
        for name, lowest in _LOWEST.items():
            _require(getattr(self, name) >= lowest, name, f'a number of at least {lowest}', getattr(self, name))
        for name in ('adam_beta1', 'adam_beta2'):
            _require(0 <= getattr(self, name) < 1, name, 'a number from 0 to below 1', getattr(self, name))
        _require(0 < self.learning_rate < float('inf'), 'learning_rate', 'a number above 0', self.learning_rate)
        _require(self.audio_length <= self.slice_length, 'audio_length', f'at most slice_length = {self.slice_length}',
                 self.audio_length)
        if self.model == 'specgan':
            _require(self.slice_length == 16384, 'slice_length', '16384 samples, of which SpecGAN makes a picture of '
                     '128x128', self.slice_length)
            _require(self.post_filter_length == 0, 'post_filter_length', '0, since SpecGAN has no such filter',
                     self.post_filter_length)

    def replace(self, **hparams) -> 'WaveGANConfig':
        """A copy with other values; unknown names are errors."""
        known = [field.name for field in dataclasses.fields(self)]
        for name in hparams:
            _require(name in known, 'hyperparameter', f'one of {", ".join(known)}', name)
        return dataclasses.replace(self, **hparams)

    def to_dict(self) -> dict:
        """Plain values, as they stand in experiment.json."""
        return dataclasses.asdict(self)


def from_dict(hparams: Mapping) -> WaveGANConfig:
    """A configuration from plain values; what is not given has its default."""
    return WaveGANConfig().replace(**hparams)


def _require(condition: bool, name: str, expected: str, received) -> None:
    if not condition:
        raise InputError(f'Impossible {name}: expected {expected}. Received: {received!r}')


_CHOICES: Mapping[str, tuple] = {'model': MODELS, 'slice_length': SLICE_LENGTHS, 'upsample': UPSAMPLING,
                                 'griffin_lim_gain': ('even', 'original')}
_LOWEST = {'sample_rate': 1, 'audio_length': 1, 'latent_size': 1, 'dim': 1, 'post_filter_length': 0, 'phase_shuffle': 0,
           'batch_size': 1, 'num_critic_updates': 1, 'gradient_penalty_weight': 0, 'total_num_images': 1,
           'save_summaries_num_images': 1, 'seed': 0, 'pitch_loss_weight': 0, 'griffin_lim_iterations': 0}

_ONE_SECOND: dict[str, typing.Any] = dict(slice_length=16384, audio_length=16384)
# What two cores train in an hour: notes of one second, a quarter of the channels, small batches.
_SMALL: dict[str, typing.Any] = dict(dim=16, batch_size=16, total_num_images=400_000, save_summaries_num_images=10_000)
# Trains in seconds: for trying the tools, not for listening.
_TINY: dict[str, typing.Any] = dict(dim=1, latent_size=8, batch_size=4, total_num_images=80,
                                    save_summaries_num_images=40)

WAVEGAN_PRESETS: Mapping[str, WaveGANConfig] = types.MappingProxyType({
    'wavegan': WaveGANConfig(),
    'wavegan_small': WaveGANConfig(**_ONE_SECOND, **_SMALL),
    'wavegan_tiny': WaveGANConfig(**_ONE_SECOND, **_TINY),
})
SPECGAN_PRESETS: Mapping[str, WaveGANConfig] = types.MappingProxyType({
    'specgan': WaveGANConfig(model='specgan', **_ONE_SECOND),
    'specgan_small': WaveGANConfig(model='specgan', **_ONE_SECOND, **_SMALL),
    'specgan_tiny': WaveGANConfig(model='specgan', **_ONE_SECOND, **_TINY),
})
