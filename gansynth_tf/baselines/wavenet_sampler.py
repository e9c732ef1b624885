"""The fast sampler: sample after sample without computing anything twice, as one compiled graph.

Source: Paine et al. 2016, "Fast WaveNet Generation Algorithm"; Magenta's fastgen, whose draws these are.

A step takes as long as reading the weights does, 240 MB of them at full size. So everything that is known of several
steps beforehand is computed for all of them at once: the two past taps of a layer, which are known for as many steps
as its dilation, by one product for up to 64 steps; the skips of all layers by one product; the conditioning once a
frame. XLA compiles it all into nested loops, blocks of steps within larger ones, which run on one core at batch 1.
"""

import functools

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import mu_law, wavenet_networks
from gansynth_tf.baselines.wavenet_config import DecoderConfig
from gansynth_tf.baselines.wavenet_layers import Weights

BLOCKS = (64, 32, 16, 8, 4, 2, 1)  # steps whose past taps are computed at once

Carried = tuple[tuple[tf.Tensor, ...], tf.Tensor, tf.Tensor]  # the layers' rings, the last inputs, what is kept
Past = dict['_Layer', tf.Tensor]  # what the past taps give in each step of the present block


class Sampler:
    """Draws notes of a decoder.

    Args:
      weights: the model's.
      config: likewise.
      batch_size: notes drawn at once.
    """

    def __init__(self, weights: Weights, config: DecoderConfig, batch_size: int):
        self._hop_length, self._batch_size = config.ae_hop_length, batch_size
        self._blocks = [block for block in BLOCKS if config.ae_hop_length % block == 0]
        numbers = range(1, config.num_layers + 1)

        def kernel(layer):
            return tf.reshape(weights[f'{layer}/W'], [-1, weights[f'{layer}/W'].shape[-1]])

        def biases(layer):
            return tf.convert_to_tensor(weights[f'{layer}/biases'])
        self._start = kernel('startconv'), biases('startconv')
        self._layers = [
            _Layer(kernel(f'dilatedconv_{number}'), kernel(f'res_{number}'), biases(f'res_{number}'), dilation,
                   block=max(block for block in self._blocks if block <= dilation))
            for number, dilation in zip(numbers, wavenet_networks.dilations(config.num_layers, config.num_stages))]
        skips = ['skip_start', *(f'skip_{number}' for number in numbers)]
        self._skips = tf.concat([kernel(name) for name in skips], 0), tf.add_n([biases(name) for name in skips])
        conditions = [*(f'cond_map_{number}' for number in numbers), 'cond_map_out1']
        conditioned = [*(f'dilatedconv_{number}' for number in numbers), 'out1']
        self._conditions = (
            tf.concat([kernel(name) for name in conditions], 1),
            tf.concat([biases(name) + biases(to) for name, to in zip(conditions, conditioned)], 0))
        self._condition_sizes = [2 * config.width] * config.num_layers + [config.skip_width]
        self._out, self._logits = kernel('out1'), (kernel('logits'), biases('logits'))
        self._draw_frame, self._force_frame = (
            tf.function(functools.partial(self._frame, choose), jit_compile=True, autograph=False)
            for choose in (_draw, _force))

    def draw(self, encoding: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Draws whole notes.

        Args:
          encoding: float32 [batch_size, frames, channels], what conditions them; each frame for `ae_hop_length`
            samples.
          uniforms: float32 [frames * ae_hop_length, batch_size] in [0, 1): what decides each sample.

        Returns:
          int32 [batch_size, frames * ae_hop_length], mu-law classes.
        """
        kept = tf.zeros([self._hop_length, self._batch_size], tf.int32)
        return self._run(self._draw_frame, encoding, uniforms, kept).T

    def logits(self, audio: np.ndarray, encoding: np.ndarray) -> np.ndarray:
        """Predictions for each sample of given notes: float32 [batch_size, samples, 256], equal to the decoder's."""
        kept = tf.zeros([self._hop_length, self._batch_size, mu_law.NUM_CLASSES])
        return self._run(self._force_frame, encoding, tf.transpose(mu_law.encode(audio)), kept).swapaxes(0, 1)

    def _run(self, frame, encoding: np.ndarray, given, kept: tf.Tensor) -> np.ndarray:
        """All frames one after the other: [time, ...], what was kept of each step."""
        rings = tuple(layer.silence(self._batch_size) for layer in self._layers)
        # The inputs of the last three steps; that of the first step of all is silence.
        recent, all_kept = tf.zeros([self._batch_size, wavenet_networks.TAPS]), []
        for index in range(encoding.shape[1]):
            times = slice(index * self._hop_length, (index + 1) * self._hop_length)
            rings, recent, frame_kept = frame(tf.constant(encoding[:, index]), tf.constant(given[times]),
                                              tf.constant(times.start), (rings, recent, kept))
            all_kept.append(frame_kept)
        return tf.concat(all_kept, 0).numpy()

    def _frame(self, choose, encoding: tf.Tensor, given: tf.Tensor, start: tf.Tensor, carried: Carried) -> Carried:
        """The steps that a frame conditions.

        Args:
          choose: from logits and what is given of the step, its code [batch_size] and what is to be kept of it.
          encoding: [batch_size, channels], the frame.
          given: [ae_hop_length, ...].
          start: the time of its first step.
          carried: from one step to the next.
        """
        kernel, biases = self._conditions
        conditions = tf.split(tf.matmul(encoding, kernel) + biases, self._condition_sizes, axis=1)

        # Gathered here and below, not sliced: where a slice begins is constant to XLA, which would compile every frame.
        def choose_at(index, logits):
            return choose(logits, tf.gather(given, index))
        step = functools.partial(self._step, choose_at, start, conditions[-1])
        return _repeated(functools.partial(self._advance, step, conditions, {}, self._blocks), start,
                         self._hop_length, self._blocks[0], carried)

    def _advance(self, step, conditions: list[tf.Tensor], past: Past, blocks: list[int], time: tf.Tensor,
                 carried: Carried) -> Carried:
        """As many steps as the first of the blocks has, by smaller and smaller ones."""
        block, *smaller = blocks
        past = past | {layer: layer.of_the_past(ring, time, condition) for layer, ring, condition in zip(
            self._layers, carried[0], conditions) if layer.block == block}
        if not smaller:
            return step(past, time, carried)
        return _repeated(functools.partial(self._advance, step, conditions, past, smaller), time, block, smaller[0],
                         carried)

    def _step(self, choose, start: tf.Tensor, condition: tf.Tensor, past: Past, time: tf.Tensor, carried: Carried
              ) -> Carried:
        rings, recent, kept = carried
        x = _affine(recent, *self._start)
        skipping, new_rings = [x], []
        for layer, ring in zip(self._layers, rings):
            new_rings.append(layer.remember(ring, x, time))
            x, gated = layer.step(x, tf.gather(past[layer], time % layer.block))
            skipping.append(gated)
        skips = _affine(tf.concat(skipping, axis=1), *self._skips)
        out = tf.matmul(tf.nn.relu(skips), self._out) + condition
        code, keep = choose(time - start, _affine(tf.nn.relu(out), *self._logits))
        recent = tf.concat([recent[:, 1:], mu_law.to_inputs(code)[:, tf.newaxis]], axis=1)
        return tuple(new_rings), recent, _written(kept, keep, time - start)


class _Layer:
    """A dilated layer, whose inputs of the last `2 * dilation` steps are kept in a ring.

    Args:
      kernel: [3 * in, out] of the dilated convolution, the oldest tap first.
      res, res_biases: of the map from the gated signal to the next layer.
      dilation: steps from tap to tap, a power of two.
      block: steps whose past taps are known at once.
    """

    def __init__(self, kernel: tf.Tensor, res: tf.Tensor, res_biases: tf.Tensor, dilation: int, *, block: int):
        depth = kernel.shape[0] // wavenet_networks.TAPS
        self._past_kernel, self._kernel = kernel[:2 * depth], kernel[2 * depth:]
        self._res = res, res_biases
        self._dilation, self.block = dilation, block

    def silence(self, batch_size: int) -> tf.Tensor:
        """The ring before the first step."""
        return tf.zeros([2 * self._dilation, batch_size, self._kernel.shape[0]])

    def remember(self, ring: tf.Tensor, x: tf.Tensor, time: tf.Tensor) -> tf.Tensor:
        return _written(ring, x, time % (2 * self._dilation))

    def step(self, x: tf.Tensor, past: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Input [batch, in] -> input of the next layer, and the gated signal that skips the others."""
        gate, signal = tf.split(tf.matmul(x, self._kernel) + past, 2, axis=1)
        gated = tf.sigmoid(gate) * tf.tanh(signal)
        return x + _affine(gated, *self._res), gated

    def of_the_past(self, ring: tf.Tensor, time: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """The part of the past taps, and the condition, in each step of a block: [block, batch, out]."""
        _, batch, depth = ring.shape
        older, newer = (tf.gather(ring, tap_time % (2 * self._dilation) + tf.range(self.block))
                        for tap_time in (time, time + self._dilation))
        product = tf.matmul(tf.reshape(tf.concat([older, newer], 2), [-1, 2 * depth]), self._past_kernel)
        return tf.reshape(product, [self.block, batch, -1]) + condition


def _repeated(advance, start: tf.Tensor, num_steps: int, block: int, carried: Carried) -> Carried:
    """From `start` on, `num_steps` by as many as `advance` makes at once."""
    def body(time, carried):
        return time + block, advance(time, carried)
    return tf.while_loop(lambda time, _: time < start + num_steps, body, (start, carried))[1]


def _written(rows: tf.Tensor, row: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Rows with one of them written, which XLA does in place."""
    return tf.tensor_scatter_nd_update(rows, [[index]], row[tf.newaxis])


def _draw(logits: tf.Tensor, uniforms: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    classes = drawn(logits, uniforms)
    return mu_law.from_classes(classes), classes


def _force(logits: tf.Tensor, codes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return codes, logits


def drawn(logits: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Classes, int32 [n], by logits [n, classes] and numbers [n]: the first whose cumulative share reaches that."""
    shares = tf.cumsum(tf.nn.softmax(logits), axis=1)
    # The sum can round to below the number; the last class it is then.
    return tf.reduce_sum(tf.cast(shares[:, :-1] < uniforms[:, tf.newaxis], tf.int32), axis=1)


def _affine(x: tf.Tensor, kernel: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(tf.matmul(x, kernel), biases)


def uniforms(latents: np.ndarray, num_samples: int) -> np.ndarray:
    """Random numbers for the samples of notes, by their latents: float32 [n, size] -> [num_samples, n] in [0, 1).

    A latent is a seed: the same numbers give the same draws, and any others have nothing to do with them.
    """
    bits = np.ascontiguousarray(latents, np.float32).view(np.uint32)
    return np.stack([np.random.default_rng(row.tolist()).random(num_samples, np.float32) for row in bits], axis=1)


class NoteSampler:
    """Whole notes, drawn as their latents say; a graph for each number of notes at once.

    Args:
      weights: the model's.
      config: likewise.
    """

    def __init__(self, weights: Weights, config: DecoderConfig):
        self._weights, self._config = weights, config
        self._samplers: dict[int, Sampler] = {}

    def notes(self, encoding: np.ndarray, latents: np.ndarray) -> np.ndarray:
        """Encodings [n, frames, channels] and latents [n, size] -> waves [n, frames * ae_hop_length]."""
        num_notes, num_frames, _ = encoding.shape
        if num_notes not in self._samplers:
            self._samplers[num_notes] = Sampler(self._weights, self._config, num_notes)
        classes = self._samplers[num_notes].draw(encoding, uniforms(latents, num_frames * self._config.ae_hop_length))
        return mu_law.decode(mu_law.from_classes(classes)).numpy()
