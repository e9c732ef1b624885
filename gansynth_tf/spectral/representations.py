"""Spectrograms, as the networks see them, from waves and back: a class for each kind, with the same two methods.

Sources: GANSynth (Engel et al., ICLR 2019), section 2.2; Magenta's specgrams_helper.py and data_helpers.py.
"""

import abc
import math

import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.spectral import mel, ops, transform
from gansynth_tf.spectral.mel import FLOOR
from gansynth_tf.spectral.phase_locking import locked


class Representation(abc.ABC):
    """A pair of transforms between waves and specgrams with two channels.

    Both are pure TensorFlow functions without variables, for use eagerly, in any tf.function and in
    tf.data.Dataset.map. Both raise an InputError if their argument is of another shape than said here.

    Attributes:
      units_of_decibel: by how much the first channel grows if the wave is a decibel louder; 0 if it does not add up so.
    """

    units_of_decibel = 0.0

    def __init__(self, config: Config):
        self.audio_length = config.audio_length  # samples
        self.spec_shape = config.spec_shape  # (time, freq)

    @abc.abstractmethod
    def waves_to_specgrams(self, waves: tf.Tensor) -> tf.Tensor:
        """float32 [batch, audio_length, 1] -> float32 [batch, time, freq, 2], not normalised."""

    @abc.abstractmethod
    def specgrams_to_waves(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        """float32 [batch, time, freq, 2], not normalised -> float32 [batch, audio_length, 1].

        `fundamentals`, float32 [batch] in hertz, are those that notes should have; only phase locking uses them.
        """

    def _channels(self, specgrams: tf.Tensor) -> list[tf.Tensor]:
        return tf.unstack(ops.require_shape('specgrams', specgrams, [None, *self.spec_shape, 2]), axis=-1)


class SpectralRepresentation(Representation):
    """A logarithm of magnitude and a phase of some kind for every frame and frequency."""

    units_of_decibel = math.log(10) / 20

    def __init__(self, config: Config):
        super().__init__(config)
        num_frames, num_bins = config.spec_shape
        self.framing = transform.Framing(num_frames, num_bins * config.mel_downscale, config.audio_length)

    @abc.abstractmethod
    def stfts_to_specgrams(self, stfts: tf.Tensor) -> tf.Tensor:
        """complex64 [batch, time, framing.num_bins] -> float32 [batch, time, freq, 2]."""

    @abc.abstractmethod
    def specgrams_to_stfts(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        """float32 [batch, time, freq, 2] -> complex64 [batch, time, framing.num_bins]."""

    def waves_to_specgrams(self, waves: tf.Tensor) -> tf.Tensor:
        return self.stfts_to_specgrams(transform.waves_to_stfts(waves, self.framing))

    def specgrams_to_waves(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        return transform.stfts_to_waves(self.specgrams_to_stfts(specgrams, fundamentals), self.framing)


class Phase(SpectralRepresentation):
    """ln(|X| + 1e-6), and the phase in units of pi radians. The paper's 'phase'."""

    def stfts_to_specgrams(self, stfts: tf.Tensor) -> tf.Tensor:
        return tf.stack([_logmag(stfts), _phase_angle(stfts) / math.pi], axis=-1)

    def specgrams_to_stfts(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        logmag, phase = self._channels(specgrams)
        return ops.polar_to_rect(tf.exp(logmag), phase * math.pi)


class FrequencyRepresentation(SpectralRepresentation):
    """One with instantaneous frequencies, which give the phases of its STFTs.

    Args:
      config: the hyperparameters.
      phase_locking: sum frequencies partial by partial (`locked`) instead of bin by bin, as the original does.
    """

    def __init__(self, config: Config, *, phase_locking: bool = False):
        super().__init__(config)
        self._phase_locking = phase_locking
        self._bins_per_hz = 2 * self.framing.num_bins / config.sample_rate

    def specgrams_to_stfts(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        magnitude, ifreq = self._magnitude_and_ifreq(*self._channels(specgrams))
        if not self._phase_locking:
            return ops.polar_to_rect(magnitude, ops.accumulated_phase(ifreq))
        in_bins = None if fundamentals is None else self._bins_per_hz * fundamentals
        return ops.polar_to_rect(*locked(magnitude, ifreq, in_bins))

    @abc.abstractmethod
    def _magnitude_and_ifreq(self, loudness: tf.Tensor, ifreq: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A spectrogram's two channels -> those of an STFT, each float32 [batch, time, framing.num_bins]."""


class InstantaneousFrequency(FrequencyRepresentation):
    """ln(|X| + 1e-6), and the phase's step from frame to frame in units of pi radians. The paper's 'IF'."""

    def stfts_to_specgrams(self, stfts: tf.Tensor) -> tf.Tensor:
        return tf.stack([_logmag(stfts), ops.instantaneous_frequency(_phase_angle(stfts))], axis=-1)

    def _magnitude_and_ifreq(self, loudness: tf.Tensor, ifreq: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.exp(loudness), ifreq


class MelInstantaneousFrequency(FrequencyRepresentation):
    """ln(mel power + 1e-6), and the step of the mel-weighted phase in units of pi radians. The paper's 'IF-mel'."""

    units_of_decibel = math.log(10) / 10

    def __init__(self, config: Config, *, phase_locking: bool = False):
        super().__init__(config, phase_locking=phase_locking)
        linear_to_mel = mel.linear_to_mel_weight_matrix(self.spec_shape[1], self.framing.num_bins,
                                                        sample_rate=config.sample_rate)
        self._linear_to_mel = mel.banded_blocks(linear_to_mel)
        self._mel_to_linear = mel.banded_blocks(mel.mel_to_linear_weight_matrix(linear_to_mel))

    def stfts_to_specgrams(self, stfts: tf.Tensor) -> tf.Tensor:
        mel_power = ops.times_banded(tf.square(tf.abs(stfts) + FLOOR), self._linear_to_mel)
        # The original weights the unwrapped phase and differences the result. Weighting is linear: the steps of the
        # weighted phase are the weighted steps, up to the whole turns that wrapping takes off either way.
        ifreq = ops.times_banded(ops.instantaneous_frequency(_phase_angle(stfts)), self._linear_to_mel)
        first, later = tf.split(ifreq, [1, self.framing.num_frames - 1], axis=1)
        return tf.stack([tf.math.log(mel_power + FLOOR), tf.concat([first, ops.wrap(later, 1.0)], axis=1)], axis=-1)

    def _magnitude_and_ifreq(self, loudness: tf.Tensor, ifreq: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        power = ops.times_banded(tf.exp(loudness), self._mel_to_linear)
        return tf.sqrt(power + FLOOR), ops.times_banded(ifreq, self._mel_to_linear)


class Wave(Representation):
    """The wave itself as a specgram one pixel wide, in two equal channels, with silence on both sides."""

    def __init__(self, config: Config):
        super().__init__(config)
        self._padding = (self.spec_shape[0] - self.audio_length) // 2

    def waves_to_specgrams(self, waves: tf.Tensor) -> tf.Tensor:
        waves = ops.require_shape('waves', waves, [None, self.audio_length, 1])
        after = self.spec_shape[0] - self.audio_length - self._padding
        padded = tf.pad(waves, [[0, 0], [self._padding, after], [0, 0]])
        return tf.stack([padded, padded], axis=-1)

    def specgrams_to_waves(self, specgrams: tf.Tensor, fundamentals: tf.Tensor | None = None) -> tf.Tensor:
        first, _ = self._channels(specgrams)
        return first[:, self._padding:self._padding + self.audio_length]


_CLASSES: dict[str, type[Representation]] = {
    'linear': InstantaneousFrequency,
    'phase': Phase,
    'mel': MelInstantaneousFrequency,
    'wave': Wave,
}


def from_config(config: Config, *, phase_locking: bool = False) -> Representation:
    """The representation that `config.data_type` names, for its spec_shape, audio_length and sample_rate.

    `phase_locking` is for playing, where there are instantaneous frequencies: see `FrequencyRepresentation`.
    """
    kind = _CLASSES[config.data_type]
    return kind(config, phase_locking=phase_locking) if issubclass(kind, FrequencyRepresentation) else kind(config)


def _logmag(stfts: tf.Tensor) -> tf.Tensor:
    return tf.math.log(tf.abs(stfts) + FLOOR)


def _phase_angle(stfts: tf.Tensor) -> tf.Tensor:
    # The same as tf.math.angle, which is five times slower on a CPU.
    return tf.math.atan2(tf.math.imag(stfts), tf.math.real(stfts))
