"""The weight by which a new block fades in: it is that of the images of one block fewer.

`progress` counts resolutions: n - 1 while n blocks train in a stable stage, and from n - 2 to n - 1 while block n fades
in. So with n blocks only the images of the last two count.
"""

import tensorflow as tf

from gansynth_tf.errors import InputError
from gansynth_tf.spectral import resolutions


def weight(num_blocks: int, progress=None):
    """Weight, 0 to 1, of the next coarser resolution while block `num_blocks` fades in.

    Args:
      num_blocks: blocks in use.
      progress: scalar number or tensor in [num_blocks - 2, num_blocks - 1]; None means num_blocks - 1.

    Returns:
      None if it is known before the graph runs that nothing fades, so that the coarser branch can be left out; else a
      scalar tensor.

    Raises:
      InputError: if `progress` is known to be outside its range.
    """
    known = num_blocks - 1 if progress is None else tf.get_static_value(progress)
    if known is not None and not max(0, num_blocks - 2) <= known <= num_blocks - 1:
        raise InputError(f'Impossible progress: expected one from {max(0, num_blocks - 2)} to {num_blocks - 1} '
                         f'for {num_blocks} blocks. Received: {known!r}')
    if num_blocks == 1 or known == num_blocks - 1:
        return None
    return tf.clip_by_value(num_blocks - 1 - tf.cast(progress, tf.float32), 0.0, 1.0)


def mix(coarser: tf.Tensor, images: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """`weight * coarser + (1 - weight) * images` (Karras et al. 2018, figure 2)."""
    weight = tf.cast(weight, images.dtype)
    return weight * coarser + (1 - weight) * images


def blend(images: tf.Tensor, weight: tf.Tensor | None, growth: tuple[int, int]) -> tf.Tensor:
    """Real images as a stage shows them: faded in from their coarser version.

    Args:
      images: [batch, height, width, channels].
      weight: that of the coarser version, as `weight` gives it.
      growth: `Config.growth`.
    """
    if weight is None:
        return images
    return mix(resolutions.upscale(resolutions.downscale(images, growth), growth), images, weight)
