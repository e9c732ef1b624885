"""Pictures of sound: what the networks see of a wave. One class a representation, all with the same two methods.

Source: GANSynth (Engel et al. 2019, section 2), Magenta's specgrams_helper.py and data_helpers.py.
"""

import abc
import math

import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.spectral import mel, ops, transform

_FLOOR = 1e-6  # added to magnitudes and powers before their logarithm is taken


class Representation(abc.ABC):
    """A pair of transforms between waves and pictures with two channels.

    Both are pure TensorFlow functions without variables: eager, in a tf.function and in tf.data.Dataset.map.
    """

    @abc.abstractmethod
    def waves_to_specgrams(self, waves: tf.Tensor) -> tf.Tensor:
        """float32 [batch, audio_length, 1] -> float32 [batch, time, freq, 2], not normalised."""

    @abc.abstractmethod
    def specgrams_to_waves(self, specgrams: tf.Tensor) -> tf.Tensor:
        """float32 [batch, time, freq, 2], not normalised -> float32 [batch, audio_length, 1]."""


class SpectralRepresentation(Representation):
    """A log magnitude and a phase, of whatever kind, for every bin of a short-time Fourier transform."""

    def __init__(self, config: Config):
        num_frames, num_bins = config.spec_shape
        self.framing = transform.Framing(num_frames, num_bins * config.mel_downscale, config.audio_length)

    @abc.abstractmethod
    def stfts_to_specgrams(self, stfts: tf.Tensor) -> tf.Tensor:
        """complex64 [batch, time, bins] -> float32 [batch, time, freq, 2]."""

    @abc.abstractmethod
    def specgrams_to_stfts(self, specgrams: tf.Tensor) -> tf.Tensor:
        """float32 [batch, time, freq, 2] -> complex64 [batch, time, bins]."""

    def waves_to_specgrams(self, waves):
        return self.stfts_to_specgrams(transform.waves_to_stfts(waves, self.framing))

    def specgrams_to_waves(self, specgrams):
        return transform.stfts_to_waves(self.specgrams_to_stfts(specgrams), self.framing)


class Phase(SpectralRepresentation):
    """ln(|X| + 1e-6) and the phase in units of pi radians: the paper's 'phase'."""

    def stfts_to_specgrams(self, stfts):
        return tf.stack([tf.math.log(tf.abs(stfts) + _FLOOR), tf.math.angle(stfts) / math.pi], axis=-1)

    def specgrams_to_stfts(self, specgrams):
        logmag, phase = tf.unstack(specgrams, axis=-1)
        return ops.polar_to_rect(tf.exp(logmag), phase * math.pi)


class InstantaneousFrequency(SpectralRepresentation):
    """ln(|X| + 1e-6) and the phase's step from frame to frame in units of pi radians: the paper's 'IF'."""

    def stfts_to_specgrams(self, stfts):
        ifreq = ops.instantaneous_frequency(tf.math.angle(stfts))
        return tf.stack([tf.math.log(tf.abs(stfts) + _FLOOR), ifreq], axis=-1)

    def specgrams_to_stfts(self, specgrams):
        logmag, ifreq = tf.unstack(specgrams, axis=-1)
        return ops.polar_to_rect(tf.exp(logmag), tf.cumsum(ifreq, axis=-2) * math.pi)


class MelInstantaneousFrequency(SpectralRepresentation):
    """ln(mel power + 1e-6) and the step of the mel-weighted phase in units of pi radians: the paper's 'IF-mel'."""

    def __init__(self, config: Config):
        super().__init__(config)
        num_bins = self.framing.num_bins
        linear_to_mel = mel.linear_to_mel_weight_matrix(num_bins // config.mel_downscale, num_bins,
                                                        sample_rate=config.sample_rate)
        self._linear_to_mel = linear_to_mel.astype('float32')
        self._mel_to_linear = mel.mel_to_linear_weight_matrix(linear_to_mel).astype('float32')

    def stfts_to_specgrams(self, stfts):
        power = tf.square(tf.abs(stfts) + _FLOOR)
        logmelpower = tf.math.log(tf.tensordot(power, self._linear_to_mel, 1) + _FLOOR)
        # The original weights the unwrapped phase and differences it again. Weighting is linear, so the steps of the
        # weighted phase are the weighted steps.
        mel_step = tf.tensordot(ops.instantaneous_frequency(tf.math.angle(stfts)), self._linear_to_mel, 1)
        mel_ifreq = tf.concat([mel_step[:, :1], ops.wrap(mel_step[:, 1:], 1.0)], axis=1)
        return tf.stack([logmelpower, mel_ifreq], axis=-1)

    def specgrams_to_stfts(self, specgrams):
        logmelpower, mel_ifreq = tf.unstack(specgrams, axis=-1)
        power = tf.tensordot(tf.exp(logmelpower), self._mel_to_linear, 1)
        phase = tf.cumsum(tf.tensordot(mel_ifreq, self._mel_to_linear, 1), axis=-2)
        return ops.polar_to_rect(tf.sqrt(power + _FLOOR), phase * math.pi)


class Wave(Representation):
    """The wave itself as a picture one pixel wide, in two equal channels, with silence on both sides."""

    def __init__(self, config: Config):
        num_rows, _ = config.spec_shape
        self._audio_length = config.audio_length
        self._before = (num_rows - config.audio_length) // 2
        self._after = num_rows - config.audio_length - self._before

    def waves_to_specgrams(self, waves):
        waves = tf.ensure_shape(waves, [None, self._audio_length, 1])
        padded = tf.pad(waves, [[0, 0], [self._before, self._after], [0, 0]])
        return tf.repeat(padded[:, :, tf.newaxis], 2, axis=-1)

    def specgrams_to_waves(self, specgrams):
        return specgrams[:, self._before:self._before + self._audio_length, 0, :1]


_CLASSES = {'linear': InstantaneousFrequency, 'phase': Phase, 'mel': MelInstantaneousFrequency, 'wave': Wave}


def from_config(config: Config) -> Representation:
    """The representation that `config.data_type` names, for its spec_shape, audio_length and sample_rate."""
    return _CLASSES[config.data_type](config)
