"""Hyperparameters of the two WaveNets: the NSynth autoencoder's, and those of the one that a pitch conditions."""

import dataclasses
import types
import typing
from collections.abc import Mapping

from gansynth_tf.errors import InputError

AUTOENCODER, PITCH_CONDITIONAL = MODELS = ('wavenet_autoencoder', 'wavenet')


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaveNetConfig:
    """Every hyperparameter of a model and of its training.

    Names and defaults are those of Magenta's h512_bo16; those below the line `Of this project` are not in it.

    Raises:
      InputError: on construction, if a value is impossible.
    """

    model: str = AUTOENCODER
    sample_rate: int = 16000  # Hz
    audio_length: int = 64000  # samples of a note

    # Decoder.
    num_layers: int = 30
    num_stages: int = 10  # layers after which the dilation, 1, 2, 4, ..., begins at 1 again
    width: int = 512
    skip_width: int = 256

    # Encoder of the autoencoder.
    ae_num_layers: int = 30
    ae_num_stages: int = 10
    ae_width: int = 128
    ae_bottleneck_width: int = 16
    ae_hop_length: int = 512  # samples of a frame; also of a frame of the pitch's conditioning

    # Training.
    crop_length: int = 6144  # samples of a note that an iteration sees
    batch_size: int = 32  # of all replicas of the original's
    learning_rate: float = 2e-4
    learning_rate_scale: float = 1.0  # of the schedule's steps: 0.01 makes them come a hundred times as early
    ema_decay: float = 0.9999
    total_num_images: int = 6_400_000  # 200,000 iterations

    # Of this project.
    pitch_width: int = 512  # of the layers that the pitch goes through
    pitch_on_seconds: float = 3.0  # how long the pitch is on
    latent_size: int = 16  # numbers that decide the draws of a note
    save_summaries_num_images: int = 3200
    seed: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))
        if self.model not in MODELS:
            raise InputError(f'Unknown model: expected one of {", ".join(MODELS)}. Received: {self.model!r}')
        for name in ('crop_length', 'audio_length'):
            if getattr(self, name) % self.ae_hop_length:
                raise InputError(f'Impossible {name}: expected a multiple of ae_hop_length, {self.ae_hop_length}. '
                                 f'Received: {getattr(self, name)}')
        if self.crop_length > self.audio_length:
            raise InputError(f'Impossible crop_length: expected at most audio_length, {self.audio_length}. '
                             f'Received: {self.crop_length}')

    def replace(self, **changes) -> 'WaveNetConfig':
        """These hyperparameters but for `changes`.

        Raises:
          InputError: if a name is unknown, or a value is impossible.
        """
        if unknown := sorted(changes.keys() - {field.name for field in dataclasses.fields(self)}):
            raise InputError(f'Unknown hyperparameter of {self.model}: expected one of '
                             f'{", ".join(field.name for field in dataclasses.fields(self))}. '
                             f'Received: {", ".join(unknown)}')
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, typing.Any]:
        return dataclasses.asdict(self)


def _check(field: dataclasses.Field, value) -> None:
    kinds = (int, float) if field.type is float else (field.type,)
    is_right = type(value) in kinds
    if is_right and field.type is not str:
        is_right = value >= 0 if field.name == 'seed' else 0 < value < 2 ** 31
    if not is_right:
        expected = 'a name' if field.type is str else f'{"a whole number" if field.type is int else "a number"} above 0'
        raise InputError(f'Impossible {field.name}: expected {expected}. Received: {value!r}')


# Narrowed so that two processor cores train them in an hour: widths, layers and crops, not the way they are made.
_SMALL = dict(num_layers=20, width=64, skip_width=64, ae_num_layers=20, ae_width=32, pitch_width=64, batch_size=8,
              crop_length=5120, learning_rate=1e-3, learning_rate_scale=0.05, ema_decay=0.999,
              total_num_images=80_000, save_summaries_num_images=1600)
# For trying whether everything works.
_TINY = dict(_SMALL, num_layers=6, num_stages=6, width=16, skip_width=16, ae_num_layers=6, ae_num_stages=6, ae_width=8,
             ae_bottleneck_width=4, pitch_width=8, crop_length=1024, total_num_images=1600)


def presets(model: str) -> Mapping[str, WaveNetConfig]:
    """The configurations of a model by name: `h512_bo16` as published, `small` for two cores, `tiny` for trials."""
    return types.MappingProxyType({
        'h512_bo16': WaveNetConfig(model=model), 'small': WaveNetConfig(model=model, **_SMALL),
        'tiny': WaveNetConfig(model=model, **_TINY)})
