"""Partials of one phase: equal to the definition, bin by bin; steady where bins or partials disagree; clear between."""

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies

from gansynth_tf.config import Config
from gansynth_tf.spectral import ops, representations, transform
from gansynth_tf.spectral.phase_locking import locked

FRAMING = transform.Framing(num_frames=24, num_bins=128, audio_length=1600)


def wrapped(halfturns):
    return halfturns - 2 * np.round(halfturns / 2)


def near(deviation):
    return np.clip(2 - 2 * abs(deviation), 0, 1)


def drawn(steps, powers, fundamental):
    """A frame's steps of peaks, by bin, those near a multiple of its fundamental drawn onto it; and the fundamental."""
    frequencies = {bin: bin + 1 + 2 * wrapped(step - (bin + 1) / 2) for bin, step in steps.items()}
    sums = []
    for bin, frequency in frequencies.items():
        number = max(1, round(frequency / fundamental))
        deviation = frequency - number * fundamental
        sums.append(powers[bin] * near(deviation) * number * np.array([deviation, number]))
    excess, total = np.sum(sums, axis=0) if sums else (0, 0)
    if total:
        fundamental += excess / total
    deviations = {bin: frequency - max(1, round(frequency / fundamental)) * fundamental
                  for bin, frequency in frequencies.items()}
    return {bin: step - near(deviations[bin]) * deviations[bin] / 2 for bin, step in steps.items()}, fundamental


def by_definition(magnitude, ifreq, fundamental=None):
    """One note, [time, freq]: its magnitude, and its phase in units of pi."""
    num_frames, num_bins = magnitude.shape
    plain, softer = np.cumsum(ifreq, axis=0), magnitude.copy()
    phase, padded = np.zeros_like(ifreq), np.pad(magnitude, [(0, 0), (2, 2)], constant_values=np.inf)
    attacks = [t == 0 or np.linalg.norm(magnitude[t]) > 10 ** (8 / 20) * np.linalg.norm(magnitude[t - 1])
               for t in range(num_frames)]
    for t in range(num_frames):
        if attacks[t]:
            phase[t] = plain[t]
            continue
        peaks = [k for k in range(num_bins) if magnitude[t, k] > magnitude.max() * 10 ** -3.5
                 and all(magnitude[t, k] > padded[t, k + 2 + d] for d in (-2, -1, 1, 2))]
        steps = {}
        for peak in peaks:
            lobe = [bin for bin in (peak - 1, peak, peak + 1) if 0 <= bin < num_bins]
            each = ifreq[t, peak] + wrapped(ifreq[t, lobe] - ifreq[t, peak])
            steps[peak] = np.average(each, weights=magnitude[t, lobe] ** 2)
        if fundamental is not None:
            steps, found = drawn(steps, magnitude[t] ** 2, fundamental)
            for k in range(num_bins) if not attacks[t - 1] else ():
                away = abs(k + 1 - max(1, round((k + 1) / found)) * found)
                softer[t, k] *= np.interp(away, [2, 3], [1, 10 ** (-4 / 20)])
        for k in range(num_bins):
            peak = min(peaks, key=lambda peak: (abs(peak - k), peak), default=None)
            if peak is None or abs(peak - k) > 6:
                phase[t, k] = phase[t - 1, k] + ifreq[t, k]
                continue
            phase[t, k] = phase[t - 1, peak] + steps[peak] + (k - peak)
    return softer, phase


@hypothesis.given(strategies.integers(0, 2**32 - 1), strategies.floats(0.5, 6))
@hypothesis.settings(max_examples=8, deadline=None)
@pytest.mark.parametrize('fundamentals', [None, (3.3, 7.9)])
def test_it_is_what_it_is_defined_to_be(fundamentals, seed, spread):
    random = np.random.default_rng(seed)
    magnitude = np.exp(spread * random.standard_normal((2, 6, 40))).astype(np.float32)
    magnitude[:, 3:] *= 5  # the fourth frame is, for some seeds, an attack
    ifreq = random.uniform(-1, 1, (2, 6, 40)).astype(np.float32)
    softer, phase = locked(magnitude, ifreq, None if fundamentals is None else tf.constant(fundamentals))
    assert np.abs(phase).max() <= 3.1416
    for note in range(2):
        expected = by_definition(magnitude[note].astype(float), ifreq[note], fundamentals and fundamentals[note])
        np.testing.assert_allclose(softer[note], expected[0], rtol=1e-4)
        assert np.abs(wrapped(phase[note] / np.pi - expected[1])).max() < 1e-4


def stft_of(wave):
    stfts = transform.waves_to_stfts(tf.constant(wave, tf.float32)[None, :, None], FRAMING)
    magnitude = tf.abs(stfts)
    return magnitude, ops.instantaneous_frequency(tf.math.angle(stfts))


def levels(magnitude, phase):
    wave = transform.stfts_to_waves(ops.polar_to_rect(magnitude, phase), FRAMING)[0, 400:1400, 0].numpy()
    return wave, np.sqrt(np.mean(wave.reshape(-1, 50) ** 2, axis=1))


def test_a_steady_tone_stays_what_it_is():
    tone = np.sin(2 * np.pi * 0.0826 * np.arange(1600))
    magnitude, ifreq = stft_of(tone)
    wave, _ = levels(*locked(magnitude, ifreq))
    assert np.corrcoef(wave, tone[400:1400])[0, 1] > 0.99


