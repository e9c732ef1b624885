import time

import pytest

from gansynth_tf.benchmark.measurement import Measurement, measure, median


def test_rates():
    measured = Measurement(count=8, seconds=2.0, cpu_seconds=4.0, peak_gib=0.5)
    assert (measured.per_second, measured.cpu_seconds_each) == (4.0, 0.5)
    assert measured.to_dict() == {'count': 8, 'per_second': 4.0, 'cpu_seconds_each': 0.5, 'peak_gib': 0.5}


def test_waiting_takes_time_but_no_processor_time():
    measured = measure(lambda: time.sleep(0.2) or 3)
    assert measured.count == 3
    assert measured.seconds >= 0.2 > measured.cpu_seconds


def test_computing_takes_processor_time():
    def work():
        start = time.process_time()
        while time.process_time() - start < 0.2:
            pass
        return 1
    assert measure(work).cpu_seconds >= 0.15


def test_memory_that_is_held_meanwhile_counts_and_what_was_held_before_does_not():
    measure(lambda: len(bytearray(b'x' * (400 << 20))))
    before = measure(lambda: 1).peak_gib
    meanwhile = measure(lambda: len(bytearray(b'x' * (200 << 20)))).peak_gib
    assert meanwhile - before == pytest.approx(400 / 1024, rel=0.1)  # the bytes and the copy of them


def test_the_median_is_taken_of_each_figure_and_of_memory_the_most():
    rounds = [Measurement(2, 1.0, 4.0, 0.1), Measurement(2, 9.0, 3.0, 0.3), Measurement(2, 2.0, 9.0, 0.2)]
    assert median(rounds) == Measurement(2, 2.0, 4.0, 0.3)
