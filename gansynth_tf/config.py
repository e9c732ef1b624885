"""Hyperparameters: one frozen dataclass with Magenta's names, strict validation, experiment.json.

Names and defaults are those of Magenta's `mel_prog_hires` configuration (the paper's IF-mel + H); fields below the
line `Beyond the original` are this project's own, with defaults that keep the original's behaviour.
"""

import dataclasses
import difflib
import logging
import math
import os
import pathlib
import sys
import types
import typing
from collections.abc import Iterable, Mapping

from gansynth_tf import files, presets
from gansynth_tf.errors import InputError

EXPERIMENT_FILE = 'experiment.json'

# Magenta's program wrote these, too: where it ran, on what data, and choices of which there was only one.
OBSOLETE_FLAGS = frozenset((
    'master', 'ps_tasks', 'task', 'debug_hook', 'train_root_dir', 'train_data_path', 'train_meta_path', 'tfds_data_dir',
    'dataset_name', 'eval_batch_size', 'g_fn', 'd_fn'))

CHOICES = {
    'data_type': ('linear', 'phase', 'mel', 'wave'),
    'data_normalizer': ('specgrams_prespecified_normalizer', 'specgrams_simple_normalizer',
                        'specgrams_freq_normalizer', 'none'),
    'scale_mode': ('ALL', 'H'),
    'to_rgb_activation': ('tanh', 'linear'),
    'gradient_penalty_domain': ('image', 'stage'),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Every hyperparameter of a model and of its training.

    Raises:
      InputError: on construction, if a value is of the wrong type, out of range or impossible beside the others.
    """

    # Representation.
    data_type: str = 'mel'  # 'linear' is the paper's IF, 'mel' its IF-mel
    audio_length: int = 64000  # samples of a note
    sample_rate: int = 16000  # Hz
    data_normalizer: str = 'specgrams_prespecified_normalizer'
    normalizer_margin: float = 0.8
    normalizer_num_examples: int = 1000
    mag_normalizer_a: float = 0.0661371661726
    mag_normalizer_b: float = 0.113718730221
    p_normalizer_a: float = 0.8
    p_normalizer_b: float = 0.0

    # Networks.
    latent_vector_size: int = 256
    num_resolutions: int = 7
    start_height: int = 2  # time frames of the first block
    start_width: int = 16  # frequency bins of the first block
    scale_base: int = 2
    scale_mode: str = 'ALL'  # 'H' grows the time axis only
    kernel_size: int = 3
    fmap_base: int = 4096
    fmap_decay: float = 1.0
    fmap_max: int = 256
    simple_arch: bool = False
    to_rgb_activation: str = 'tanh'

    # Training.
    train_progressive: bool = True
    stable_stage_num_images: int = 800_000
    transition_stage_num_images: int = 800_000
    total_num_images: int = 11_000_000
    batch_size_schedule: tuple[int, ...] = (8,)
    generator_learning_rate: float = 0.0008
    discriminator_learning_rate: float = 0.0008
    adam_beta1: float = 0.0
    adam_beta2: float = 0.99
    gradient_penalty_target: float = 1.0
    gradient_penalty_weight: float = 10.0
    real_score_penalty_weight: float = 0.001
    generator_ac_loss_weight: float = 10.0
    discriminator_ac_loss_weight: float = 10.0
    gen_gl_consistency_loss_weight: float = 0.0
    fake_batch_size: int = 61  # notes in a summary
    save_summaries_num_images: int = 10_000
    train_time_limit: float | None = None  # seconds for all stages together
    train_time_stage_multiplier: float = 1.0

    # Beyond the original.
    mel_downscale: int = 1  # STFT bins per mel bin
    gradient_penalty_domain: str = 'image'  # 'stage': at the stage's size, in normalised units (Karras et al. 2018)
    gradient_penalty_interval: int = 1  # D updates from one penalty to the next; its weight grows accordingly
    num_images_schedule: tuple[int, ...] = ()  # images of each resolution's stable stage and of the transition to it,
    # padded at the front like batch_size_schedule; when given, it stands for the three *_num_images above, and a run
    # ends before resolutions of 0 images, for which a model's pictures are enlarged
    transition_num_images_schedule: tuple[int, ...] = ()  # other numbers for the transitions, padded likewise
    ac_loss_weight_schedule: tuple[float, ...] = ()  # factors of the two ac_loss_weights by resolution, padded likewise
    learning_rate_schedule: tuple[float, ...] = ()  # factors of the two learning rates by resolution, padded likewise
    generator_ema_decay: float = 0.999
    generator_reconstruction_weight: float = 0.0  # of the distance from real notes to what is played at their codes
    generator_partials_weight: float = 0.0  # of how far partials are from those of real notes of the same pitch
    mixed_precision: bool = False  # bfloat16 within the networks, while they are trained, over float32 weights
    sliced_wasserstein_num_samples: int = 512  # by which checkpoints are compared; 0 for no comparison
    latent_scale: float = 1.0  # of random timbres when the model plays; below 1 less varied, and more often right
    seed: int = 0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked_type(field, getattr(self, field.name)))
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f'Unknown {name}: expected one of {", ".join(choices)}'
                                 f'{_did_you_mean(value, choices)}. Received: {value!r}')
        for name in _POSITIVE:
            _require(getattr(self, name) > 0, name, 'a number above 0', getattr(self, name))
        for name in _NOT_NEGATIVE:
            _require(getattr(self, name) >= 0, name, 'a number of at least 0', getattr(self, name))
        for name in ('adam_beta1', 'adam_beta2', 'generator_ema_decay'):
            _require(0 <= getattr(self, name) < 1, name, 'a number from 0 to below 1', getattr(self, name))
        _require(bool(self.batch_size_schedule) and min(self.batch_size_schedule) > 0, 'batch_size_schedule',
                 'at least one batch size, each above 0', self.batch_size_schedule)
        for name in ('batch_size_schedule', *_SCHEDULES):
            _require(len(getattr(self, name)) <= self.num_resolutions, name,
                     f'at most one entry per resolution ({self.num_resolutions})', getattr(self, name))
        for name in ('num_images_schedule', 'transition_num_images_schedule'):
            images = getattr(self, name)
            _require(min(images, default=1) >= 0 and images[:1] != (0,) and sorted(images, key=bool, reverse=True)
                     == list(images), name, 'numbers above 0, and 0 for none but the last resolutions', images)
        for name in ('ac_loss_weight_schedule', 'learning_rate_schedule'):
            _require(min(getattr(self, name), default=1) > 0, name, 'numbers above 0', getattr(self, name))
        self._check_stages_fit()
        _require(self.seed < 2**31, 'seed', f'a number below {2**31}', self.seed)
        _require(self.num_resolutions <= 24, 'num_resolutions', 'at most 24', self.num_resolutions)
        # Filters halve fmap_decay times from each resolution to the next.
        _require(math.log2(self.fmap_base) >= self.num_resolutions * self.fmap_decay, 'fmap_base and fmap_decay',
                 f'at least one filter at each of {self.num_resolutions} resolutions',
                 (self.fmap_base, self.fmap_decay))
        _require(self.scale_base >= 2, 'scale_base', 'a whole number of at least 2', self.scale_base)
        _require(self.kernel_size % 2 == 1, 'kernel_size', 'an odd number', self.kernel_size)
        _require(self.train_time_limit is None or self.train_time_limit > 0, 'train_time_limit',
                 'seconds above 0, or null for none', self.train_time_limit)
        _require(self.mel_downscale == 1 or self.data_type == 'mel', 'mel_downscale',
                 f"1 when data_type is {self.data_type!r} (only 'mel' has mel bins)", self.mel_downscale)
        _require(self.gen_gl_consistency_loss_weight == 0 or self.data_type != 'wave', 'gen_gl_consistency_loss_weight',
                 "0 when data_type is 'wave' (there is no spectrogram to be consistent)",
                 self.gen_gl_consistency_loss_weight)
        _require(self.generator_reconstruction_weight == 0 or self.data_type != 'wave',
                 'generator_reconstruction_weight', "0 when data_type is 'wave' (there is no spectral envelope)",
                 self.generator_reconstruction_weight)
        _require(self.generator_partials_weight == 0 or self.data_type in ('linear', 'mel'),
                 'generator_partials_weight', f'0 when data_type is {self.data_type!r} (it has no frequencies)',
                 self.generator_partials_weight)
        self._check_shape_holds_audio()

    def _check_stages_fit(self):
        _require(bool(self.num_images_schedule) or not self.transition_num_images_schedule,
                 'transition_num_images_schedule', 'num_images_schedule with it, for the stable stages',
                 self.transition_num_images_schedule)
        _require(self.train_progressive or 0 not in self.num_images_schedule, 'num_images_schedule',
                 'no 0 where the full size alone is trained (train_progressive is false)', self.num_images_schedule)
        if self.train_progressive and not self.num_images_schedule:
            before_last = (self.num_resolutions - 1) * (self.stable_stage_num_images + self.transition_stage_num_images)
            _require(self.total_num_images > before_last, 'total_num_images',
                     f'more than the {before_last} images of the stages before the last', self.total_num_images)

    def _check_shape_holds_audio(self):
        height, width = self.spec_shape
        if self.data_type == 'wave':
            _require(width == 1 and height >= self.audio_length, 'start_width and num_resolutions',
                     f"a [time, 1] image of at least audio_length = {self.audio_length} rows for data_type 'wave'",
                     self.spec_shape)
            return
        num_bins = width * self.mel_downscale
        if num_bins & (num_bins - 1) or num_bins < 4:
            below = 1 << num_bins.bit_length() - 1
            nearest = max(4, below if num_bins - below <= 2 * below - num_bins else 2 * below)
            raise InputError(f'Impossible spectrogram shape: expected a power of two of at least 4 frequency bins '
                             f'(nearest: {nearest}), from start_width, scale_base, num_resolutions and mel_downscale. '
                             f'Received: {num_bins} bins, spec_shape {self.spec_shape}')
        hop = num_bins // 2
        longest = hop * (height - 1) + 2 * num_bins
        if self.audio_length > longest:
            frames = -(-(self.audio_length - 2 * num_bins) // hop) + 1
            start_height = -(-frames * self.start_height // height)
            raise InputError(f'Impossible audio_length: expected at most {longest} samples '
                             f'({longest / self.sample_rate:.2f} s) for spec_shape {self.spec_shape}, or at least '
                             f'{frames} frames for these samples (nearest: start_height {start_height}). '
                             f'Received: {self.audio_length} ({self.audio_length / self.sample_rate:.2f} s)')

    @property
    def spec_shape(self) -> tuple[int, int]:
        """(time frames, frequency bins) of a full-size spectrogram."""
        growth = self.scale_base ** (self.num_resolutions - 1)
        return self.start_height * growth, self.start_width * (growth if self.scale_mode == 'ALL' else 1)

    def replace(self, **hparams) -> 'Config':
        """A copy with other values; unknown names are errors that suggest the nearest."""
        check_names(hparams)
        return dataclasses.replace(self, **hparams)

    def to_dict(self) -> dict:
        """Plain values, as they stand in experiment.json."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


_NAMES = tuple(field.name for field in dataclasses.fields(Config))
_POSITIVE = ('audio_length', 'sample_rate', 'normalizer_margin', 'normalizer_num_examples', 'latent_vector_size',
             'num_resolutions', 'start_height', 'start_width', 'kernel_size', 'fmap_base', 'fmap_decay', 'fmap_max',
             'stable_stage_num_images', 'total_num_images', 'generator_learning_rate', 'discriminator_learning_rate',
             'gradient_penalty_target', 'fake_batch_size', 'save_summaries_num_images', 'train_time_stage_multiplier',
             'mag_normalizer_a', 'p_normalizer_a', 'mel_downscale', 'gradient_penalty_interval', 'latent_scale')
_SCHEDULES = ('num_images_schedule', 'transition_num_images_schedule', 'ac_loss_weight_schedule',
              'learning_rate_schedule')
_NOT_NEGATIVE = ('transition_stage_num_images', 'gradient_penalty_weight', 'real_score_penalty_weight',
                 'generator_ac_loss_weight', 'discriminator_ac_loss_weight', 'gen_gl_consistency_loss_weight', 'seed',
                 'generator_reconstruction_weight', 'generator_partials_weight', 'sliced_wasserstein_num_samples')


def preset(name: str) -> Config:
    """The preset of that name.

    Raises:
      InputError: if there is none; the message names the nearest.
    """
    if name not in PRESETS:
        raise InputError(f'Unknown configuration: expected one of {", ".join(PRESETS)}{_did_you_mean(name, PRESETS)}. '
                         f'Received: {name!r}')
    return PRESETS[name]


def check_names(hparams: Iterable[str]) -> None:
    """Raises an InputError that suggests the nearest name if one of `hparams` is not a hyperparameter's name."""
    for name in hparams:
        if name not in _NAMES:
            raise InputError(f'Unknown hyperparameter: expected a field of Config{_did_you_mean(name, _NAMES)}. '
                             f'Received: {name!r}')


def from_dict(hparams: Mapping) -> Config:
    """A Config from plain values; what is not given has its default."""
    check_names(hparams)
    return Config(**hparams)


def parse_hparams(text: str) -> dict:
    """The value of `--hparams`: a JSON object of hyperparameters, e.g. '{"fmap_max": 64}'."""
    try:
        hparams = files.parse_json(text or '{}')
    except ValueError as error:
        raise InputError(f'Cannot read --hparams: expected a JSON object such as \'{{"fmap_max": 64}}\' ({error}). '
                         f'Received: {text!r}') from error
    _require(isinstance(hparams, dict), '--hparams', 'a JSON object', hparams)
    check_names(hparams)
    return hparams


def given_with_flags(preset_name: str | None, hparams: str) -> Config | None:
    """The configuration that `--config` and `--hparams` describe, or None without `--config`.

    Raises:
      InputError: if there are `hparams` alone: of what else they would be a change is not known.
    """
    changes = parse_hparams(hparams)
    if preset_name is None:
        _require(not changes, '--hparams', '--config with it, the preset that it changes', hparams)
        return None
    return preset(preset_name).replace(**changes)


def write_experiment(config: Config, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `experiment.json` into `directory` and returns its path."""
    return files.write_json(config.to_dict(), pathlib.Path(directory) / EXPERIMENT_FILE)


def read_experiment(directory: str | os.PathLike) -> Config:
    """Reads the `experiment.json` of a run or model directory.

    Flags that only Magenta's program had are passed over, with a warning that lists them.

    Raises:
      InputError: if it is missing, is not JSON, or holds an unknown or impossible value.
    """
    path = pathlib.Path(directory) / EXPERIMENT_FILE
    if not path.exists():
        raise InputError(f'Not a model directory: expected {EXPERIMENT_FILE} in it. Received: {str(directory)!r}')
    hparams = files.read_json(path)
    model = hparams.pop('model', 'gansynth')  # baselines name theirs
    _require(model == 'gansynth', 'model', f'a GANSynth in {directory}', model)
    if obsolete := sorted(OBSOLETE_FLAGS & hparams.keys()):
        logging.warning('%s: these flags of the original mean nothing here: %s.', path, ', '.join(obsolete))
    try:
        return from_dict({name: value for name, value in hparams.items() if name not in OBSOLETE_FLAGS})
    except InputError as error:
        raise InputError(f'{path}: {error}') from error


def _checked_type(field: dataclasses.Field, value):
    """`value` as the field's type; whole numbers pass for floats, lists for tuples, and nothing else is bent."""
    kind = typing.cast(type, field.type)
    if typing.get_origin(kind) is tuple:
        item_kind, _ = typing.get_args(kind)
        expected = {int: 'a list of whole numbers', float: 'a list of finite numbers'}[item_kind]
        _require(isinstance(value, (list, tuple)), field.name, expected, value)
        items = tuple(_as_kind(item, item_kind) for item in value)
        _require(None not in items, field.name, expected, value)
        return items
    if type(None) in typing.get_args(kind):
        if value is None:
            return None
        kind = float
    converted = _as_kind(value, kind)
    _require(converted is not None, field.name, {int: 'a whole number', float: 'a finite number', str: 'a string',
                                                 bool: 'true or false'}[kind], value)
    return converted


def _as_kind(value, kind: type):
    """`value` if it is of `kind` (a whole number also as a float), else None."""
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    finite = type(value) is not float or math.isfinite(value)
    return value if type(value) is kind and finite else None


def _require(condition: bool, name: str, expected: str, received) -> None:
    if not condition:
        raise InputError(f'Impossible {name}: expected {expected}. Received: {received!r}')


def _did_you_mean(name, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f' (did you mean {nearest[0]!r}?)' if nearest else ''


PRESETS = types.MappingProxyType({name: Config(**changes) for name, changes in presets.PRESETS.items()})
