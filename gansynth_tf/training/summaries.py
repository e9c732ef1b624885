"""Summaries of a run for TensorBoard: pictures and audio of fixed latents and pitches.

The latents and pitches stay the same throughout a run, so that one timbre can be followed from stage to stage.
"""

import logging
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf import instrument
from gansynth_tf.config import Config
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import resolutions
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.representations import Representation
from gansynth_tf.training.stages import Stage

_NUM_AUDIO = 4  # clips a summary; TensorBoard shows few at once
_BATCH = 8  # notes generated together, which bounds the memory
_NUM_BETWEEN = 8  # notes from one timbre to another
_HEARD = 0.5  # of the loss of guessing: below it the critic knows pitches
NUM_REAL = 16  # real notes to compare with


class Samples:
    """Pictures and audio of a run, by `tf.summary` functions, for which writer and step are set.

    Args:
      config: the hyperparameters; `fake_batch_size` is the number of sample notes.
      num_pitches: pitch classes of the model.
      representation: to turn full-size specgrams into waves.
      normalizer: at full width.
      codes: the training notes', where random latents lie around them.
    """

    def __init__(self, config: Config, num_pitches: int, representation: Representation, normalizer: Normalizer,
                 codes: np.ndarray | None = None):
        self._config = config
        self._representation = representation
        self._normalizer = normalizer
        rng = np.random.default_rng([config.seed, 0xFA4E])
        self._latents = instrument.random_latents(rng, (config.fake_batch_size, config.latent_vector_size),
                                                  noise=config.latent_noise, codes=codes)
        # From the lowest pitch to the highest, each note with a timbre of its own.
        self._labels = np.linspace(0, num_pitches - 1, config.fake_batch_size).round().astype(np.int32)
        # Two latents drawn at random are nearly orthogonal: this is the great circle from one to the other.
        first, last = instrument.random_latents(rng, (2, config.latent_vector_size), noise=config.latent_noise,
                                                codes=codes)
        angles = np.linspace(0, np.pi / 2, _NUM_BETWEEN, dtype=np.float32)[:, np.newaxis]
        self._latents_between = np.cos(angles) * first + np.sin(angles) * last
        self._labels_between = np.full(_NUM_BETWEEN, num_pitches // 2, np.int32)

    def show(self, generator: Generator, stage: Stage, progress: float) -> None:
        """Shows what `generator` makes of the fixed notes: pictures of all, and audio of a few.

        Below them is a row of pictures from one timbre to another, at one pitch.
        """
        self._show('samples', self.generate(generator, stage, progress))
        between = generator(self._latents_between, self._labels_between, num_blocks=stage.num_blocks, progress=progress)
        tf.summary.image('samples/interpolation', _tiled(_pictures(between, 0), columns=_NUM_BETWEEN))

    def show_real(self, specgrams: tf.Tensor) -> None:
        """Shows pictures and audio of real notes, normalised, as a stage sees them: what samples are to become."""
        self._show('real', specgrams)

    def _show(self, name: str, specgrams: tf.Tensor) -> None:
        for channel, kind in enumerate(('magnitude', 'phase')):
            tf.summary.image(f'{name}/{kind}', _tiled(_pictures(specgrams, channel)))
        tf.summary.audio(name, self._to_waves(specgrams[:_NUM_AUDIO]), self._config.sample_rate,
                         max_outputs=_NUM_AUDIO)

    def generate(self, generator: Generator, stage: Stage, progress: float) -> tf.Tensor:
        """Normalised specgrams [fake_batch_size, height, width, 2] of the fixed notes, at the stage's resolution."""
        batches = [generator(self._latents[i:i + _BATCH], self._labels[i:i + _BATCH],
                             num_blocks=stage.num_blocks, progress=progress)
                   for i in range(0, len(self._labels), _BATCH)]
        return tf.concat(batches, 0)

    def _to_waves(self, normalized: tf.Tensor) -> tf.Tensor:
        """Waves [batch, samples, 1] within [-1, 1] of a stage's normalised specgrams."""
        full_size = resolutions.enlarge(normalized, self._config.spec_shape)
        waves = self._representation.specgrams_to_waves(self._normalizer.denormalize(full_size))
        return waves / tf.maximum(tf.reduce_max(tf.abs(waves), (1, 2), keepdims=True), 1e-6)


def _pictures(specgrams: tf.Tensor, channel: int) -> tf.Tensor:
    """[n, time, freq, 2] within [-1, 1] -> [n, freq, time, 1] within [0, 1]: time to the right, frequency upwards."""
    return tf.clip_by_value(tf.transpose(specgrams[..., channel:channel + 1], (0, 2, 1, 3))[:, ::-1] / 2 + 0.5, 0, 1)


def _tiled(pictures: tf.Tensor, *, columns: int | None = None) -> tf.Tensor:
    """[n, height, width, 1] pictures as one, about square unless `columns` says otherwise."""
    num, height, width, _ = pictures.shape
    columns = columns or min(num, int(np.ceil(np.sqrt(num * height / width))))
    rows = -(-num // columns)
    pictures = tf.pad(pictures, ((0, rows * columns - num), (0, 0), (0, 0), (0, 0)))
    grid = tf.transpose(tf.reshape(pictures, (rows, columns, height, width)), (0, 2, 1, 3))
    return tf.reshape(grid, (1, rows * height, columns * width, 1))


def log_line(terms: Mapping[str, float]) -> str:
    """The few numbers that tell how a run is doing, for its progress line."""
    shown = {'W': -terms['discriminator/wasserstein'], 'slope': terms.get('discriminator/slope', float('nan')),
             'pitch real': terms['discriminator/pitch'], 'fake': terms['generator/pitch']}
    for name, term in (('distance', 'generator/reconstruction'), ('envelope', 'generator/envelope'),
                       ('partials', 'generator/partials')):
        if term in terms:
            shown[name] = terms[term]
    return ', '.join(f'{name} {value:.3g}' for name, value in shown.items())


class PitchWatch:
    """A warning when the critic no longer knows the pitch of real notes, which usually comes before training diverges.

    There is no warning before the critic has learnt the pitches: new networks begin with guessing.
    """

    def __init__(self, num_pitches: int):
        self._chance = np.log(num_pitches)
        self._lowest = self._chance

    def look(self, terms: Mapping[str, float]) -> None:
        """Looks at the losses of a summary."""
        loss = terms['discriminator/pitch']
        self._lowest = min(self._lowest, loss)
        if loss > self._chance and self._lowest < _HEARD * self._chance:
            logging.warning('The critic no longer hears the pitch of real notes (loss %.2f nats, chance %.2f).', loss,
                            self._chance)
