import pathlib

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.errors import InputError
from gansynth_tf.spectral import mel, ops

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'
few_examples = hypothesis.settings(max_examples=25, derandomize=True, deadline=None)
phases = hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=9),
                    elements=st.floats(-40, 40, width=32))


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'spectral_ops_unit.npz')


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


@hypothesis.settings(max_examples=20, derandomize=True, deadline=None)
@hypothesis.given(num_rows=st.integers(1, 150), num_columns=st.integers(1, 150), half_width=st.integers(0, 150),
                  seed=st.integers(0, 2**16))
def test_product_is_that_of_the_whole_matrix(num_rows, num_columns, half_width, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=[num_rows, num_columns])
    matrix[np.abs(np.arange(num_rows)[:, np.newaxis] - np.arange(num_columns)) > half_width] = 0.0
    x = rng.normal(size=[2, 3, num_rows]).astype(np.float32)
    np.testing.assert_allclose(ops.times_banded(x, mel.banded_blocks(matrix)), x @ matrix, rtol=1e-5, atol=2e-5)


def test_mel_matrices_take_a_tenth_of_the_room():
    matrix = mel.linear_to_mel_weight_matrix(1024, 1024, sample_rate=16000)
    graph = tf.function(lambda x: ops.times_banded(x, mel.banded_blocks(matrix)),
                        input_signature=[tf.TensorSpec([None, 128, 1024])]).get_concrete_function().graph
    assert graph.as_graph_def().ByteSize() < matrix.size * 4 / 10


def test_static_shape_is_kept_where_the_batch_is_not_known():
    blocks = mel.banded_blocks(np.ones([6, 70]))
    product = tf.function(lambda x: ops.times_banded(x, blocks), input_signature=[tf.TensorSpec([None, 4, 6])])
    assert product.get_concrete_function().output_shapes.as_list() == [None, 4, 70]


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
