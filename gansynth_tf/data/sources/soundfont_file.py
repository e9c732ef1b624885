"""What a SoundFont says of its instruments: which there are, and which keys each has recordings for.

Source: "SoundFont Technical Specification", version 2.04, section 7: the list `pdta` of an .sf2 or .sf3 file.
"""

import dataclasses
import os
import pathlib
import struct
from collections.abc import Iterator

from gansynth_tf.errors import InputError

# Generators: what a zone says (section 8.1.2).
_INSTRUMENT, _KEY_RANGE, _SAMPLE, _ROOT_KEY = 41, 43, 53, 58
_ALL_KEYS = (0, 127)
_LAYOUTS = {'phdr': '<20sHHHIII', 'pbag': '<HH', 'pgen': '<H2s', 'inst': '<20sH', 'ibag': '<HH', 'igen': '<H2s',
            'shdr': '<20sIIIIIBbHH'}


@dataclasses.dataclass(frozen=True)
class Preset:
    """An instrument of a SoundFont.

    Attributes:
      name: as the file has it.
      bank: MIDI bank; 128 for drums.
      program: MIDI program, from 0.
      zones: a pair of (lowest key, highest key) and root key for every recording that it uses.
    """

    name: str
    bank: int
    program: int
    zones: tuple[tuple[tuple[int, int], int], ...]

    def pitches(self, stretch: int = 128) -> list[int]:
        """MIDI pitches for which there is a recording at most `stretch` semitones away."""
        return sorted({key for (low, high), root in self.zones
                       for key in range(max(low, root - stretch), min(high, root + stretch) + 1)})


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
        zones: list = []
        for generators in _zones(tables['pbag'], tables['pgen'], this[3], following[3], last=_INSTRUMENT):
            low, high = _key_range(generators)
            zones += [((max(low, keys[0]), min(high, keys[1])), root)
                      for keys, root in instruments[_number(generators[_INSTRUMENT])]]
        name = this[0].partition(b'\0')[0].decode('utf-8', 'replace').strip()
        yield Preset(name, bank=this[2], program=this[1], zones=tuple(zones))


def _instrument_zones(tables: dict[str, list[tuple]], first: int, end: int) -> list[tuple[tuple[int, int], int]]:
    zones = []
    for generators in _zones(tables['ibag'], tables['igen'], first, end, last=_SAMPLE):
        root = tables['shdr'][_number(generators[_SAMPLE])][6]
        zones.append((_key_range(generators), _number(generators.get(_ROOT_KEY, bytes((root, 0))))))
    return zones


def _zones(bags: list[tuple], generators: list[tuple], first: int, end: int, *, last: int) -> Iterator[dict]:
    """What each zone says. A first one without the generator `last` says what holds for those that do not."""
    defaults: dict[int, bytes] = {}
    for index in range(first, end):
        zone = dict(generators[bags[index][0]:bags[index + 1][0]])
        if last in zone:
            yield defaults | zone
        elif index == first:
            defaults = zone


def _key_range(generators: dict[int, bytes]) -> tuple[int, int]:
    low, high = generators.get(_KEY_RANGE, bytes(_ALL_KEYS))
    return low, high


def _number(amount: bytes) -> int:
    return int.from_bytes(amount, 'little')
