import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_music import Sines

from gansynth_tf.instrument import BatchedInstrument
from gansynth_tf.music import envelope, interpolation, note, performance, render, score, timbres
from gansynth_tf.music.note import MAGENTA, Style
from gansynth_tf.music.performance import PlayedNote as Note

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
    latent_size = 3
    pitches = tuple(range(128))

    def __init__(self, batch_size=4):
        self.batch_size = batch_size
        self.asked = []

    def sample_latents(self, n, *, seed=None):
        self.asked.append((n, seed))
        return np.random.default_rng(seed).standard_normal((n, 3))

    def generate_batches(self, latents, pitches):
        for start in range(0, len(latents), self.batch_size):
            yield np.repeat(latents[start:start + self.batch_size, :1], self.audio_length, axis=1).astype(np.float32)


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'midi_main.npz')


def mix(batches, notes, *, sample_rate=100):
    """What `render` makes of the audio of notes in Magenta's style, listed in the order in which they start."""
    class Played:
        def generate_batches(self, latents, pitches):
            yield from batches

    played = Played()
    played.sample_rate = sample_rate
    return render.render(played, notes, np.arange(len(notes))[:, None].astype(float), style=MAGENTA)


@pytest.fixture(scope='module')
def tones_and_notes():
    piece = score.read_midi(GOLDEN / 'midi_main.mid')
    played = performance.perform(piece, performance.MAGENTA_PITCHES, pedal=False, controllers=False, pitch_bend=False,
                                 out_of_range='drop', drums=True)
    notes = sorted(played.notes, key=lambda note: note.start_seconds)
    return np.stack([tone(note.pitch, note.pitch) for note in notes]), notes


def original_peak_ratio(audio, note):
    """How much louder the original plays a note: it divides by the largest sample, not by the largest magnitude."""
    held, release = envelope.longest(4.0)
    amplitude = envelope.ramps(int(SAMPLE_RATE * min(note.end_seconds - note.start_seconds, held)),
                               int(SAMPLE_RATE * release), SAMPLE_RATE)
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
    assert rendering.audio.dtype == np.float32 and rendering.faults == render.Faults(shortened=[3])  # of 4 s


def test_the_originals_timbres(golden, tones_and_notes):
    _, notes = tones_and_notes

    class Instrument:
        latent_size = 256

        def sample_latents(self, n, *, seed=None):
            return golden['z_instruments'][:n]

    seconds = float(golden['secs_per_instrument'])
    chosen = timbres.choose(Instrument(), notes, timbres.Choice('wander'), seed=0, seconds_per_instrument=seconds)
    order = np.argsort(golden['notes_start_times'], kind='stable')
    assert len(chosen.timbres) == len(golden['z_instruments'])
    np.testing.assert_allclose(chosen.latents, golden['z_notes'][order], atol=1e-5)


def shape(audio, played):
    return note.shape(audio, played, style=MAGENTA, sample_rate=100)[0]


def test_a_note_that_leans_to_the_negative_side_keeps_its_velocity():
    audio = np.full(400, -0.2)
    audio[50] = 0.01
    shaped = shape(audio, Note(60, 127, 0.0, 1.0))
    assert np.min(shaped) == -1
    np.testing.assert_allclose(shape(audio, Note(60, 64, 0.0, 1.0)), shaped * 64 / 127)


def test_the_originals_notes_rise_by_her_envelope_alone():
    level = BatchedInstrument(lambda latents, labels: np.full((len(labels), 4000), 0.5, np.float32), sample_rate=1000,
                              audio_length=4000, latent_size=1, pitch_counts={60: 1})
    notes, latents = [Note(60, 127, 0.0, 1.0)], np.zeros((1, 1))
    hers = render.render(level, notes, latents, style=MAGENTA).audio
    ours = render.render(level, notes, latents, style=Style(level='peak')).audio
    np.testing.assert_allclose(hers[:10], 0.5 * np.linspace(0, 1, 10), atol=1e-7)
    assert ours[2] < 0.6 * hers[2]


def test_batches_do_not_matter(tones_and_notes):
    tones, notes = tones_and_notes
    whole = mix([tones], notes, sample_rate=SAMPLE_RATE)
    apart = mix([tones[:5], tones[5:11], tones[11:]], notes, sample_rate=SAMPLE_RATE)
    np.testing.assert_array_equal(whole.audio, apart.audio)


