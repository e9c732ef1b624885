"""What is decoded on the graph is what soundfile reads; where tensorflow-io does not work, a stand-in replaces it."""

import sys
import types

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from gansynth_tf.data import audio_files, tfio_audio
from gansynth_tf.errors import InputError

KINDS = [('wav', 'PCM_U8'), ('wav', 'PCM_16'), ('wav', 'PCM_24'), ('wav', 'PCM_32'), ('wav', 'FLOAT'),
         ('wav', 'DOUBLE'), ('flac', 'PCM_16'), ('flac', 'PCM_24'), ('aiff', 'PCM_16'), ('ogg', 'VORBIS'),
         ('mp3', 'MPEG_LAYER_III')]


@pytest.fixture
def stand_in(monkeypatch):
    """Something like tensorflow_io that decodes 16-bit wav, in place of it."""
    def decode_wav(content, dtype):
        return tf.cast(tf.audio.decode_wav(content)[0] * 32768.0, dtype)
    monkeypatch.setitem(sys.modules, 'tensorflow_io', types.SimpleNamespace(
        audio=types.SimpleNamespace(decode_wav=decode_wav)))
    monkeypatch.setattr(tfio_audio, 'is_available', lambda: True)
    tfio_audio._graph.cache_clear()
    yield
    tfio_audio._graph.cache_clear()


def write(path, subtype='PCM_16'):
    samples = 0.3 * np.sin(np.arange(9000)[:, np.newaxis] / [9, 13])
    soundfile.write(path, samples, 22050, subtype=subtype)
    return path


@pytest.mark.parametrize(('suffix', 'subtype'), KINDS)
def test_samples_are_those_that_soundfile_reads(tmp_path, suffix, subtype):
    path = write(tmp_path / f'note.{suffix}', subtype)
    samples, rate = audio_files.read_audio(path)
    expected, expected_rate = soundfile.read(path, dtype='float32')
    assert rate == expected_rate == 22050 and samples.dtype == np.float32
    # Lossy formats leave room for rounding; the others none.
    np.testing.assert_allclose(samples, expected, rtol=0, atol=1e-6 if suffix in ('ogg', 'mp3') else 0)


def test_it_is_available_with_the_versions_that_it_works_with(monkeypatch):
    monkeypatch.setattr(tfio_audio.importlib.util, 'find_spec', lambda name: object())
    monkeypatch.setattr(tf, '__version__', '2.17.1')
    assert tfio_audio.is_available.__wrapped__()
    monkeypatch.setattr(tf, '__version__', '2.21.0')
    assert not tfio_audio.is_available.__wrapped__()


def test_where_it_is_available_it_decodes(stand_in, tmp_path, monkeypatch):
    path = write(tmp_path / 'note.wav')
    expected, _ = soundfile.read(path, dtype='float32')
    monkeypatch.setattr(soundfile.SoundFile, 'read', None)
    np.testing.assert_array_equal(audio_files.read_audio(path)[0], expected)
    assert tfio_audio.decoder('WAV', 'PCM_U8') is None and tfio_audio.decoder('AIFF', 'PCM_16') is None


def test_what_it_cannot_decode_is_left_to_soundfile(stand_in, tmp_path):
    path = write(tmp_path / 'note.wav', 'ULAW')
    assert tfio_audio.decoder('WAV', 'PCM_16')(path) is None
    expected, _ = soundfile.read(path, dtype='float32')
    np.testing.assert_array_equal(audio_files.read_audio(path)[0], expected)


def test_the_graph_is_made_once(stand_in, tmp_path):
    path = write(tmp_path / 'note.wav')
    for _ in range(2):
        audio_files.read_audio(path)
    assert tfio_audio._graph.cache_info().misses == 1
    with pytest.raises(InputError, match='Audio file missing'):
        audio_files.read_audio(tmp_path / 'other.wav')
