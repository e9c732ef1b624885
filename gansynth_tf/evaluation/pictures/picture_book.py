"""Collections of pictures: of a model, a folder of notes, or a single note."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import interpolation, note_sets
from gansynth_tf.evaluation.classifier.classifier import Classifier
from gansynth_tf.evaluation.evaluation import REAL, Subject, Table
from gansynth_tf.evaluation.interpolation import Autoencoder
from gansynth_tf.evaluation.note_sets import NoteSet
from gansynth_tf.evaluation.pictures import pictures
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import output
from gansynth_tf.spectral.pitch import note_name

_NUM_NOTES = 5
_NUM_TIMBRES = 3
_MIDDLE = (40, 79)
_SHOWN_PITCHES = (40, 48, 55, 60, 67, 72, 79)


def of_evaluation(subject: Subject, table: Table, real: PreparedNotes, output_dir: pathlib.Path, *, seed: int = 0
                  ) -> list[pathlib.Path]:
    """Draws notes beside real ones, clusters of notes and dynamics; of an instrument also what `of_model` draws."""
    notes, training = subject.notes, table.real.training
    waves, pitches = _first_notes(notes)
    others = _real_notes_like(pitches, real, notes.audio_length)
    titles = [note_name(pitch) for pitch in pitches]
    counts = {name: (training.bins.counts, training.bins.count(some.bins)) for name, some in table.measured.items()}
    dynamics = {'training notes': training.dynamics,
                **{name: some.dynamics for name, some in table.measured.items() if name != REAL}}
    drawn = {
        'rainbowgrams.png': pictures.rainbowgrams({'real': (others, titles), notes.name: (waves, titles)},
                                                  notes.sample_rate, 'Notes beside real ones of their pitches'),
        'phase_coherence.png': pictures.coherence({'real': others, notes.name: waves}, pitches, notes.sample_rate),
        'ndb_bins.png': pictures.bins(counts),
        'dynamics.png': pictures.dynamics(dynamics),
    }
    paths = [pictures.write(figure, output_dir / name) for name, figure in drawn.items()]
    return paths + (of_model(subject.instrument, output_dir, seed=seed) if subject.instrument else [])


def of_model(instrument: Instrument, output_dir: pathlib.Path, *, seed: int = 0) -> list[pathlib.Path]:
    """Draws an interpolation, and timbres across pitches."""
    shown = _shown_pitches(instrument.pitches)
    latents = instrument.sample_latents(_NUM_TIMBRES, seed=seed)
    ways = interpolation.three_ways(instrument, latents[:2], shown[len(shown) // 2])
    names = [f'timbre {number}' for number in range(1, _NUM_TIMBRES + 1)]
    rows = _at_pitches(instrument, latents, names, shown)
    return [pictures.write(_of_ways(ways, instrument.sample_rate), output_dir / 'interpolation.png'),
            pictures.write(pictures.across_pitch(rows, shown, instrument.sample_rate),
                           output_dir / 'timbre_across_pitch.png')]


def of_interpolation(instrument: Instrument, corners: np.ndarray, pitch: int, output_dir: pathlib.Path, *,
                     num_steps: int = interpolation.NUM_STEPS, autoencoder: Autoencoder | None = None,
                     real: PreparedNotes | None = None, classifier: Classifier | None = None) -> list[pathlib.Path]:
    """Interpolates between timbres: writes a picture, and the notes one after the other as wav files.

    Args:
      instrument: plays them.
      corners: float [2, latent_size] for rows of different ways (`interpolation.three_ways`), [4, latent_size] for a
        square between four timbres.
      pitch: MIDI.
      output_dir: of the files.
      num_steps: notes from one timbre to the next, both included.
      autoencoder: between two timbres, to mix its codes, too.
      real: notes; the distance of the middle of each row from the nearest one is shown.
      classifier: at their sample rate; its features define the distance.
    """
    rate = instrument.sample_rate
    if len(corners) == 4:
        latents = interpolation.grid(corners, num_steps).astype(np.float32)
        titles = [f'{share:.0%}' for share in np.linspace(0, 1, num_steps)]
        rows = {f'{title} down': instrument.generate(row, [pitch] * num_steps) for title, row in zip(titles, latents)}
        figure = pictures.rainbowgrams({name: (waves, titles) for name, waves in rows.items()}, rate,
                                       f'Between four timbres, at the corners, at {note_name(pitch)}')
        waves = {'square': np.concatenate(list(rows.values()))}
    else:
        waves = interpolation.three_ways(instrument, corners, pitch, autoencoder=autoencoder, num_steps=num_steps)
        distances = None
        if real is not None and classifier is not None:
            middles = [row[num_steps // 2] for row in waves.values()]
            distances = interpolation.distances_to_real(middles, rate, pitch, real, classifier)
        figure = _of_ways(waves, rate, distances)
    return [pictures.write(figure, output_dir / 'interpolation.png'),
            *(output.write_wav(output_dir / f'interpolation_{name.replace(" ", "_")}.wav', np.concatenate(row), rate)
              for name, row in waves.items())]


def of_sweep(instrument: Instrument, latents: np.ndarray, names: Sequence[str], pitches: Sequence[int],
             output_dir: pathlib.Path) -> list[pathlib.Path]:
    """Plays timbres at one pitch after the other: writes a picture, a row a timbre, and a wav file of each."""
    rows, rate = _at_pitches(instrument, latents, names, pitches), instrument.sample_rate
    return [pictures.write(pictures.across_pitch(rows, pitches, rate), output_dir / 'sweep.png'),
            *(output.write_wav(output_dir / f'sweep_{name}.wav', np.concatenate(waves), rate)
              for name, waves in rows.items())]


def _at_pitches(instrument: Instrument, latents: np.ndarray, names: Sequence[str], pitches: Sequence[int]
                ) -> dict[str, np.ndarray]:
    return {name: instrument.generate(np.repeat(latent[None], len(pitches), 0), pitches)
            for name, latent in zip(names, latents)}


def _of_ways(ways: Mapping[str, np.ndarray], sample_rate: int, distances: Sequence[float] | None = None):
    titles = [f'{share:.0%}' for share in np.linspace(0, 1, len(next(iter(ways.values()))))]
    told = [''] * len(ways) if distances is None else [f'\nmiddle: {distance:.2f}' for distance in distances]
    title = 'From one timbre to another'
    if distances is not None:
        title += (': below each way the distance of its middle from the nearest real note (1: as near as real notes '
                  'are to each other)')
    return pictures.rainbowgrams({name + number: (waves, titles) for (name, waves), number in zip(ways.items(), told)},
                                 sample_rate, title)


def of_notes(waves: Sequence[np.ndarray], pitches: Sequence[int | None], titles: Sequence[str], sample_rate: int,
             output_dir: pathlib.Path, *, name: str) -> list[pathlib.Path]:
    """Draws a rainbowgram of each note, and the overlaid periods of those whose pitch is known."""
    longest = max(len(wave) for wave in waves)
    padded = np.stack([np.pad(wave, (0, longest - len(wave))) for wave in waves])
    paths = [pictures.write(pictures.rainbowgrams({'': (padded, titles)}, sample_rate, 'Rainbowgrams'),
                            output_dir / f'{name}_rainbowgrams.png')]
    known = {index: pitch for index, pitch in enumerate(pitches) if pitch is not None}
    if known:
        figure = pictures.coherence({'': padded[list(known)]}, list(known.values()), sample_rate)
        paths.append(pictures.write(figure, output_dir / f'{name}_phase_coherence.png'))
    return paths


def _first_notes(notes: NoteSet) -> tuple[np.ndarray, list[int]]:
    """The first notes of a set that sound, all of different pitches, if possible from the middle of the keyboard.

    Raises:
      InputError: if no note sounds.
    """
    chosen: dict[int, np.ndarray] = {}
    spare: dict[int, np.ndarray] = {}
    for waves, pitches, _ in notes.batches():
        for wave, pitch in zip(waves, pitches):
            if np.isfinite(wave).all() and np.any(wave):
                (chosen if _MIDDLE[0] <= pitch <= _MIDDLE[1] else spare).setdefault(int(pitch), wave)
        if len(chosen) >= _NUM_NOTES:
            break
    shown = dict(sorted([*chosen.items(), *spare.items()][:_NUM_NOTES]))
    if not shown:
        raise InputError(f'Nothing to draw: expected notes that sound. Received: {notes.num_notes} silent ones')
    return np.stack(list(shown.values())), list(shown)


def _real_notes_like(pitches: Sequence[int], real: PreparedNotes, audio_length: int) -> np.ndarray:
    """A real note of each pitch, or of the nearest one that occurs; from held-out notes if there are any."""
    split = TEST if real.num_notes(TEST) else TRAIN
    available = np.unique(real.pitches(split))
    waves = []
    for pitch in pitches:
        nearest = int(available[np.abs(available - pitch).argmin()])
        same = note_sets.of_prepared_notes(real, split, name='real', audio_length=audio_length, pitches=(nearest,),
                                           limit=1)
        waves.append(next(same.batches())[0][0])
    return np.stack(waves)


def _shown_pitches(known: Sequence[int]) -> list[int]:
    shown = [pitch for pitch in _SHOWN_PITCHES if pitch in known]
    return shown or list(known)[:: max(1, len(known) // _NUM_NOTES)][:_NUM_NOTES]
