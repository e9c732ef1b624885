"""Features of every note of a set, extracted once: about a kilobyte a note, without the audio."""

import dataclasses
import typing

import numpy as np
import scipy.special
import tensorflow as tf
import threadpoolctl
import tqdm

from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.metrics import dynamics, faults, fundamental, phase_coherence, timbre
from gansynth_tf.evaluation.metrics.ndb import Bins
from gansynth_tf.evaluation.note_sets import NoteSet

FAULTS = ('not_finite', 'silent', 'clipped', 'offset', 'click')

_NUM_BANDS = 128
_NUM_FRAMES = 16  # in the longest note; each covers a quarter of a second of four
_N_FFT, _HOP = 2048, 512
_LOWEST_HZ = 20.0
_FLOOR = 1e-8  # of power, relative to a full-scale sine


_Self = typing.TypeVar('_Self', bound='_Columns')


class _Columns:
    """Base of dataclasses whose fields are arrays with one row per note."""

    pitches: np.ndarray

    def __len__(self) -> int:
        return len(self.pitches)

    def take(self: _Self, indices: np.ndarray) -> _Self:
        """The notes of a mask or of indices."""
        return type(self)(**{name: array[indices] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field by its name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoteFeatures(_Columns):
    """Features of n notes.

    Attributes:
      pitches: int [n], MIDI, that were asked for.
      features: float32 [n, size], of the classifier.
      probabilities: float32 [n, 128], the classifier's of each MIDI pitch.
      fundamentals: float [n], MIDI, fractional; NaN for silence.
      coherences: float [n], of phases; NaN for silence.
      dynamics: float [n, 5], by `dynamics.NAMES`; NaN where there is none.
      bins: int [n], the cluster of each, for NDB.
      faulty: bool [n, 5], by `FAULTS`.
    """

    pitches: np.ndarray
    features: np.ndarray
    probabilities: np.ndarray
    fundamentals: np.ndarray
    coherences: np.ndarray
    dynamics: np.ndarray
    bins: np.ndarray
    faulty: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridFeatures(_Columns):
    """Features of n notes of few instruments (or latents) at many pitches; silent and broken notes are left out.

    Attributes:
      pitches: int [n], MIDI.
      instruments: [n], by name or number.
      log_specgrams: float32 [n, frames, 128], decibels.
      envelopes: float [n, 12], of `timbre.envelope`.
      fundamentals: float [n], MIDI, fractional.
      levels: float [n], root mean squares, full scale 1.
    """

    pitches: np.ndarray
    instruments: np.ndarray
    log_specgrams: np.ndarray
    envelopes: np.ndarray
    fundamentals: np.ndarray
    levels: np.ndarray


def extract(note_set: NoteSet, classifier: Classifier, bins: Bins) -> NoteFeatures:
    """Features of a set, in one pass. Notes that are not finite are treated as silence, and counted as faults."""
    return NoteFeatures(**_gathered(
        _of_batch(waves, pitches, note_set.sample_rate, classifier, bins) for waves, pitches, _ in _progress(note_set)))


def extract_reference(note_set: NoteSet, classifier: Classifier) -> dict[str, np.ndarray]:
    """Features of reference notes: 'features' [n, size], 'log_specgrams' [n, size], 'dynamics' [n, 5]."""
    return _gathered({'features': classifier.outputs(waves)['features'],
                      'log_specgrams': _flat_log_specgrams(waves, note_set.sample_rate),
                      'dynamics': _dynamics(waves, note_set.sample_rate)} for waves, _, _ in _progress(note_set))


def extract_grid(note_set: NoteSet) -> GridFeatures | None:
    """Features of notes that share timbres; None if no note sounds."""
    def parts():
        for waves, pitches, instruments in _progress(note_set):
            sounding = np.isfinite(waves).all(axis=1) & (np.abs(waves).max(axis=1) >= faults.SILENT_PEAK)
            if sounding.any():
                yield _of_grid_batch(waves[sounding], pitches[sounding], instruments[sounding], note_set.sample_rate)
    gathered = _gathered(parts())
    return GridFeatures(**gathered) if gathered else None


def _frame_length(audio_length: int) -> int:
    """Samples of one frame of `log_specgrams`."""
    return max(_HOP, -(-audio_length // (_NUM_FRAMES * _HOP)) * _HOP)


@tf.function
def _log_specgrams(waves: tf.Tensor, sample_rate: int) -> tf.Tensor:
    stfts = tf.signal.stft(tf.pad(waves, [[0, 0], [_N_FFT // 2, _N_FFT // 2]]), _N_FFT, _HOP)
    # The sum of a Hann window is half its length, the peak of a sine's spectrum half its amplitude times that.
    powers = tf.abs(stfts * (4 / _N_FFT)) ** 2
    to_bands = tf.signal.linear_to_mel_weight_matrix(_NUM_BANDS, _N_FFT // 2 + 1, sample_rate, _LOWEST_HZ,
                                                     sample_rate / 2)
    bands = powers @ to_bands
    together = _frame_length(waves.shape[1]) // _HOP
    num_frames = bands.shape[1] // together
    means = tf.reduce_mean(tf.reshape(bands[:, :num_frames * together], [-1, num_frames, together, _NUM_BANDS]), axis=2)
    return 10 / tf.math.log(10.0) * tf.math.log(means + _FLOOR)


def log_specgrams(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    """Small log mel spectrograms: float [batch, samples] -> float32 [batch, frames, 128], at most about 16 frames.

    Decibels relative to full scale, from -80 to about 0.
    """
    return _log_specgrams(tf.convert_to_tensor(waves, tf.float32), sample_rate).numpy()


def _flat_log_specgrams(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    return log_specgrams(waves, sample_rate).reshape(len(waves), -1)


def _dynamics(waves: np.ndarray, sample_rate: int) -> np.ndarray:
    return np.stack([dynamics.measure(wave, sample_rate) for wave in waves])


def _of_batch(waves: np.ndarray, pitches: np.ndarray, sample_rate: int, classifier: Classifier,
              bins: Bins) -> dict[str, np.ndarray]:
    found = [faults.find(wave) for wave in waves]
    finite = np.where(np.isfinite(waves).all(axis=1, keepdims=True), waves, 0)
    outputs = classifier.outputs(finite)
    return {
        'pitches': pitches,
        'features': outputs['features'],
        'probabilities': scipy.special.softmax(outputs['pitch'], axis=1),
        'fundamentals': np.array([fundamental.pitch(wave, sample_rate) for wave in finite]),
        'coherences': np.array([phase_coherence.coherence(wave, pitch, sample_rate)
                                for wave, pitch in zip(finite, pitches)]),
        'dynamics': _dynamics(finite, sample_rate),
        'bins': bins.assign(_flat_log_specgrams(finite, sample_rate)),
        'faulty': np.array([[fault[name] for name in FAULTS] for fault in found]),
    }


def _of_grid_batch(waves: np.ndarray, pitches: np.ndarray, instruments: np.ndarray, sample_rate: int
                   ) -> dict[str, np.ndarray]:
    return {'pitches': pitches, 'instruments': instruments, 'log_specgrams': log_specgrams(waves, sample_rate),
            'envelopes': np.stack([timbre.envelope(wave, sample_rate) for wave in waves]),
            'fundamentals': np.array([fundamental.pitch(wave, sample_rate) for wave in waves]),
            'levels': np.sqrt(np.mean(np.square(waves), axis=1, dtype=np.float64))}


def _gathered(parts) -> dict[str, np.ndarray]:
    """Dicts of arrays concatenated into one dict."""
    kept: dict[str, list] = {}
    for part in parts:
        for name, values in part.items():
            kept.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in kept.items()}


def _progress(note_set: NoteSet):
    # Matrices are small here: more threads than one would mostly wait for each other.
    with (tqdm.tqdm(total=note_set.num_notes, desc=f'Measuring {note_set.name}', unit=' notes',
                    disable=None) as progress, threadpoolctl.threadpool_limits(1)):
        for batch in note_set.batches():
            yield batch
            progress.update(len(batch[0]))
