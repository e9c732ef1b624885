"""The generator: from latents and pitches to normalised spectrograms.

That of Karras et al. (2018), "Progressive Growing of GANs", as GANSynth (Engel et al., 2019) and Magenta's networks.py
have it.
"""

import keras
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.networks import fading, image_ops, network
from gansynth_tf.networks.layers import EqualizedConv2D, LatentToImage, PixelNorm, UpscaleConv2D
from gansynth_tf.networks.network import num_filters
from gansynth_tf.spectral import resolutions


class Generator(network.ProgressiveNetwork):
    """Latents and pitch labels in, normalised spectrograms at the stage's own resolution out.

    Args:
      config: the hyperparameters.
      num_pitches: number of pitch classes.
    """

    def __init__(self, config: Config, num_pitches: int):
        super().__init__(config, num_pitches, name='generator')
        # Latents and images stay in float32 if the blocks between them do not.
        self.latent_norm = PixelNorm(dtype='float32')
        self.bodies, self.to_rgb = [], []
        make_body = self._simple_body if config.simple_arch else self._body
        shape = (config.latent_vector_size + num_pitches,)
        for block_id in range(1, config.num_resolutions + 1):
            self.bodies.append(make_body(block_id))
            self.to_rgb.append(self._to_rgb(block_id))
            shape = network.build(f'block_{block_id}', self.bodies[-1], shape)
            network.build(f'block_{block_id}', self.to_rgb[-1:], shape)
        self.built = True

    def call(self, latents, pitch_labels, num_blocks: int, weight=None):
        """Generates spectrograms.

        Args:
          latents: float [batch, latent_vector_size], from N(0, 1).
          pitch_labels: int [batch], 0 to num_pitches - 1.
          num_blocks: blocks in use.
          weight: of the images of one block fewer, see `fading.weight`; None where nothing fades.

        Returns:
          float32 [batch, height, width, 2] at `config.resolution(num_blocks)`. Magenta's are these, upscaled to the
          final size and denormalised.
        """
        x = tf.concat([latents, tf.one_hot(pitch_labels, self.num_pitches, dtype=latents.dtype)], axis=-1)
        if not self.config.simple_arch:
            x = self.latent_norm(x)
        coarser = None
        for block_id in range(1, num_blocks + 1):
            if block_id == num_blocks and weight is not None:
                coarser = self._images(block_id - 1, x)
            for layer in self.bodies[block_id - 1]:
                x = layer(x)
        images = self._images(num_blocks, x)
        if coarser is None:
            return images
        return fading.mix(resolutions.upscale(coarser, self.config.growth), images, weight)

    def input_shape_of(self, num_blocks: int) -> tuple[int, ...]:
        return (self.config.latent_vector_size,)

    def _images(self, block_id: int, features):
        return image_ops.depth_to_time(self.to_rgb[block_id - 1](features), self.config.time_patch)

    def _body(self, block_id: int) -> list:
        def conv(layer, name, size, **kwargs):
            return self._equalized(layer, block_id, name, num_filters(self.config, block_id), size, **kwargs)

        if block_id == 1:
            first = conv(LatentToImage, 'conv0', (self.config.start_height, self.config.start_width))
        else:
            first = conv(UpscaleConv2D, 'conv0', self.config.kernel_size, factors=self.config.growth)
        return [first, PixelNorm(), conv(EqualizedConv2D, 'conv1', self.config.kernel_size), PixelNorm()]

    def _simple_body(self, block_id: int) -> list:
        filters = num_filters(self.config, block_id)
        if block_id == 1:
            height, width = self.config.start_height, self.config.start_width
            return [keras.layers.Dense(height * width * filters, activation='relu', name='dense',
                                       kernel_initializer=self._he_normal('block_1/dense')),
                    keras.layers.Reshape((height, width, filters))]
        return [keras.layers.Conv2DTranspose(filters, self.config.kernel_size, self.config.growth, padding='same',
                                             activation='relu', name='conv2d_transpose',
                                             kernel_initializer=self._he_normal(f'block_{block_id}/conv2d_transpose'))]

    def _to_rgb(self, block_id: int) -> keras.layers.Layer:
        name, activation = f'block_{block_id}/to_rgb', self.config.to_rgb_activation
        channels = network.CHANNELS * self.config.time_patch
        if self.config.simple_arch:
            return keras.layers.Conv2D(channels, 1, activation=activation, name='to_rgb', dtype='float32',
                                       kernel_initializer=self._he_normal(name))
        return EqualizedConv2D(channels, 1, activation=activation, name='to_rgb', dtype='float32',
                               kernel_initializer=_SameInEveryFrame(self._normal(name), self.config.time_patch))


class _SameInEveryFrame(keras.initializers.Initializer):
    """An initial kernel by which the frames of a pixel are equal, so that notes begin steady and learn to change.

    Args:
      of_frame: the initializer of one frame's channels.
      num_frames: frames of a pixel.
    """

    def __init__(self, of_frame: keras.initializers.Initializer, num_frames: int):
        self._of_frame, self._num_frames = of_frame, num_frames

    def __call__(self, shape, dtype=None):
        kernel = self._of_frame((*shape[:-1], shape[-1] // self._num_frames), dtype=dtype)
        return tf.tile(kernel, [1] * (len(shape) - 1) + [self._num_frames])
