import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansynth_tf.baselines import mu_law

UNIT = dict(np.load(pathlib.Path(__file__).parents[1] / 'golden' / 'wavenet_unit.npz'))


def test_codes_are_the_originals_but_for_full_scale():
    np.testing.assert_array_equal(mu_law.encode(UNIT['mulaw_x']), np.minimum(UNIT['mulaw_code'], 127))


def test_waves_are_the_originals():
    np.testing.assert_allclose(mu_law.decode(UNIT['invmulaw_code']), UNIT['invmulaw_audio_tf'], atol=1e-7)


@pytest.mark.parametrize('wave, code', [
    (0.0, 0), (1.735e-4, 0), (1.737e-4, 1), (-1e-6, -1), (-1e-3, -6), (1.0, 127), (-1.0, -128), (7.0, 127)])
def test_edges(wave, code):
    assert mu_law.encode([wave]).numpy() == [code]


def test_silence_stays_silence():
    assert mu_law.decode([0.0]).numpy() == [0.0]


def test_every_code_survives():
    codes = np.arange(-128.0, 128.0)
    np.testing.assert_array_equal(mu_law.encode(mu_law.decode(codes)), codes)
    np.testing.assert_array_equal(mu_law.from_classes(mu_law.to_classes(codes)), codes)


@given(st.floats(-1, 1, width=32))
def test_what_is_decoded_is_near(wave):
    decoded = float(mu_law.decode(mu_law.encode([wave]))[0])
    assert abs(decoded - wave) <= 0.023 * abs(wave) + 2e-4
