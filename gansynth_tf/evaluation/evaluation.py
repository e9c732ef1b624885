"""From notes to the table: everything gansynth_evaluate does."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import measurements, note_sets, observations, reference, report
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.note_sets import NoteSet
from gansynth_tf.evaluation.observations import Observations
from gansynth_tf.evaluation.reference import RealNotes
from gansynth_tf.generation import synthesizer
from gansynth_tf.generation.synthesizer import Synthesizer
from gansynth_tf.networks import weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers

_LEAST_SECONDS = 0.25  # what phase coherence and YIN need
_NUM_LATENTS = 8  # of the grid that timbre is measured on
REAL = 'real notes'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured.

    Attributes:
      notes: its notes.
      grid: the same timbres at several pitches; None where nobody can tell which notes share a timbre.
      synth: the model, if it is one.
    """

    notes: NoteSet
    grid: NoteSet | None = None
    synth: Synthesizer | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """What came out.

    Attributes:
      rows: numbers by set: real notes first.
      real: what was heard of real notes.
      observed: what was heard of every set, by its name.
      facts: what was compared with what.
    """

    rows: dict[str, dict[str, Any]]
    real: RealNotes
    observed: dict[str, Observations]
    facts: tuple[str, ...]

    def write(self, directory: pathlib.Path) -> list[pathlib.Path]:
        """Writes `metrics.md` and `metrics.json`."""
        return report.write(self.rows, directory, num_bins=len(self.real.training.bins.counts), facts=self.facts)

    def bin_counts(self) -> dict[str, np.ndarray]:
        """Notes of each kind, by set."""
        return {name: self.real.training.bins.count(seen.bins) for name, seen in self.observed.items()}


def model(synth: Synthesizer, classifier: Classifier, *, num_notes: int, seed: int, name: str) -> Subject:
    """A model as subject: `num_notes` random notes, pitches as frequent as in its training data."""
    rate = classifier.sample_rate
    pitches = tuple(pitch for pitch in reference.GRID_PITCHES if pitch in synth.pitches)
    grid = note_sets.of_model_grid(synth, num_latents=_NUM_LATENTS, pitches=pitches, seed=seed, sample_rate=rate,
                                   name=f'{name}, timbres')
    notes = note_sets.of_model(synth, num_notes=num_notes, seed=seed, sample_rate=rate, name=name)
    return Subject(notes=notes, grid=grid, synth=synth)


def untrained(synth: Synthesizer, *, seed: int) -> Synthesizer:
    """The same model before training: random weights, all blocks, the paper's normalizer."""
    keras.utils.set_random_seed(seed)
    config = synth.config.replace(data_normalizer='specgrams_prespecified_normalizer')
    state = GeneratorState(weights.to_arrays(Generator(config, len(synth.pitches))), num_blocks=config.num_resolutions,
                           progress=float(config.num_resolutions - 1))
    return synthesizer.from_weights(config, synth.vocabulary, state, normalizers.from_config(config),
                                    batch_size=synth.batch_size)


def folder(directory: str | os.PathLike, csv_file: str | os.PathLike | None, classifier: Classifier, *,
           limit: int | None = None) -> Subject:
    """A folder of wav files as subject."""
    notes = note_sets.of_folder(directory, csv_file=csv_file, sample_rate=classifier.sample_rate,
                                longest=classifier.audio_length, limit=limit)
    if notes.num_notes < 2:
        raise InputError(f'Too few notes: expected at least two. Received: {notes.num_notes}')
    return Subject(notes=notes)


def check(notes: PreparedNotes, classifier: Classifier) -> None:
    """Raises an InputError if the classifier cannot listen to the notes."""
    if notes.sample_rate != classifier.sample_rate:
        raise InputError(f'Notes at another sample rate: expected {classifier.sample_rate} Hz, at which the pitch '
                         f'classifier was trained (gansynth_train_classifier trains another). '
                         f'Received: {notes.sample_rate} Hz')


def evaluate(subject: Subject, notes: PreparedNotes, classifier: Classifier, *, cache_dir: str | os.PathLike,
             others: Sequence[Subject] = (), seed: int = 0, num_replicates: int = 100) -> Table:
    """Measures the subject's notes beside real ones.

    Args:
      subject: from `model` or `folder`.
      notes: real notes.
      classifier: at their sample rate.
      cache_dir: where what was heard of the real notes is kept.
      others: further columns of the table, with notes as long as the subject's.
      seed: of the bootstrap.
      num_replicates: draws of the bootstrap.

    Raises:
      InputError: if the notes are shorter than a quarter of a second.
    """
    length = min(subject.notes.audio_length, notes.audio_length)
    if length < _LEAST_SECONDS * classifier.sample_rate:
        raise InputError(f'Notes too short to measure: expected at least {_LEAST_SECONDS} s. '
                         f'Received: {length / classifier.sample_rate:g} s')
    real = reference.listen(notes, classifier, audio_length=length, cache_dir=cache_dir)
    observed = {REAL: real.held_out}
    timbres = {REAL: real.timbre}
    for each in (subject, *others):
        observed[each.notes.name] = observations.listen(each.notes, classifier, real.training.bins)
        timbres[each.notes.name] = _timbre(each)
    rows = {name: {'num_notes': len(seen), 'faults': measurements.count_faults(seen), **timbres[name],
                   **measurements.measure(seen, real.training, seed=seed, num_replicates=num_replicates)}
            for name, seen in observed.items()}
    seconds = length / classifier.sample_rate
    facts = (f'Notes of {seconds:g} s at {classifier.sample_rate} Hz; real notes are held-out ones, compared with '
             f'{len(real.training.features)} training notes, all cut to that length.',)
    return Table(rows=rows, real=real, observed=observed, facts=facts)


def _timbre(subject: Subject) -> dict[str, float]:
    return measurements.measure_timbre(observations.listen_for_timbre(subject.grid)) if subject.grid else {}
