import resource

import numpy as np
import pytest
import soundfile

from gansynth_tf.errors import InputError
from gansynth_tf.music import output


def test_what_is_written_is_read_back(tmp_path):
    audio = np.random.default_rng(0).uniform(-1, 1, 5000).astype(np.float32)
    path = output.write_wav(tmp_path / 'a.wav', audio, 22050)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.frames) == (22050, 1, 'PCM_16', 5000)
    read, _ = soundfile.read(path, dtype='int16')
    np.testing.assert_allclose(read / 32767, audio, rtol=0, atol=0.51 / 32767)


def test_blocks_join_without_a_seam(tmp_path, monkeypatch):
    audio = np.linspace(-1, 1, 1001)
    whole = output.write_wav(tmp_path / 'whole.wav', audio, 16000).read_bytes()
    monkeypatch.setattr(output, '_BLOCK', 100)
    assert output.write_wav(tmp_path / 'blocks.wav', audio, 16000).read_bytes() == whole


def test_too_loud_is_turned_down_not_clipped(tmp_path):
    audio = np.array([0.5, -4.0, 2.0, 0.0])
    read, _ = soundfile.read(output.write_wav(tmp_path / 'a.wav', audio, 16000), dtype='int16')
    np.testing.assert_array_equal(read, [4096, -32767, 16384, 0])


def test_no_samples_are_a_valid_file(tmp_path):
    assert soundfile.info(output.write_wav(tmp_path / 'a.wav', np.zeros(0), 16000)).frames == 0


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_not_finite(tmp_path, bad):
    with pytest.raises(InputError, match=r'Cannot write audio: expected finite samples\. Received: NaN or infinity'):
        output.write_wav(tmp_path / 'a.wav', np.array([0.0, bad]), 16000)
    assert not list(tmp_path.iterdir())


def test_a_file_system_that_refuses_leaves_no_half_file(tmp_path):
    (tmp_path / 'a.wav').write_bytes(b'what was there before')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(InputError, match=r'Cannot write the file: expected room .* Received: .*a\.wav'):
            output.write_wav(tmp_path / 'a.wav', np.zeros(100_000), 16000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ['a.wav']
    assert (tmp_path / 'a.wav').read_bytes() == b'what was there before'


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match='Cannot write the file'):
        output.write_wav(tmp_path / 'none' / 'a.wav', np.zeros(10), 16000)


def test_a_clip_in_blocks_is_brought_to_its_peak(tmp_path):
    blocks = [np.full(70, 0.25, np.float32), np.zeros(0, np.float32), np.full(30, -2.0, np.float32)]
    path = output.write_clip(tmp_path / 'clip.wav', iter(blocks), 8000, peak=0.5)
    audio, sample_rate = soundfile.read(path)
    assert sample_rate == 8000 and [path.name for path in tmp_path.iterdir()] == ['clip.wav']
    np.testing.assert_allclose(audio, np.concatenate(blocks) / 4, atol=1 / 32767)
    silence = output.write_clip(tmp_path / 'silence.wav', [np.zeros(5, np.float32)], 8000, peak=0.5)
    assert not soundfile.read(silence)[0].any()


@pytest.mark.parametrize('error', [KeyboardInterrupt, InputError('no')])
def test_an_interrupted_clip_leaves_nothing(tmp_path, error):
    def blocks():
        yield np.ones(1000, np.float32)
        raise error
    with pytest.raises((KeyboardInterrupt, InputError)):
        output.write_clip(tmp_path / 'clip.wav', blocks(), 8000, peak=0.5)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match='Cannot write the clip: .*No such file or directory'):
        output.write_clip(tmp_path / 'none' / 'clip.wav', [np.zeros(5, np.float32)], 8000, peak=0.5)
    with pytest.raises(InputError, match='expected finite samples'):
        output.write_clip(tmp_path / 'clip.wav', [np.full(5, np.inf, np.float32)], 8000, peak=0.5)
    assert list(tmp_path.iterdir()) == []