def test_notes_start_where_they_should_and_add_up():
    notes = [Note(60, 127, 0.5, 1.5), Note(61, 127, 1.0, 1.5)]
    audio = mix([np.ones((2, 400), np.float32)], notes).audio
    assert len(audio) == 400  # floor(1.5 s + 3 s)
    np.testing.assert_allclose(audio[[49, 50, 51, 99, 102, 149]], [0, 0, 0.25, 0.25, 0.5, 0.5])
    np.testing.assert_allclose(audio[179:], 0)


def test_a_silent_note_is_silence():
    notes = [Note(60, 100, 0.0, 1.0), Note(60, 100, 1.0, 2.0)]
    rendering = mix([np.stack([np.full(400, 1e-9), np.ones(400)])], notes, sample_rate=100)
    assert rendering.faults.silent == [0]
    assert not rendering.audio[:100].any()
    np.testing.assert_allclose(np.max(rendering.audio), 0.5, rtol=1e-6)


def test_silence_alone_is_silence():
    rendering = mix([np.zeros((1, 400))], [Note(60, 100, 0.0, 1.0)], sample_rate=100)
    assert rendering.audio.shape == (400,) and not rendering.audio.any()


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_broken_note_is_left_out_and_named(bad):
    batch = np.ones((3, 400))
    batch[1, 399] = bad
    notes = [Note(60, 100, start, start + 1.0) for start in (0.0, 2.0, 4.0)]
    rendering = mix([batch], notes, sample_rate=100)
    assert rendering.faults.broken == [1]
    assert rendering.faults.remarks(3) == ["Left out, since the model's audio was not finite: 1 of 3 notes"]
    expected = mix([batch[[0, 2]]], [notes[0], notes[2]], sample_rate=100)
    np.testing.assert_array_equal(rendering.audio, expected.audio)


def wandering(notes, seed=0, seconds=2.0, instrument=None):
    instrument = instrument or Organ()
    return timbres.choose(instrument, notes, timbres.Choice('wander'), seed=seed, seconds_per_instrument=seconds)


def test_a_piece_takes_one_timbre_per_interval_and_is_seeded():
    notes = [Note(60, 100, start, start + 0.4) for start in np.arange(0, 12, 0.5)]
    organ = Organ()
    first, again, other = (wandering(notes, seed, instrument=organ).latents for seed in (3, 3, 4))
    assert organ.asked == [(5, 3), (5, 3), (5, 4)]  # int(11.9 / 2)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize('total_seconds', [0.3, 5.0, 11.9])
def test_a_piece_shorter_than_two_intervals_is_played(total_seconds):
    notes = [Note(60, 100, 0.0, 0.2), Note(60, 100, total_seconds - 0.1, total_seconds)]
    audio = render.render(Organ(), notes, wandering(notes, seconds=6.0).latents).audio
    np.testing.assert_allclose(np.max(np.abs(audio)), 0.5, rtol=1e-6)


def test_keyframes_reach_the_longest_notes_end_wherever_it_is_listed():
    notes = [Note(60, 100, 0.0, 8.0), Note(62, 100, 7.9, 8.0), Note(64, 100, 1.0, 2.0)]
    received = wandering(notes).latents
    keyframes = Organ().sample_latents(4, seed=0)  # at -0.0001, 2.6666, 5.3333 and 8 s: not to 2 s, the last end
    np.testing.assert_allclose(received[0], keyframes[0], atol=1e-3)
    step = 8.0001 / 3
    late, early = 1 - 0.1 / step, 1.0001 / step
    np.testing.assert_allclose(received[1], interpolation.slerp(keyframes[2], keyframes[3], late), atol=1e-6)
    np.testing.assert_allclose(received[2], interpolation.slerp(keyframes[0], keyframes[1], early), atol=1e-6)


