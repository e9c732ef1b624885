import json

import numpy as np
import pytest
from tones import RATE, Tones, note

from gansynth_tf.errors import InputError
from gansynth_tf.exploration import choosing, description, timbre_map


def test_a_description_has_what_was_put_in():
    plain = description.measure(note(60), RATE, 60)
    assert plain.detuning_cents == pytest.approx(0, abs=0.5)
    assert plain.inharmonicity_cents < 1 and plain.noise_db < -35
    assert plain.decay_db_per_second == pytest.approx(0, abs=0.1)
    assert description.measure(note(60, fall_db=12), RATE, 60).decay_db_per_second == pytest.approx(12, abs=0.3)
    assert description.measure(note(60, cents=20), RATE, 60).detuning_cents == pytest.approx(20, abs=1)
    assert description.measure(note(60, brightness=1), RATE, 60).brightness > 2 * plain.brightness
    assert description.measure(note(60, attack_seconds=0.4), RATE, 60).attack_ms > 4 * plain.attack_ms + 100
    assert description.measure(note(60, noise=0.2), RATE, 60).noise_db > -15


def test_words_follow_the_thresholds():
    for numbers, words in (
            ((1.5, 10, 12, -40, 0, 0, 0, 0), ('dark', 'struck', 'short')),
            ((12, 300, 0, -10, 40, 0, 0, 0), ('bright', 'swelling', 'held', 'noisy', 'bell-like')),
            ((1.4, 50, 5, -40, 0, 12, 2, 0), ('pure', 'firm', 'fading', 'hollow', 'trembling'))):
        assert description.Description(*numbers).words == words


def test_timbres_are_described_over_the_keyboard():
    dull, bright = description.describe(Tones(), np.array([[-1, 0, 0], [1, 0, 0]]))
    assert bright.brightness > dull.brightness
    assert description.describe(Tones(), np.array([[0, 0, 2]]))[0].detuning_cents > 35


def test_spread_timbres_are_in_tune_and_further_apart_than_random_ones():
    instrument = Tones()
    chosen = choosing.spread(instrument, 4, seed=0, num_candidates=24)
    assert chosen.shape == (4, 3) and np.all(np.abs(chosen[:, 2]) <= 1.5)
    assert np.ptp(chosen[:, 0]) > np.ptp(instrument.sample_latents(4, seed=0)[:, 0])
    with pytest.raises(InputError, match='expected at least 30 of 24'):
        choosing.spread(instrument, 30, seed=0, num_candidates=24)


def test_mixtures_lie_on_the_arc():
    first, second = np.array([2.0, 0, 0]), np.array([0, 1.0, 0])
    np.testing.assert_allclose(choosing.mix([first, second], [1, 0]), first, atol=1e-6)
    half = choosing.mix([first, second], [1, 1])
    np.testing.assert_allclose(half, 1.5 * np.array([1, 1, 0]) / 2 ** 0.5, atol=1e-6)
    third = choosing.mix([first, second], [2, 1])
    assert np.degrees(np.arctan2(third[1], third[0])) == pytest.approx(30, abs=1e-3)


@pytest.mark.parametrize('weights, reason', [([1], 'a weight for each'), ([1, -1], 'numbers of at least 0'),
                                             ([0, 0], 'not all 0'), ([1, np.nan], 'numbers of at least 0')])
def test_impossible_mixtures_are_refused(weights, reason):
    with pytest.raises(InputError, match=reason):
        choosing.mix([np.ones(3), np.array([1.0, 0, 0])], weights)
    with pytest.raises(InputError, match='not opposite'):
        choosing.mix([np.ones(3), -np.ones(3)], [1, 1])


def test_the_nearest_timbre_sounds_like_the_recording():
    def spectrum(waves):
        return np.abs(np.fft.rfft(np.asarray(waves)))
    instrument = Tones()
    latent, distance = choosing.near(instrument, note(60, brightness=0.5), 60, spectrum, seed=0, num_candidates=24)
    far, _ = choosing.near(instrument, note(60, brightness=-0.9), 60, spectrum, seed=0, num_candidates=24)
    assert distance < 0.1 and far[0] < latent[0]


def test_the_search_looks_at_the_recordings_code_where_there_is_one():
    played = []

    class Coded(Tones):
        def code_of(self, wave, label):
            assert len(wave) == self.audio_length and self.pitches[label] == 60
            return np.float32([0.4, 0, 0])

        def generate_batches(self, latents, pitches, **settings):
            played.append(np.array(latents))
            return super().generate_batches(latents, pitches, **settings)

    choosing.near(Coded(), note(60, brightness=0.5), 60, np.asarray, seed=0, num_candidates=24)
    np.testing.assert_array_equal(played[0][0], np.float32([0.4, 0, 0]))


def at(found, slider):
    return found.start + slider * found.directions[0]


def test_the_map_finds_and_names_what_varies(tmp_path):
    found = timbre_map.explore(Tones(), seed=0, num_timbres=80, num_directions=2)
    assert found.names[0] == 'brighter'
    assert found.directions[0][0] > 0
    assert found.analysed == 'levels of the bands of notes' and 1 >= found.shares[0] > found.shares[1]
    assert np.all(found.ranges[:, 0] < 0) and np.all(found.ranges[:, 1] > 0)
    darker, brighter = description.describe(Tones(), np.stack([at(found, -1.5), at(found, 1.5)]))
    assert brighter.brightness > 1.2 * darker.brightness
    values = json.loads(timbre_map.write(found, tmp_path / 'map.json').read_text())
    assert values['directions'][0]['name'] == 'brighter' and len(values['timbres']) == 80
    assert values['directions'][1]['range'] == found.ranges[1].tolist()
    assert timbre_map.draw(found, tmp_path / 'map.png').read_bytes().startswith(b'\x89PNG')
    with pytest.raises(InputError, match='Too few timbres for a map'):
        timbre_map.explore(Tones(), seed=0, num_timbres=2, num_directions=2)


class Shown(Tones):
    """Shows activations that say nothing but the second latent, which lengthens the attack."""

    def first_activations(self, latents, pitches):
        assert set(pitches) == {60} and len(pitches) == len(latents)
        return latents[:, 1:2] * np.array([[3.0, -1.0]]) + 0.1 * latents[:, :1] * np.array([[1.0, 3.0]])


def test_first_activations_are_analysed_where_they_are_shown():
    found = timbre_map.explore(Shown(), seed=0, num_timbres=60, num_directions=1)
    assert found.analysed == "activations of the network's first block"
    assert found.names == ('softer attack',) and found.shares[0] > 0.95
    np.testing.assert_allclose(np.abs(found.directions[0]) > 0.5, [False, True, False])


def test_a_slider_goes_as_far_as_notes_are_in_tune():
    class Detuning(Shown):
        def first_activations(self, latents, pitches):
            return latents[:, 2:]
    found = timbre_map.explore(Detuning(), seed=0, num_timbres=60, num_directions=1)
    for reached, step in zip(found.ranges[0], (-0.5, 0.5)):  # Tones are out of tune from 1.5 on
        assert abs(at(found, reached)[2]) <= 1.5
        assert abs(reached) == 2 or abs(at(found, reached + step)[2]) > 1.5
