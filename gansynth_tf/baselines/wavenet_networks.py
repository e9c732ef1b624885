"""The networks of the two WaveNets as functions of their weights, and the names and shapes of these.

Sources: van den Oord et al. 2016, "WaveNet: A Generative Model for Raw Audio"; Engel et al. 2017, "Neural Audio
Synthesis of Musical Notes with WaveNet Autoencoders"; Magenta's h512_bo16, whose names and order of operations these
are. `pitch_encoding` describes the layers of the pitch.
"""

import re
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import mu_law
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig, DecoderConfig, WaveNetConfig
from gansynth_tf.baselines.wavenet_layers import Weights, add_frames, causal, centred, mean_pool, shift_right
from gansynth_tf.errors import InputError

TAPS = 3
# Of the layers of the pitch encoding: five whose dilation grows to 2^5, then three plain ones.
PITCH_DILATIONS = (2, 4, 8, 16, 32, 1, 1, 1)


def dilations(num_layers: int, num_stages: int) -> tuple[int, ...]:
    """The dilation of each layer: 1, 2, 4, ..., and from 1 again after every `num_stages` layers."""
    return tuple(2 ** (index % num_stages) for index in range(num_layers))


def encode(weights: Weights, config: AutoencoderConfig, waves: tf.Tensor) -> tf.Tensor:
    """The autoencoder's encoder: float32 [batch, samples] -> codes [batch, samples // ae_hop_length, channels]."""
    x = centred(weights, 'ae_startconv', mu_law.to_inputs(mu_law.encode(waves))[..., tf.newaxis])
    for number, dilation in enumerate(dilations(config.ae_num_layers, config.ae_num_stages), 1):
        hidden = centred(weights, f'ae_dilatedconv_{number}', tf.nn.relu(x), dilation)
        x += centred(weights, f'ae_res_{number}', tf.nn.relu(hidden))
    return mean_pool(centred(weights, 'ae_bottleneck', x), config.ae_hop_length)


def pitch_encoding(weights: Weights, config: WaveNetConfig, labels: tf.Tensor, num_pitches: int) -> tf.Tensor:
    """The encoding of pitches, which conditions the decoder as codes do: int [batch] -> [batch, frames, pitch_width].

    The pitch, one of `num_pitches`, is on for the first seconds of the note and off for the rest; so the layers can
    tell every frame its distance from both.
    """
    frames = config.audio_length // config.ae_hop_length
    is_on = np.arange(frames) * config.ae_hop_length < config.pitch_on_seconds * config.sample_rate
    x = tf.one_hot(labels, num_pitches)[:, tf.newaxis] * tf.constant(is_on, tf.float32)[:, tf.newaxis]
    for number, dilation in enumerate(PITCH_DILATIONS, 1):
        x = tf.nn.relu(centred(weights, f'pitch_conv_{number}', x, dilation))
    return x


def logits(weights: Weights, config: DecoderConfig, waves: tf.Tensor, encoding: tf.Tensor) -> tf.Tensor:
    """The decoder: predictions for each sample from those before it.

    Args:
      weights: the model's.
      config: likewise.
      waves: float32 [batch, samples].
      encoding: float32 [batch, frames, channels]; each frame is held for samples / frames.

    Returns:
      [batch, samples, 256] logits of the mu-law classes.
    """
    x = shift_right(mu_law.to_inputs(mu_law.encode(waves))[..., tf.newaxis])
    x = causal(weights, 'startconv', x)
    skips = causal(weights, 'skip_start', x)
    for number, dilation in enumerate(dilations(config.num_layers, config.num_stages), 1):
        hidden = causal(weights, f'dilatedconv_{number}', x, dilation)
        hidden = add_frames(hidden, causal(weights, f'cond_map_{number}', encoding))
        gate, signal = tf.split(hidden, 2, axis=-1)
        gated = tf.sigmoid(gate) * tf.tanh(signal)
        x += causal(weights, f'res_{number}', gated)
        skips += causal(weights, f'skip_{number}', gated)
    out = causal(weights, 'out1', tf.nn.relu(skips))
    out = add_frames(out, causal(weights, 'cond_map_out1', encoding))
    return causal(weights, 'logits', tf.nn.relu(out))


