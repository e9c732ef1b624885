import numpy as np

from gansynth_tf.data.sources import soundfont_file
from gansynth_tf.music.samplers import sf2
from gansynth_tf.music.samplers.sample import Sample


def write(tmp_path, **kwargs):
    wave = np.sin(np.arange(2000) / 9) * 0.5
    samples = [Sample(pitch=pitch, low_key=low, high_key=high, wave=wave, sample_rate=44100, **kwargs)
               for pitch, low, high in ((57, 45, 57), (60, 58, 60))]
    return sf2.write(samples, tmp_path / 'a.sf2', name='A name that is longer than it may be', release_seconds=0.3)


def table(path, name):
    content = path.read_bytes()
    start = content.index(name, content.index(b'pdta')) + 8
    return content[start:start + int.from_bytes(content[start - 4:start], 'little')]


def test_our_own_reader_finds_the_keys(tmp_path):
    preset, = soundfont_file.read_presets(write(tmp_path))
    assert preset.name == 'A name that is long'
    assert list(preset.keys()) == list(range(45, 61))


def test_the_sample_header_has_an_exclusive_loop_end_and_the_tuning(tmp_path):
    path = write(tmp_path, loop=(100, 900), tune_cents=-7)
    records = np.frombuffer(table(path, b'shdr'), np.dtype([
        ('name', 'S20'), ('start', '<u4'), ('end', '<u4'), ('loop', '<u4', 2), ('rate', '<u4'), ('pitch', 'u1'),
        ('cents', 'i1'), ('link', '<u2'), ('type', '<u2')]))
    assert records['name'][-1] == b'EOS' and len(records) == 3
    second = records[1]
    assert second['start'] == 2046 and second['end'] == 4046
    assert second['loop'].tolist() == [2146, 2946]
    assert (second['pitch'], second['cents'], second['rate'], second['type']) == (60, -7, 44100, 1)


def test_a_fall_is_in_the_envelope(tmp_path):
    def generators(path):
        pairs = np.frombuffer(table(path, b'igen'), np.dtype([('number', '<u2'), ('amount', '<i2')]))
        return [(int(number), int(amount)) for number, amount in pairs]

    steady, falling = generators(write(tmp_path, loop=(100, 900))), generators(write(
        tmp_path, loop=(100, 900), fall_db_per_second=50))
    assert (36, 1200) in falling and (37, 1000) in falling  # 2 s are 1200 timecents
    assert 36 not in dict(steady) and (54, 1) in steady
    assert steady[0] == (43, 45 | 57 << 8)
