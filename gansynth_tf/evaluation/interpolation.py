"""Interpolation between two or four timbres: of latents, and for comparison of waves or of an autoencoder's codes.

Source: Engel et al. 2019 (GANSynth), section 5.2 and its figure of interpolations: mixed waves sound like two notes at
once, interpolated latents like one note of a timbre in between. `distances_to_real` measures this; the paper does not.
"""

import typing
from collections.abc import Sequence

import numpy as np

from gansynth_tf.data import note_audio
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.evaluation import note_sets
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.instrument import Instrument
from gansynth_tf.music.interpolation import slerp

NUM_STEPS = 5
_SEMITONES_AROUND = 2


class Autoencoder(typing.Protocol):
    """A model from notes to codes and back."""

    def encode(self, audio: np.ndarray) -> np.ndarray:
        """Float [n, samples] -> float [n, frames, channels]."""
        ...

    def decode(self, encoding: np.ndarray) -> np.ndarray:
        """Float [n, frames, channels] -> float [n, samples]."""
        ...


def grid(corners: np.ndarray, num_steps: int = NUM_STEPS) -> np.ndarray:
    """Latents between two timbres (a row) or four (a square), along great circles.

    Args:
      corners: float [2, size], or [4, size]: top left, top right, bottom left, bottom right.
      num_steps: notes from one corner to the next, both included.

    Returns:
      float [1 or num_steps, num_steps, size].
    """
    fractions = np.linspace(0, 1, num_steps)
    if len(corners) == 2:
        return slerp(corners[0], corners[1], fractions)[None]
    left, right = (slerp(corners[side], corners[side + 2], fractions) for side in (0, 1))
    return np.stack([slerp(start, end, fractions) for start, end in zip(left, right)])


def three_ways(instrument: Instrument, ends: np.ndarray, pitch: int, *, autoencoder: Autoencoder | None = None,
               num_steps: int = NUM_STEPS) -> dict[str, np.ndarray]:
    """Interpolations from one note to another in different ways: by name, float [num_steps, samples].

    Args:
      instrument: plays the ends and the latents between them.
      ends: float [2, latent_size].
      pitch: MIDI.
      autoencoder: at the instrument's sample rate, to mix its codes, too.
      num_steps: notes, both ends included.
    """
    waves = instrument.generate(grid(ends, num_steps)[0].astype(np.float32), [pitch] * num_steps)
    shares = np.linspace(0, 1, num_steps, dtype=np.float32)
    ways = {'mixed waves': (1 - shares[:, None]) * waves[0] + shares[:, None] * waves[-1]}
    if autoencoder is not None:
        codes = autoencoder.encode(waves[[0, -1]])
        ways['mixed codes'] = autoencoder.decode((1 - shares[:, None, None]) * codes[0]
                                                 + shares[:, None, None] * codes[1])
    return {**ways, 'latents between': waves}


def distances_to_real(waves: Sequence[np.ndarray], sample_rate: int, pitch: int, notes: PreparedNotes,
                      classifier: Classifier) -> list[float]:
    """Distances of notes from the nearest real note of about their pitch, in the classifier's features.

    Args:
      waves: float [samples].
      sample_rate: Hz.
      pitch: MIDI; real notes up to two semitones away are compared.
      notes: real notes.
      classifier: at their sample rate.

    Returns:
      Euclidean distances to the nearest training note, relative to the mean distance of held-out notes: 1 is as near as
      a real note is; NaN if there are no real notes of these pitches.
    """
    def features(wave):
        resampled = note_audio.resample(np.asarray(wave)[None], sample_rate, notes.sample_rate)
        return classifier.outputs(resampled)['features']
    pitches = tuple(range(pitch - _SEMITONES_AROUND, pitch + _SEMITONES_AROUND + 1))
    length = min(notes.audio_length, round(min(map(len, waves)) * notes.sample_rate / sample_rate))

    def real(split):
        chosen = note_sets.of_prepared_notes(notes, split, name=split, audio_length=length, pitches=pitches)
        found = [classifier.outputs(batch)['features'] for batch, _, _ in chosen.batches()] if chosen.num_notes else []
        return np.concatenate(found) if found else np.zeros((0, 0))
    training, held_out = real(TRAIN), real(TEST) if TEST in notes.splits else np.zeros((0, 0))
    if not len(training) or not len(held_out):
        return [float('nan')] * len(waves)
    usual = np.mean([_nearest(note, training) for note in held_out])
    return [float(_nearest(features(wave)[0], training) / usual) for wave in waves]


def _nearest(note: np.ndarray, others: np.ndarray) -> float:
    return float(np.sqrt(np.sum((others - note) ** 2, axis=1).min()))
