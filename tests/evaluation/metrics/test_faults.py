import numpy as np
import pytest

from gansynth_tf.evaluation.metrics import faults


def found(wave):
    return {name for name, is_there in faults.find(np.asarray(wave)).items() if is_there}


def click(wave):
    wave = wave.copy()
    wave[5000] += 0.4
    return wave


def test_a_good_note_has_none(tone):
    assert [found(tone(pitch)) for pitch in (24, 60, 84)] == [set()] * 3


@pytest.mark.parametrize('change, name', [
    (lambda wave: 0.001 * wave, 'silent'),
    (lambda wave: np.clip(4 * wave, -1, 1), 'clipped'),
    (lambda wave: 2.2 * wave, 'clipped'),
    (lambda wave: wave + 0.03, 'offset'),
    (click, 'click'),
    (lambda wave: wave[:np.abs(wave).argmax() + 1], 'click'),
    (lambda wave: wave[np.abs(wave).argmax():], 'click'),
    (lambda wave: np.where(np.arange(len(wave)) == 9, np.nan, wave), 'not_finite'),
])
def test_every_fault_is_found(tone, change, name):
    assert name in found(change(tone(60, num_partials=3, decay=0)))


def test_silence():
    assert found(np.zeros(1000)) == {'silent'}
