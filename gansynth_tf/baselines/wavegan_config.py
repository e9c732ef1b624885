"""Hyperparameters of WaveGAN and SpecGAN, with the values of the original code where it has them."""

import dataclasses
import types
import typing
from collections.abc import Mapping

from gansynth_tf.hyperparameters import FREE, Hyperparameters, hyperparameter, require

SLICE_LENGTHS = (16384, 32768, 65536)
_MOST = 10**6  # of factors and weights
_FRACTION = dict(at_least=0, below=1, expected='a number from 0 to below 1')


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveGANConfig(Hyperparameters):
    """Every hyperparameter of a WaveGAN and of its training.

    Raises:
      InputError: on construction, if a value is of the wrong type, out of range or impossible beside the others.
    """

    MODEL = 'wavegan'

    sample_rate: int = hyperparameter(16000, 'Hz', above=0, at_most=10**6)
    slice_length: int = hyperparameter(65536, 'samples that the networks see: 16384, 32768 or 65536', above=0,
                                       at_most=65536)
    audio_length: int = hyperparameter(64000, 'samples of a note, which zeros fill up to a slice', above=0,
                                       at_most=65536)
    latent_size: int = hyperparameter(100, 'numbers in a latent', above=0, at_most=10**6)
    dim: int = hyperparameter(64, "channels of the critic's first layer and the generator's last but one; layers "
                              'double or halve them', above=0, at_most=1024)
    upsample: str = hyperparameter('zeros', "in the generator: 'zeros' for transposed convolutions, 'nn' for nearest "
                                   'neighbours and convolutions', choices=('zeros', 'nn'))
    batchnorm: bool = hyperparameter(False, 'batch normalisation in both networks')
    post_filter_length: int = hyperparameter(0, "samples of the generator's last filter; the original has 512 where it "
                                             'is asked for one', at_least=0, at_most=65536)
    phase_shuffle: int = hyperparameter(2, 'samples by which the critic moves its features at most, either way',
                                        at_least=0, at_most=7)
    batch_size: int = hyperparameter(64, 'notes of an update', above=0, at_most=65536)
    num_critic_updates: int = hyperparameter(5, "critic's updates to one of the generator", above=0, at_most=1000)
    learning_rate: float = hyperparameter(1e-4, "of both networks' Adam", above=0, at_most=_MOST, on_resume=FREE)
    adam_beta1: float = hyperparameter(0.5, "Adam's", on_resume=FREE, **_FRACTION)
    adam_beta2: float = hyperparameter(0.9, "Adam's", on_resume=FREE, **_FRACTION)
    gradient_penalty_weight: float = hyperparameter(10.0, 'weight of the gradient penalty', at_least=0, at_most=_MOST,
                                                    on_resume=FREE)
    pitch_loss_weight: float = hyperparameter(10.0, 'weight of the pitch loss in both networks; with 0 neither knows '
                                              'of pitches, as in the original', at_least=0, at_most=_MOST)
    total_num_images: int = hyperparameter(64_000_000, 'notes that the critic sees: by default 200,000 updates of the '
                                           'generator, as remembered of the paper', above=0, at_most=10**12,
                                           on_resume=FREE)
    save_summaries_num_images: int = hyperparameter(100_000, 'notes from one summary to the next', above=0,
                                                    at_most=10**12, on_resume=FREE)
    seed: int = hyperparameter(0, 'seed of all random numbers', at_least=0, below=2**31)

    def __post_init__(self):
        super().__post_init__()
        require(self.slice_length in SLICE_LENGTHS, 'slice_length', f'one of {", ".join(map(str, SLICE_LENGTHS))}',
                self.slice_length)
        require(self.audio_length <= self.slice_length, 'audio_length', f'at most slice_length = {self.slice_length}',
                self.audio_length)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpecGANConfig(WaveGANConfig):
    """Every hyperparameter of a SpecGAN and of its training; those of WaveGAN that it has no use for cannot be set.

    Raises:
      InputError: on construction, as for WaveGAN's.
    """

    MODEL = 'specgan'

    slice_length: int = hyperparameter(16384, 'samples of a picture of 128 x 128', above=0, at_most=16384)
    audio_length: int = hyperparameter(16384, 'samples of a note, which zeros fill up to a slice', above=0,
                                       at_most=16384)
    phase_shuffle: int = hyperparameter(0, 'always 0: pictures have no phase', at_least=0, at_most=0)
    griffin_lim_iterations: int = hyperparameter(16, 'iterations that find the phases of a picture', at_least=0,
                                                 at_most=10_000, on_resume=FREE)
    even_gain: bool = hyperparameter(True, 'whether overlapping frames are divided by their windows; without it the '
                                     'gain swings between 0.5 and 1 every 128 samples, as in the original',
                                     on_resume=FREE)

    def __post_init__(self):
        super().__post_init__()
        for name, value in (('slice_length', 16384), ('phase_shuffle', 0), ('post_filter_length', 0)):
            require(getattr(self, name) == value, name, f"SpecGAN's {value}", getattr(self, name))


# What two cores train in an hour: notes of one second, a quarter of the channels, an eighth of the batch. Updates are
# few, so they are larger, and more of them are the generator's.
_SMALL: dict[str, typing.Any] = dict(slice_length=16384, audio_length=16384, dim=16, batch_size=8,
                                     num_critic_updates=2, learning_rate=2e-4, total_num_images=200_000,
                                     save_summaries_num_images=10_000)
# Trains in seconds: for trying the tools, not for listening.
_TINY: dict[str, typing.Any] = dict(slice_length=16384, audio_length=16384, dim=1, latent_size=8, batch_size=4,
                                    total_num_images=80, save_summaries_num_images=40)

WAVEGAN_PRESETS: Mapping[str, WaveGANConfig] = types.MappingProxyType({
    'wavegan': WaveGANConfig(), 'wavegan_small': WaveGANConfig(**_SMALL), 'wavegan_tiny': WaveGANConfig(**_TINY)})
SPECGAN_PRESETS: Mapping[str, SpecGANConfig] = types.MappingProxyType({
    'specgan': SpecGANConfig(), 'specgan_small': SpecGANConfig(**_SMALL), 'specgan_tiny': SpecGANConfig(**_TINY)})
