"""How images grow: resolution and number of filters of every block, and the weights by which blocks fade in.

`progress` counts resolutions: n - 1 while n blocks train in a stable stage, and from n - 2 to n - 1 while block n fades
in. So with n blocks only the last two have a say: weights of all earlier blocks are 0.
"""

import dataclasses

import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import image_ops


def generator_alpha(block_id: int, progress):
    """Weight of a block's image in the generator's output: a triangle over `progress` with its peak at block_id - 1."""
    progress = tf.cast(progress, tf.float32)
    return tf.maximum(0.0, tf.minimum(progress - (block_id - 2), block_id - progress))


def discriminator_alpha(block_id: int, progress):
    """Weight of the image seen at a block's own resolution against what the block above hands down."""
    return tf.clip_by_value(block_id - tf.cast(progress, tf.float32), 0.0, 1.0)


def num_filters(config: Config, block_id: int) -> int:
    """Channels of block `block_id`; 0 stands for the discriminator's last features."""
    return int(min(config.fmap_base / 2 ** (block_id * config.fmap_decay), config.fmap_max))


@dataclasses.dataclass(frozen=True)
class ResolutionSchedule:
    """Resolutions (height, width) of images of blocks 1 (coarsest) to `num_resolutions`.

    Attributes:
      start_resolutions: (height, width) of block 1 itself, whose images have `time_patch` times that height.
      scale_base: growth from one block to the next.
      num_resolutions: number of blocks.
      scale_mode: 'ALL' grows both axes, 'H' the height (time) only.
      time_patch: rows of an image, which are time frames, for each row of a block.
    """

    start_resolutions: tuple[int, int]
    scale_base: int = 2
    num_resolutions: int = 7
    scale_mode: str = 'ALL'
    time_patch: int = 1

    @classmethod
    def from_config(cls, config: Config) -> 'ResolutionSchedule':
        return cls((config.start_height, config.start_width), config.scale_base, config.num_resolutions,
                   config.scale_mode, config.time_patch)

    @property
    def factors(self) -> tuple[int, int]:
        """Growth (down, across) from one block to the next."""
        return self._factors(self.scale_base)

    @property
    def final_resolutions(self) -> tuple[int, int]:
        return self.resolution(self.num_resolutions)

    def resolution(self, block_id: int) -> tuple[int, int]:
        """(height, width) of the images of block `block_id`."""
        self.check_num_blocks(block_id)
        down, across = self._factors(self.scale_base ** (block_id - 1))
        return self.start_resolutions[0] * self.time_patch * down, self.start_resolutions[1] * across

    def scale_factor(self, block_id: int) -> int:
        """How many times the final height that of block `block_id` is smaller."""
        self.check_num_blocks(block_id)
        return self.scale_base ** (self.num_resolutions - block_id)

    def upscale(self, images: tf.Tensor, scale: int) -> tf.Tensor:
        """Images enlarged by `scale`, along the axes that grow."""
        return image_ops.upscale(images, self._factors(scale))

    def downscale(self, images: tf.Tensor, scale: int) -> tf.Tensor:
        """Images averaged down by `scale`, along the axes that grow."""
        return image_ops.downscale(images, self._factors(scale))

    def check_num_blocks(self, num_blocks: int) -> None:
        """Raises an InputError unless this schedule has a block of that number."""
        if not 1 <= num_blocks <= self.num_resolutions:
            raise InputError(f'Impossible number of blocks: expected one from 1 to num_resolutions '
                             f'({self.num_resolutions}). Received: {num_blocks!r}')

    def fading_weight(self, num_blocks: int, progress=None):
        """Weight, 0 to 1, of the next coarser resolution while block `num_blocks` fades in.

        Args:
          num_blocks: blocks in use.
          progress: scalar number or tensor in [num_blocks - 2, num_blocks - 1]; None means num_blocks - 1.

        Returns:
          None if it is known before the graph runs that nothing fades, so that the coarser branch can be left out;
          else a scalar tensor.

        Raises:
          InputError: if there are not so many blocks, or `progress` is known to be outside their range.
        """
        self.check_num_blocks(num_blocks)
        known = num_blocks - 1 if progress is None else tf.get_static_value(progress)
        if known is not None and not max(0, num_blocks - 2) <= known <= num_blocks - 1:
            raise InputError(f'Impossible progress: expected one from {max(0, num_blocks - 2)} to {num_blocks - 1} '
                             f'for {num_blocks} blocks. Received: {known!r}')
        if num_blocks == 1 or known == num_blocks - 1:
            return None
        return discriminator_alpha(num_blocks - 1, progress)

    def blend(self, images: tf.Tensor, num_blocks: int, progress=None) -> tf.Tensor:
        """Real images as a stage shows them: faded in from their coarser version.

        Args:
          images: [batch, *resolution(num_blocks), channels].
          num_blocks: blocks in use.
          progress: as in `fading_weight`.
        """
        weight = self.fading_weight(num_blocks, progress)
        if weight is None:
            return images
        coarser = self.upscale(self.downscale(images, self.scale_base), self.scale_base)
        return weight * coarser + (1 - weight) * images

    def _factors(self, scale: int) -> tuple[int, int]:
        return scale, scale if self.scale_mode == 'ALL' else 1
