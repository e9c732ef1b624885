"""Sounding ends computed by hand; notes are (pitch, key down, key up), pedals (seconds, kind, value)."""

import pytest

from gansynth_tf.music.pedals import sounding_ends
from gansynth_tf.music.score import Control, Note


def ends(notes, controls, end=10.0, release=0.1):
    return sounding_ends([Note(pitch, 90, start, stop) for pitch, start, stop in notes],
                         [Control(*control) for control in controls], end_seconds=end, catch_seconds=release)


DOWN, UP = (0.5, 'sustain', 1.0), (3.0, 'sustain', 0.0)


@pytest.mark.parametrize('notes, controls, expected', [
    ([(60, 0, 1)], [], [1]),
    ([(60, 0, 1)], [DOWN, UP], [3]),
    ([(60, 0, 1), (67, 1, 2), (72, 2.5, 4)], [DOWN, UP], [3, 3, 4]),
    ([(60, 0, 1), (60, 2, 2.2)], [DOWN, UP], [2, 3]),  # struck again
    ([(60, 0, 1), (62, 2, 2.2)], [DOWN, UP], [3, 3]),
    ([(60, 0, 1)], [DOWN], [10]),  # still down at the end
    ([(60, 0, 0.45)], [DOWN, UP], [3]),  # caught in its release
    ([(60, 0, 0.3)], [DOWN, UP], [0.3]),  # too late
    ([(60, 0, 0.45), (60, 0.47, 0.49)], [DOWN, UP], [0.45, 3]),  # the one that was struck again is not caught
    ([(60, 0, 0.5)], [DOWN, UP], [3]),  # key and pedal at once: the key is first, and caught
    ([(60, 3, 4)], [DOWN, UP], [4]),  # struck as the pedal goes up
    ([(60, 0, 1)], [DOWN, (2.0, 'sound_off', 0.0), UP], [2]),
    ([(60, 0, 1)], [DOWN, (2.0, 'sustain', 0.0), (2.05, 'sustain', 1.0), UP], [3]),  # half-pedalled: caught again
    ([(60, 1, 1)], [DOWN, UP], [3]),  # of no length
], ids=str)
def test_sustain(notes, controls, expected):
    assert ends(notes, controls) == pytest.approx(expected)


@pytest.mark.parametrize('controls, expected', [
    ([(0.5, 'sostenuto', 1.0), (3.0, 'sostenuto', 0.0)], [3, 2]),
    ([(0.5, 'sostenuto', 1.0)], [10, 2]),
    ([(0.5, 'sostenuto', 1.0), (1.6, 'sustain', 1.0), (3.0, 'sostenuto', 0.0), (4.0, 'sustain', 0.0)], [4, 4]),
    ([(0.5, 'sostenuto', 1.0), (1.6, 'sustain', 1.0), (3.0, 'sustain', 0.0), (4.0, 'sostenuto', 0.0)], [4, 3]),
    ([(0.2, 'sostenuto', 0.0)], [1, 2]),
])
def test_sostenuto_holds_the_keys_that_are_down_when_it_is_pressed(controls, expected):
    assert ends([(60, 0, 1), (67, 0.7, 2)], controls) == pytest.approx(expected)
