import pathlib

import numpy as np
import pytest

from gansynth_tf.music import envelope, render, score
from gansynth_tf.music import interpolation as latents
from gansynth_tf.music.score import Note

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
SAMPLE_RATE = 16000


def tone(pitch, seed):
    """A decaying tone of up to ten partials, 4 s, peak 0.5."""
    seconds = np.arange(64000) / SAMPLE_RATE
    fundamental_hz = 440 * 2 ** ((pitch - 69) / 12)
    rng = np.random.RandomState(seed)
    partials = [k for k in range(1, 11) if k * fundamental_hz < 0.95 * SAMPLE_RATE / 2]
    wave = sum(np.sin(2 * np.pi * k * fundamental_hz * seconds + rng.uniform(0, 2 * np.pi)) / k for k in partials)
    wave *= np.exp(-1.5 * seconds) * np.minimum(1, seconds / 0.01)
    return (0.5 * wave / np.max(np.abs(wave))).astype(np.float32)


class Organ:
    """A source of notes: every pitch a constant, whose first latent number is its amplitude."""

    sample_rate = 100
    audio_length = 400

    def __init__(self, batch_size=4):
        self.batch_size = batch_size
        self.asked = []

    def sample_latents(self, n, *, seed=0):
        self.asked.append((n, seed))
        return np.random.default_rng(seed).standard_normal((n, 3))

    def generate_batches(self, latents, pitches):
        for start in range(0, len(latents), self.batch_size):
            yield np.repeat(latents[start:start + self.batch_size, :1], self.audio_length, axis=1).astype(np.float32)


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'midi_main.npz')


def mix(batches, notes, *, sample_rate=100, on_progress=None):
    """What `render` makes of the audio of notes, which are listed in the order in which they start."""
    class Played:
        def generate_batches(self, latents, pitches):
            yield from batches

    played = Played()
    played.sample_rate = sample_rate
    return render.render(played, notes, np.zeros((len(notes), 1)), on_progress=on_progress)


@pytest.fixture(scope='module')
def tones_and_notes():
    notes = score.playable(score.read_midi(GOLDEN / 'midi_main.mid'), range(36, 85))
    notes.sort(key=lambda note: note.start_seconds)
    return np.stack([tone(note.pitch, note.pitch) for note in notes]), notes


def original_peak_ratio(audio, note):
    """How much louder the original plays a note: it divides by the largest sample, not by the largest magnitude."""
    amplitude = envelope.envelope(note.end_seconds - note.start_seconds)
    shaped = audio[:len(amplitude)] * amplitude
    return np.max(np.abs(shaped)) / np.max(shaped)


def test_mix_equals_the_original_but_for_its_peaks(golden, tones_and_notes):
    tones, notes = tones_and_notes
    # Undo the one intended difference note by note; timing, envelopes, velocities and sums are then the original's.
    louder = [note._replace(velocity=note.velocity * original_peak_ratio(audio, note))
              for audio, note in zip(tones, notes)]
    ours = mix([tones], louder, sample_rate=SAMPLE_RATE).audio.astype(np.float64)
    ours *= 0.5 / np.max(ours)
    assert len(ours) == golden['clip_len']
    np.testing.assert_allclose(ours[::4], golden['clip_every_4'], rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours[:2000:4], golden['clip_head'], rtol=0, atol=1e-6)


def test_peak_is_the_largest_magnitude(golden, tones_and_notes):
    assert np.min(golden['clip_every_4']) < -0.6  # the original's fault: 0.5 is meant
    tones, notes = tones_and_notes
    rendering = mix([tones], notes, sample_rate=SAMPLE_RATE)
    np.testing.assert_allclose(np.max(np.abs(rendering.audio)), 0.5, rtol=1e-6)
    assert rendering.audio.dtype == np.float32 and rendering.faults == render.Faults()


def test_a_note_that_leans_to_the_negative_side_keeps_its_velocity():
    audio = np.full(400, -0.2)
    audio[50] = 0.01
    shaped = render.shape(audio, Note(60, 127, 0.0, 1.0), sample_rate=100)
    assert np.min(shaped) == -1
    np.testing.assert_allclose(render.shape(audio, Note(60, 64, 0.0, 1.0), sample_rate=100), shaped * 64 / 127)


def test_batches_do_not_matter(tones_and_notes):
    tones, notes = tones_and_notes
    whole = mix([tones], notes, sample_rate=SAMPLE_RATE)
    steps = []
    apart = mix([tones[:5], tones[5:11], tones[11:]], notes, sample_rate=SAMPLE_RATE, on_progress=steps.append)
    np.testing.assert_array_equal(whole.audio, apart.audio)
    assert steps == [5, 6, 1]


def test_notes_start_where_they_should_and_add_up():
    notes = [Note(60, 127, 0.5, 1.5), Note(61, 127, 1.0, 1.5)]
    audio = mix([np.ones((2, 400))], notes).audio
    assert len(audio) == 400  # floor(1.5 s + 3 s)
    np.testing.assert_allclose(audio[[49, 50, 51, 99, 102, 149]], [0, 0, 0.25, 0.25, 0.5, 0.5])
    np.testing.assert_allclose(audio[179:], 0)


