"""The fast sampler: sample after sample without computing anything twice, as one graph.

Source: Paine et al. 2016, "Fast WaveNet Generation Algorithm"; Magenta's fastgen, whose draws these are.

What a step costs is the reading of the weights, 240 MB of them at full size. So what can be known of several steps at
once is computed at once: the two past taps of a layer, whose dilation says how far ahead they are known, for up to 16
steps by one product; the skips of all layers by one product; the conditioning once a frame.
"""

import math

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import mu_law, wavenet_networks
from gansynth_tf.baselines.wavenet_config import DecoderConfig
from gansynth_tf.baselines.wavenet_layers import Weights

PASS_STEPS = 16  # computed by one pass of the loop's body


class Sampler:
    """Draws notes of a decoder.

    Args:
      weights: the model's.
      config: likewise.
      batch_size: notes drawn at once.
    """

    def __init__(self, weights: Weights, config: DecoderConfig, batch_size: int):
        self._hop_length, self._batch_size = config.ae_hop_length, batch_size
        self._steps = math.gcd(PASS_STEPS, config.ae_hop_length)
        numbers = range(1, config.num_layers + 1)

        def kernel(layer):
            return tf.reshape(weights[f'{layer}/W'], [-1, weights[f'{layer}/W'].shape[-1]])

        def biases(layer):
            return tf.convert_to_tensor(weights[f'{layer}/biases'])
        self._start = kernel('startconv'), biases('startconv')
        self._layers = [
            _Layer(kernel(f'dilatedconv_{number}'), kernel(f'res_{number}'), biases(f'res_{number}'), dilation,
                   batch_size, self._steps)
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
        self._draw_function, self._force_function = tf.function(self._draw), tf.function(self._force)

    def draw(self, encoding: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Draws whole notes.

        Args:
          encoding: float32 [batch_size, frames, channels], what conditions them; each frame for `ae_hop_length`
            samples.
          uniforms: float32 [frames * ae_hop_length, batch_size] in [0, 1): what decides each sample.

        Returns:
          int32 [batch_size, frames * ae_hop_length], mu-law classes.
        """
        return self._draw_function(tf.convert_to_tensor(encoding), tf.convert_to_tensor(uniforms)).numpy()

    def logits(self, audio: np.ndarray, encoding: np.ndarray) -> np.ndarray:
        """What is expected of each sample of given notes: float32 [batch_size, samples, 256], as of the decoder."""
        codes = tf.transpose(mu_law.encode(audio))
        return self._force_function(tf.convert_to_tensor(encoding), codes).numpy()

    def _draw(self, encoding: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
        def choose(time, logits):
            classes = drawn(logits, uniforms[time])
            return mu_law.from_classes(classes), classes
        return tf.transpose(self._run(encoding, choose, tf.int32))

    def _force(self, encoding: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        return tf.transpose(self._run(encoding, lambda time, logits: (codes[time], logits), tf.float32), [1, 0, 2])

    def _run(self, encoding: tf.Tensor, choose, kept_type: tf.DType) -> tf.Tensor:
        """All samples one after the other.

        Args:
          encoding: as in `draw`.
          choose: from the index of a sample and its logits to its code [batch_size], and what is to be kept of it.
          kept_type: of the latter.

        Returns:
          [time, ...], what was kept.
        """
        for layer in self._layers:
            layer.clear()
        num_frames, passes = tf.shape(encoding)[1], self._hop_length // self._steps
        kept = tf.TensorArray(kept_type, size=num_frames * passes, infer_shape=True)

        def frame(index, recent, kept):
            kernel, biases = self._conditions
            conditions = tf.split(tf.matmul(encoding[:, index], kernel) + biases, self._condition_sizes, axis=1)
            first = index * passes
            _, recent, kept = tf.while_loop(
                lambda number, *_: number < first + passes,
                lambda number, recent, kept: self._pass(number, recent, kept, conditions, choose),
                (first, recent, kept), parallel_iterations=1)
            return index + 1, recent, kept
        # The inputs of the last three steps; that of the first step of all is silence.
        recent = tf.zeros([self._batch_size, wavenet_networks.TAPS])
        _, _, kept = tf.while_loop(lambda index, *_: index < num_frames, frame, (0, recent, kept),
                                   parallel_iterations=1)
        return kept.concat()

    def _pass(self, number: tf.Tensor, recent: tf.Tensor, kept: tf.TensorArray, conditions: list[tf.Tensor], choose):
        """As many steps as can be computed at once."""
        time, all_kept = number * self._steps, []
        for layer, condition in zip(self._layers, conditions):
            layer.begin(time, condition)
        for step in range(self._steps):
            code, keep = choose(time + step, self._step(recent, conditions[-1]))
            recent = tf.concat([recent[:, 1:], mu_law.to_inputs(code)[:, tf.newaxis]], axis=1)
            all_kept.append(keep)
        for layer in self._layers:
            layer.end(time)
        return number + 1, recent, kept.write(number, tf.stack(all_kept))

    def _step(self, recent: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """The last three inputs [batch_size, 3] -> logits [batch_size, 256] of the next sample."""
        x = _affine(recent, *self._start)
        skipping = [x]
        for layer in self._layers:
            x, gated = layer.step(x)
            skipping.append(gated)
        skips = _affine(tf.concat(skipping, axis=1), *self._skips)
        out = tf.matmul(tf.nn.relu(skips), self._out) + condition
        return _affine(tf.nn.relu(out), *self._logits)


class _Layer:
    """A dilated layer and what it must remember: its inputs of the last `2 * dilation` steps, in a ring.

    Args:
      kernel: [3 * in, out] of the dilated convolution, the oldest tap first.
      res, res_biases: of the map from the gated signal to the next layer.
      dilation: steps from tap to tap, a power of two.
      batch_size: notes.
      steps: of a pass, a power of two. Passes begin at multiples of it.
    """

    def __init__(self, kernel: tf.Tensor, res: tf.Tensor, res_biases: tf.Tensor, dilation: int, batch_size: int,
                 steps: int):
        depth = kernel.shape[0] // wavenet_networks.TAPS
        self._past_kernel, self._kernel = kernel[:2 * depth], kernel[2 * depth:]
        self._res = res, res_biases
        self._dilation, self._block = dilation, min(dilation, steps)  # a block: the steps whose past taps are known
        self._is_short = dilation < steps  # then there are several blocks in a pass, whose end is that of a ring
        self._ring = tf.Variable(tf.zeros([2 * dilation, batch_size, depth]), trainable=False)

    def clear(self) -> None:
        self._ring.assign(tf.zeros_like(self._ring))

    def begin(self, time: tf.Tensor, condition: tf.Tensor) -> None:
        """Begins a pass; `condition` [batch, out] is added in all of its steps."""
        self._condition = condition
        self._inputs: list[tf.Tensor] = []  # of the steps of the block so far
        self._past: list[tf.Tensor] = []  # for the steps of the block still to come
        # Gathered, not sliced, because a slice would share the ring's memory, and writing would then copy it all.
        self._older = tf.gather(self._ring, self._rows(time))
        self._newer = tf.gather(self._ring, self._rows(time + self._dilation))

    def step(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Input [batch, in] -> input of the next layer, and the gated signal that skips the others."""
        if not self._past:
            self._past = self._of_the_past()
        hidden = tf.matmul(x, self._kernel) + self._past.pop(0)
        gate, signal = tf.split(hidden, 2, axis=1)
        gated = tf.sigmoid(gate) * tf.tanh(signal)
        self._inputs.append(x)
        if len(self._inputs) == self._block:
            self._older, self._newer, self._inputs = self._newer, tf.stack(self._inputs), []
        return x + _affine(gated, *self._res), gated

    def end(self, time: tf.Tensor) -> None:
        """Remembers the inputs of the pass."""
        if self._is_short:
            self._ring.assign(tf.concat([self._older, self._newer], axis=0))
        else:
            self._ring.scatter_update(tf.IndexedSlices(self._newer, self._rows(time)))

    def _rows(self, time: tf.Tensor) -> tf.Tensor:
        return time % (2 * self._dilation) + tf.range(self._block)

    def _of_the_past(self) -> list[tf.Tensor]:
        """The part of the past taps, and the condition, in each step of the block that begins."""
        past = tf.concat([self._older, self._newer], axis=2)
        block, batch, depth = past.shape
        product = tf.matmul(tf.reshape(past, [block * batch, depth]), self._past_kernel)
        return tf.unstack(tf.reshape(product, [block, batch, -1]) + self._condition)


def drawn(logits: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Classes, int32 [n], by logits [n, classes] and numbers [n]: the first whose cumulative share reaches that."""
    shares = tf.cumsum(tf.nn.softmax(logits), axis=1)
    # The sum can round to below the number; the last class it is then.
    return tf.reduce_sum(tf.cast(shares[:, :-1] < uniforms[:, tf.newaxis], tf.int32), axis=1)


def _affine(x: tf.Tensor, kernel: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
    return tf.nn.bias_add(tf.matmul(x, kernel), biases)


def uniforms(latents: np.ndarray, num_samples: int) -> np.ndarray:
    """What decides the draws of notes, by their latents: float32 [n, size] -> [num_samples, n] in [0, 1).

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
        """What conditions them [n, frames, channels] and latents [n, size] -> waves [n, frames * ae_hop_length]."""
        num_notes, num_frames, _ = encoding.shape
        if num_notes not in self._samplers:
            self._samplers[num_notes] = Sampler(self._weights, self._config, num_notes)
        classes = self._samplers[num_notes].draw(encoding, uniforms(latents, num_frames * self._config.ae_hop_length))
        return mu_law.decode(mu_law.from_classes(classes)).numpy()
