"""Descriptions of timbres: measurements of a few of their notes, and words for them."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from gansynth_tf.evaluation.metrics import dynamics
from gansynth_tf.instrument import Instrument
from gansynth_tf.spectral.pitch import harmonic_peaks, midi_to_hz

NUM_PITCHES = 5  # at which a timbre is measured

_STEADY_SECONDS = (0.25, 1.5)
_NUM_HARMONICS = 30
_WIDTH_BINS = 12  # to each side, of a partial: the main lobe of a Hann window, four times padded, and its neighbours
_FLOOR = 1e-12
_MOST_HOLLOW_DB = 40.0

# Thresholds from the largest to the smallest: the word of the first that is reached applies.
WORDS = {
    'brightness': ((9.0, 'bright'), (4.5, 'clear'), (2.5, 'warm'), (1.5, 'dark'), (0.0, 'pure')),
    'attack_ms': ((200.0, 'swelling'), (80.0, 'soft'), (40.0, 'firm'), (0.0, 'struck')),
    'decay_db_per_second': ((8.0, 'short'), (3.0, 'fading'), (-np.inf, 'held')),
    'noise_db': ((-12.0, 'noisy'), (-20.0, 'breathy'), (-np.inf, '')),
    'inharmonicity_cents': ((25.0, 'bell-like'), (0.0, '')),
    'hollowness_db': ((6.0, 'hollow'), (-np.inf, '')),
    'undulation_db': ((1.0, 'trembling'), (0.0, '')),
}


@dataclasses.dataclass(frozen=True)
class Description:
    """Measures of a timbre: medians over its notes, but for `detuning_cents` the largest.

    Attributes:
      brightness: spectral centroid, in multiples of the fundamental.
      attack_ms: time from 10% to 90% of the largest level of the first second.
      decay_db_per_second: fall of the level from 0.5 s to 2 s.
      noise_db: energy between the harmonics, relative to all energy.
      inharmonicity_cents: deviation of partials from multiples of the fundamental, weighted by their power.
      hollowness_db: energy of the third, fifth and seventh harmonic over that of the second, fourth and sixth.
      undulation_db: standard deviation of the level of a sustained note around a straight line.
      detuning_cents: deviation of the fundamental from the pitch.
    """

    brightness: float
    attack_ms: float
    decay_db_per_second: float
    noise_db: float
    inharmonicity_cents: float
    hollowness_db: float
    undulation_db: float
    detuning_cents: float

    @property
    def words(self) -> tuple[str, ...]:
        """Words that a musician would use for it, by the thresholds of `WORDS`."""
        found = (next(word for least, word in scale if getattr(self, name) >= least) for name, scale in WORDS.items())
        return tuple(word for word in found if word)

    def as_row(self) -> np.ndarray:
        """float64 [8], in the order of the fields."""
        return np.array(dataclasses.astuple(self))


NAMES = tuple(field.name for field in dataclasses.fields(Description))


def pitches_of(instrument: Instrument, count: int = NUM_PITCHES) -> list[int]:
    """Pitches over the middle of an instrument's range, at which a timbre is measured."""
    known = np.array(instrument.pitches)
    inside = (np.linspace(0.15, 0.85, count) if count > 1 else np.array([0.5])) * (len(known) - 1)
    return [int(pitch) for pitch in known[np.unique(np.round(inside).astype(int))]]


def describe(instrument: Instrument, latents: np.ndarray, pitches: Sequence[int] | None = None) -> list[Description]:
    """Descriptions of n timbres.

    Args:
      instrument: plays them.
      latents: float [n, latent_size].
      pitches: at which they are measured.
    """
    pitches = pitches_of(instrument) if pitches is None else list(pitches)
    rows = np.repeat(np.asarray(latents, np.float32), len(pitches), axis=0)
    notes = zip(np.tile(pitches, len(latents)), (wave for batch in instrument.generate_batches(
        rows, [int(pitch) for pitch in np.tile(pitches, len(latents))]) for wave in batch))
    measured = np.array([measure(wave, instrument.sample_rate, int(pitch)).as_row() for pitch, wave in notes])
    measured = measured.reshape(len(latents), len(pitches), len(NAMES))
    middle = np.median(measured, axis=1)
    middle[:, -1] = np.max(measured[..., -1], axis=1)
    return [Description(*row.tolist()) for row in middle]


