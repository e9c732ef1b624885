import struct

import numpy as np
import soundfile

from gansynth_tf.music.samplers.sample import Sample, write_wav


def smpl_chunk(path):
    content = path.read_bytes()
    assert struct.unpack('<I', content[4:8])[0] == len(content) - 8
    start = content.index(b'smpl')
    size = struct.unpack('<I', content[start + 4:start + 8])[0]
    assert start + 8 + size == len(content)
    return struct.unpack(f'<{size // 4}I', content[start + 8:])


def recording(**kwargs):
    wave = np.sin(np.arange(1001) / 7) * 0.5  # an odd number of bytes at 24 bits
    return Sample(**dict(pitch=60, low_key=60, high_key=60, wave=wave, sample_rate=44100) | kwargs)


def test_the_file_names_key_and_loop_with_an_inclusive_end(tmp_path):
    chunk = smpl_chunk(write_wav(recording(loop=(100, 900)), tmp_path / 'a.wav'))
    assert chunk[:9] == (0, 0, 22676, 60, 0, 0, 0, 1, 0)
    assert chunk[9:] == (0, 0, 100, 899, 0, 0)


def test_fine_tuning_stands_in_the_pitch_fraction(tmp_path):
    # 25 cents flat: it sounds a quarter of a semitone below its key.
    chunk = smpl_chunk(write_wav(recording(tune_cents=25), tmp_path / 'a.wav'))
    assert chunk[3] == 59 and chunk[4] == round(0.75 * 2**32)
    assert chunk[7] == 0 and len(chunk) == 9


def test_the_samples_are_24_bits(tmp_path):
    path = write_wav(recording(loop=(1, 2)), tmp_path / 'a.wav')
    assert soundfile.info(path).subtype == 'PCM_24'
    np.testing.assert_allclose(soundfile.read(path)[0], recording().wave, atol=2**-23)
