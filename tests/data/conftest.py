import json
import shutil
import struct

import numpy as np
import pytest
import soundfile

from gansynth_tf.config import Config
from gansynth_tf.data import prepare, prepared_notes
from gansynth_tf.data.sources import nsynth

AUDIO_LENGTH = 2048


def tone(pitch, num_samples=AUDIO_LENGTH):
    """int16 [num_samples]: a sine whose samples differ from pitch to pitch."""
    seconds = np.arange(num_samples) / 16000
    return np.round(20000 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)).astype(np.int16)


def index_entry(name, **changes):
    """What NSynth's examples.json says of a note that is named in NSynth's way: instrument-pitch-velocity."""
    instrument, pitch, velocity = name.rsplit('-', 2)
    family, origin, _ = instrument.rsplit('_', 2)
    return {'note_str': name, 'instrument_str': instrument, 'instrument_family_str': family,
            'instrument_source_str': origin, 'pitch': int(pitch), 'velocity': int(velocity), 'sample_rate': 16000,
            'qualities_str': [], **changes}


def _write_nsynth(directory, notes, *, entries=None, suffix='.wav'):
    (directory / 'audio').mkdir(parents=True)
    index = {name: index_entry(name) for name in notes} | (entries or {})
    (directory / 'examples.json').write_text(json.dumps(index))
    for name, samples in notes.items():
        if samples is not None:
            soundfile.write(directory / 'audio' / f'{name}{suffix}', samples, 16000, subtype='PCM_16')
    return directory


@pytest.fixture
def write_nsynth(tmp_path):
    """Writes a raw NSynth directory: notes by name, each with its int16 samples or None for no audio file."""
    def write(notes, *, directory='nsynth', **options):
        return _write_nsynth(tmp_path / directory, notes, **options)
    return write


@pytest.fixture(scope='session')
def prepared_directory(tmp_path_factory):
    """Eleven notes of as many pitches, prepared; the last one is shorter than the others. Only to be read."""
    directory = tmp_path_factory.mktemp('notes')
    notes = {f'brass_acoustic_000-{pitch:03d}-100': tone(pitch) for pitch in range(40, 50)}
    notes['flute_acoustic_001-060-075'] = tone(60, 1000)
    source = nsynth.read_source(_write_nsynth(directory / 'nsynth', notes))
    prepare.prepare(source, directory / 'prepared', audio_length=AUDIO_LENGTH)
    return directory / 'prepared'


@pytest.fixture(scope='session')
def prepared(prepared_directory):
    """The notes of `prepared_directory`, opened."""
    return prepared_notes.open_notes(prepared_directory)


@pytest.fixture
def prepared_copy(prepared_directory, tmp_path):
    """A copy of `prepared_directory` to be spoilt."""
    return shutil.copytree(prepared_directory, tmp_path / 'prepared')


@pytest.fixture(scope='session')
def config():
    """Spectrograms of 64 frames and 64 bins."""
    return Config(data_type='linear', audio_length=AUDIO_LENGTH, num_resolutions=3, start_height=16, start_width=16)


_SOUNDFONT_RATE = 48000


def _chunk(name, content):
    return name + struct.pack('<I', len(content)) + content + b'\0' * (len(content) % 2)


def _list(name, *chunks):
    return _chunk(b'LIST', name + b''.join(chunks))


def _write_soundfont(path, presets):
    samples, headers, generators, bags, instruments = [], [], [], [], []
    preset_records, preset_bags, preset_generators = [], [], []
    for index, (name, bank, program, zones) in enumerate(presets):
        instruments.append(struct.pack('<20sH', name.encode(), len(bags)))
        for low, high, root in zones:
            hz = 440 * 2 ** ((root - 69) / 12)
            periods = 200
            num_samples = round(periods * _SOUNDFONT_RATE / hz)
            wave = np.round(20000 * np.sin(2 * np.pi * periods * np.arange(num_samples + 46) / num_samples))
            start = sum(map(len, samples))
            samples.append(np.concatenate([wave, np.zeros(46)]).astype('<i2'))
            headers.append(struct.pack('<20sIIIIIBbHH', b'sine', start, start + num_samples + 40, start + 8,
                                       start + 8 + num_samples, _SOUNDFONT_RATE, root, 0, 0, 1))
            bags.append(struct.pack('<HH', len(generators), 0))
            generators += [struct.pack('<HBB', 43, low, high), struct.pack('<HH', 54, 1),
                           struct.pack('<HH', 53, len(headers) - 1)]
        preset_records.append(struct.pack('<20sHHHIII', name.encode(), program, bank, len(preset_bags), 0, 0, 0))
        # The first zone of a preset may say what holds for all its others: nothing, here.
        preset_bags += [struct.pack('<HH', len(preset_generators) + i, 0) for i in range(2)]
        preset_generators += [struct.pack('<HH', 17, 0), struct.pack('<HH', 41, index)]
    instruments.append(struct.pack('<20sH', b'EOI', len(bags)))
    bags.append(struct.pack('<HH', len(generators), 0))
    preset_records.append(struct.pack('<20sHHHIII', b'EOP', 0, 0, len(preset_bags), 0, 0, 0))
    preset_bags.append(struct.pack('<HH', len(preset_generators), 0))
    headers.append(struct.pack('<20sIIIIIBbHH', b'EOS', 0, 0, 0, 0, 0, 0, 0, 0, 0))
    end, modulator = struct.pack('<HH', 0, 0), bytes(10)
    content = b'sfbk' + b''.join([
        _list(b'INFO', _chunk(b'ifil', struct.pack('<HH', 2, 1)), _chunk(b'isng', b'EMU8000\0'),
              _chunk(b'INAM', b'small\0')),
        _list(b'sdta', _chunk(b'smpl', b''.join(wave.tobytes() for wave in samples))),
        _list(b'pdta', *(_chunk(name, b''.join(records)) for name, records in [
            (b'phdr', preset_records), (b'pbag', preset_bags), (b'pmod', [modulator]),
            (b'pgen', [*preset_generators, end]), (b'inst', instruments), (b'ibag', bags), (b'imod', [modulator]),
            (b'igen', [*generators, end]), (b'shdr', headers)]))])
    path.write_bytes(_chunk(b'RIFF', content))
    return path


@pytest.fixture(scope='session')
def write_soundfont():
    """Writes a SoundFont of looped sines: a path, and presets (name, bank, program, zones).

    A zone is (lowest key, highest key, root key). Returns the path.
    """
    return _write_soundfont
