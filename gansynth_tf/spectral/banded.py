"""Multiplication by matrices whose non-zeros lie in a band, such as those between linear and mel bins."""

import numpy as np
import tensorflow as tf

from gansynth_tf.spectral import mel


class BandedMatrix:
    """A constant matrix, kept as dense blocks: some of its columns each, and the rows in which these are not zero.

    A mel matrix of 1024 x 1024 has two to six non-zeros a column. As blocks it takes a sixteenth of the memory (of
    every graph it is part of) and of the multiplications, and is five to ten times as fast as one dense product.
    """

    def __init__(self, matrix: np.ndarray):
        """Splits `matrix` [rows, columns] into float32 blocks."""
        self.shape = matrix.shape
        self._blocks = mel.banded_blocks(matrix)

    def right_multiply(self, x: tf.Tensor) -> tf.Tensor:
        """`x` @ matrix: float32 [..., rows] -> float32 [..., columns]."""
        num_rows, num_columns = self.shape
        flat = tf.reshape(x, [-1, num_rows])
        product = tf.concat([tf.matmul(flat[:, first:last], block) for first, last, block in self._blocks], axis=1)
        return tf.reshape(product, tf.concat([tf.shape(x)[:-1], [num_columns]], axis=0))
