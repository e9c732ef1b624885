import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import timbre


def test_distance_by_hand():
    pictures = np.array([[0.0, -10], [-3, -10], [0, -20], [0, -50]])
    # Notes 0 and 1 share a pitch, 1 turned up by 3 dB; 2 and 3 share an instrument as well, and do not count.
    found = timbre.mean_distance(pictures, np.array([60, 60, 61, 61]), np.array([0, 1, 2, 2]))
    assert found == pytest.approx(np.sqrt((0 + 3 ** 2) / 2))


def test_what_is_80_db_down_is_not_heard():
    pictures = np.array([[0.0, -90], [0, -200]])
    assert timbre.mean_distance(pictures, np.array([60, 60]), np.array([0, 1])) == 0


def test_no_pairs_no_distance():
    assert np.isnan(timbre.mean_distance(np.zeros((2, 3)), np.array([60, 61]), np.array([0, 1])))
    assert np.isnan(timbre.consistency(np.zeros((2, 3)), np.array([60, 60]), np.array([0, 0])))


def test_an_instrument_that_stays_itself_is_consistent(tone):
    pitches = np.tile([48, 54, 60], 2)
    waves = [tone(pitch, num_partials=partials) for partials in (2, 25) for pitch in (48, 54, 60)]
    envelopes = np.stack([timbre.envelope(wave, 16000) for wave in waves])
    assert envelopes.shape == (6, 12)
    assert timbre.consistency(envelopes, pitches, np.repeat([0, 1], 3)) < 0.8
    assert timbre.consistency(envelopes, pitches, np.array([0, 1, 0, 1, 0, 1])) > 0.9


def test_loudness_is_no_timbre(tone):
    np.testing.assert_allclose(timbre.envelope(0.1 * tone(60), 16000), timbre.envelope(tone(60), 16000), atol=0.5)


# From librosa 0.11: librosa.feature.mfcc(y=wave, sr=16000, n_mfcc=13, n_fft=2048, hop_length=512)[1:].
def test_the_envelope_is_what_the_reference_implementation_finds(tone):
    expected = [87.0798, -50.5191, 3.1610, 23.3604, -31.6105, -13.4310, 5.8438,
                -25.6276, -17.3406, -6.1642, -36.3077, -34.9121]
    np.testing.assert_allclose(timbre.envelope(tone(60), 16000), expected, atol=0.01)


def test_share_off():
    assert timbre.share_off(np.array([60.4, 61.6, np.nan, 63]), np.array([60, 61, 62, 63])) == 0.5


def test_level_ranges():
    pitches = np.array([*range(60, 68), 60, *range(60, 68), *range(60, 63)])
    instruments = np.repeat([0, 1, 2], [9, 8, 3])
    levels = np.full(20, 0.1)
    levels[3], levels[12] = 0.2, 0.05  # 6.02 dB louder, and as much softer
    np.testing.assert_allclose(timbre.level_ranges(levels, pitches, instruments), [6.02, 6.02], atol=0.01)


def test_notes_of_one_key_count_as_their_mean():
    pitches = np.array([*range(60, 68), 60])
    levels = np.array([1] * 8 + [0.1])
    assert timbre.level_ranges(levels, pitches, np.zeros(9)) == pytest.approx([10])


def test_instruments_of_few_keys_have_no_range():
    assert len(timbre.level_ranges(np.ones(7), np.arange(7), np.zeros(7))) == 0
