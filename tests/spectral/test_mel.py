import pathlib

import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.spectral import mel

GOLDEN = pathlib.Path(__file__).parents[1] / 'golden'


@pytest.fixture(scope='module')
def golden():
    return np.load(GOLDEN / 'mel_matrices.npz')


@pytest.mark.parametrize('shape', ['128x1024', '256x512', '8x64'])
def test_matrices_match_the_original(golden, shape):
    num_bins = int(shape.split('x')[1])
    linear_to_mel = mel.linear_to_mel_weight_matrix(num_bins, num_bins, sample_rate=16000)
    np.testing.assert_allclose(linear_to_mel, golden[f'linear_to_mel_{shape}'], rtol=0, atol=1e-9)
    np.testing.assert_allclose(mel.mel_to_linear_weight_matrix(linear_to_mel), golden[f'mel_to_linear_{shape}'],
                               rtol=0, atol=1e-9)


@pytest.mark.parametrize(('num_mel_bins', 'num_linear_bins', 'lower', 'upper'),
                         [(20, 129, 125.0, 3800.0), (64, 513, 0.0, 8000.0)])
def test_bands_between_other_edges_match_the_original(num_mel_bins, num_linear_bins, lower, upper):
    expected = np.load(GOLDEN / 'spectral_ops_unit.npz')[
        f'l2m_{num_mel_bins}_{num_linear_bins}_16000_{lower:.0f}_{upper:.0f}']
    weights = mel.linear_to_mel_weight_matrix(num_mel_bins, num_linear_bins, sample_rate=16000, lower_edge_hz=lower,
                                              upper_edge_hz=upper)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-9)


def test_mel_curve_by_hand():
    assert mel.hz_to_mel(0.0) == 0.0
    np.testing.assert_allclose(mel.hz_to_mel(700.0), 1127.0 * np.log(2.0))
    np.testing.assert_allclose(mel.mel_to_hz(mel.hz_to_mel([1.0, 440.0, 8000.0])), [1.0, 440.0, 8000.0])


def test_one_wide_band_by_hand():
    # One band from 0 to 8000 Hz over bins at 0, 2000, ..., 8000 Hz, its peak half way in mel.
    peak_hz = 700.0 * (np.sqrt(1.0 + 8000.0 / 700.0) - 1.0)
    bins_hz = np.array([2000.0, 4000.0, 6000.0, 8000.0])
    expected = [0.0, *np.minimum(bins_hz / peak_hz, (8000.0 - bins_hz) / (8000.0 - peak_hz))]
    weights = mel.linear_to_mel_weight_matrix(1, 5, sample_rate=16000)
    np.testing.assert_allclose(weights[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize(('num_mel_bins', 'num_bins'), [(1024, 1024), (512, 1024), (256, 1024), (64, 64)])
def test_all_but_the_first_band_and_bin_meet(num_mel_bins, num_bins):
    weights = mel.linear_to_mel_weight_matrix(num_mel_bins, num_bins, sample_rate=16000)
    assert weights.shape == (num_bins, num_mel_bins)
    assert not weights[0].any()
    assert (weights.max(axis=0)[1:] > 0.1).all()  # the first band may hold the first bin alone, which is left out
    assert (weights[1:-1].max(axis=1) > 0.0).all()
    assert weights.min() == 0.0
    assert weights.max() <= 1.0


@pytest.mark.parametrize('downscale', [1, 2])
def test_flat_power_comes_back_flat_on_average(downscale):
    linear_to_mel = mel.linear_to_mel_weight_matrix(1024 // downscale, 1024, sample_rate=16000)
    flat = (np.ones(1024) @ linear_to_mel) @ mel.mel_to_linear_weight_matrix(linear_to_mel)
    assert flat[0] == 0.0
    np.testing.assert_allclose(flat[1:-1].mean(), 1.0, atol=0.01)


@pytest.mark.parametrize('wrong', [dict(num_mel_bins=0), dict(num_linear_bins=1), dict(lower_edge_hz=-1.0),
                                   dict(lower_edge_hz=9000.0), dict(upper_edge_hz=8001.0), dict(sample_rate=0)])
def test_impossible_bands_are_input_errors(wrong):
    with pytest.raises(InputError, match=r'Impossible mel bands: expected at least 1 band .* Received: \d+ bands'):
        mel.linear_to_mel_weight_matrix(**{'num_mel_bins': 8, 'num_linear_bins': 64, 'sample_rate': 16000, **wrong})
