import numpy as np
import pytest

from gansynth_tf.data.sources import pitch_shifts
from gansynth_tf.data.sources.note_source import NoteSource, SourceNote, split_of
from gansynth_tf.errors import InputError
from gansynth_tf.spectral.pitch import midi_to_hz

RATE = 16000


def sine(pitch, num_samples):
    return np.sin(2 * np.pi * midi_to_hz(pitch) * np.arange(num_samples) / RATE).astype(np.float32)[:, np.newaxis]


def source_of(*names, pitch=60, samples=None):
    samples = sine(pitch, 8000) if samples is None else samples
    return NoteSource(kind='test', description='', homepage='', citation='', license='', notes=tuple(
        SourceNote(name=name, pitch=pitch, velocity=100, instrument='a', family='b', origin='c', confidence=0.9,
                   read_audio=lambda: (samples, RATE)) for name in names))


def test_training_notes_come_once_more_for_each_shift_and_test_notes_do_not():
    assert [split_of(name) for name in 'ab'] == ['train', 'test']
    notes = pitch_shifts.with_shifts(source_of('a', 'b'), [-1, 1]).notes
    assert [(note.name, note.pitch, note.split) for note in notes] == [
        ('a', 60, 'train'), ('b', 60, 'test'), ('a_-1', 59, 'train'), ('a_+1', 61, 'train')]
    assert notes[2].confidence is None  # nobody has heard it


def test_they_stay_within_the_pitches():
    notes = pitch_shifts.with_shifts(source_of('a'), [-1, 1, 12], min_pitch=60, max_pitch=61).notes
    assert [note.pitch for note in notes] == [60, 61]


@pytest.mark.parametrize('shift', [-12, -1, 1, 5, 12])
def test_a_shifted_note_sounds_at_its_label(shift):
    note = pitch_shifts.with_shifts(source_of('a'), [shift]).notes[1]
    samples, rate = note.read_audio()
    assert rate == RATE and samples.dtype == np.float32 and samples.ndim == 2
    assert abs(len(samples) - 8000 / 2 ** (shift / 12)) <= 8000 * 2e-4
    middle = slice(500, len(samples) - 500)
    np.testing.assert_allclose(samples[middle], sine(60 + shift, len(samples))[middle], atol=0.12)


@pytest.mark.parametrize('shift', [shift for shift in range(-12, 13) if shift])
def test_ratios_are_right_to_a_twentieth_of_a_cent(shift):
    speed = pitch_shifts.fractions.Fraction(2.0 ** (shift / 12)).limit_denominator(pitch_shifts._LARGEST_RATIO)
    assert abs(1200 * np.log2(float(speed)) - 100 * shift) < 0.05


@pytest.mark.parametrize('samples', [np.zeros([0, 1], np.float32), np.full([9, 1], np.nan, np.float32)])
def test_what_cannot_be_prepared_is_handed_on(samples):
    note = pitch_shifts.with_shifts(source_of('a', samples=samples), [1]).notes[1]
    assert note.read_audio()[0] is samples


@pytest.mark.parametrize('shifts', [[0], [13], [1, 1], [-1, -13]])
def test_impossible_shifts_are_refused(shifts):
    with pytest.raises(InputError, match='Impossible pitch shifts'):
        pitch_shifts.with_shifts(source_of('a'), shifts)
