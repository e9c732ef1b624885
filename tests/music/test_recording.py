import numpy as np
import pyloudnorm
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.music.recording import Recording


def blocks(*parts):
    """Mono blocks of one bus."""
    return [np.asarray(part, np.float32)[None, :, None] for part in parts]


def sine(seconds, amplitude=0.3, rate=16000):
    return amplitude * np.sin(2 * np.pi * 1000 * np.arange(int(seconds * rate)) / rate)


def mixed(recording, **kwargs):
    return np.concatenate(list(recording.blocks(**kwargs)))


def test_blocks_come_back_and_leave_nothing(tmp_path):
    audio = np.random.default_rng(0).uniform(-1, 1, 1000)
    recording = Recording(tmp_path, blocks(audio[:70], [], audio[70:]), 8000)
    np.testing.assert_allclose(mixed(recording)[:, 0], audio, atol=1e-7)
    np.testing.assert_allclose(mixed(recording, gain=0.5)[:, 0], audio / 2, atol=1e-7)
    assert list(tmp_path.iterdir()) == [] and recording.peak == pytest.approx(np.abs(audio).max())


def test_buses_add_up(tmp_path):
    parts = np.random.default_rng(0).uniform(-1, 1, (3, 500, 2)).astype(np.float32)
    recording = Recording(tmp_path, [parts[:, :100], parts[:, 100:]], 8000)
    assert (recording.num_buses, recording.num_channels, recording.num_samples) == (3, 2, 500)
    np.testing.assert_allclose(sum(mixed(recording, bus=bus) for bus in range(3)), mixed(recording), atol=1e-6)


def test_the_gain_brings_the_mix_to_half_and_no_bus_beyond_full_scale(tmp_path):
    assert Recording(tmp_path, blocks([0.1, -0.25]), 8000).peak_gain() == pytest.approx(2)
    assert Recording(tmp_path, blocks([0.0, 0.0]), 8000).peak_gain() == 1
    opposed = np.array([[0.9, 0.5], [-0.8, 0.1]], np.float32)[:, :, None]  # the mix peaks at 0.6
    assert Recording(tmp_path, [opposed], 8000).peak_gain() == pytest.approx(0.5 / 0.6)
    opposed[1, 1] = -0.45
    assert Recording(tmp_path, [opposed], 8000).peak_gain() == pytest.approx(0.999 / 0.9)  # not 5


def test_the_end_is_cut_where_the_sound_is_80_db_down(tmp_path):
    audio = np.concatenate([np.full(1000, 0.5), np.full(1000, 1e-3), np.full(3000, 4e-5)])
    assert Recording(tmp_path, blocks(audio), 8000).num_samples == 2000
    assert Recording(tmp_path, blocks(audio), 8000, trim=False).num_samples == 5000
    assert Recording(tmp_path, blocks(np.zeros(900)), 8000).num_samples == 900


@pytest.mark.parametrize('lufs', [-30.0, -16.0])
def test_loudness(tmp_path, lufs):
    recording = Recording(tmp_path, blocks(sine(2)), 16000)
    gain, line = recording.loudness_gain(lufs)
    assert line is None
    assert pyloudnorm.Meter(16000).integrated_loudness(mixed(recording, gain=gain)) == pytest.approx(lufs, abs=0.01)


def test_true_peaks_limit_loudness(tmp_path):
    quarter = 0.3 * np.sin(2 * np.pi * (np.arange(32_000) / 4 + 1 / 8))  # samples at 0.71 of its peak
    quarter *= np.maximum(0, np.sin(2 * np.pi * np.arange(32_000) / 6400)) ** 300  # short bursts
    gain, line = Recording(tmp_path, blocks(quarter), 16000).loudness_gain(-5.0)
    assert gain * 0.3 == pytest.approx(10 ** (-1 / 20), abs=0.02)  # of the wave, not of its samples
    assert line.startswith('Loudness ') and 'instead of -5' in line


def test_what_has_no_loudness(tmp_path):
    assert Recording(tmp_path, blocks(np.zeros(16_000)), 16000).loudness_gain(-16.0) == (1.0, None)
    with pytest.raises(InputError, match='Impossible loudness: expected at least 0.4 seconds'):
        Recording(tmp_path, blocks(sine(0.3)), 16000).loudness_gain(-16.0)
    for lufs in (0.0, -100.0, float('nan')):
        with pytest.raises(InputError, match='Impossible loudness: expected -70 to -5'):
            Recording(tmp_path, blocks(sine(1)), 16000).loudness_gain(lufs)


@pytest.mark.parametrize('error', [KeyboardInterrupt, InputError('no')])
def test_an_interrupted_clip_leaves_nothing(tmp_path, error):
    def parts():
        yield np.ones((1, 1000, 1), np.float32)
        raise error
    with pytest.raises((KeyboardInterrupt, InputError)):
        Recording(tmp_path, parts(), 8000)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match='Cannot write the clip: .*No such file or directory'):
        Recording(tmp_path / 'none', blocks(np.zeros(5)), 8000)
    with pytest.raises(InputError, match='expected finite samples'):
        Recording(tmp_path, blocks(np.full(5, np.inf)), 8000)
    assert list(tmp_path.iterdir()) == []
