"""The functions of an exported model, each a signature that other programs call by name."""

import json
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gansynth_tf import instrument
from gansynth_tf.config import Config
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.export import checks, graph_render

MOST_STEPS = 1000  # from one timbre to another
MOST_NOTES = 1000  # of one `generate`: for a model of 4 s notes at 16 kHz, 256 MB of audio
MOST_CLIP_NOTES = 100_000  # of one `render`
LONGEST_CLIP_SECONDS = 3600
MOST_LATENTS = 100_000

# name: (output, {input: meaning}), as `describe` tells them.
SIGNATURES = {
    'generate': ('audio: float32 [n, audio_length], at most full scale 1, 5 ms ramps at both ends', {
        'latents': f'float32 [n, latent_size], timbres, random ones by sample_latents, {MOST_NOTES} at most',
        'pitches': 'int32 [n], MIDI numbers'}),
    'generate_raw': ('audio: float32 [n, audio_length], as the network makes it, beyond full scale, too', {
        'latents': 'as of generate',
        'pitches': 'as of generate'}),
    'render': ('audio: float32 [samples], one clip of all notes, peak 0.5; no pedals or bends, a note ends where the '
               "model's does", {
        'latents': f'float32 [notes, latent_size], {MOST_CLIP_NOTES} at most',
        'pitches': 'int32 [notes], MIDI numbers',
        'start_seconds': 'float64 [notes], when keys go down',
        'end_seconds': f'float64 [notes], when they go up, {LONGEST_CLIP_SECONDS} at most',
        'velocities': 'int32 [notes], 1 to 127'}),
    'interpolate': ('audio: float32 [steps, audio_length]', {
        'start': 'float32 [latent_size], the first timbre',
        'end': 'float32 [latent_size], the last one; between them lies the great circle',
        'steps': f'int32, 1 to {MOST_STEPS}',
        'pitch': 'int32, a MIDI number'}),
    'sample_latents': ('latents: float32 [n, latent_size]', {
        'n': f'int32, how many, {MOST_LATENTS} at most',
        'seed': 'int32, the same gives the same'}),
    'describe': ('description: string, this text, JSON', {}),
}


