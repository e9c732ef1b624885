"""The instruments of a SoundFont, and the keys for which each has recordings.

Source: "SoundFont Technical Specification", version 2.04, section 7: the list `pdta` of an .sf2 or .sf3 file.
"""

import dataclasses
import os
import pathlib
import struct
from collections.abc import Iterator

from gansynth_tf.errors import InputError

# Generators, the properties of a zone (section 8.1.2).
_INSTRUMENT, _KEY_RANGE, _SAMPLE, _ROOT_KEY = 41, 43, 53, 58
_COARSE_TUNE, _FINE_TUNE, _SCALE_TUNING = 51, 52, 56
_DEFAULT_ROOT = 60  # of an unpitched recording, whose root key is 255 (section 7.10)
_ROOT_OFFSET = 40  # of the root key in a recording's header
_NARROW = 24  # keys: a zone of fewer is where its recording belongs, whatever its root key
_LAYOUTS = {'phdr': '<20sHHHIII', 'pbag': '<HH', 'pgen': '<H2s', 'inst': '<20sH', 'ibag': '<HH', 'igen': '<H2s',
            'shdr': '<20sIIIIIBbHH'}


@dataclasses.dataclass(frozen=True)
class Preset:
    """An instrument of a SoundFont.

    Attributes:
      name: as the file has it.
      bank: MIDI bank; 128 for drums.
      program: MIDI program, from 0.
      zones: one for every recording that it uses.
    """

    name: str
    bank: int
    program: int
    zones: tuple['Zone', ...]

    def keys(self, stretch: int = 128) -> dict[int, int]:
        """MIDI pitches that sound, by the key that is pressed for them.

        Args:
          stretch: semitones from the nearest recording at most; a zone of few keys is a recording of each of them.
        """
        found: dict[int, int] = {}
        for zone in self.zones:
            found |= {key: zone.sounds(key) for key in zone.within(stretch) if key not in found}
        return {key: pitch for key, pitch in sorted(found.items()) if 0 <= pitch <= 127}


@dataclasses.dataclass(frozen=True)
class Zone:
    """A recording of an instrument, and the keys that play it.

    Attributes:
      keys: lowest and highest.
      root: the key at which it sounds as it was recorded.
      tuning_cents: by which it sounds higher than it would.
      scale_tuning: cents from one key to the next.
    """

    keys: tuple[int, int]
    root: int
    tuning_cents: int = 0
    scale_tuning: int = 100

    def within(self, stretch: int) -> range:
        """The keys at most `stretch` semitones from the recording."""
        low, high = self.keys
        if high - low < _NARROW:  # its root key says at which rate to play, not where it belongs
            return range(low, high + 1)
        return range(max(low, self.root - stretch), min(high, self.root + stretch) + 1)

    def sounds(self, key: int) -> int:
        """The MIDI pitch nearest to what sounds when a key is pressed."""
        # A recording sounds at its root key as the root key says, whatever the distance of keys.
        cents = 100 * self.root + (key - self.root) * self.scale_tuning + self.tuning_cents
        return (cents + 50) // 100  # half a semitone upwards, always, so that neighbours stay apart


def read_presets(path: str | os.PathLike) -> list[Preset]:
    """The presets of an .sf2 or .sf3 file, by bank and program.

    Raises:
      InputError: if it cannot be read or is not a SoundFont.
    """
    path = pathlib.Path(path).expanduser()
    try:
        with open(path, 'rb') as file:
            tables = _read_tables(file)
        return sorted(_presets(tables), key=lambda preset: (preset.bank, preset.program))
    except OSError as error:
        raise InputError(f'Cannot read the SoundFont: expected an .sf2 or .sf3 file ({error.strerror or error}). '
                         f'Received: {str(path)!r}') from error
    except (struct.error, KeyError, IndexError, ValueError) as error:
        raise InputError(f'Not a SoundFont: expected a whole .sf2 or .sf3 file. Received: {str(path)!r}') from error


def playable(path: str | os.PathLike) -> bytes:
    """The file's bytes, with the root key of unpitched recordings as players should assume it and not all do."""
    content = bytearray(pathlib.Path(path).read_bytes())
    start = content.rfind(b'shdr')
    if start >= 0:
        size, = struct.unpack_from('<I', content, start + 4)
        record = struct.calcsize(_LAYOUTS['shdr'])
        for offset in range(start + 8, min(start + 8 + size, len(content)) - record + 1, record):
            if content[offset + _ROOT_OFFSET] > 127:
                content[offset + _ROOT_OFFSET] = _DEFAULT_ROOT
    return bytes(content)