def measure(wave: np.ndarray, sample_rate: int, pitch: int) -> Description:
    """The description of one note.

    Args:
      wave: float [samples], at least two seconds for the decay.
      sample_rate: Hz.
      pitch: MIDI pitch that it should have.
    """
    numbers = dict(zip(dynamics.NAMES, dynamics.measure(wave, sample_rate)))
    first, last = (int(seconds * sample_rate) for seconds in _STEADY_SECONDS)
    power, hz_per_bin = _spectrum(wave[first:last], sample_rate)
    fundamental_hz = midi_to_hz(pitch)
    partials = _partials(power, hz_per_bin, fundamental_hz)
    total = power.sum() + _FLOOR
    return Description(
        brightness=float((power @ np.arange(len(power))) * hz_per_bin / total / fundamental_hz),
        attack_ms=float(np.nan_to_num(numbers['attack'], nan=1000.0)),
        decay_db_per_second=_fall(wave, sample_rate),
        noise_db=float(10 * np.log10(max(total - sum(energy for _, _, energy in partials), _FLOOR) / total)),
        inharmonicity_cents=_inharmonicity(partials), hollowness_db=_hollowness(partials),
        undulation_db=float(np.nan_to_num(numbers['undulation'])), detuning_cents=_detuning(partials))


def _spectrum(part: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float]:
    size = 4 << max(len(part) - 1, 1).bit_length()  # so that a parabola through a peak is exact
    window = np.hanning(len(part))
    power = np.abs(np.fft.rfft(part * window, size)) ** 2
    power[:max(1, int(20 * size / sample_rate))] = 0
    return power, sample_rate / size


def _partials(power: np.ndarray, hz_per_bin: float, fundamental_hz: float) -> list[tuple[int, float, float]]:
    """The partials near the harmonics: (number of the harmonic, cents from it, energy)."""
    found = []
    for harmonic, peak, cents in harmonic_peaks(power, hz_per_bin, fundamental_hz, num_harmonics=_NUM_HARMONICS):
        reach = max(_WIDTH_BINS, int(harmonic * fundamental_hz / hz_per_bin * 0.01))
        energy = power[max(peak - reach, 0):peak + reach + 1].sum()
        found.append((harmonic, float(cents), float(energy)))
    return found


def _detuning(partials: Sequence[tuple[int, float, float]]) -> float:
    if not partials or not sum(energy for *_, energy in partials):
        return 100.0
    return abs(float(np.average([cents for _, cents, _ in partials], weights=[energy for *_, energy in partials])))


def _inharmonicity(partials: Sequence[tuple[int, float, float]]) -> float:
    if len(partials) < 2 or not sum(energy for *_, energy in partials[1:]):
        return 0.0
    cents, energies = (np.array([partial[index] for partial in partials]) for index in (1, 2))
    return float(np.sqrt(np.average((cents - np.average(cents, weights=energies)) ** 2, weights=energies)))


def _hollowness(partials: Sequence[tuple[int, float, float]]) -> float:
    odd, even = (sum(energy for harmonic, _, energy in partials if harmonic in which) + _FLOOR
                 for which in ((3, 5, 7), (2, 4, 6)))
    return float(np.clip(10 * np.log10(odd / even), -_MOST_HOLLOW_DB, _MOST_HOLLOW_DB))


def _fall(wave: np.ndarray, sample_rate: int) -> float:
    levels = [np.sqrt(np.mean(wave[int(at * sample_rate):int((at + 0.25) * sample_rate)] ** 2) + _FLOOR)
              if len(wave) > at * sample_rate else np.nan for at in (0.5, 2.0)]
    return float(np.nan_to_num(20 * np.log10(levels[0] / levels[1]) / 1.5, nan=0.0))
