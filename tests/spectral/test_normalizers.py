import json
import pathlib

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.normalizers import Normalizer

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
SIMPLE = Config(data_normalizer='specgrams_simple_normalizer')
FREQ = Config(data_normalizer='specgrams_freq_normalizer')


def specgrams_of(seed, num_examples=6):
    """float32 [num_examples, 4, 8, 2], a different range in every frequency and channel."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=[num_examples, 4, 8, 2]) * rng.uniform(1, 5, [8, 2]) + rng.normal(size=[8, 2])
            ).astype(np.float32)


def test_prespecified_matches_the_original():
    golden = np.load(GOLDEN / 'normalizer_prespecified.npz')
    normalizer = normalizers.from_config(Config())
    np.testing.assert_allclose(normalizer.normalize(golden['x']), golden['normalized'], atol=1e-6)
    np.testing.assert_allclose(normalizer.denormalize(golden['x']), golden['denormalized'], rtol=1e-6, atol=1e-6)


def test_normalize_clips_and_denormalize_does_not():
    normalizer = Normalizer([0.5, 2.0], [0.0, 1.0])
    np.testing.assert_allclose(normalizer.normalize(tf.constant([[4.0, -4.0], [1.0, -0.5]])), [[1, -1], [0.5, 0]])
    np.testing.assert_allclose(normalizer.denormalize(tf.constant([[4.0, -4.0], [0.5, 0.0]])), [[8, -2.5], [1, -0.5]])


def test_none_leaves_everything_as_it_is():
    normalizer = normalizers.from_config(Config(data_normalizer='none'))
    x = tf.constant([[-13.8, 0.4], [7.0, -1.0]])
    np.testing.assert_array_equal(normalizer.normalize(x), x)
    np.testing.assert_array_equal(normalizer.denormalize(x), x)


def test_simple_by_hand():
    batch = np.zeros([1, 2, 2, 2], np.float32)
    batch[0, :, :, 0] = [[-3.0, 1.0], [0.0, 5.0]]
    batch[0, :, :, 1] = [[-1.0, 0.0], [0.5, 1.0]]
    normalizer = normalizers.fit(SIMPLE, [batch])
    np.testing.assert_allclose(normalizer.a, [0.8 * 2 / 8, 0.8 * 2 / 2])
    np.testing.assert_allclose(normalizer.b, [0.8 * (2 * 3 / 8 - 1), 0.8 * (2 * 1 / 2 - 1)], atol=1e-12)


@pytest.mark.parametrize('hparams', [SIMPLE, FREQ.replace(normalizer_margin=0.5)])
@pytest.mark.parametrize('seed', [0, 1])
def test_range_goes_to_the_margin(hparams, seed):
    specgrams = specgrams_of(seed)
    normalized = normalizers.fit(hparams, [specgrams]).normalize(specgrams).numpy()
    axes = (0, 1, 2) if hparams is SIMPLE else (0, 1)
    np.testing.assert_allclose(normalized.max(axis=axes), hparams.normalizer_margin, atol=1e-6)
    np.testing.assert_allclose(normalized.min(axis=axes), -hparams.normalizer_margin, atol=1e-6)


@pytest.mark.parametrize('hparams', [SIMPLE, FREQ])
def test_fit_does_not_depend_on_the_batches(hparams):
    specgrams = specgrams_of(2)
    whole = normalizers.fit(hparams, [specgrams])
    parts = normalizers.fit(hparams, tf.data.Dataset.from_tensor_slices(specgrams).batch(4))
    np.testing.assert_array_equal(whole.a, parts.a)
    np.testing.assert_array_equal(whole.b, parts.b)


def test_fit_stops_at_the_given_number_of_examples():
    def endless():
        while True:
            yield specgrams_of(3)
            taken.append(1)

    taken = []
    normalizer = normalizers.fit(FREQ.replace(normalizer_num_examples=8), endless())
    assert len(taken) == 1
    np.testing.assert_array_equal(normalizer.a, normalizers.fit(FREQ, [specgrams_of(3)]).a)
    fewer = normalizers.fit(FREQ.replace(normalizer_num_examples=2), endless())
    np.testing.assert_array_equal(fewer.a, normalizers.fit(FREQ, [specgrams_of(3)[:2]]).a)
    assert (fewer.a != normalizer.a).any()


def test_constant_values_do_not_divide_by_zero():
    silence = np.full([1, 4, 8, 2], -13.8, np.float32)
    normalizer = normalizers.fit(FREQ, [silence])
    np.testing.assert_allclose(normalizer.normalize(silence), -0.8, atol=0.01)
    np.testing.assert_allclose(normalizer.denormalize(normalizer.normalize(silence)), silence, atol=1e-4)


@hypothesis.settings(max_examples=20, derandomize=True, deadline=None)
@hypothesis.given(seed=st.integers(0, 1000), per_frequency=st.booleans())
def test_denormalize_inverts_normalize_within_range(seed, per_frequency):
    specgrams = specgrams_of(seed)
    normalizer = normalizers.fit(FREQ if per_frequency else SIMPLE, [specgrams])
    np.testing.assert_allclose(normalizer.denormalize(normalizer.normalize(specgrams)), specgrams, atol=1e-4)


def test_at_width_averages_as_the_pictures_are_averaged():
    specgrams = specgrams_of(4)
    normalizer = normalizers.fit(FREQ, [specgrams])
    pool = lambda x: np.asarray(x).reshape(6, 4, 2, 4, 2).mean(axis=3)
    constant_over_groups = np.repeat(pool(specgrams), 4, axis=2)
    affine = Normalizer(normalizer.a, normalizer.b, clips=False)
    np.testing.assert_allclose(affine.at_width(2).normalize(pool(specgrams)),
                               pool(affine.normalize(constant_over_groups)), atol=1e-5)
    assert not affine.at_width(2).clips
    np.testing.assert_array_equal(normalizer.at_width(8).a, normalizer.a)


def test_at_width_leaves_normalizers_per_channel_alone():
    normalizer = normalizers.from_config(Config())
    assert normalizer.at_width(16) is normalizer


@pytest.mark.parametrize('width', [0, 3, 16])
def test_at_width_of_no_divisor_is_an_input_error(width):
    normalizer = normalizers.fit(FREQ, [specgrams_of(0)])
    with pytest.raises(InputError, match=f'Impossible width: expected a divisor of 8.*Received: {width}$'):
        normalizer.at_width(width)


@pytest.mark.parametrize('hparams', [SIMPLE, FREQ])
def test_written_and_read_again_is_the_same(tmp_path, hparams):
    normalizer = normalizers.fit(hparams, [specgrams_of(5)])
    assert normalizers.write(normalizer, tmp_path) == tmp_path / 'normalizer.json'
    again = normalizers.read(tmp_path)
    np.testing.assert_array_equal(again.a, normalizer.a)
    np.testing.assert_array_equal(again.b, normalizer.b)
    assert again.clips is True


def test_needs_data_tells_which_are_fitted():
    assert normalizers.needs_data(SIMPLE)
    assert normalizers.needs_data(FREQ)
    assert not normalizers.needs_data(Config())
    assert not normalizers.needs_data(Config(data_normalizer='none'))


def test_a_fitted_normalizer_is_not_to_be_had_from_the_configuration():
    with pytest.raises(InputError, match=r"Impossible data_normalizer: expected one that needs no data .* "
                                         r"Received: 'specgrams_freq_normalizer'"):
        normalizers.from_config(FREQ)


def test_a_normalizer_without_data_cannot_be_fitted():
    with pytest.raises(InputError, match='Impossible data_normalizer: expected one that is fitted to data'):
        normalizers.fit(Config(), [specgrams_of(0)])


@pytest.mark.parametrize('batches', [[], [np.zeros([0, 4, 8, 2])], [np.full([1, 4, 8, 2], np.nan)],
                                     [specgrams_of(0), np.full([1, 4, 8, 2], np.inf)]])
def test_nothing_to_fit_to_is_an_input_error(batches):
    with pytest.raises(InputError, match='Cannot fit the normalizer: expected at least one spectrogram and only'):
        normalizers.fit(SIMPLE, batches)


@pytest.mark.parametrize(('a', 'b'), [
    ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]), (1.0, 0.0), ([[1.0], [1.0]], [[0.0], [0.0]]), ([1.0, np.nan], [0.0, 0.0]),
    ([1.0, 1.0], [0.0, np.inf]), (['x', 'y'], [0.0, 0.0]), ([0.0, 1.0], [0.0, 0.0]), ([1.0, 1.0], [[0.0, 0.0]]),
])
def test_impossible_slopes_and_offsets_are_input_errors(a, b):
    with pytest.raises(InputError, match='Impossible normalizer: expected'):
        Normalizer(a, b)


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r'Not a directory of a model .*expected normalizer\.json in it'):
        normalizers.read(tmp_path)


@pytest.mark.parametrize('text', ['', '{', '[]', '{"a": [1, 1]}', '{"a": [1, 1], "b": "none", "clips": true}',
                                  json.dumps({'a': [[1, 1], [1]], 'b': [0, 0], 'clips': True}), '\x80'])
def test_a_broken_file_is_an_input_error(tmp_path, text):
    (tmp_path / 'normalizer.json').write_text(text, encoding='latin-1')
    with pytest.raises(InputError, match=r'normalizer\.json: (expected a JSON object with a, b and clips|Impossible)'):
        normalizers.read(tmp_path)
