import struct

import numpy as np
import pytest
import soundfile

from gansynth_tf.data.audio_files import read_audio
from gansynth_tf.errors import InputError

SAMPLES = np.array([0, 1, -1, 16384, -16384, 32767, -32768], np.int16)


@pytest.mark.parametrize('suffix', ['.wav', '.flac', '.aiff'])
def test_16_bit_samples_are_divided_by_32768(tmp_path, suffix):
    soundfile.write(tmp_path / f'note{suffix}', SAMPLES, 22050, subtype='PCM_16')
    samples, rate = read_audio(tmp_path / f'note{suffix}')
    assert rate == 22050
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, SAMPLES[:, np.newaxis] / 32768)


def test_24_bit_samples_have_the_same_full_scale(tmp_path):
    soundfile.write(tmp_path / 'note.wav', np.array([2**30, -2**31], np.int32), 16000, subtype='PCM_24')
    np.testing.assert_array_equal(read_audio(tmp_path / 'note.wav')[0], [[0.5], [-1.0]])


def test_channels_are_kept_apart(tmp_path):
    soundfile.write(tmp_path / 'note.wav', np.stack([SAMPLES, -(SAMPLES // 2)], axis=1), 16000)
    samples, _ = read_audio(tmp_path / 'note.wav')
    np.testing.assert_array_equal(samples, np.stack([SAMPLES, -(SAMPLES // 2)], axis=1) / 32768)


def test_a_file_without_samples_is_read_as_such(tmp_path):
    soundfile.write(tmp_path / 'note.wav', SAMPLES[:0], 16000)
    assert read_audio(tmp_path / 'note.wav')[0].shape == (0, 1)


def test_what_is_not_finite_is_left_to_the_caller(tmp_path):
    soundfile.write(tmp_path / 'note.wav', np.array([np.nan, 1.0]), 16000, subtype='FLOAT')
    np.testing.assert_array_equal(read_audio(tmp_path / 'note.wav')[0], [[np.nan], [1.0]])


@pytest.mark.parametrize('suffix', ['.wav', '.flac', '.aiff'])
@pytest.mark.parametrize('missing_bytes', [1, 2, 1000, 4000])
def test_a_truncated_file_is_refused(tmp_path, suffix, missing_bytes):
    path = tmp_path / f'note{suffix}'
    soundfile.write(path, np.random.default_rng(0).integers(-9999, 9999, 2048).astype(np.int16), 16000)
    path.write_bytes(path.read_bytes()[:-missing_bytes])
    with pytest.raises(InputError, match=r'Audio file truncated: expected 4|Cannot decode audio: expected a whole'):
        read_audio(path)


def test_a_wav_file_written_to_a_pipe_need_not_know_its_size(tmp_path):
    path = tmp_path / 'note.wav'
    soundfile.write(path, SAMPLES, 16000)
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack('<I', 2**32 - 1)
    path.write_bytes(content)
    np.testing.assert_array_equal(read_audio(path)[0][:, 0], SAMPLES / 32768)


@pytest.mark.parametrize('content', [b'', b'RIF', b'RIFF', b'a note in words', bytes(5000)])
def test_what_is_not_audio_is_refused(tmp_path, content):
    (tmp_path / 'note.wav').write_bytes(content)
    with pytest.raises(InputError, match=r"Cannot decode audio: expected a whole wav.*Received: '.*note\.wav'"):
        read_audio(tmp_path / 'note.wav')


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match='Audio file missing'):
        read_audio(tmp_path / 'note.wav')
    with pytest.raises(InputError, match=r'Cannot decode audio.*\(Is a directory\)'):
        read_audio(tmp_path)


def wav_bytes(riff_size=None, data_size=None, *, num_bytes=4000, tail=b''):
    """A mono 8-bit file at 8 kHz; sizes are the true ones unless given."""
    body = b'WAVEfmt ' + struct.pack('<IHHIIHH', 16, 1, 1, 8000, 8000, 1, 8) + b'data'
    samples = bytes(128 + 100 * (index // 20 % 2) for index in range(num_bytes))
    content = body + struct.pack('<I', num_bytes if data_size is None else data_size) + samples + tail
    return b'RIFF' + struct.pack('<I', len(content) if riff_size is None else riff_size) + content


@pytest.mark.parametrize('content', [
    wav_bytes(), wav_bytes(riff_size=4044), wav_bytes(riff_size=4028), wav_bytes(riff_size=0),
    wav_bytes(riff_size=0, data_size=0), wav_bytes(riff_size=0xFFFFFFFF, data_size=0xFFFFFFFF),
    wav_bytes(riff_size=0x7FFFF024, data_size=0x7FFFF000), wav_bytes(tail=b'trailing'),
])
def test_wrong_sizes_do_not_lose_samples(tmp_path, content):
    (tmp_path / 'a.wav').write_bytes(content)
    samples, rate = read_audio(tmp_path / 'a.wav')
    assert rate == 8000 and samples.shape == (4000, 1)
    np.testing.assert_allclose(samples[20:40], 100 / 128)


def test_an_odd_number_of_bytes_may_lack_its_padding(tmp_path):
    (tmp_path / 'a.wav').write_bytes(wav_bytes(riff_size=4036, num_bytes=3999))
    assert len(read_audio(tmp_path / 'a.wav')[0]) == 3999


def test_samples_that_are_plainly_missing_are_a_truncated_file(tmp_path):
    (tmp_path / 'a.wav').write_bytes(wav_bytes(data_size=5000))
    with pytest.raises(InputError, match='Audio file truncated: expected 5044 bytes.*Received: 4044 bytes'):
        read_audio(tmp_path / 'a.wav')


@pytest.mark.parametrize('rate', [1, 999, 2_000_000])
def test_absurd_rates_are_refused(tmp_path, rate):
    content = bytearray(wav_bytes())
    content[24:28] = struct.pack('<I', rate)
    (tmp_path / 'a.wav').write_bytes(content)
    with pytest.raises(InputError, match=f'expected 1000 to 1000000 Hz. Received: {rate} Hz'):
        read_audio(tmp_path / 'a.wav')
