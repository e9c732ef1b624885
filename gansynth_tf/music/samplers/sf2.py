"""SoundFont 2: one file with samples and instrument, which FluidSynth, MuseScore and most hardware players read.

Source: SoundFont Technical Specification 2.04 (Creative Technology, 2006); its sections are named below.
"""

import math
import os
import pathlib
import struct
from collections.abc import Sequence

import numpy as np

from gansynth_tf import files
from gansynth_tf.music.samplers.sample import Sample

_DECAY_DB = 100.0  # that the time of a decay is for, section 8.1.2
_SILENCE = 46  # samples of it that section 6.1 asks for after every sample
# Generators, section 8.1.2.
_HOLD, _DECAY, _SUSTAIN, _RELEASE, _SAMPLE_ID, _KEY_RANGE, _SAMPLE_MODES, _INSTRUMENT = 35, 36, 37, 38, 53, 43, 54, 41


def write(samples: Sequence[Sample], path: str | os.PathLike, *, name: str, release_seconds: float) -> pathlib.Path:
    """Writes a SoundFont of one preset (bank 0, program 0); returns its path.

    Args:
      samples: its recordings, rounded to 16 bits.
      path: the .sf2 file.
      name: of the preset; the format keeps 20 characters.
      release_seconds: from the release of a key to silence.
    """
    starts, data = [], []
    position = 0
    for sample in samples:
        starts.append(position)
        data.append(np.round(np.clip(sample.wave, -1, 1) * 32767).astype('<i2'))
        data.append(np.zeros(_SILENCE, '<i2'))
        position += len(sample.wave) + _SILENCE
    info = _list(b'INFO', _chunk(b'ifil', struct.pack('<2H', 2, 4)), _chunk(b'isng', _text('EMU8000')),
                 _chunk(b'INAM', _text(name)), _chunk(b'ISFT', _text('gansynth-tf')))
    body = b'sfbk' + info + _list(b'sdta', _chunk(b'smpl', np.concatenate(data).tobytes())) \
        + _presets(samples, starts, name, release_seconds)
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        temporary.write_bytes(_chunk(b'RIFF', body))
    return path


def _presets(samples: Sequence[Sample], starts: Sequence[int], name: str, release_seconds: float) -> bytes:
    """The 'pdta' list: preset -> instrument -> one zone a sample -> sample header. Each table ends with a dummy."""
    zones = [_generators(sample, index, release_seconds) for index, sample in enumerate(samples)]
    first = np.cumsum([0, *map(len, zones)])
    return _list(
        b'pdta',
        _chunk(b'phdr', _preset(name, 0) + _preset('EOP', 1)),
        _chunk(b'pbag', struct.pack('<4H', 0, 0, 1, 0)),
        _chunk(b'pmod', bytes(10)),
        _chunk(b'pgen', struct.pack('<HhHh', _INSTRUMENT, 0, 0, 0)),
        _chunk(b'inst', struct.pack('<20sH', _name(name), 0) + struct.pack('<20sH', b'EOI', len(samples))),
        _chunk(b'ibag', b''.join(struct.pack('<2H', index, 0) for index in first)),
        _chunk(b'imod', bytes(10)),
        _chunk(b'igen', b''.join(struct.pack('<2sH', *_raw(zone)) for zones_ in zones for zone in zones_)
               + bytes(4)),
        _chunk(b'shdr', b''.join(_header(sample, start, f'{name[:15]} {sample.pitch}')
                                 for sample, start in zip(samples, starts)) + b'EOS'.ljust(46, b'\0')))


def _generators(sample: Sample, index: int, release_seconds: float) -> list[tuple[int, int]]:
    """Generators of a zone in the order that section 8.1.2 asks for: the key range first, the sample last."""
    generators = [(_KEY_RANGE, sample.low_key | sample.high_key << 8)]
    if sample.fall_db_per_second and sample.loop is not None:
        generators += [(_HOLD, _timecents(sample.loop[0] / sample.sample_rate)),
                       (_DECAY, _timecents(_DECAY_DB / sample.fall_db_per_second)), (_SUSTAIN, 1000)]
    return [*generators, (_RELEASE, _timecents(release_seconds)), (_SAMPLE_MODES, int(sample.loop is not None)),
            (_SAMPLE_ID, index)]


def _raw(generator: tuple[int, int]) -> tuple[bytes, int]:
    number, amount = generator
    return struct.pack('<H', number), amount % 65536


def _header(sample: Sample, start: int, name: str) -> bytes:
    loop = (0, 0) if sample.loop is None else sample.loop  # the end is the sample after the last, section 7.10
    return struct.pack('<20s5IBbHH', _name(name), start, start + len(sample.wave), start + loop[0], start + loop[1],
                       sample.sample_rate, sample.pitch, sample.tune_cents, 0, 1)


def _preset(name: str, bag: int) -> bytes:
    return struct.pack('<20s3H3I', _name(name), 0, 0, bag, 0, 0, 0)


def _timecents(seconds: float) -> int:
    return max(-12000, min(8000, round(1200 * math.log2(max(seconds, 1e-3)))))


def _name(text: str) -> bytes:
    return text.encode('ascii', 'replace')[:19]


def _text(text: str) -> bytes:
    """ASCII text that ends with one zero or two, so that its length is even."""
    raw = text.encode('ascii', 'replace')[:254] + b'\0'
    return raw + b'\0' * (len(raw) % 2)


def _chunk(identifier: bytes, body: bytes) -> bytes:
    return identifier + struct.pack('<I', len(body)) + body + b'\0' * (len(body) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b'LIST', kind + b''.join(chunks))
