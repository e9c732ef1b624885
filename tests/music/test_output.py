import resource

import numpy as np
import pytest
import soundfile
from scipy import signal

from gansynth_tf.errors import InputError
from gansynth_tf.music import output
from gansynth_tf.music.output import Encoding


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


@pytest.mark.parametrize('encoding, subtype, step', [
    (Encoding(), 'PCM_16', 1 / 32767), (Encoding(bits=24), 'PCM_24', 1e-6), (Encoding(bits=32), 'FLOAT', 1e-7),
    (Encoding('flac'), 'PCM_16', 1 / 32767), (Encoding('flac', 24), 'PCM_24', 1e-6), (Encoding('ogg'), 'VORBIS', 0.1)])
def test_encodings_and_tags(tmp_path, encoding, subtype, step):
    audio = 0.5 * np.sin(np.arange(20_000) / 10)
    tags = {'title': 'a piece', 'comment': 'model: built-in; seed: 1', 'software': 'gansynth_tf'}
    path = output.write_note(tmp_path / f'a{encoding.suffix}', audio, 16000, encoding, tags=tags)
    with soundfile.SoundFile(path) as file:
        assert (file.subtype, file.samplerate, file.channels, file.frames) == (subtype, 16000, 1, 20_000)
        assert (file.title, file.comment, file.software[:11]) == tuple(tags.values())
        np.testing.assert_allclose(file.read(), audio, atol=step)


@pytest.mark.parametrize('rate', [44100, 48000, 8000])
def test_other_rates_keep_length_and_sound(tmp_path, rate, monkeypatch):
    audio = 0.5 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16000)
    monkeypatch.setattr(output, '_BLOCK', 1000)
    blocks = (audio[start:start + 700, None] for start in range(0, len(audio), 700))
    path = output.write(tmp_path / 'a.wav', blocks, 16000, Encoding(bits=32, sample_rate=rate))
    read, read_rate = soundfile.read(path)
    assert (read_rate, len(read)) == (rate, 2 * rate)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    np.testing.assert_allclose(read[1000:-1000], expected[1000:-1000], atol=3e-3)
    whole = signal.resample_poly(audio, *{44100: (441, 160), 48000: (3, 1), 8000: (1, 2)}[rate])
    np.testing.assert_allclose(read, whole, atol=1e-6)


@pytest.mark.parametrize('arguments, message', [
    (('mp3',), 'Unknown format'), (('wav', 8), 'Impossible bits'), (('flac', 32), 'Impossible bits'),
    (('wav', 16, 0), 'Impossible sample_rate'), (('wav', 16, 10**9), 'Impossible sample_rate')])
def test_impossible_encodings(arguments, message):
    with pytest.raises(InputError, match=message):
        Encoding(*arguments)


@pytest.mark.parametrize('path, audio, sample_rate', [
    ('a.wav', np.ones((2, 10)), 16000), ('a.wav', 'abc', 16000), ('a.wav', None, 16000),
    ('a.wav', np.ones(9, int), 16000), ('a.wav', [[1.0], [1.0, 2.0]], 16000),
    ('a.wav', np.ones(9), 0), ('a.wav', np.ones(9), 16000.0),
    ('a.wav', np.ones(9), '1'), ('', np.ones(9), 16000),
    ('~nosuchuser/a.wav', np.ones(9), 16000), (3, np.ones(9), 16000)])
def test_arguments_of_another_kind_are_bad_input(path, audio, sample_rate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match='expected .* Received: '):
        output.write_wav(path, audio, sample_rate)
    assert list(tmp_path.iterdir()) == []


def test_a_list_is_audio_too(tmp_path):
    assert output.write_wav(tmp_path / 'a.wav', [0.0, 0.5], 16000) == tmp_path / 'a.wav'
