"""The sizes at which stages see spectrograms, and how full-size ones come to them."""

import tensorflow as tf

from gansynth_tf.config import Config


def all_resolutions(config: Config) -> list[tuple[int, int]]:
    """(height, width) of every resolution, the coarsest first, full size last."""
    sizes = []
    for block in range(config.num_resolutions):
        growth = config.scale_base ** block
        sizes.append((config.start_height * config.time_patch * growth,
                      config.start_width * (growth if config.scale_mode == 'ALL' else 1)))
    return sizes


def pool(specgrams: tf.Tensor, resolution: tuple[int, int]) -> tf.Tensor:
    """[batch, time, freq, channels] -> [batch, height, width, channels]: the mean of every block of pixels."""
    _, num_frames, num_bins, num_channels = specgrams.shape
    height, width = resolution
    blocks = tf.reshape(specgrams, [-1, height, num_frames // height, width, num_bins // width, num_channels])
    return tf.reduce_mean(blocks, axis=[2, 4])