@pytest.mark.parametrize('style', [MAGENTA, Style()])
def test_the_order_in_which_notes_are_listed_does_not_matter(style):
    random = np.random.default_rng(0)
    notes = [Note(60, 90, start, start + 0.5) for start in (31.0, 3.0, 0.2, 0.1, 99.0, 16.0, 15.9)]
    latents = random.uniform(0.1, 1, (7, 3))
    latents[4] = np.nan
    latents[1] = 0
    rendering = render.render(Organ(), notes, latents, style=style)
    turned = render.render(Organ(), notes[::-1], latents[::-1], style=style)
    np.testing.assert_array_equal(rendering.audio, turned.audio)
    assert (rendering.faults.broken, rendering.faults.silent) == ([4], [1])
    assert (turned.faults.broken, turned.faults.silent) == ([2], [5])
    assert rendering.audio[3100:3150].any() and not rendering.audio[9900:].any()


def test_blocks_are_small_and_make_up_the_clip():
    notes = [Note(60, 1 + i % 127, 0.37 * i, 0.37 * i + 1) for i in range(400)]
    latents = np.random.default_rng(0).standard_normal((400, 3))
    expected = np.zeros(int(399 * 0.37 + 4) * 100)
    for played, latent in zip(notes, latents):
        shaped = shape(np.full(400, latent[0]), played)
        start = int(played.start_seconds * 100)
        expected[start:start + len(shaped)] += shaped
    blocks = list(render.render_blocks(Organ(), notes, latents, faults=render.Faults(), style=MAGENTA))
    assert max(block.shape[1] for block in blocks) <= 16 * 100
    np.testing.assert_allclose(np.concatenate(blocks, axis=1)[0, :, 0], expected, atol=1e-5)


def test_equal_notes_are_generated_once_however_many_are_kept(monkeypatch):
    sines = Sines()
    notes = [Note(pitch, 90, 0.3 * i, 0.3 * i + 0.2) for i, pitch in enumerate([60, 62, 60, 64, 62, 60, 66, 60] * 3)]
    latents = np.zeros((len(notes), 3), np.float32)
    once = render.render(sines, notes, latents).audio
    assert sines.num_generated == 4
    monkeypatch.setattr(render, '_NOTES_KEPT', 2)
    np.testing.assert_array_equal(render.render(sines, notes, latents).audio, once)
    assert sines.num_generated > 8


@pytest.mark.parametrize('stereo', [False, True])
def test_buses_add_up_to_the_mix(stereo):
    sines, rng = Sines(), np.random.default_rng(0)
    notes = [Note(int(rng.integers(40, 80)), 90, start, start + rng.uniform(0, 2), pan=rng.uniform(-1, 1))
             for start in np.arange(0, 40, 0.7)]
    latents = sines.sample_latents(len(notes), seed=0)
    whole, apart = (np.concatenate(list(render.render_blocks(
        sines, notes, latents, faults=render.Faults(), stereo=stereo, buses=buses)), axis=1)
        for buses in (None, [i % 3 for i in range(len(notes))]))
    assert whole.shape[0] == 1 and apart.shape == (3, whole.shape[1], 1 + stereo)
    np.testing.assert_allclose(apart.sum(axis=0), whole[0], atol=1e-6)


def test_pan_keeps_power_and_the_middle():
    np.testing.assert_allclose(render._pan_gains(0.0), [1, 1])
    np.testing.assert_allclose(render._pan_gains(-1.0), [np.sqrt(2), 0], atol=1e-15)
    np.testing.assert_allclose(np.sum(render._pan_gains(0.3) ** 2), 2)


played_notes = st.builds(lambda pitch, velocity, start, held: Note(pitch, velocity, start, start + held),
                         st.integers(36, 84), st.integers(1, 127), st.floats(0, 20), st.floats(0, 6))


@settings(derandomize=True, deadline=None, max_examples=15)
@given(notes=st.lists(played_notes, min_size=1, max_size=8), level=st.sampled_from(note.LEVELS),
       extend=st.booleans(), seed=st.integers(0, 9))
def test_any_score_renders_finite_and_below_full_scale(notes, level, extend, seed):
    sines = Sines(sample_rate=4000, seconds=0.5)
    style = Style(level=level, extend=extend)
    rendering = render.render(sines, notes, sines.sample_latents(len(notes), seed=seed), style=style)
    assert np.all(np.isfinite(rendering.audio)) and np.max(np.abs(rendering.audio)) <= 0.5 + 1e-6
    lasts = max(n.end_seconds for n in notes) + style.release_seconds if extend else 0
    assert len(rendering.audio) >= int(lasts * 4000) - 2
