"""Frames, padding and the short-time Fourier transform."""

import dataclasses

import tensorflow as tf

from gansynth_tf.spectral import ops


@dataclasses.dataclass(frozen=True)
class Framing:
    """The division of a wave of `audio_length` samples into `num_frames` frames of `num_bins` frequencies.

    Windows overlap by three quarters. All padding goes before the wave: a note's onset then lies in frames that are
    partly silence, and the last frame ends with the last sample. The bin at 0 Hz is left out, so that `num_bins` is
    a power of two; the one at half the sample rate stays.
    """

    num_frames: int
    num_bins: int
    audio_length: int  # samples

    @property
    def n_fft(self) -> int:
        return 2 * self.num_bins

    @property
    def hop_length(self) -> int:
        return self.n_fft // 4

    @property
    def padding(self) -> int:
        """Samples of silence before the wave."""
        return self.hop_length * (self.num_frames - 1) + self.n_fft - self.audio_length


def waves_to_stfts(waves: tf.Tensor, framing: Framing) -> tf.Tensor:
    """Complex spectra, periodic Hann window.

    Args:
      waves: float32 [batch, framing.audio_length, 1].
      framing: the frames.

    Returns:
      complex64 [batch, num_frames, num_bins], without the bin at 0 Hz.

    >>> framing = Framing(num_frames=16, num_bins=64, audio_length=500)
    >>> waves_to_stfts(tf.zeros([2, 500, 1]), framing).shape.as_list()
    [2, 16, 64]
    """
    waves = ops.require_shape('waves', waves, [None, framing.audio_length, 1])
    padded = tf.pad(waves[:, :, 0], [[0, 0], [framing.padding, 0]])
    return tf.signal.stft(padded, framing.n_fft, framing.hop_length)[:, :, 1:]


def stfts_to_waves(stfts: tf.Tensor, framing: Framing) -> tf.Tensor:
    """The inverse of `waves_to_stfts`, except for what was at 0 Hz.

    Args:
      stfts: complex64 [batch, num_frames, num_bins].
      framing: the frames.

    Returns:
      float32 [batch, framing.audio_length, 1].
    """
    stfts = ops.require_shape('stfts', stfts, [None, framing.num_frames, framing.num_bins])
    with_dc = tf.pad(stfts, [[0, 0], [0, 0], [1, 0]])
    window = tf.signal.inverse_stft_window_fn(framing.hop_length)
    waves = tf.signal.inverse_stft(with_dc, framing.n_fft, framing.hop_length, window_fn=window)
    return waves[:, framing.padding:, tf.newaxis]
