"""The paper's comparison as one run: every system is trained on the same notes for the same time, measured, and told.

OUT/SYSTEM/run/            the training run, which goes on where it stopped
OUT/SYSTEM/measured.json   its row, once it has been measured; pictures and a few notes lie beside it
OUT/table1.json, table1.md, report.html, listening_test.html   of all systems that are done
"""

import dataclasses
import logging
import os
import pathlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import gansynth_tf
from gansynth_tf import files, tensorflow_setup
from gansynth_tf.config import Config
from gansynth_tf.data import prepare
from gansynth_tf.data.prepared_notes import PreparedNotes, is_prepared, open_notes
from gansynth_tf.data.sources import folder, nsynth, nsynth_tfrecord
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.evaluation import evaluation, features, note_sets, report
from gansynth_tf.evaluation.classifier import classifier as classifier_lib
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.evaluation import Subject
from gansynth_tf.evaluation.metrics import bootstrap
from gansynth_tf.evaluation.metrics.ndb import Bins
from gansynth_tf.evaluation.note_sets import NoteSet
from gansynth_tf.evaluation.pictures import picture_book
from gansynth_tf.hyperparameters import EXPERIMENT_FILE, Hyperparameters, read_experiment
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import output
from gansynth_tf.reproduction import comparison, systems
from gansynth_tf.reproduction.systems import System
from gansynth_tf.training import dry_run, loop

SECONDS_FILE = 'seconds.json'
BINS_PITCH = 60  # of the paper's figure of NDB
_NUM_BINS_NOTES = 64
_NUM_SAMPLES = 12  # notes of each system for listeners
_FEWEST_NOTES = 16
_GENERATING_SHARE = 0.5  # of the training time: what the notes to be measured may take
_FAST_SECONDS = 0.5  # a note: slower systems play no more than the notes that are measured


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """Settings that are the same for all systems.

    Attributes:
      notes: to train on and compare with.
      notes_dir: of the notes.
      classifier: whose features the measures use.
      output_dir: of all results.
      seconds: to train each system; None for the numbers of notes in its configuration.
      full: train at the paper's size.
      num_replicates: draws of the bootstrap.
    """

    notes: PreparedNotes
    notes_dir: pathlib.Path
    classifier: Classifier
    output_dir: pathlib.Path
    seconds: float | None
    full: bool = False
    num_replicates: int = bootstrap.NUM_REPLICATES


def study(notes: str | os.PathLike, output_dir: pathlib.Path, *, seconds: float | None, full: bool = False) -> Study:
    """A study of the notes in a directory.

    Args:
      notes: what gansynth_prepare_data wrote, NSynth's JSON and WAV or TFRecord files, or a folder of recordings; the
        last two are prepared first, in `output_dir`.
      output_dir: existing.
      seconds: as in `Study`.
      full: likewise.

    Raises:
      InputError: if there are no notes, or too few are held out to measure.
    """
    notes_dir = files.existing_directory(notes)
    if not is_prepared(notes_dir):
        recordings, notes_dir = notes_dir, output_dir / 'prepared'
        if not is_prepared(notes_dir):
            read = nsynth_tfrecord.read_source if nsynth_tfrecord.is_there(recordings) else nsynth.read_source \
                if (recordings / nsynth.EXAMPLES_FILE).exists() else folder.read_source
            logging.info('%s', prepare.prepare(read(recordings), notes_dir))
    opened, classifier = open_notes(notes_dir), classifier_lib.load()
    evaluation.check(opened, classifier)
    return Study(notes=opened, notes_dir=notes_dir, classifier=classifier, output_dir=output_dir, seconds=seconds,
                 full=full)


def plan(chosen: Sequence[System], study: Study) -> Iterator[str]:
    """Lines that say what `reproduce` would do, and for how long it would train."""
    yield systems.NARROWING if not study.full else "Every system has the paper's size."
    for system in chosen:
        seconds = _expected_seconds(system, study)
        time_told = 'as long as its notes take' if seconds is None else f'{seconds / 3600:,.1f} hours'
        yield f'{system.name}: {time_told} of training on this machine as busy as it is now.'


def reproduce(chosen: Sequence[System], study: Study) -> list[pathlib.Path]:
    """Trains and measures the systems that are not done yet; returns what was written.

    The table is of all systems in `output_dir` that are done, also of those that were not chosen this time. A
    system whose losses are not finite gets a row that says so.

    Raises:
      signals.Stopped: if a signal asked for it; the same call goes on.
      InputError: if a directory holds something else.
    """
    known = list(systems.all_systems().values())
    paths: list[pathlib.Path] = []
    for number, system in enumerate(chosen, 1):
        directory = files.make_directory(study.output_dir / system.directory_name)
        if not (directory / comparison.MEASURED_FILE).exists():
            logging.info('%s (%d of %d)', system.name, number, len(chosen))
            row = _row(system, directory, study)
            files.write_json(row | {'system': system.name}, directory / comparison.MEASURED_FILE)
            paths = comparison.write(known, study.output_dir, notes_dir=study.notes_dir)
    return paths or comparison.write(known, study.output_dir, notes_dir=study.notes_dir)


def _expected_seconds(system: System, study: Study) -> float | None:
    """Seconds of a system's training; None if they are not known."""
    config = system.full if study.full else system.config
    if study.seconds is not None or not isinstance(config, Config):
        return study.seconds
    stages = systems.create(system, config, study.notes).stages
    return sum(((stage.end_image - stage.first_image) / rate
                for stage, rate in zip(stages, dry_run.rates(config, study.notes), strict=True)), 0.0)