def test_a_silent_note_is_silence():
    notes = [Note(60, 100, 0.0, 1.0), Note(60, 100, 1.0, 2.0)]
    rendering = mix([np.stack([np.zeros(400), np.ones(400)])], notes, sample_rate=100)
    assert rendering.faults.silent == [0]
    assert not rendering.audio[:100].any()
    np.testing.assert_allclose(np.max(rendering.audio), 0.5, rtol=1e-6)


def test_silence_alone_is_silence():
    rendering = mix([np.zeros((1, 400))], [Note(60, 100, 0.0, 1.0)], sample_rate=100)
    assert rendering.audio.shape == (400,) and not rendering.audio.any()


def test_what_is_nearly_silent_is_not_brought_up():
    assert not render.shape(np.full(400, 1e-9), Note(60, 100, 0.0, 1.0), sample_rate=100).any()


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_broken_note_is_left_out_and_named(bad):
    batch = np.ones((3, 400))
    batch[1, 399] = bad
    notes = [Note(60, 100, start, start + 1.0) for start in (0.0, 2.0, 4.0)]
    rendering = mix([batch], notes, sample_rate=100)
    assert rendering.faults.broken == [1]
    expected = mix([batch[[0, 2]]], [notes[0], notes[2]], sample_rate=100)
    np.testing.assert_array_equal(rendering.audio, expected.audio)


def test_a_piece_takes_one_timbre_per_interval_and_is_seeded():
    notes = [Note(60, 100, start, start + 0.4) for start in np.arange(0, 12, 0.5)]
    organ = Organ()
    first, again, other = (render.render_piece(organ, notes, seconds_per_instrument=2.0, seed=seed).audio
                           for seed in (3, 3, 4))
    assert organ.asked == [(5, 3), (5, 3), (5, 4)]  # int(11.9 / 2)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize('total_seconds', [0.3, 5.0, 11.9])
def test_a_piece_shorter_than_two_intervals_is_played(total_seconds):
    notes = [Note(60, 100, 0.0, 0.2), Note(60, 100, total_seconds - 0.1, total_seconds)]
    audio = render.render_piece(Organ(), notes, seconds_per_instrument=6.0).audio
    np.testing.assert_allclose(np.max(np.abs(audio)), 0.5, rtol=1e-6)


def test_keyframes_reach_the_longest_notes_end_wherever_it_is_listed():
    notes = [Note(60, 100, 0.0, 8.0), Note(62, 100, 7.9, 8.0), Note(64, 100, 1.0, 2.0)]
    received = render.piece_latents(Organ(), notes, seconds_per_instrument=2.0)
    keyframes = Organ().sample_latents(4)  # at -0.0001, 2.6666, 5.3333 and 8 s: not at -0.0001 and 2 s, the last end
    np.testing.assert_allclose(received[0], keyframes[0], atol=1e-3)
    step = 8.0001 / 3
    late, early = 1 - 0.1 / step, 1.0001 / step
    np.testing.assert_allclose(received[1], latents.slerp(keyframes[2], keyframes[3], late), atol=1e-6)
    np.testing.assert_allclose(received[2], latents.slerp(keyframes[0], keyframes[1], early), atol=1e-6)


def test_the_order_in_which_notes_are_listed_does_not_matter():
    random = np.random.default_rng(0)
    notes = [Note(60, 90, start, start + 0.5) for start in (31.0, 3.0, 0.2, 0.1, 99.0, 16.0, 15.9)]
    latents = random.uniform(0.1, 1, (7, 3))
    latents[4] = np.nan
    latents[1] = 0
    rendering = render.render(Organ(), notes, latents)
    turned = render.render(Organ(), notes[::-1], latents[::-1])
    np.testing.assert_array_equal(rendering.audio, turned.audio)
    assert (rendering.faults.broken, rendering.faults.silent) == ([4], [1])
    assert (turned.faults.broken, turned.faults.silent) == ([2], [5])
    assert len(rendering.audio) == 102 * 100 and rendering.audio[3100:3150].any() and not rendering.audio[9900:].any()


def test_blocks_are_small_and_make_up_the_clip():
    notes = [Note(60, 1 + i % 127, 0.37 * i, 0.37 * i + 1) for i in range(400)]
    latents = np.random.default_rng(0).standard_normal((400, 3))
    expected = np.zeros(int(399 * 0.37 + 4) * 100)
    for note, latent in zip(notes, latents):
        shaped = render.shape(np.full(400, latent[0]), note, sample_rate=100)
        start = int(note.start_seconds * 100)
        expected[start:start + len(shaped)] += shaped
    blocks = list(render.render_blocks(Organ(), notes, latents, faults=render.Faults()))
    assert max(map(len, blocks)) <= 16 * 100
    np.testing.assert_allclose(np.concatenate(blocks), expected, atol=1e-5)