def _read_tables(file) -> dict[str, list[tuple]]:
    """The chunks of the list `pdta`, each as its records."""
    riff, _, form = struct.unpack('<4sI4s', file.read(12))
    if (riff, form) != (b'RIFF', b'sfbk'):
        raise ValueError('not a SoundFont')
    while True:
        name, size = struct.unpack('<4sI', file.read(8))
        if name == b'LIST' and file.read(4) == b'pdta':
            content = file.read(size - 4)
            return {chunk: list(struct.iter_unpack(_LAYOUTS[chunk], data)) for chunk, data in _chunks(content)
                    if chunk in _LAYOUTS}
        file.seek(size + size % 2 - (4 if name == b'LIST' else 0), os.SEEK_CUR)


def _chunks(content: bytes) -> Iterator[tuple[str, bytes]]:
    offset = 0
    while offset < len(content):
        name, size = struct.unpack_from('<4sI', content, offset)
        yield name.decode('ascii', 'replace'), content[offset + 8:offset + 8 + size]
        offset += 8 + size + size % 2


def _presets(tables: dict[str, list[tuple]]) -> Iterator[Preset]:
    """Every record but the last, which only says where the one before it ends."""
    instruments = [_instrument_zones(tables, this[1], following[1])
                   for this, following in zip(tables['inst'], tables['inst'][1:])]
    for this, following in zip(tables['phdr'], tables['phdr'][1:]):
        zones: list[Zone] = []
        for generators in _zones(tables['pbag'], tables['pgen'], this[3], following[3], last=_INSTRUMENT):
            zones += [_narrowed(zone, generators) for zone in instruments[_number(generators[_INSTRUMENT])]]
        name = this[0].partition(b'\0')[0].decode('latin-1').strip()
        yield Preset(name, bank=this[2], program=this[1], zones=tuple(zones))


def _instrument_zones(tables: dict[str, list[tuple]], first: int, end: int) -> list[Zone]:
    zones = []
    for generators in _zones(tables['ibag'], tables['igen'], first, end, last=_SAMPLE):
        header = tables['shdr'][_number(generators[_SAMPLE])]
        original, correction = header[6], struct.unpack('b', bytes((header[7] % 256,)))[0]
        root = _signed(generators, _ROOT_KEY, -1)
        if not 0 <= root <= 127:  # -1: the recording's own
            root = original if original <= 127 else _DEFAULT_ROOT
        tuning = 100 * _signed(generators, _COARSE_TUNE) + _signed(generators, _FINE_TUNE) + correction
        zones.append(Zone(_key_range(generators), root, tuning, _signed(generators, _SCALE_TUNING, 100)))
    return zones


def _narrowed(zone: Zone, generators: dict[int, bytes]) -> Zone:
    """An instrument's zone as a preset uses it: the range of keys is cut, tuning is added (section 9.4)."""
    low, high = _key_range(generators)
    tuning = 100 * _signed(generators, _COARSE_TUNE) + _signed(generators, _FINE_TUNE)
    return dataclasses.replace(zone, keys=(max(zone.keys[0], low), min(zone.keys[1], high)),
                               tuning_cents=zone.tuning_cents + tuning,
                               scale_tuning=zone.scale_tuning + _signed(generators, _SCALE_TUNING))


def _zones(bags: list[tuple], generators: list[tuple], first: int, end: int, *, last: int) -> Iterator[dict]:
    """The generators of each zone. A first zone without the generator `last` holds defaults for the others."""
    defaults: dict[int, bytes] = {}
    for index in range(first, end):
        zone = dict(generators[bags[index][0]:bags[index + 1][0]])
        if last in zone:
            yield defaults | zone
        elif index == first:
            defaults = zone


def _key_range(generators: dict[int, bytes]) -> tuple[int, int]:
    low, high = generators.get(_KEY_RANGE, bytes((0, 127)))
    return low, high


def _signed(generators: dict[int, bytes], name: int, default: int = 0) -> int:
    return int.from_bytes(generators[name], 'little', signed=True) if name in generators else default


def _number(amount: bytes) -> int:
    return int.from_bytes(amount, 'little')
