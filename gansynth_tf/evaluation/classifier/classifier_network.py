"""The auxiliary pitch classifier's network: from waves to the features and probabilities that other measures use.

Source: Engel et al. 2019 (GANSynth), section 4.2 and appendix: a pitch classifier trained on real notes, whose features
take the place of Inception's. Magenta never released it; the layers are those of NSynth's "baseline" encoder as far
as the paper tells. Deviations, all of them choices of this project: a factor for the number of filters; DC left out
and silence padded before the note, as GANSynth's own spectrograms have it.
"""

import keras
import tensorflow as tf

from gansynth_tf.data.sources.note_source import FAMILIES, ORIGINS, QUALITIES
from gansynth_tf.spectral import transform

NUM_PITCHES = 128
# Outputs of the network, and the number of logits of each.
HEADS = {'pitch': NUM_PITCHES, 'family': len(FAMILIES), 'source': len(ORIGINS), 'qualities': len(QUALITIES)}

_NUM_BINS = 512
_N_FFT, _HOP = 1024, 256
_RANGE_DB = 120.0
_SMALLEST = 1e-9  # smallest magnitude of which a logarithm is taken

# (filters at full width, kernel, strides) of convolutions over [frequency, time].
_CONVOLUTIONS = (
    (128, 5, (2, 2)), (128, 4, (2, 2)), (128, 4, (2, 2)), (256, 4, (2, 2)), (256, 4, (2, 2)), (256, 4, (2, 2)),
    (512, 4, (2, 2)), (512, 4, (2, 2)), (512, 4, (2, 1)), (1024, 1, (1, 1)),
)


def waves_to_images(waves: tf.Tensor) -> tf.Tensor:
    """Images that the network gets: decibels below the loudest point of each note.

    Args:
      waves: float32 [batch, samples].

    Returns:
      float32 [batch, 512, frames, 1]: frequency, time (256 frames for 64,000 samples; always a power of two); 1 at the
      note's loudest point, 0 at 120 dB below and in silence.
    """
    num_frames = 1 << max(0, -(-(waves.shape[1] - _N_FFT) // _HOP)).bit_length()
    framing = transform.Framing(num_frames, _NUM_BINS, waves.shape[1])
    magnitudes = tf.transpose(tf.abs(transform.waves_to_stfts(waves[:, :, tf.newaxis], framing)), [0, 2, 1])
    loudest = tf.maximum(tf.reduce_max(magnitudes, axis=[1, 2], keepdims=True), _SMALLEST)
    decibels = 20 / tf.math.log(10.0) * tf.math.log(tf.maximum(magnitudes, _SMALLEST * loudest) / loudest)
    return tf.maximum(decibels / _RANGE_DB + 1, 0)[..., tf.newaxis]


def build(width: float) -> keras.Model:
    """The untrained network.

    Args:
      width: factor of all numbers of filters; 1 for those of the paper.

    Returns:
      A model from `waves_to_images` to a dict: 'features' (float32 [batch, width * 1024], of the last hidden layer
      before its activation) and the logits by the names of `HEADS`.
    """
    images = keras.Input([_NUM_BINS, None, 1])
    hidden = images
    for index, (filters, kernel_size, strides) in enumerate(_CONVOLUTIONS, start=1):
        hidden = keras.layers.Conv2D(max(1, round(filters * width)), kernel_size, strides, padding='same',
                                     use_bias=False, name=f'conv{index}')(hidden)
        # A short memory, so that training for a few thousand steps, as on small data sets, is long enough.
        features = keras.layers.BatchNormalization(momentum=0.95, name=f'norm{index}')(hidden)
        hidden = keras.layers.LeakyReLU(0.2)(features)
    flat = keras.layers.GlobalAveragePooling2D()  # of one pixel, for notes up to 256 frames
    outputs = {name: flat(keras.layers.Conv2D(size, 1, name=name)(hidden)) for name, size in HEADS.items()}
    return keras.Model(images, {'features': flat(features), **outputs}, name='pitch_classifier')
