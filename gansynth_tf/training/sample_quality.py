"""The distance of a run's samples from its notes, by which its checkpoints are compared: sliced Wasserstein.

Rabin et al. 2011. Both sets are projected onto random directions; on a line the distance is that of the sorted
values. Karras et al. 2018 take it of patches of a Laplacian pyramid; this one takes it of whole normalised images,
and so compares distributions of notes, not of textures. 0 is the best.
"""

import numpy as np
import tensorflow as tf

from gansynth_tf import instrument
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline
from gansynth_tf.networks import fading
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.training.stages import Stage

_PROJECTED_AT_ONCE = 64  # notes; drawing the directions costs as much as projecting so many
_NUM_DIRECTIONS = 256
_PIXELS_AT_ONCE = 2**20  # generated together, which bounds the memory


class SampleQuality:
    """Sliced Wasserstein distance, normalised, of averaged samples to real notes at a stage's own resolution.

    `config.sliced_wasserstein_num_samples` of each are compared, the same latents, pitches and notes every time. The
    notes are read when the distance is first asked for.

    Args:
      config: the hyperparameters.
      notes: the prepared data set.
      stage: says at what resolution.
      normalizer: at the stage's width.
      codes: the training notes', where random latents lie around them.
    """

    def __init__(self, config: Config, notes: pipeline.PreparedNotes, stage: Stage, normalizer: Normalizer,
                 codes: np.ndarray | None = None):
        self._config, self._notes, self._stage, self._normalizer = config, notes, stage, normalizer
        self._num_samples = config.sliced_wasserstein_num_samples
        rng = np.random.default_rng([config.seed, 0x51CED])
        self._latents = instrument.random_latents(rng, (self._num_samples, config.latent_vector_size),
                                                  noise=config.latent_noise, codes=codes)
        probabilities = notes.vocabulary.probabilities
        self._labels = rng.choice(len(probabilities), self._num_samples, p=probabilities).astype(np.int32)
        self._real: tuple[np.ndarray, np.ndarray] | None = None

    def distance(self, generator: Generator, progress: float) -> float:
        """The distance of `generator`'s samples at a point of the stage."""
        if self._real is None:
            self._real = self._project_real()
        coarser, finer = self._real
        # Projection is linear: real notes that fade in project to what their two versions do, faded in.
        share = progress - (self._stage.num_blocks - 2) if self._stage.is_transition else 1.0
        return distance_of_projections((1.0 - share) * coarser + share * finer,
                                       self._project_samples(generator, progress))

    def _project_real(self) -> tuple[np.ndarray, np.ndarray]:
        """Projections of real notes in their coarser version (in a transition) and at the stage's resolution."""
        size = min(_PROJECTED_AT_ONCE, self._num_samples)
        batches = pipeline.specgram_batches(
            self._notes, self._config, resolution=self._stage.resolution, batch_size=size, seed=self._config.seed)
        coarser, finer = [], []
        for specgrams, _ in batches.take(-(-self._num_samples // size)):
            images = self._normalizer.normalize(specgrams)
            finer.append(project(images.numpy()))
            if self._stage.is_transition:
                images = fading.blend(images, tf.constant(1.0), self._config.growth)
                coarser.append(project(images.numpy()))
        projected = np.concatenate(finer)[:self._num_samples]
        return np.concatenate(coarser)[:self._num_samples] if coarser else projected, projected

    def _project_samples(self, generator: Generator, progress: float) -> np.ndarray:
        height, width = self._stage.resolution
        size = int(np.clip(_PIXELS_AT_ONCE // (height * width), 4, _PROJECTED_AT_ONCE))
        projected, waiting = [], []
        for start in range(0, self._num_samples, size):
            waiting.append(generator(self._latents[start:start + size], self._labels[start:start + size],
                                     num_blocks=self._stage.num_blocks, progress=progress).numpy())
            if size * len(waiting) >= _PROJECTED_AT_ONCE or start + size >= self._num_samples:
                projected.append(project(np.concatenate(waiting)))
                waiting = []
        return np.concatenate(projected)


def project(images: np.ndarray) -> np.ndarray:
    """float32 [n, ...] -> float32 [n, 256]: the images' coordinates along random directions of length 1.

    The directions depend on the image size alone, so that projections of batches can be concatenated.
    """
    flat = np.reshape(images, (len(images), -1))
    rng = np.random.default_rng([0, flat.shape[1]])
    projected, squares, chunk = np.zeros((len(flat), _NUM_DIRECTIONS), np.float32), np.zeros(_NUM_DIRECTIONS), 4096
    for start in range(0, flat.shape[1], chunk):  # so that the directions never stand in memory as a whole
        part = flat[:, start:start + chunk]
        directions = rng.standard_normal((part.shape[1], _NUM_DIRECTIONS), np.float32)
        projected += part @ directions
        squares += np.sum(np.square(directions), axis=0)
    return projected / np.sqrt(squares).astype(np.float32)


def distance_of_projections(first: np.ndarray, second: np.ndarray) -> float:
    """The mean over all directions of the Wasserstein-1 distance of projections [n, directions] to as many others."""
    return float(np.mean(np.abs(np.sort(first, axis=0) - np.sort(second, axis=0))))