def test_where_bins_of_a_partial_disagree_it_is_steadier():
    tone = np.sin(2 * np.pi * 0.0826 * np.arange(1600))
    magnitude, ifreq = stft_of(tone)
    ifreq += tf.constant(np.random.default_rng(0).normal(0, 0.05, (1, 1, 128)), tf.float32)
    plain, together = (np.std(20 * np.log10(levels(magnitude, phase)[1]))
                       for phase in (ops.accumulated_phase(ifreq), locked(magnitude, ifreq)[1]))
    assert together < 0.5 * plain


def partials(numbers, *, hop_noise):
    """Magnitudes and frequencies of partials at multiples of 7.3 bins, each of which goes wrong in every frame."""
    seconds = np.arange(1600) / 256  # in which a frequency of a bin turns once
    magnitude, ifreq = stft_of(sum(np.sin(2 * np.pi * 7.3 * number * seconds) for number in numbers))
    nearest = np.round(np.arange(1, 129) / 7.3).astype(int)
    noise = np.random.default_rng(0).normal(0, hop_noise, (24, 20))[:, nearest]
    return magnitude, ifreq + tf.constant(noise, tf.float32)


def fundamentals_of(phase, numbers):
    """The frequencies at which partials move on, divided by their numbers: [frames between, partials], in bins."""
    numbers = np.array(numbers)
    bins = np.round(7.3 * numbers).astype(int)
    steps = np.diff(phase[0].numpy()[:, bins - 1], axis=0) / np.pi
    return ((bins + 2 * wrapped(steps - bins / 2)) / numbers)[4:-4]


def test_partials_near_multiples_of_the_fundamental_keep_together():
    numbers = (1, 2, 3, 5, 8)
    magnitude, ifreq = partials(numbers, hop_noise=0.1)
    alone, together = (fundamentals_of(locked(magnitude, ifreq, fundamentals)[1], numbers)
                       for fundamentals in (None, tf.constant([7.2])))
    assert np.std(alone, axis=1).mean() > 0.05
    assert np.median(np.std(together, axis=1)) < 1e-5  # a frame that is more than half a bin wrong is drawn less
    assert np.abs(together - 7.3).mean() < 0.5 * np.abs(alone - 7.3).mean()


def test_partials_that_are_no_multiples_are_left_alone():
    magnitude, ifreq = partials((1.4, 2.55, 4.4), hop_noise=0.0)
    with_it, without = (locked(magnitude, ifreq, fundamentals)[1].numpy()[:, :, [9, 18, 31]]
                        for fundamentals in (tf.constant([7.3]), None))
    np.testing.assert_array_equal(with_it, without)


def test_between_known_partials_it_is_softer_but_where_a_note_begins():
    magnitude = np.ones((1, 8, 128), np.float32)
    magnitude[:, 4:] = 3  # an attack
    softer, _ = locked(magnitude, np.zeros_like(magnitude), tf.constant([16.0]))
    decibels = 20 * np.log10(softer.numpy()[0] / magnitude[0])
    bins = np.arange(1, 129)
    apart = abs(bins - np.maximum(1, np.round(bins / 16)) * 16)
    expected = np.where(apart >= 3, -4.0, 0.0)
    for frame in range(8):
        np.testing.assert_allclose(decibels[frame], 0 if frame in (0, 1, 4, 5) else expected, atol=1e-4)
    unknown, _ = locked(magnitude, np.zeros_like(magnitude))
    np.testing.assert_array_equal(unknown, magnitude)


def test_where_a_note_begins_phases_are_left_alone():
    click = np.zeros(1600)
    click[700:720] = 1
    magnitude, ifreq = stft_of(click)
    first = int(np.argmax(np.linalg.norm(magnitude[0], axis=1) > 0))
    together, plain = (phase[0, first].numpy()
                       for phase in (locked(magnitude, ifreq)[1], ops.accumulated_phase(ifreq)))
    np.testing.assert_allclose(np.exp(1j * together), np.exp(1j * plain), atol=1e-4)


def test_silence_stays_silent():
    zeros = tf.zeros([2, 5, 16])
    for fundamentals in (None, tf.constant([2.0, 3.0])):
        for numbers in locked(zeros, zeros, fundamentals):
            np.testing.assert_array_equal(numbers, zeros)


@pytest.mark.parametrize('data_type, is_locked', [('linear', True), ('mel', True), ('phase', False), ('wave', False)])
def test_representations_with_frequencies_lock_them(data_type, is_locked):
    shape = dict(start_width=1, start_height=128, scale_mode='H') if data_type == 'wave' else dict(start_width=32)
    config = Config(num_resolutions=3, audio_length=320, data_type=data_type, **shape)
    specgrams = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, *config.spec_shape, 2)), tf.float32)
    plain, locked = (representations.from_config(config, phase_locking=flag).specgrams_to_waves(specgrams).numpy()
                     for flag in (False, True))
    assert np.isfinite(locked).all()
    assert (np.abs(locked - plain).max() > 1e-3) == is_locked
    np.testing.assert_array_equal(plain, representations.from_config(config).specgrams_to_waves(specgrams))
