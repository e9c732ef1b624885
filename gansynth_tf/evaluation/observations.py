"""What is kept of every note when a set is listened to, once: about a kilobyte, never the audio."""

import dataclasses

import numpy as np
import scipy.special
import tqdm

from gansynth_tf.evaluation.classifier import log_specgrams
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.metrics import faults, fundamental, phase_coherence, timbre
from gansynth_tf.evaluation.metrics.ndb import Bins
from gansynth_tf.evaluation.note_sets import NoteSet

FAULTS = ('not_finite', 'silent', 'clipped', 'offset', 'click')


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observations:
    """What was heard of n notes.

    Attributes:
      pitches: int [n], MIDI, that the notes should have.
      features: float32 [n, size], of the classifier.
      probabilities: float32 [n, 128], the classifier's of each MIDI pitch.
      fundamentals: float [n], MIDI, fractional; NaN for silence.
      coherences: float [n], of phases; NaN for silence.
      bins: int [n], the kind of note, as NDB counts them.
      faulty: bool [n, 5], by `FAULTS`.
    """

    pitches: np.ndarray
    features: np.ndarray
    probabilities: np.ndarray
    fundamentals: np.ndarray
    coherences: np.ndarray
    bins: np.ndarray
    faulty: np.ndarray

    def __len__(self) -> int:
        return len(self.pitches)

    def take(self, places: np.ndarray) -> 'Observations':
        """Those notes; a mask or places."""
        return Observations(**{name: array[places] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field by its name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def listen(note_set: NoteSet, classifier: Classifier, bins: Bins) -> Observations:
    """Goes through a set once. Notes that are not finite are heard as silence, and counted as faults."""
    kept: dict[str, list] = {field.name: [] for field in dataclasses.fields(Observations)}
    for waves, pitches in _progress(note_set):
        for name, values in _observe(waves, pitches, note_set.sample_rate, classifier, bins).items():
            kept[name].append(values)
    return Observations(**{name: np.concatenate(values) for name, values in kept.items()})


def listen_for_reference(note_set: NoteSet, classifier: Classifier) -> tuple[np.ndarray, np.ndarray]:
    """What is needed of training notes: features [n, size] and small log spectrograms [n, size], flat."""
    features, pictures = [], []
    for waves, _ in _progress(note_set):
        features.append(classifier.outputs(waves)['features'])
        pictures.append(log_specgrams.from_waves(waves, note_set.sample_rate).reshape(len(waves), -1))
    return np.concatenate(features), np.concatenate(pictures)


def listen_for_timbre(note_set: NoteSet) -> dict[str, np.ndarray]:
    """What `timbre` needs: log_specgrams, pitches, instruments, envelopes; without silent and broken notes."""
    kept: dict[str, list] = {'log_specgrams': [], 'pitches': [], 'instruments': [], 'envelopes': []}
    for waves, pitches, instruments in note_set.batches():
        sounding = np.isfinite(waves).all(axis=1) & (np.abs(waves).max(axis=1) >= faults.SILENT_PEAK)
        if not sounding.any():
            continue
        kept['log_specgrams'].append(log_specgrams.from_waves(waves[sounding], note_set.sample_rate))
        kept['pitches'].append(pitches[sounding])
        kept['instruments'].append(instruments[sounding])
        kept['envelopes'].append(np.stack([timbre.envelope(wave, note_set.sample_rate) for wave in waves[sounding]]))
    return {name: np.concatenate(values) if values else np.zeros(0) for name, values in kept.items()}


def _observe(waves: np.ndarray, pitches: np.ndarray, sample_rate: int, classifier: Classifier,
             bins: Bins) -> dict[str, np.ndarray]:
    found = [faults.find(wave) for wave in waves]
    heard = np.where(np.isfinite(waves).all(axis=1, keepdims=True), waves, 0)
    outputs = classifier.outputs(heard)
    pictures = log_specgrams.from_waves(heard, sample_rate).reshape(len(waves), -1)
    return {
        'pitches': pitches,
        'features': outputs['features'],
        'probabilities': scipy.special.softmax(outputs['pitch'], axis=1),
        'fundamentals': np.array([fundamental.pitch(wave, sample_rate) for wave in heard]),
        'coherences': np.array([phase_coherence.coherence(wave, pitch, sample_rate)
                                for wave, pitch in zip(heard, pitches)]),
        'bins': bins.assign(pictures),
        'faulty': np.array([[fault[name] for name in FAULTS] for fault in found]),
    }


def _progress(note_set: NoteSet):
    with tqdm.tqdm(total=note_set.num_notes, desc=f'Listening to {note_set.name}', unit=' notes',
                   disable=None) as progress:
        for waves, pitches, _ in note_set.batches():
            yield waves, pitches
            progress.update(len(waves))

