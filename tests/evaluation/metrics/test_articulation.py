import numpy as np

from gansynth_tf.evaluation.metrics import articulation
from gansynth_tf.music import note, render
from gansynth_tf.music.performance import PlayedNote

RATE = 16000
PITCHES = (48, 52, 50, 60, 62, 64, 36, 43)
SCALE = [PlayedNote(pitch, 100, 0.2 * index, 0.2 * index + 0.2) for index, pitch in enumerate(PITCHES)]


class Player:
    """Plays tones whose attack lasts as long as its latent says, in seconds, off by `semitones`."""

    sample_rate, audio_length, pitches, latent_size = RATE, 2 * RATE, tuple(range(24, 85)), 1

    def __init__(self, tone, semitones=0):
        self.tone, self.semitones = tone, semitones

    def generate_batches(self, latents, pitches):
        for (attack,), pitch in zip(latents, pitches):
            rise = np.minimum(np.arange(2 * RATE) / (attack * RATE), 1)
            yield (rise ** 2 * self.tone(pitch + self.semitones, seconds=2))[None]


def share(player, attack, notes):
    clip = render.render(player, notes, np.full((len(notes), 1), attack), style=note.MAGENTA).audio
    return articulation.articulate(clip, notes, RATE).mean()


def test_a_struck_instrument_is_heard_and_a_slow_one_is_not(tone):
    assert share(Player(tone), 0.005, SCALE) == 1
    assert share(Player(tone), 0.6, SCALE) < 0.6


def test_a_wrong_pitch_is_not_heard(tone):
    assert share(Player(tone, semitones=2), 0.005, SCALE) < 0.5


def test_all_notes_of_a_chord_are_heard(tone):
    chord = [PlayedNote(pitch, 100, 0.0, 0.5) for pitch in (48, 55, 64)] + [PlayedNote(50, 100, 1.0, 1.5)]
    assert share(Player(tone), 0.005, chord) == 1


def test_silence_is_not_heard():
    assert not articulation.articulate(np.zeros(2 * RATE), SCALE, RATE).any()
    assert not articulation.articulate(np.zeros(10), SCALE, RATE).any()