class ServedModel(tf.Module):
    """A model whose methods are graphs, which need no Python.

    Args:
      config: its hyperparameters.
      vocabulary: the pitches that it knows.
      waves: from latents [n, size] and pitch labels [n] to waves [n, audio_length].
      variables: of `waves`, to be stored with it.
      description: plain values that `describe` returns.
      codes: around which random latents lie, see `timbre_codes`; None if they lie around 0.
      batch_size: notes played at once, which bounds memory however many are asked for.
    """

    def __init__(self, config: Config, vocabulary: PitchVocabulary, waves: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
                 *, variables: tf.Module, description: dict, codes: np.ndarray | None = None, batch_size: int):
        super().__init__(name='gansynth')
        self._config, self._known = config, vocabulary.pitches
        self._kept, self._batch_size, self._codes = variables, batch_size, codes
        self._description = json.dumps(description)
        self._labels = np.full(128, -1, np.int32)
        self._labels[list(self._known)] = np.arange(len(self._known))
        size = config.latent_vector_size
        latents = tf.TensorSpec([None, size], tf.float32, 'latents')
        integers = tf.TensorSpec([None], tf.int32, 'pitches')
        one, number = tf.TensorSpec([size], tf.float32), tf.TensorSpec([], tf.int32)
        seconds = tf.TensorSpec([None], tf.float64)
        # All other functions call this one, so that its two graphs are stored once: the graph for one note, which is
        # faster because the size is known, and the graph for any number.
        self._raw_waves = _function(lambda latents, labels: _finite(tf.cond(
            tf.equal(tf.shape(labels)[0], 1),
            lambda: waves(tf.reshape(latents[:1], [1, size]), tf.reshape(labels[:1], [1])),
            lambda: waves(latents, labels))), [latents, integers])
        self._waves = _function(lambda latents, labels: _finished(self._raw_waves(latents, labels), config.sample_rate),
                                [latents, integers])
        self.generate = _function(lambda latents, pitches: self._generate(latents, pitches, self._waves),
                                  [latents, integers])
        self.generate_raw = _function(lambda latents, pitches: self._generate(latents, pitches, self._raw_waves),
                                      [latents, integers])
        self.render = _function(self._render, [latents, integers, _named(seconds, 'start_seconds'),
                                               _named(seconds, 'end_seconds'), _named(integers, 'velocities')])
        self.interpolate = _function(self._interpolate, [_named(one, 'start'), _named(one, 'end'),
                                                         _named(number, 'steps'), _named(number, 'pitch')])
        self.sample_latents = _function(self._sample_latents, [_named(number, 'n'), _named(number, 'seed')])
        self.describe = _function(self._describe, [])

    def concrete_functions(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """All functions by name; `serving_default` is what a server calls when no name is given."""
        named = {name: getattr(self, name).get_concrete_function() for name in SIGNATURES}
        return {'serving_default': named['generate'], **named}

    def _generate(self, latents, pitches, waves):
        latents, pitches = checks.passed([checks.require_as_many(latents, pitches),
                                          checks.require_at_most(MOST_NOTES, 'notes', latents)], latents, pitches)
        latents, labels = self._checked(latents, pitches)
        return {'audio': self._play(latents, labels, waves)}

    def _render(self, latents, pitches, start_seconds, end_seconds, velocities):
        inputs = latents, pitches, start_seconds, end_seconds, velocities
        latents, pitches, start_seconds, end_seconds, velocities = checks.passed([
            checks.require_as_many(*inputs),
            checks.require_at_most(MOST_CLIP_NOTES, 'notes', latents),
            checks.require(tf.shape(pitches)[0] > 0, 'Nothing to play', 'at least one note', tf.shape(pitches)),
            checks.require((velocities >= 1) & (velocities <= 127), 'Impossible velocities', '1 to 127', velocities)],
            *inputs)
        times = checks.require_times(start_seconds, end_seconds, LONGEST_CLIP_SECONDS)
        start_seconds, end_seconds = checks.passed([times], start_seconds, end_seconds)
        latents, labels = self._checked(latents, pitches)
        return {'audio': graph_render.clip(
            latents, labels, start_seconds, end_seconds, velocities, play=self._raw_waves,
            sample_rate=self._config.sample_rate, audio_length=self._config.audio_length, batch_size=self._batch_size)}

    def _interpolate(self, start, end, steps, pitch):
        possible = checks.require((steps >= 1) & (steps <= MOST_STEPS), 'Impossible steps', f'1 to {MOST_STEPS}', steps)
        # Checked before they are mixed, since a fault would then be in every row.
        ends, labels = self._checked(tf.stack([start, end]), tf.stack([pitch]))
        ends, labels, steps = checks.passed([possible], ends, labels, steps)
        latents = _great_circle(ends[0], ends[1], tf.linspace(0.0, 1.0, steps))
        return {'audio': self._play(latents, tf.repeat(labels, steps), self._waves)}

    def _sample_latents(self, n, seed):
        possible = checks.require((n >= 0) & (n <= MOST_LATENTS), 'Impossible number of latents',
                                  f'at least 0, at most {MOST_LATENTS}', n)
        [n] = checks.passed([possible], n)
        shape = tf.stack([n, self._config.latent_vector_size])
        latents = tf.random.stateless_normal(shape, tf.stack([seed, 0]), alg='philox')
        latents *= self._config.latent_scale * (self._config.latent_noise or 1.0)
        if self._codes is None:
            return {'latents': latents}
        notes = tf.random.stateless_uniform([n], tf.stack([seed, 1]), 0, len(self._codes), tf.int32, alg='philox')
        return {'latents': tf.gather(tf.constant(self._codes), notes) + latents}

    def _describe(self):
        return {'description': tf.constant(self._description)}

    def _checked(self, latents, pitches):
        """Latents and pitch labels."""
        # The shape is checked when the graph runs, too: not every server checks the shapes that a signature declares.
        latents = tf.ensure_shape(latents, [None, self._config.latent_vector_size])
        in_table = tf.gather(self._labels, tf.clip_by_value(pitches, 0, 127))
        labels = tf.where((pitches >= 0) & (pitches <= 127), in_table, -1)
        return checks.passed([checks.require_finite(latents), checks.require_pitches(labels, pitches, self._known)],
                             latents, labels)

    def _play(self, latents, labels, waves):
        """Notes a batch at a time: [n, audio_length]."""
        num_notes, size = tf.shape(latents)[0], self._batch_size

        def play_batch(start, batches):
            batch = slice(start, start + size)
            return start + size, batches.write(start // size, waves(latents[batch], labels[batch]))

        shape = [None, self._config.audio_length]
        batches = tf.TensorArray(tf.float32, (num_notes + size - 1) // size, infer_shape=False,
                                 element_shape=shape)
        _, batches = tf.while_loop(lambda start, _: start < num_notes, play_batch, (0, batches), parallel_iterations=1)
        return tf.ensure_shape(batches.concat(), shape)


def _function(python_function: Callable, signature: list[tf.TensorSpec]):
    return tf.function(python_function, input_signature=signature, autograph=False)


def _finite(waves):
    finite = checks.require(tf.math.is_finite(waves), 'Unusable model', 'finite audio', 'NaN or infinity')
    return checks.passed([finite], waves)[0]


def _finished(waves, sample_rate: int):
    """`instrument.finished`: notes over full scale are turned down to it, and none clicks at its edges."""
    peaks = tf.maximum(tf.reduce_max(tf.abs(waves), axis=1, keepdims=True), 1.0)
    return waves / peaks * instrument.edges(waves.shape[1], sample_rate).astype(np.float32)


def _great_circle(start, end, fractions):
    """Spherical interpolation, as `music.interpolation.slerp`: [size], [size], [steps] -> [steps, size]."""
    lengths = tf.norm(start) * tf.norm(end)
    angle = tf.acos(tf.clip_by_value(tf.math.divide_no_nan(tf.reduce_sum(start * end), lengths), -1.0, 1.0))
    sine = tf.sin(angle)
    straight = (sine < 1e-3) | (lengths <= 0)  # float32 does not resolve smaller angles
    safe = tf.where(straight, 1.0, sine)
    first = tf.where(straight, 1 - fractions, tf.sin((1 - fractions) * angle) / safe)
    last = tf.where(straight, fractions, tf.sin(fractions * angle) / safe)
    return first[:, None] * start + last[:, None] * end


def _named(spec: tf.TensorSpec, name: str) -> tf.TensorSpec:
    return tf.TensorSpec(spec.shape, spec.dtype, name)
