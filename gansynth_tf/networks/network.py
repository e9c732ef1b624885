"""The base of generator and discriminator: all blocks at once, stable names, seeds that depend on names only."""

import contextlib
import re
import zlib
from collections.abc import Iterator, Sequence

import keras
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.networks import fading, image_ops

CHANNELS = 2  # log magnitude, and phase or instantaneous frequency


class ProgressiveNetwork(keras.Model):
    """A network of blocks, of which a stage uses the first `num_blocks`.

    Every variable exists after construction, also of blocks that are not in use yet. A variable's `path`, such as
    'block_1/conv0/kernel', names it in files.

    Attributes:
      config: the hyperparameters.
      num_pitches: number of pitch classes.
    """

    def __init__(self, config: Config, num_pitches: int, *, name: str):
        super().__init__(name=name, dtype='float32')  # of inputs and outputs, whatever the layers compute in
        self.config = config
        self.num_pitches = num_pitches

    def __call__(self, inputs, *args, num_blocks: int | None = None, progress=None, **kwargs):
        """The network's output, see `call`.

        Arguments are checked here and not there, because Keras wraps errors from `call` in many lines.

        Args:
          inputs: the first argument of `call`.
          *args: the others.
          num_blocks: blocks in use; all if not given.
          progress: as in `fading.weight`.
          **kwargs: the rest.

        Raises:
          InputError: if there are not so many blocks, `progress` is not in their range, or `inputs` not of their shape.
        """
        num_blocks = self.config.num_resolutions if num_blocks is None else num_blocks
        self.config.resolution(num_blocks)
        weight = fading.weight(num_blocks, progress)
        expected = (None, *self.input_shape_of(num_blocks))
        if not tf.TensorShape(inputs.shape).is_compatible_with(expected):
            raise InputError(f'Impossible inputs for the {self.name}: expected shape {list(expected)} '
                             f'for {num_blocks} blocks. Received: {list(inputs.shape)}')
        return super().__call__(inputs, *args, num_blocks=num_blocks, weight=weight, **kwargs)

    def input_shape_of(self, num_blocks: int) -> tuple[int, ...]:
        """Shape of the first input for one note."""
        raise NotImplementedError

    def variables_of(self, num_blocks: int) -> list[keras.Variable]:
        """The variables of the first `num_blocks` blocks, and those that belong to none.

        RGB layers of all but the last two blocks (in a stable stage, all but the last) have no effect and so no
        gradient, but belong to the list: their moving averages go on as in the original.
        """
        self.config.resolution(num_blocks)
        return [variable for variable in self.trainable_variables if _block_id(variable.path) <= num_blocks]

    def _equalized(self, layer: type[keras.layers.Layer], block_id: int, name: str, *sizes, **kwargs
                   ) -> keras.layers.Layer:
        """A layer of a block, with an equalized learning rate and leaky ReLU."""
        # The slope in the scale is 0 although that of the activation is 0.2: as in Magenta.
        return layer(*sizes, he_slope=0.0, activation=image_ops.leaky_relu, name=name,
                     kernel_initializer=self._normal(f'block_{block_id}/{name}'), **kwargs)

    def _normal(self, name: str) -> keras.initializers.Initializer:
        """N(0, 1), for kernels that are scaled when they are used."""
        return keras.initializers.RandomNormal(stddev=1.0, seed=self._seed(name))

    def _he_normal(self, name: str) -> keras.initializers.Initializer:
        """He et al.'s initialisation, for kernels that are used as they are."""
        return keras.initializers.HeNormal(seed=self._seed(name))

    def _seed(self, name: str) -> int:
        return zlib.crc32(f'{self.config.seed}/{self.name}/{name}'.encode())


@contextlib.contextmanager
def mixed_precision(enabled: bool) -> Iterator[None]:
    """Networks made within compute in bfloat16 over float32 variables, but for what says otherwise, if `enabled`."""
    before = keras.config.dtype_policy()
    if enabled:
        keras.config.set_dtype_policy('mixed_bfloat16')
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build(scope: str, layers: Sequence[keras.layers.Layer], input_shape: tuple) -> tuple:
    """Makes the variables of `layers`, applied one after the other, and returns the shape that comes out."""
    shape = (None, *input_shape)
    with keras.name_scope(scope):
        for layer in layers:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
    return shape[1:]


def num_filters(config: Config, block_id: int) -> int:
    """Channels of block `block_id`; 0 stands for the discriminator's last features."""
    return int(min(config.fmap_base / 2 ** (block_id * config.fmap_decay), config.fmap_max))


def _block_id(path: str) -> int:
    match = re.match(r'block_(\d+)/', path)
    return int(match[1]) if match else 0