def _row(system: System, directory: pathlib.Path, study: Study) -> dict[str, Any]:
    """The facts and numbers of a trained and measured system."""
    try:
        num_images, seconds = _train(system, directory, study)
    except loop.NonFiniteError as error:
        return {'failure': str(error)}
    instrument = gansynth_tf.load(directory / 'run')
    return _measure(system, instrument, directory, study) | {'num_images': num_images, 'training_seconds': seconds}


def _train(system: System, directory: pathlib.Path, study: Study) -> tuple[int, float]:
    """Trains a system to its end; returns the notes that it has seen and the seconds that it took, in all sittings."""
    config, run = _config(system, directory / 'run', study), directory / 'run'
    model = systems.create(system, config, study.notes)
    if study.seconds is not None:
        model = systems.limited(model, study.seconds)
    path = directory / SECONDS_FILE
    before, started = (files.read_json(path)['seconds'] if path.exists() else 0.0), time.monotonic()
    try:
        loop.train(model, run)
    finally:
        seconds = before + time.monotonic() - started
        files.write_json({'seconds': seconds}, path)
    newest = max(run.glob('stage_*/checkpoint-*.npz'), key=lambda path: path.stem.rpartition('-')[2])
    return int(newest.stem.rpartition('-')[2]), seconds


def _config(system: System, run: pathlib.Path, study: Study) -> Hyperparameters:
    """The configuration of the run that is there, or one for a new run."""
    config = system.full if study.full else system.config
    if (run / EXPERIMENT_FILE).exists():
        return read_experiment(run, type(config))
    return config if study.seconds is None else systems.within(config, study.seconds, study.notes)


def _measure(system: System, instrument: Instrument, directory: pathlib.Path, study: Study) -> dict[str, Any]:
    """All numbers of a trained system, and of the real notes beside it; draws pictures and writes a few notes."""
    # The pitches of the held-out notes, so that all systems and real notes have the same, for listeners, too.
    pitches = study.notes.pitches(TEST)
    pitches, rate = pitches[np.isin(pitches, instrument.pitches)], study.notes.sample_rate
    limit = np.inf if study.seconds is None else _GENERATING_SHARE * study.seconds
    notes, seconds_per_note = _generated(note_sets.played(
        instrument, instrument.sample_latents(len(pitches), seed=0), pitches, np.arange(len(pitches)), rate,
        system.name), limit)
    subject = Subject(notes=notes)
    if seconds_per_note < _FAST_SECONDS:
        subject = dataclasses.replace(evaluation.of_instrument(instrument, study.classifier, num_notes=len(pitches),
                                                               seed=0, name=system.name), notes=notes)
    table = evaluation.evaluate([subject], study.notes, study.classifier, cache_dir=study.output_dir,
                                num_replicates=study.num_replicates)
    picture_book.of_evaluation(subject, table, study.notes, directory)
    samples = files.make_directory(directory / comparison.NOTES_DIR)
    for index, (wave, pitch) in enumerate(_first(notes, _NUM_SAMPLES)):
        output.write_wav(samples / f'{index:02d}_pitch{pitch}.wav', wave, rate)
    machine = f'Timed on {tensorflow_setup.processor_name()}, cores: {tensorflow_setup.num_cores()}.'
    return {'seconds_per_note': seconds_per_note, 'rows': report.plain(table.rows), 'facts': [*table.facts, machine],
            'bins': _bins(instrument, table.real.training.bins, notes.audio_length, study)
            if seconds_per_note < _FAST_SECONDS else None}


def _generated(notes: NoteSet, limit: float) -> tuple[NoteSet, float]:
    """The set with its notes kept in memory, as many as `limit` seconds allow; and the seconds that a note took.

    At least 16 are generated. The first batch, for which graphs are made, is timed only if there is no other.
    """
    started, first, after_first = time.monotonic(), 0, 0.0
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for part in notes.batches():
        parts.append(part)
        num_notes = sum(len(waves) for waves, _, _ in parts)
        if not first:
            first, after_first = num_notes, time.monotonic()
        if num_notes >= _FEWEST_NOTES and time.monotonic() - started > limit:
            break
    now = time.monotonic()
    per_note = (now - after_first) / (num_notes - first) if num_notes > first else (now - started) / num_notes
    return dataclasses.replace(notes, num_notes=num_notes, batches=lambda: iter(parts)), per_note


def _first(notes: NoteSet, count: int) -> Iterator[tuple[np.ndarray, int]]:
    pairs = ((wave, int(pitch)) for waves, pitches, _ in notes.batches() for wave, pitch in zip(waves, pitches))
    return (pair for pair, _ in zip(pairs, range(count)))


def _bins(instrument: Instrument, bins: Bins, audio_length: int, study: Study) -> dict[str, list[int]] | None:
    """Counts of notes of the paper's pitch in each cluster of training notes: of real notes and of the system's.

    None if either knows no such notes.
    """
    real = note_sets.of_prepared_notes(study.notes, TRAIN, name='real', pitches=(BINS_PITCH,),
                                       audio_length=min(audio_length, study.notes.audio_length))
    if BINS_PITCH not in instrument.pitches or not real.num_notes:
        return None
    latents = instrument.sample_latents(_NUM_BINS_NOTES, seed=0)
    played = note_sets.played(instrument, latents, [BINS_PITCH] * _NUM_BINS_NOTES, np.arange(_NUM_BINS_NOTES),
                              study.notes.sample_rate, 'pitch 60')
    return {name: bins.count(features.extract(some, study.classifier, bins).bins).tolist()
            for name, some in (('real', real), ('played', played))}
