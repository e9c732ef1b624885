"""What every instrument has in common, tried on one of NumPy alone."""

import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.instrument import BatchedInstrument, Instrument, whole_number


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
