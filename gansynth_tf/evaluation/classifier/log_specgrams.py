"""Small pictures of notes, for measures that compare notes as they sound: log mel spectrograms in few frames."""

import numpy as np
import tensorflow as tf

NUM_BANDS = 128
NUM_FRAMES = 16  # in the longest note; each covers a quarter of a second of four
_N_FFT, _HOP = 2048, 512
_LOWEST_HZ = 20.0
_FLOOR = 1e-8  # of power, relative to a full-scale sine


def frame_length(audio_length: int) -> int:
    """Samples that one frame of the picture stands for."""
    return max(_HOP, -(-audio_length // (NUM_FRAMES * _HOP)) * _HOP)


def from_waves(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    """Waves float [batch, samples] to float32 [batch, frames, 128], decibels of full scale: -80 to about 0."""
    return _from_waves(tf.convert_to_tensor(waves, tf.float32), sample_rate).numpy()


@tf.function
def _from_waves(waves: tf.Tensor, sample_rate: int) -> tf.Tensor:
    stfts = tf.signal.stft(tf.pad(waves, [[0, 0], [_N_FFT // 2, _N_FFT // 2]]), _N_FFT, _HOP)
    # The sum of a Hann window is half its length, the peak of a sine's spectrum half its amplitude times that.
    powers = tf.abs(stfts * (4 / _N_FFT)) ** 2
    to_bands = tf.signal.linear_to_mel_weight_matrix(NUM_BANDS, _N_FFT // 2 + 1, sample_rate, _LOWEST_HZ,
                                                     sample_rate / 2)
    bands = powers @ to_bands
    together = frame_length(waves.shape[1]) // _HOP
    num_frames = bands.shape[1] // together
    means = tf.reduce_mean(tf.reshape(bands[:, :num_frames * together], [-1, num_frames, together, NUM_BANDS]), axis=2)
    return 10 / tf.math.log(10.0) * tf.math.log(means + _FLOOR)
