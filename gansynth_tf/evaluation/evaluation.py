"""The table of gansynth_evaluate: notes are measured beside real ones."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import features, measurements, note_sets, reference, report
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.features import NoteFeatures
from gansynth_tf.evaluation.metrics import articulation, bootstrap, ndb
from gansynth_tf.evaluation.note_sets import NoteSet
from gansynth_tf.evaluation.reference import RealNotes
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import note, performance, render, timbres
from gansynth_tf.music.score import Score

_LEAST_SECONDS = 0.25  # which phase coherence and YIN need
_LEAST_NOTES = 2
REAL = 'real notes'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A column of the table.

    Attributes:
      notes: that are measured.
      grid: the same timbres at several pitches; None where it is not known which notes share a timbre.
      instrument: that plays them; None for files.
    """

    notes: NoteSet
    grid: NoteSet | None = None
    instrument: Instrument | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """All measurements.

    Attributes:
      rows: numbers by set, real notes first.
      real: features of real notes.
      measured: features of every set, by its name.
      facts: lines on the conditions of the comparison.
    """

    rows: dict[str, dict[str, Any]]
    real: RealNotes
    measured: dict[str, NoteFeatures]
    facts: tuple[str, ...]

    def write(self, directory: pathlib.Path) -> list[pathlib.Path]:
        """Writes `metrics.md` and `metrics.json`."""
        return report.write(self.rows, directory, num_bins=len(self.real.training.bins.counts), facts=self.facts)


def of_instrument(instrument: Instrument, classifier: Classifier, *, num_notes: int, seed: int, name: str) -> Subject:
    """An instrument as subject: `num_notes` random notes, with pitches as frequent as in its training data."""
    rate = classifier.sample_rate
    pitches = tuple(pitch for pitch in measurements.KEYBOARD_PITCHES if pitch in instrument.pitches)
    grid = note_sets.of_grid(instrument, num_latents=measurements.NUM_KEYBOARD_LATENTS, pitches=pitches, seed=seed,
                             sample_rate=rate, name=f'{name}, timbres')
    notes = note_sets.of_instrument(instrument, num_notes=num_notes, seed=seed, sample_rate=rate, name=name)
    return Subject(notes=notes, grid=grid if pitches else None, instrument=instrument)


def of_folder(directory: str | os.PathLike, csv_file: str | os.PathLike | None, classifier: Classifier, *,
              limit: int | None = None) -> Subject:
    """A folder of wav files as subject."""
    notes = note_sets.of_folder(directory, csv_file=csv_file, sample_rate=classifier.sample_rate,
                                longest=classifier.audio_length, limit=limit)
    if notes.num_notes < _LEAST_NOTES:
        raise InputError(f'Too few notes: expected at least two. Received: {notes.num_notes}')
    return Subject(notes=notes)


def check(notes: PreparedNotes, classifier: Classifier) -> None:
    """Raises an InputError if the classifier cannot be used on the notes, or too few of them are held out."""
    if notes.sample_rate != classifier.sample_rate:
        raise InputError(f'Notes at another sample rate: expected {classifier.sample_rate} Hz, at which the pitch '
                         f'classifier was trained (gansynth_train_classifier trains another). '
                         f'Received: {notes.sample_rate} Hz')
    num_held_out = notes.num_notes(TEST) if TEST in notes.splits else 0
    if num_held_out < _LEAST_NOTES:
        raise InputError(f'Too few held-out notes: expected at least two in a split {TEST!r} '
                         f'(gansynth_prepare_data --test_split makes one). Received: {num_held_out}')


def evaluate(subjects: Sequence[Subject], notes: PreparedNotes, classifier: Classifier, *,
             cache_dir: str | os.PathLike, piece: Score | None = None, seed: int = 0,
             num_replicates: int = bootstrap.NUM_REPLICATES) -> Table:
    """Measures subjects beside real notes.

    Args:
      subjects: the columns after that of real notes, from `of_instrument` or `of_folder`. Real notes are cut to the
        length of the first one's notes, and as many held-out ones are measured as the largest subject has.
      notes: real notes.
      classifier: at their sample rate.
      cache_dir: of the kept features of real notes.
      piece: played by instruments to measure their articulation; None for none.
      seed: of the bootstrap and of the piece's timbres.
      num_replicates: draws of the bootstrap.

    Raises:
      InputError: if the notes are shorter than a quarter of a second.
    """
    length = min(subjects[0].notes.audio_length, notes.audio_length)
    if length < _LEAST_SECONDS * classifier.sample_rate:
        raise InputError(f'Notes too short to measure: expected at least {_LEAST_SECONDS} s. '
                         f'Received: {length / classifier.sample_rate:g} s')
    real = reference.extract(notes, classifier, audio_length=length, cache_dir=cache_dir)
    num_real = min(len(real.held_out), max(subject.notes.num_notes for subject in subjects))
    measured, grids, articulations = {REAL: real.held_out.take(np.arange(num_real))}, {REAL: real.grid}, {}
    for subject in subjects:
        name = _unused(subject.notes.name, measured)
        measured[name] = features.extract(note_sets.cut(subject.notes, length), classifier, real.training.bins)
        grids[name] = features.extract_grid(subject.grid) if subject.grid else None
        if piece and subject.instrument:
            articulations[name] = articulation_of(subject.instrument, piece, seed=seed, num_replicates=num_replicates)
    bootstrapping = dict(seed=seed, num_replicates=num_replicates)
    rows = {name: {'num_notes': len(some), 'faults': measurements.count_faults(some),
                   **measurements.measure(some, real.training, **bootstrapping),
                   **measurements.measure_grid(grids[name], **bootstrapping),
                   'articulation': articulations.get(name)} for name, some in measured.items()}
    return Table(rows=rows, real=real, measured=measured, facts=_facts(real, length, classifier.sample_rate))


def articulation_of(instrument: Instrument, piece: Score, *, seed: int = 0,
                    num_replicates: int = bootstrap.NUM_REPLICATES) -> bootstrap.Estimate:
    """The share of a piece's notes that are articulate (see `metrics.articulation`), and its interval over notes.

    Args:
      instrument: plays the piece as gansynth_generate --as_magenta does, with timbres that wander.
      piece: read from a MIDI file.
      seed: of timbres and bootstrap.
      num_replicates: draws of the bootstrap.
    """
    notes = performance.perform(piece, instrument.pitches).notes
    chosen = timbres.choose(instrument, notes, timbres.Choice('wander'), seed=seed)
    # Magenta's release is long, so that the note before hides a note that comes late.
    clip = render.render(instrument, notes, chosen.latents, style=note.MAGENTA).audio
    articulate = articulation.articulate(clip, notes, instrument.sample_rate)
    return bootstrap.estimate(lambda indices: float(articulate[indices].mean()), len(notes), seed=seed,
                              num_replicates=num_replicates)


def _unused(name: str, names) -> str:
    """The name, with the first number that makes it different from `names` if it is one of them."""
    number, unused = 2, name
    while unused in names:
        number, unused = number + 1, f'{name} ({number})'
    return unused


def _facts(real: RealNotes, length: int, sample_rate: int) -> tuple[str, ...]:
    num_training, num_bins = len(real.training.features), len(real.training.bins.counts)
    facts = [f'Notes of {length / sample_rate:g} s at {sample_rate} Hz; real notes are held-out ones, compared with '
             f'{num_training} training notes, all cut to that length.']
    if num_training < ndb.NUM_BINS:
        facts.append(f'Few training notes: NDB counts {num_bins} bins instead of {ndb.NUM_BINS}, and FID is too high.')
    return tuple(facts)
