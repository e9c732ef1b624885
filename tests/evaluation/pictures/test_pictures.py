"""Pictures of an evaluation, by what their axes hold."""

import numpy as np
from matplotlib import colors

from gansynth_tf.evaluation.pictures import pictures


def test_each_set_is_drawn_beside_the_training_notes_in_its_own_clusters():
    figure = pictures.bins({'of 4 s': (np.array([10, 70, 20]), np.array([1, 7, 2])),
                            'of 1 s': (np.array([60, 40, 0, 0]), np.array([0, 0, 0, 50]))})
    of_4s, of_1s = ([bar.get_height() for bar in axes.patches] for axes in figure.axes)
    np.testing.assert_allclose(of_4s, [0.7, 0.2, 0.1, 0.7, 0.2, 0.1])  # training notes, then the set's
    np.testing.assert_allclose(of_1s, [0.6, 0.4, 0, 0, 0, 0, 0, 1])
    labels = [axes.get_legend().get_texts()[1].get_text() for axes in figure.axes]
    assert labels == ['of 4 s: 0 of 3 differ (red)', 'of 1 s: 3 of 4 differ (red)']
    assert figure.axes[1].patches[-1].get_facecolor() == colors.to_rgba('tab:red')
