"""What every instrument has in common, tried on one of NumPy alone."""

import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.instrument import (
    BatchedInstrument,
    Instrument,
    finished,
    random_latents,
    whole_number,
    without_clicks,
)


def make_instrument(batch_size=4, **settings):
    def waves(latents, labels):
        return np.repeat(0.1 * labels[:, None] + latents[:, :1], 100, axis=1).astype(np.float32)

    return BatchedInstrument(waves, sample_rate=1000, audio_length=100, latent_size=2, pitch_counts={64: 1, 60: 3},
                             batch_size=batch_size, **settings)


def test_it_is_an_instrument():
    instrument = make_instrument()
    assert isinstance(instrument, Instrument)
    assert (instrument.sample_rate, instrument.audio_length, instrument.latent_size) == (1000, 100, 2)
    assert instrument.pitches == (60, 64)
    assert not isinstance(object(), Instrument)


def test_without_a_seed_latents_are_new_each_time():
    instrument = make_instrument()
    assert np.any(instrument.sample_latents(3) != instrument.sample_latents(3))
    np.testing.assert_array_equal(instrument.sample_latents(3, seed=1), instrument.sample_latents(5, seed=1)[:3])
    np.testing.assert_array_equal(make_instrument(latent_scale=0.5).sample_latents(3, seed=1),
                                  instrument.sample_latents(3, seed=1) / 2)


def test_pitches_come_as_often_as_they_were_counted():
    pitches = make_instrument().sample_pitches(4000, seed=0)
    assert set(pitches) == {60, 64} and abs(np.mean(pitches == 60) - 0.75) < 0.03


@pytest.mark.parametrize('value', [-1, 1.0, 1.5, '1', None, True, np.True_, [1], 5,
                                   pytest.param(10 ** 5000, id='long')])
def test_what_is_no_whole_number_in_range_is_refused(value):
    with pytest.raises(InputError, match='Impossible n: expected a whole number from 0 to 4'):
        whole_number(value, 'n', highest=4)


@pytest.mark.parametrize('value', [0, 3, np.int64(3), np.uint8(2)])
def test_whole_numbers_of_every_kind_are_taken(value):
    assert whole_number(value, 'n', highest=4) == int(value)


@pytest.mark.parametrize('ask', [
    lambda instrument: instrument.sample_latents('3'),
    lambda instrument: instrument.sample_latents(10 ** 12),
    lambda instrument: instrument.sample_latents(3, seed='a'),
    lambda instrument: instrument.sample_latents(3, seed=1.5),
    lambda instrument: instrument.sample_pitches(2.0),
    lambda instrument: instrument.generate(np.zeros((1, 2)), None),
    lambda instrument: instrument.generate(np.zeros((2, 2)), [60, [64]]),
    lambda instrument: instrument.generate(np.zeros((1, 2)), ['60']),
    lambda instrument: instrument.generate(np.zeros((1, 2)), [10 ** 5000]),
    lambda instrument: instrument.generate(np.zeros((1, 2)), [True]),
    lambda instrument: instrument.generate(None, [60]),
    lambda instrument: instrument.generate([[1j, 0]], [60]),
    lambda instrument: make_instrument(batch_size='8'),
    lambda instrument: make_instrument(batch_size=10 ** 12),
])
def test_wrong_types_are_bad_input(ask):
    with pytest.raises(InputError, match='Received: '):
        ask(make_instrument())


def test_without_clicks_begins_and_ends_at_zero_and_leaves_the_rest():
    waves = np.full((2, 1600), -0.5, np.float32)
    smooth = without_clicks(waves, 16000)  # ramps of 80 samples
    assert smooth.dtype == np.float32
    np.testing.assert_allclose(smooth[:, [0, 40, 79, 80]], [[0, -0.25, -0.49375, -0.5]] * 2)
    np.testing.assert_array_equal(smooth[:, ::-1], smooth)
    np.testing.assert_array_equal(smooth[:, 80:-80], waves[:, 80:-80])


@pytest.mark.parametrize('num_samples', [0, 1, 5])
def test_without_clicks_of_next_to_nothing(num_samples):
    assert np.isfinite(without_clicks(np.ones(num_samples), 16000)).all()


def test_notes_over_full_scale_are_brought_down_to_it_and_others_left(recwarn):
    waves = np.float32([[3] * 1000, [-2] * 1000, [0.5] * 1000, [0] * 1000])
    done = finished(waves, 1000)
    assert done.dtype == np.float32
    np.testing.assert_array_equal(done[:, 500], [1, -1, 0.5, 0])
    np.testing.assert_allclose(done[:, 1], [0.2, -0.2, 0.1, 0])
    np.testing.assert_array_equal(done[:, [0, -1]], 0)
    assert waves[0, 0] == 3 and not recwarn.list


def test_raw_notes_are_as_the_model_makes_them():
    instrument, latents = make_instrument(), [[5, 0], [-0.2, 0]]
    np.testing.assert_allclose(instrument.generate(latents, [60, 64], raw=True), [[5] * 100, [-0.1] * 100], rtol=1e-6)
    np.testing.assert_array_equal(instrument.generate(latents, [60, 64]),
                                  finished(instrument.generate(latents, [60, 64], raw=True), 1000))


def test_a_note_that_is_not_finite_is_refused_but_handed_on_one_by_one():
    instrument = make_instrument()
    instrument._waves = lambda latents, labels: np.where(labels[:, None] == 1, np.nan, np.ones((1, 100), np.float32))
    with pytest.raises(InputError, match='Unusable model: expected finite audio. Received: NaN or infinity in note 1'):
        instrument.generate(np.zeros((3, 2)), [60, 64, 60])
    [batch] = instrument.generate_batches(np.zeros((3, 2)), [60, 64, 60])
    assert np.isfinite(batch).all(axis=1).tolist() == [True, False, True]


@pytest.mark.parametrize('batch_size, num_notes, sizes', [
    (8, 1, [1]), (8, 2, [2]), (8, 3, [4]), (8, 5, [8]), (8, 17, [8, 8, 1]), (6, 5, [6]), (6, 8, [6, 2]), (1, 2, [1, 1]),
    (8, 0, [])])
def test_few_notes_cost_few(batch_size, num_notes, sizes):
    instrument, computed = make_instrument(batch_size), []
    waves = instrument._waves
    instrument._waves = lambda latents, labels: computed.append(len(labels)) or waves(latents, labels)
    latents, pitches = np.zeros((num_notes, 2)), np.resize([60, 64], num_notes)
    assert instrument.generate(latents, pitches).shape == (num_notes, 100)
    assert computed == sizes


def test_random_latents_lie_around_the_codes_of_notes():
    codes = np.float32([[10, 0], [-10, 0], [0, 30]])
    latents = random_latents(np.random.default_rng(1), (3000, 2), noise=0.5, codes=codes, scale=0.2)
    distances = np.linalg.norm(latents[:, np.newaxis] - codes, axis=2)
    assert np.bincount(distances.argmin(1)).tolist() == pytest.approx([1000] * 3, rel=0.1)
    np.testing.assert_allclose(distances.min(1).mean(), 0.1 * np.sqrt(np.pi / 2), rtol=0.05)  # Rayleigh's mean
    np.testing.assert_array_equal(
        random_latents(np.random.default_rng(1), (7, 2), noise=0.5, codes=codes, scale=0.2), latents[:7])
