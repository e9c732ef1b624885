"""A GANSynth as an `Instrument`, for any engine that computes its waves."""

import typing
from collections.abc import Callable, Sequence

import numpy as np

from gansynth_tf.config import Config
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.instrument import DEFAULT_BATCH_SIZE, BatchedInstrument, checked_latents, pitch_labels


class Synthesizer(BatchedInstrument):
    """A trained GANSynth, as an `Instrument`.

    Args:
      config: its hyperparameters.
      vocabulary: the pitches that it knows, and the number of training notes of each.
      waves: from float32 latents [n, size] and int32 pitch labels [n] to waves, float32 [n, audio_length].
      codes: float32 [notes, latent_vector_size], around which random latents lie, see `timbre_codes`; None if they lie
        around 0.
      batch_size: notes generated at once.
      code_of: from a wave, float [audio_length], and its pitch label to its timbre code, which is the latent that a
        training note like it would have; None if that is not known.
      first_block: from the arguments of `waves` to the activations of the network's first block, [n, ...]; None if
        they are not accessible.
    """

    def __init__(self, config: Config, vocabulary: PitchVocabulary,
                 waves: Callable[[np.ndarray, np.ndarray], typing.Any], *, codes: np.ndarray | None = None,
                 batch_size: int = DEFAULT_BATCH_SIZE,
                 code_of: Callable[[np.ndarray, int], np.ndarray] | None = None,
                 first_block: Callable[[np.ndarray, np.ndarray], typing.Any] | None = None):
        super().__init__(waves, sample_rate=config.sample_rate, audio_length=config.audio_length,
                         latent_size=config.latent_vector_size, pitch_counts=vocabulary.counts,
                         latent_scale=config.latent_scale, latent_noise=config.latent_noise, codes=codes,
                         batch_size=batch_size)
        self.config = config
        self.vocabulary = vocabulary
        self.code_of = code_of
        self._first_block = first_block

    @property
    def first_activations(self) -> Callable[[np.ndarray, Sequence[int]], np.ndarray] | None:
        """The function from latents [n, latent_size] and n MIDI pitches to the first block's activations, [n, size].

        None for an export, whose activations are not accessible.
        """
        return None if self._first_block is None else self._activations

    def _activations(self, latents: np.ndarray, pitches: Sequence[int]) -> np.ndarray:
        latents = checked_latents(latents, self.latent_size)
        labels = pitch_labels(pitches, self.pitches, len(latents))
        assert self._first_block is not None
        parts = [np.asarray(self._first_block(latents[start:start + self.batch_size],
                                              labels[start:start + self.batch_size]))
                 for start in range(0, len(latents), self.batch_size)]
        return np.concatenate(parts).reshape(len(latents), -1)


def scaled(config: Config, latent_scale: float | None) -> Config:
    """`config` with the given `latent_scale`, or as it is for None."""
    return config if latent_scale is None else config.replace(latent_scale=latent_scale)