def cross_entropy(logits_of_classes: tf.Tensor, waves: tf.Tensor) -> tf.Tensor:
    """The mean cross-entropy over batch and time, in nats, of predictions and the waves themselves."""
    classes = mu_law.to_classes(mu_law.encode(waves))
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits_of_classes))


def shapes(config: DecoderConfig, num_pitches: int = 0) -> dict[str, tuple[int, ...]]:
    """The shape of every weight by name; `num_pitches` where a pitch conditions."""
    kernels = _decoder_kernels(config)
    if isinstance(config, AutoencoderConfig):
        kernels |= _encoder_kernels(config)
    if isinstance(config, WaveNetConfig):
        kernels |= _pitch_kernels(config, num_pitches)
    return {f'{layer}/{kind}': shape for layer, (taps, depth, width) in kernels.items()
            for kind, shape in (('W', (1, taps, depth, width)), ('biases', (width,)))}


def initial(config: DecoderConfig, num_pitches: int = 0) -> dict[str, np.ndarray]:
    """Weights to begin training with: kernels uniform in +-sqrt(3 / fan_in), biases 0."""
    random = np.random.default_rng(config.seed)

    def draw(shape):
        bound = np.sqrt(3.0 / np.prod(shape[:-1])) if len(shape) > 1 else 0.0
        return random.uniform(-bound, bound, shape).astype(np.float32)
    return {name: draw(shape) for name, shape in shapes(config, num_pitches).items()}


Kernels = dict[str, tuple[int, int, int]]  # taps, channels in, channels out, by layer


def _encoder_kernels(config: AutoencoderConfig) -> Kernels:
    width = config.ae_width
    kernels: Kernels = {'ae_startconv': (TAPS, 1, width), 'ae_bottleneck': (1, width, config.ae_bottleneck_width)}
    for number in range(1, config.ae_num_layers + 1):
        kernels |= {f'ae_dilatedconv_{number}': (TAPS, width, width), f'ae_res_{number}': (1, width, width)}
    return kernels


def _pitch_kernels(config: WaveNetConfig, num_pitches: int) -> Kernels:
    return {f'pitch_conv_{number}': (TAPS, num_pitches if number == 1 else config.pitch_width, config.pitch_width)
            for number in range(1, len(PITCH_DILATIONS) + 1)}


def _decoder_kernels(config: DecoderConfig) -> Kernels:
    width, skip_width, encoding_width = config.width, config.skip_width, config.encoding_channels
    kernels: Kernels = {
        'startconv': (TAPS, 1, width), 'skip_start': (1, width, skip_width), 'out1': (1, skip_width, skip_width),
        'cond_map_out1': (1, encoding_width, skip_width), 'logits': (1, skip_width, mu_law.NUM_CLASSES)}
    for number in range(1, config.num_layers + 1):
        kernels |= {f'dilatedconv_{number}': (TAPS, width, 2 * width),
                    f'cond_map_{number}': (1, encoding_width, 2 * width),
                    f'res_{number}': (1, width, width), f'skip_{number}': (1, width, skip_width)}
    return kernels


def sizes_of(arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The hyperparameters of the autoencoder's networks that its weights tell by their names and shapes.

    Raises:
      InputError: if the layers that tell them are missing.
    """
    def count(layer):
        numbers = [int(match[1]) for name in arrays if (match := re.fullmatch(rf'{layer}_(\d+)/W', name))]
        return max(numbers, default=0)

    sizes = {'num_layers': count('dilatedconv'), 'ae_num_layers': count('ae_dilatedconv')}
    for size, layer in (('width', 'startconv'), ('skip_width', 'skip_start'), ('ae_width', 'ae_startconv'),
                        ('ae_bottleneck_width', 'ae_bottleneck')):
        sizes[size] = (np.shape(arrays.get(f'{layer}/W', 0)) or (0,))[-1]
    if missing := [name for name, size in sizes.items() if not size]:
        raise InputError(f'Not the weights of a WaveNet autoencoder: expected names such as ae_startconv/W, by whose '
                         f'shapes its {", ".join(missing)} can be told. Received: {", ".join(sorted(arrays)[:3])}')
    return sizes
