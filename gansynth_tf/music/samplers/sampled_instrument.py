"""One timbre of an instrument over all its pitches, recorded for samplers: SFZ, SoundFont, Decent Sampler."""

import dataclasses
import logging
import os
import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.signal
import tqdm

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import note
from gansynth_tf.music.samplers import looping, sample, sf2, text_presets
from gansynth_tf.music.samplers.sample import Sample
from gansynth_tf.spectral.pitch import harmonic_peaks, midi_to_hz

FORMATS = ('sfz', 'sf2', 'dspreset')
SAMPLE_RATE = 44100
RELEASE_SECONDS = 0.3
_BEYOND = 12  # keys below the lowest pitch and above the highest that use their samples
_HARMONICS = 8  # by which a note's tuning is measured
_MOST_CENTS = 50.0  # that a note is retuned by
_TUNED_SECONDS = 2.5  # of a note, by which its tuning is measured
_STEADY_DB_PER_SECOND = 1.0  # a slower decay counts as none
_PEAK = 0.9


@dataclasses.dataclass(frozen=True)
class Written:
    """The result of `write`.

    Attributes:
      paths: the instrument's files, one for each format.
      num_looped: notes that sound for as long as a key is held; the others end by themselves.
      out_of_tune: pitches whose notes are over half a semitone off, which stay as they are.
    """

    paths: tuple[pathlib.Path, ...]
    num_looped: int
    out_of_tune: tuple[int, ...]


def write(instrument: Instrument, latent: np.ndarray, output_dir: str | os.PathLike, *, name: str,
          formats: Sequence[str] = FORMATS, sample_rate: int = SAMPLE_RATE, release_seconds: float = RELEASE_SECONDS
          ) -> Written:
    """Records a timbre and writes it for samplers.

        OUTPUT_DIR/NAME.sfz, NAME.sf2, NAME.dspreset, NAME_samples/NAME_060.wav

    Args:
      instrument: plays the notes.
      latent: float [latent_size], the timbre.
      output_dir: created if need be.
      name: of the timbre; file names keep its letters, digits, '-' and '_'.
      formats: some of FORMATS.
      sample_rate: of the recordings in Hz.
      release_seconds: from the release of a key to silence.

    Raises:
      InputError: if a format is unknown, nothing sounds, or files cannot be written.
    """
    for unknown in set(formats) - set(FORMATS):
        raise InputError(f'Unknown format: expected some of {", ".join(FORMATS)}. Received: {unknown!r}')
    stem = re.sub(r'[^A-Za-z0-9_-]+', '_', name).strip('_') or 'instrument'
    directory = files.make_directory(output_dir)
    samples, out_of_tune = record(instrument, latent, sample_rate=sample_rate)
    paths = []
    if {'sfz', 'dspreset'} & set(formats):
        folder = files.make_directory(directory / f'{stem}_samples')
        wavs = [sample.write_wav(recording, folder / f'{stem}_{recording.pitch:03d}.wav') for recording in samples]
        relative = [f'{folder.name}/{path.name}' for path in wavs]
        for kind, write_preset in (('sfz', text_presets.write_sfz), ('dspreset', text_presets.write_dspreset)):
            if kind in formats:
                paths.append(write_preset(samples, relative, directory / f'{stem}.{kind}', name=name,
                                          release_seconds=release_seconds))
    if 'sf2' in formats:
        paths.append(sf2.write(samples, directory / f'{stem}.sf2', name=name, release_seconds=release_seconds))
    return Written(tuple(paths), sum(recording.loop is not None for recording in samples), tuple(out_of_tune))


def record(instrument: Instrument, latent: np.ndarray, *, sample_rate: int = SAMPLE_RATE
           ) -> tuple[list[Sample], list[int]]:
    """A sample of every pitch, all equally loud as the renderer plays them, and the pitches that are out of tune."""
    waves = [(pitch, wave * note.matched_gain(wave, wave, instrument.sample_rate))
             for pitch, wave in _notes(instrument, latent) if not note.is_silent(wave)]
    if not waves:
        raise InputError('Nothing to record: expected a timbre that sounds. Received: silence at every pitch')
    samples, out_of_tune = [], []
    for index, (pitch, wave) in enumerate(waves):
        cents = tuning_cents(wave[:round(_TUNED_SECONDS * instrument.sample_rate)], instrument.sample_rate, pitch)
        if abs(cents) > _MOST_CENTS:
            out_of_tune.append(pitch)
            cents = 0.0
        recording = _sample(pitch, wave, cents, instrument.sample_rate, sample_rate)
        low_key = waves[index - 1][0] + 1 if index else max(0, pitch - _BEYOND)
        samples.append(dataclasses.replace(recording, low_key=low_key))
    samples[-1] = dataclasses.replace(samples[-1], high_key=min(127, samples[-1].pitch + _BEYOND))
    gain = _PEAK / max(np.max(np.abs(recording.wave)) for recording in samples)
    samples = [dataclasses.replace(recording, wave=gain * recording.wave) for recording in samples]
    if out_of_tune:
        logging.warning('%d of %d notes are over half a semitone from their pitch and stay as they are: %s',
                        len(out_of_tune), len(samples), ', '.join(map(str, out_of_tune)))
    return samples, out_of_tune


def _notes(instrument: Instrument, latent: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    pitches = list(instrument.pitches)
    latents = np.repeat(np.asarray(latent, np.float32)[np.newaxis], len(pitches), axis=0)
    batches = instrument.generate_batches(latents, pitches)
    waves = (wave.astype(np.float64) for batch in batches for wave in batch)
    return zip(pitches, tqdm.tqdm(waves, total=len(pitches), desc='Recording', unit=' notes', disable=None))


def _sample(pitch: int, wave: np.ndarray, cents: float, rate: int, sample_rate: int) -> Sample:
    """The sample of a note at another rate, with its loop; `cents`, by which the note is too high, are corrected."""
    looped = looping.sustained(wave, rate)
    divisor = np.gcd(rate, sample_rate)
    up, down = sample_rate // divisor, rate // divisor
    resampled = scipy.signal.resample_poly(wave if looped is None else looped.wave, up, down)
    recording = Sample(pitch=pitch, low_key=pitch, high_key=pitch, wave=resampled, sample_rate=sample_rate,
                       tune_cents=-round(cents))
    if looped is None:
        return recording
    start = round(looped.loop_start * up / down)
    length = round((looped.loop_end - looped.loop_start) * up / down)
    fall = looped.decay_db_per_second if looped.decay_db_per_second > _STEADY_DB_PER_SECOND else 0.0
    return dataclasses.replace(recording, loop=(start, start + length), fall_db_per_second=fall)


def tuning_cents(wave: np.ndarray, rate: int, pitch: int) -> float:
    """Cents by which a note is above its pitch: the median over its harmonics, weighted by their power.

    Infinite if no harmonic is within 60 cents of its frequency.
    """
    size = 1 << (len(wave) * 4 - 1).bit_length()  # zero-padded, so that a parabola through a peak is exact
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size)) ** 2
    found = sorted((cents, power[peak]) for _, peak, cents in harmonic_peaks(
        power, rate / size, midi_to_hz(pitch), num_harmonics=_HARMONICS)
        if power[peak] > max(power[peak - 1], power[peak + 1], 1e-6 * power.max()))
    if not found:
        return np.inf
    cents, weights = np.array(found).T
    total = np.cumsum(weights)
    return float(cents[np.searchsorted(total, total[-1] / 2)])
