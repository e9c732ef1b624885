"""Hyperparameters of a GANSynth, with Magenta's names and presets.

Names and defaults are those of Magenta's `mel_prog_hires` configuration (the paper's IF-mel + H); fields below the
line `Beyond the original` are this project's own, with defaults that keep the original's behaviour.
"""

import dataclasses
import math
import os
import types
import typing
from collections.abc import Mapping

from gansynth_tf import hyperparameters, presets
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import EXPERIMENT_FILE as EXPERIMENT_FILE
from gansynth_tf.hyperparameters import FREE, LATER, Hyperparameters, did_you_mean, hyperparameter, require
from gansynth_tf.hyperparameters import write_experiment as write_experiment

# Magenta's program wrote these, too: where it ran, on what data, and choices of which there was only one.
OBSOLETE_FLAGS = frozenset((
    'master', 'ps_tasks', 'task', 'debug_hook', 'train_root_dir', 'train_data_path', 'train_meta_path', 'tfds_data_dir',
    'dataset_name', 'eval_batch_size', 'g_fn', 'd_fn'))

_MOST_PIXELS = 2**28  # of a spectrogram, 2 GiB
_MOST_WEIGHTS = 2**34  # of the first block, 64 GiB
_MOST_IMAGES = 10**12
# Far more than is of use; what is computed with such numbers still fits a float32.
_FACTOR = dict(above=0, at_most=10**9)
_WEIGHT = dict(at_least=0, at_most=10**9)
_OFFSET = dict(at_least=-10**9, at_most=10**9)
_SCHEDULE = dict(at_least=0, at_most=_MOST_IMAGES, expected='numbers above 0, and 0 for none but the last resolutions')
_FRACTION = dict(at_least=0, below=1, expected='a number from 0 to below 1')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Hyperparameters):
    """Every hyperparameter of a GANSynth and of its training.

    Raises:
      InputError: on construction, if a value is of the wrong type, out of range or impossible beside the others.
    """

    PASSED_OVER = OBSOLETE_FLAGS

    # Representation.
    data_type: str = hyperparameter(
        'mel', "spectrogram: 'linear' is the paper's IF, 'mel' its IF-mel, 'phase' has phases instead of instantaneous "
        "frequencies, 'wave' is the waveform", choices=('linear', 'phase', 'mel', 'wave'), shapes_specgrams=True)
    audio_length: int = hyperparameter(64000, 'samples of a note', above=0, at_most=2**28, shapes_specgrams=True)
    sample_rate: int = hyperparameter(16000, 'Hz', above=0, at_most=10**6, shapes_specgrams=True)
    data_normalizer: str = hyperparameter(
        'specgrams_prespecified_normalizer', 'affine map to the range of the networks: as given by the four numbers '
        'below, fitted to the data (simple), fitted per frequency (freq), or none',
        choices=('specgrams_prespecified_normalizer', 'specgrams_simple_normalizer', 'specgrams_freq_normalizer',
                 'none'))
    normalizer_margin: float = hyperparameter(0.8, 'what a fitted normalizer maps the ends of the range to', **_FACTOR)
    normalizer_num_examples: int = hyperparameter(1000, 'notes that a normalizer is fitted to', above=0,
                                                  at_most=_MOST_IMAGES)
    mag_normalizer_a: float = hyperparameter(0.0661371661726, 'slope for log magnitudes', **_FACTOR)
    mag_normalizer_b: float = hyperparameter(0.113718730221, 'offset for log magnitudes', **_OFFSET)
    p_normalizer_a: float = hyperparameter(0.8, 'slope for phases or instantaneous frequencies', **_FACTOR)
    p_normalizer_b: float = hyperparameter(0.0, 'offset for phases or instantaneous frequencies', **_OFFSET)

    # Networks.
    latent_vector_size: int = hyperparameter(256, 'numbers in a latent', above=0, at_most=10**6)
    num_resolutions: int = hyperparameter(7, 'blocks of each network', above=0, at_most=24, shapes_specgrams=True)
    start_height: int = hyperparameter(2, 'time frames of the first block', above=0, at_most=_MOST_PIXELS,
                                       shapes_specgrams=True)
    start_width: int = hyperparameter(16, 'frequency bins of the first block', above=0, at_most=_MOST_PIXELS,
                                      shapes_specgrams=True)
    scale_base: int = hyperparameter(2, 'growth from block to block', at_least=2, at_most=_MOST_PIXELS,
                                     expected='a whole number of at least 2', shapes_specgrams=True)
    scale_mode: str = hyperparameter('ALL', "what grows: both axes, or the time axis only ('H')", choices=('ALL', 'H'),
                                     shapes_specgrams=True)
    kernel_size: int = hyperparameter(3, 'width and height of the convolutions', above=0, at_most=255)
    fmap_base: int = hyperparameter(4096, 'filters before fmap_decay and fmap_max', above=0, at_most=2**30)
    fmap_decay: float = hyperparameter(1.0, 'halvings of the number of filters from block to block', **_FACTOR)
    fmap_max: int = hyperparameter(256, 'most filters', above=0, at_most=10**6)
    simple_arch: bool = hyperparameter(False, 'one convolution a block instead of two')
    to_rgb_activation: str = hyperparameter('tanh', "activation of the generator's output", choices=('tanh', 'linear'))

    # Training.
    train_progressive: bool = hyperparameter(True, 'grow from block to block; if not, train the full size only')
    stable_stage_num_images: int = hyperparameter(800_000, 'notes of each stable stage', above=0, at_most=_MOST_IMAGES,
                                                  on_resume=LATER)
    transition_stage_num_images: int = hyperparameter(800_000, 'notes of each transition', at_least=0,
                                                      at_most=_MOST_IMAGES, on_resume=LATER)
    total_num_images: int = hyperparameter(11_000_000, 'notes of all stages together', above=0, at_most=_MOST_IMAGES,
                                           on_resume=LATER)
    batch_size_schedule: tuple[int, ...] = hyperparameter(
        (8,), 'batch size by resolution, padded at the front with the first', above=0, at_most=65536,
        expected='at least one batch size, each above 0', on_resume=FREE)
    generator_learning_rate: float = hyperparameter(0.0008, 'of Adam, for the generator', **_FACTOR, on_resume=FREE)
    discriminator_learning_rate: float = hyperparameter(0.0008, 'of Adam, for the critic', **_FACTOR, on_resume=FREE)
    adam_beta1: float = hyperparameter(0.0, 'decay of the first moment', **_FRACTION, on_resume=FREE)
    adam_beta2: float = hyperparameter(0.99, 'decay of the second moment', **_FRACTION, on_resume=FREE)
    gradient_penalty_target: float = hyperparameter(1.0, "value to which the critic's slopes are drawn", **_FACTOR,
                                                    on_resume=FREE)
    gradient_penalty_weight: float = hyperparameter(10.0, 'weight of the gradient penalty', **_WEIGHT, on_resume=FREE)
    real_score_penalty_weight: float = hyperparameter(0.001, 'weight of the squared scores of real notes', **_WEIGHT,
                                                      on_resume=FREE)
    generator_ac_loss_weight: float = hyperparameter(10.0, "weight of the generator's pitch loss", **_WEIGHT,
                                                     on_resume=FREE)
    discriminator_ac_loss_weight: float = hyperparameter(10.0, "weight of the critic's pitch loss", **_WEIGHT,
                                                         on_resume=FREE)
    gen_gl_consistency_loss_weight: float = hyperparameter(
        0.0, 'weight of the Griffin-Lim consistency loss, in the last stage', **_WEIGHT, on_resume=FREE)
    fake_batch_size: int = hyperparameter(61, 'notes in a summary', above=0, at_most=65536, on_resume=FREE)
    save_summaries_num_images: int = hyperparameter(10_000, 'notes from summary to summary', above=0,
                                                    at_most=_MOST_IMAGES, on_resume=FREE)
    train_time_limit: float | None = hyperparameter(
        None, 'seconds for all stages together', above=0, at_most=10**9,
        expected='seconds above 0, or null for none', on_resume=FREE)
    train_time_stage_multiplier: float = hyperparameter(
        1.0, 'time of a stage over that of the one before, under train_time_limit', above=0, at_most=1000,
        on_resume=FREE)

    # Beyond the original.
    mel_downscale: int = hyperparameter(1, 'STFT bins per mel bin', above=0, at_most=_MOST_PIXELS,
                                        shapes_specgrams=True)
    time_patch: int = hyperparameter(
        1, 'time frames per pixel of the networks: spectrograms have this many times start_height', above=0,
        at_most=1024, shapes_specgrams=True)
    gradient_penalty_domain: str = hyperparameter(
        'image', "where slopes are taken: 'image' at full size in the data's units, as the original; 'stage' at the "
        "stage's size in normalised units", choices=('image', 'stage'))
    constant_scale: bool = hyperparameter(
        False, 'as images grow, gradient_penalty_target and the weights of reconstruction and partials fall with the '
        "root of the number of pixels: distances keep the first stage's scale", on_resume=FREE)
    critic_phase_floor: float = hyperparameter(
        1.0, 'weight of the phase of silence for the critic; that of loud partials is 1', at_least=0, at_most=1,
        on_resume=FREE)
    gradient_penalty_interval: int = hyperparameter(
        1, "the critic's updates from one penalty to the next; its weight grows accordingly", **_FACTOR, on_resume=FREE)
    num_images_schedule: tuple[int, ...] = hyperparameter(
        (), "notes of each resolution's stable stage and of the transition to it, padded at the front like batch "
        'sizes; stands for the three *_num_images. A run ends before resolutions of 0 notes, for which spectrograms '
        'are enlarged', **_SCHEDULE, on_resume=LATER)
    transition_num_images_schedule: tuple[int, ...] = hyperparameter(
        (), 'other numbers for the transitions, padded likewise', **_SCHEDULE, on_resume=LATER)
    ac_loss_weight_schedule: tuple[float, ...] = hyperparameter(
        (), 'factors of the two ac_loss_weights by resolution, padded likewise', **_FACTOR, on_resume=FREE)
    learning_rate_schedule: tuple[float, ...] = hyperparameter(
        (), 'factors of the two learning rates by resolution, padded likewise', **_FACTOR, on_resume=FREE)
    extra_notes_schedule: tuple[float, ...] = hyperparameter(
        (), 'share of the notes that come from prepared sets after the first, by resolution, padded likewise; if '
        'empty, each note of every set comes as often', at_least=0, at_most=1, on_resume=FREE)
    generator_ema_decay: float = hyperparameter(0.999, "decay of the generator's EMA", **_FRACTION, on_resume=FREE)
    generator_reconstruction_weight: float = hyperparameter(
        0.0, 'weight of the distance from real notes to the notes played at their codes', **_WEIGHT, on_resume=FREE)
    generator_envelope_weight: float = hyperparameter(
        0.0, 'weight of the distance between the levels over time of real notes and of the notes played at their codes',
        **_WEIGHT, on_resume=FREE)
    latent_noise: float = hyperparameter(
        0.0, 'scale of N(0, 1) that is added to codes of training notes for random latents; 0 for N(0, 1) alone',
        at_least=0, at_most=1000)
    generator_partials_weight: float = hyperparameter(
        0.0, 'weight of the distance of partials from those of real notes of the same pitch', **_WEIGHT, on_resume=FREE)
    mixed_precision: bool = hyperparameter(
        False, 'bfloat16 within the networks while they are trained, over float32 weights', on_resume=FREE)
    sliced_wasserstein_num_samples: int = hyperparameter(
        512, 'notes by which checkpoints are compared; 0 for no comparison', at_least=0, at_most=10**6, on_resume=FREE)
    latent_scale: float = hyperparameter(
        1.0, 'latent truncation: scale of random latents when the model plays; below 1 less varied, more often right',
        **_FACTOR, on_resume=FREE)
    seed: int = hyperparameter(0, 'seed of all random numbers', at_least=0, below=2**31)

    def __post_init__(self):
        super().__post_init__()
        require(bool(self.batch_size_schedule), 'batch_size_schedule', 'at least one batch size, each above 0',
                self.batch_size_schedule)
        for name in ('batch_size_schedule', 'num_images_schedule', 'transition_num_images_schedule',
                     'ac_loss_weight_schedule', 'learning_rate_schedule', 'extra_notes_schedule'):
            require(len(getattr(self, name)) <= self.num_resolutions, name,
                    f'at most one entry per resolution ({self.num_resolutions})', getattr(self, name))
        self._check_stages_fit()
        self._check_losses_suit_representation()
        self._check_shape_holds_audio()
        self._check_networks()

    def _check_stages_fit(self):
        for name in ('num_images_schedule', 'transition_num_images_schedule'):
            images = getattr(self, name)
            require(min(images, default=1) >= 0 and images[:1] != (0,) and sorted(images, key=bool, reverse=True)
                    == list(images), name, str(_SCHEDULE['expected']), images)
        require(bool(self.num_images_schedule) or not self.transition_num_images_schedule,
                'transition_num_images_schedule', 'num_images_schedule with it, for the stable stages',
                self.transition_num_images_schedule)
        require(self.train_progressive or 0 not in self.num_images_schedule, 'num_images_schedule',
                'no 0 where the full size alone is trained (train_progressive is false)', self.num_images_schedule)
        if self.train_progressive and not self.num_images_schedule:
            before_last = (self.num_resolutions - 1) * (self.stable_stage_num_images + self.transition_stage_num_images)
            require(self.total_num_images > before_last, 'total_num_images',
                    f'more than the {before_last} images of the stages before the last', self.total_num_images)

    def _check_networks(self):
        # Filters halve fmap_decay times from each resolution to the next.
        require(math.log2(self.fmap_base) >= self.num_resolutions * self.fmap_decay, 'fmap_base and fmap_decay',
                f'at least one filter at each of {self.num_resolutions} resolutions', (self.fmap_base, self.fmap_decay))
        require(self.kernel_size % 2 == 1, 'kernel_size', 'an odd number', self.kernel_size)
        filters = min(self.fmap_base / 2 ** self.fmap_decay, self.fmap_max)
        weights = filters * (self.latent_vector_size * self.start_height * self.start_width
                             + filters * self.kernel_size ** 2)
        require(weights <= _MOST_WEIGHTS, 'first block', f'at most {_MOST_WEIGHTS} weights in its convolutions, from '
                f'latent_vector_size, start_height, start_width, kernel_size, fmap_base and fmap_max', int(weights))

    def _check_losses_suit_representation(self):
        require(self.mel_downscale == 1 or self.data_type == 'mel', 'mel_downscale',
                f"1 when data_type is {self.data_type!r} (only 'mel' has mel bins)", self.mel_downscale)
        require(self.gen_gl_consistency_loss_weight == 0 or self.data_type != 'wave', 'gen_gl_consistency_loss_weight',
                "0 when data_type is 'wave' (there is no spectrogram to be consistent)",
                self.gen_gl_consistency_loss_weight)
        require(self.generator_reconstruction_weight == 0 or self.data_type != 'wave',
                'generator_reconstruction_weight', "0 when data_type is 'wave' (there is no spectral envelope)",
                self.generator_reconstruction_weight)
        for needs_codes in ('latent_noise', 'generator_envelope_weight'):
            require(getattr(self, needs_codes) == 0 or self.generator_reconstruction_weight > 0, needs_codes,
                    'generator_reconstruction_weight above 0 with it, since codes have no meaning otherwise',
                    getattr(self, needs_codes))
        require(self.critic_phase_floor == 1 or self.data_type != 'wave', 'critic_phase_floor',
                "1 when data_type is 'wave' (it has no phase)", self.critic_phase_floor)
        require(not self.constant_scale or self.gradient_penalty_domain == 'stage', 'constant_scale',
                "gradient_penalty_domain = 'stage' with it, since full-size slopes have one scale anyway",
                self.constant_scale)
        require(self.generator_partials_weight == 0 or self.data_type in ('linear', 'mel'),
                'generator_partials_weight', f'0 when data_type is {self.data_type!r} (it has no frequencies)',
                self.generator_partials_weight)

    def _check_shape_holds_audio(self):
        height, width = self.spec_shape
        require(height * width <= _MOST_PIXELS, 'spectrogram shape', f'at most {_MOST_PIXELS} pixels, from '
                'start_height, start_width, scale_base, num_resolutions and time_patch', (height, width))
        if self.data_type == 'wave':
            require(width == 1 and height >= self.audio_length, 'start_width and num_resolutions',
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
        return self.resolution(self.num_resolutions)

    def resolution(self, num_blocks: int) -> tuple[int, int]:
        """(time frames, frequency bins) of what networks of the first `num_blocks` blocks make and see."""
        require(1 <= num_blocks <= self.num_resolutions, 'number of blocks',
                f'one from 1 to num_resolutions ({self.num_resolutions})', num_blocks)
        down, across = self.growth
        return (self.start_height * self.time_patch * down ** (num_blocks - 1),
                self.start_width * across ** (num_blocks - 1))

    @property
    def growth(self) -> tuple[int, int]:
        """Factors by which the height and the width of images grow from block to block."""
        return self.scale_base, self.scale_base if self.scale_mode == 'ALL' else 1


PRESETS: Mapping[str, Config] = types.MappingProxyType(
    {name: Config(**changes) for name, changes in presets.PRESETS.items()})


def preset(name: str, known: Mapping[str, typing.Any] = PRESETS) -> typing.Any:
    """The preset of that name, of a GANSynth or among those `known`.

    Raises:
      InputError: if there is none; the message names the nearest.

    >>> preset('mel_prog_hires').spec_shape, preset('linear_prog').spec_shape
    ((128, 1024), (256, 512))
    """
    if name not in known:
        raise InputError(f'Unknown configuration: expected one of {", ".join(known)}{did_you_mean(name, known)}. '
                         f'Received: {name!r}')
    return known[name]


def from_dict(hparams: Mapping) -> Config:
    """A Config from plain values; what is not given has its default.

    >>> from_dict({'fmap_max': 64}).fmap_max
    64
    """
    return Config.from_dict(hparams)


def parse_hparams(text: str) -> dict:
    """The value of `--hparams`: a JSON object of a GANSynth's hyperparameters, e.g. '{"fmap_max": 64}'."""
    hparams = hyperparameters.parse_hparams(text)
    Config.check_names(hparams)
    return hparams


def given_with_flags(preset_name: str | None, hparams: str) -> Config | None:
    """The configuration that `--config` and `--hparams` describe, or None without `--config`.

    Raises:
      InputError: if there are `hparams` alone: of what else they would be a change is not known.
    """
    changes = parse_hparams(hparams)
    if preset_name is None:
        require(not changes, '--hparams', '--config with it, the preset that it changes', hparams)
        return None
    return preset(preset_name).replace(**changes)


def read_experiment(directory: str | os.PathLike) -> Config:
    """Reads the `experiment.json` of a GANSynth's run or model directory.

    Raises:
      InputError: if it is missing, is not JSON, is of another model, or holds an unknown or impossible value.
    """
    return hyperparameters.read_experiment(directory, Config)
