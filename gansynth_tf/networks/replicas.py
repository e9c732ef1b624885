"""What is computed over a whole batch when several replicas have a part of it each."""

import tensorflow as tf


def mean(values):
    """The mean over all replicas that run together of what each has, for a tensor or a list of them.

    Where there is one replica, it is `values` itself.

    Its gradient is the mean of the replicas' gradients, of any order.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, values)
