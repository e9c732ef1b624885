import pathlib

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.errors import InputError
from gansynth_tf.spectral import ops

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
few_examples = hypothesis.settings(max_examples=25, derandomize=True, deadline=None)
phases = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=9),
                    elements=st.floats(-40, 40, width=32))


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'spectral_ops_unit.npz')


def test_diff_by_hand():
    np.testing.assert_array_equal(ops.diff(tf.constant([[1.0, 4.0, 2.0], [0.0, 0.0, 5.0]])), [[3, -2], [0, 5]])
    np.testing.assert_array_equal(ops.diff(tf.constant([[1.0, 4.0], [0.0, 0.0]]), axis=-2), [[-1, -4]])


def test_diff_matches_the_original(golden):
    np.testing.assert_array_equal(ops.diff(golden['phase'], axis=1), golden['diff_ax1'])


def test_wrap_by_hand():
    np.testing.assert_allclose(ops.wrap(tf.constant([-3.5, -2.0, -1.0, -0.3, 0.0, 0.7, 1.0, 1.25, 2.0, 2.5]), 1.0),
                               [0.5, 0.0, -1.0, -0.3, 0.0, 0.7, 1.0, -0.75, 0.0, 0.5], atol=1e-6)


@few_examples
@hypothesis.given(phases)
def test_wrap_stays_in_range_and_changes_by_whole_turns(phase):
    wrapped = ops.wrap(tf.constant(phase)).numpy().astype(np.float64)
    assert np.abs(wrapped).max() <= np.pi + 1e-5
    turns = (phase - wrapped) / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-5)


@pytest.mark.parametrize('name', ['phase', 'phase_big'])
def test_unwrap_matches_the_original(golden, name):
    np.testing.assert_allclose(ops.unwrap(golden[name]), golden[f'unwrap_{name}'], atol=1e-5)


@few_examples
@hypothesis.given(phases)
def test_unwrap_leaves_no_jump_and_changes_by_whole_turns(phase):
    unwrapped = ops.unwrap(tf.constant(phase), axis=0).numpy().astype(np.float64)
    assert np.abs(np.diff(unwrapped, axis=0)).max() <= np.pi + 1e-4
    turns = (phase - unwrapped) / (2 * np.pi)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-4)
    np.testing.assert_array_equal(unwrapped[0], phase[0])


@pytest.mark.parametrize('name', ['phase', 'phase_big'])
@pytest.mark.parametrize('variant', ['ifreq', 'ifreq_nounwrap'])
def test_instantaneous_frequency_matches_the_original(golden, name, variant):
    np.testing.assert_allclose(ops.instantaneous_frequency(golden[name]), golden[f'{variant}_{name}'], atol=2e-6)


def test_instantaneous_frequency_by_hand():
    phase = np.pi * np.array([[0.5], [0.75], [-0.75], [-0.5]])
    np.testing.assert_allclose(ops.instantaneous_frequency(phase), [[0.5], [0.25], [0.5], [0.25]])


@few_examples
@hypothesis.given(phases)
def test_accumulated_phase_inverts_instantaneous_frequency(phase):
    again = ops.accumulated_phase(ops.instantaneous_frequency(tf.constant(phase))).numpy()
    np.testing.assert_allclose(np.exp(1j * again), np.exp(1j * phase), atol=2e-5)


def test_accumulated_phase_stays_exact_over_many_frames():
    ifreq = np.full([20000, 1], 0.9, np.float32)
    expected = np.arange(1, 20001) * np.float64(np.float32(0.9)) * np.pi
    np.testing.assert_allclose(np.exp(1j * ops.accumulated_phase(ifreq).numpy()[:, 0]), np.exp(1j * expected),
                               atol=1e-6)


def test_accumulated_phase_passes_gradients():
    ifreq = tf.constant([[0.1], [0.8], [0.9]])
    with tf.GradientTape() as tape:
        tape.watch(ifreq)
        last = ops.accumulated_phase(ifreq)[-1, 0]
    np.testing.assert_allclose(tape.gradient(last, ifreq), np.full([3, 1], np.pi), rtol=1e-6)


def test_polar_to_rect_matches_the_original(golden):
    np.testing.assert_allclose(ops.polar_to_rect(golden['mag'], golden['phase']), golden['polar2rect'], atol=1e-6)


@pytest.mark.parametrize('length', [5, 11, 14, 16])
def test_crop_or_pad_matches_the_original(golden, length):
    np.testing.assert_array_equal(ops.crop_or_pad(golden['crop_in'], length), golden[f'crop_or_pad_{length}'])


def test_crop_or_pad_repeats_channels_as_the_original(golden):
    np.testing.assert_array_equal(ops.crop_or_pad(golden['crop_in'], 14, num_channels=2),
                                  golden['crop_or_pad_14_ch2'])


def test_crop_or_pad_by_hand_with_three_channels_of_two():
    padded = ops.crop_or_pad(tf.constant([[[1.0, 2.0]]]), 4, num_channels=3)
    np.testing.assert_array_equal(padded, [[[0, 0, 0], [0, 0, 0], [1, 2, 1], [0, 0, 0]]])


def test_require_shape_names_what_is_wrong():
    with pytest.raises(InputError, match=r'Impossible waves: expected a tensor of shape \[any, 4, 1\]\. '
                                         r'Received: shape \(2, 3, 1\)'):
        ops.require_shape('waves', tf.zeros([2, 3, 1]), [None, 4, 1])


def test_require_shape_checks_in_the_graph_what_is_not_known_before():
    check = tf.function(lambda x: ops.require_shape('waves', x, [None, 4, 1]),
                        input_signature=[tf.TensorSpec([None, None, None])])
    assert check(tf.zeros([2, 4, 1])).shape == (2, 4, 1)
    with pytest.raises(tf.errors.InvalidArgumentError):
        check(tf.zeros([2, 3, 1]))
