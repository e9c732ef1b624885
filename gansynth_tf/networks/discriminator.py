"""The discriminator: from normalised spectrograms to critic scores and pitch logits.

That of Karras et al. (2018), "Progressive Growing of GANs", as GANSynth (Engel et al., 2019) and Magenta's networks.py
have it. It does not get the pitch: it predicts it (auxiliary pitch classifier).
"""

import keras

from gansynth_tf.config import Config
from gansynth_tf.networks import fading, image_ops, network
from gansynth_tf.networks.layers import Downscale, EqualizedConv2D, EqualizedDense, MinibatchStddev
from gansynth_tf.networks.network import num_filters
from gansynth_tf.spectral import resolutions


class Discriminator(network.ProgressiveNetwork):
    """Normalised spectrograms at the stage's own resolution in, critic scores and pitch logits out.

    Args:
      config: the hyperparameters.
      num_pitches: number of pitch classes.
    """

    def __init__(self, config: Config, num_pitches: int):
        super().__init__(config, num_pitches, name='discriminator')
        self.minibatch_stddev = MinibatchStddev()
        self.bodies, self.from_rgb = [], []
        make_body = self._simple_body if config.simple_arch else self._body
        for block_id in range(1, config.num_resolutions + 1):
            self.bodies.append(make_body(block_id))
            self.from_rgb.append(self._from_rgb(block_id))
            (height, width), patch = config.resolution(block_id), config.time_patch
            spread = [self.minibatch_stddev] if block_id == 1 else []
            network.build(f'block_{block_id}', [self.from_rgb[-1], *spread, *self.bodies[-1]],
                          (height // patch, width, network.CHANNELS * patch))
        features = (num_filters(config, 0),)
        self.logits = self._logits()
        network.build('block_1', [self.logits], features)
        self.classification_logits = EqualizedDense(num_pitches, name='classification_logits', dtype='float32',
                                                    kernel_initializer=self._normal('classification_logits'))
        self.classification_logits.build((None, *features))
        self.built = True

    def call(self, specgrams, num_blocks: int, weight=None, num_batches: int = 1):
        """Judges spectrograms.

        Args:
          specgrams: float [batch, height, width, 2] at `config.resolution(num_blocks)`, normalised.
          num_blocks: blocks in use.
          weight: of the images of one block fewer, see `fading.weight`; None where nothing fades.
          num_batches: how many batches of one size `specgrams` are, one after the other. Each is judged as if alone.

        Returns:
          Scores, float [batch] (the higher, the more real), and pitch logits, float [batch, num_pitches].
        """
        x = self._features(num_blocks, specgrams)
        for block_id in range(num_blocks, 0, -1):
            if block_id == 1:
                x = self.minibatch_stddev(x, num_batches=num_batches)
            for layer in self.bodies[block_id - 1]:
                x = layer(x)
            if block_id == num_blocks and weight is not None:
                coarser = self._features(block_id - 1, resolutions.downscale(specgrams, self.config.growth))
                x = fading.mix(coarser, x, weight)
        return self.logits(x)[:, 0], self.classification_logits(x)

    def input_shape_of(self, num_blocks: int) -> tuple[int, ...]:
        return *self.config.resolution(num_blocks), network.CHANNELS

    def _features(self, block_id: int, specgrams):
        return self.from_rgb[block_id - 1](image_ops.time_to_depth(specgrams, self.config.time_patch))

    def _body(self, block_id: int) -> list:
        def conv(name, filters, size, **kwargs):
            return self._equalized(EqualizedConv2D, block_id, name, filters, size, **kwargs)

        next_filters, size = num_filters(self.config, block_id - 1), self.config.kernel_size
        first = conv('conv0', num_filters(self.config, block_id), size)
        if block_id > 1:
            return [first, conv('conv1', next_filters, size), Downscale(self.config.growth)]
        whole = self.config.start_height, self.config.start_width
        return [first, conv('conv1', next_filters, whole, padding='valid'), keras.layers.Flatten()]

    def _simple_body(self, block_id: int) -> list:
        filters = num_filters(self.config, block_id - 1)
        if block_id > 1:
            return [keras.layers.Conv2D(filters, self.config.kernel_size, self.config.growth, padding='same',
                                        activation='relu', name='conv',
                                        kernel_initializer=self._he_normal(f'block_{block_id}/conv'))]
        return [keras.layers.Flatten(),
                keras.layers.Dense(filters, activation='relu', name='last_conv',
                                   kernel_initializer=self._he_normal('block_1/last_conv'))]

    def _from_rgb(self, block_id: int) -> keras.layers.Layer:
        filters = num_filters(self.config, block_id)
        if self.config.simple_arch:
            return keras.layers.Conv2D(filters, 1, activation='relu', name='from_rgb',
                                       kernel_initializer=self._he_normal(f'block_{block_id}/from_rgb'))
        return self._equalized(EqualizedConv2D, block_id, 'from_rgb', filters, 1)

    def _logits(self) -> keras.layers.Layer:
        if self.config.simple_arch:
            return keras.layers.Dense(1, name='logits', dtype='float32',
                                      kernel_initializer=self._he_normal('block_1/logits'))
        return EqualizedDense(1, name='logits', dtype='float32', kernel_initializer=self._normal('block_1/logits'))
