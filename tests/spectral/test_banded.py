import hypothesis
import hypothesis.strategies as st
import numpy as np
import tensorflow as tf

from gansynth_tf.spectral import banded, mel


@hypothesis.settings(max_examples=20, derandomize=True, deadline=None)
@hypothesis.given(num_rows=st.integers(1, 150), num_columns=st.integers(1, 150), half_width=st.integers(0, 150),
                  seed=st.integers(0, 2**16))
def test_product_is_that_of_the_whole_matrix(num_rows, num_columns, half_width, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=[num_rows, num_columns])
    matrix[np.abs(np.arange(num_rows)[:, np.newaxis] - np.arange(num_columns)) > half_width] = 0.0
    x = rng.normal(size=[2, 3, num_rows]).astype(np.float32)
    np.testing.assert_allclose(banded.BandedMatrix(matrix).right_multiply(x), x @ matrix, rtol=1e-5, atol=2e-5)


def test_mel_matrices_take_a_tenth_of_the_room():
    matrix = mel.linear_to_mel_weight_matrix(1024, 1024, sample_rate=16000)
    graph = tf.function(banded.BandedMatrix(matrix).right_multiply,
                        input_signature=[tf.TensorSpec([None, 128, 1024])]).get_concrete_function().graph
    assert graph.as_graph_def().ByteSize() < matrix.size * 4 / 10


def test_static_shape_is_kept_where_the_batch_is_not_known():
    matrix = banded.BandedMatrix(np.ones([6, 70]))
    product = tf.function(matrix.right_multiply, input_signature=[tf.TensorSpec([None, 4, 6])])
    assert product.get_concrete_function().output_shapes.as_list() == [None, 4, 70]
