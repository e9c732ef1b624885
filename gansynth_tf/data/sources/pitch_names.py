"""MIDI pitches as people write them: numbers, note names in either octave convention, and inside file names.

The letters and numbers of a file name can mean several things. `readings` therefore returns every pitch that it could
mean, and those that are certain without its sound. `folder` decides among them by the detected pitch.
"""

import collections
import dataclasses
import re
from collections.abc import Iterable, Sequence

from gansynth_tf.errors import InputError

# The name of MIDI pitch 60 by convention: C4 in scientific pitch notation, C3 with Yamaha and many samplers.
MIDDLE_C = {'C3': 3, 'C4': 4, 'C5': 5}

_LOWEST_NUMBER = 21  # the lowest key of a piano; smaller numbers count takes, layers, round robins
_SEMITONES = {'C': 0, 'D': 2, 'E': 4, 'F': 5, 'G': 7, 'A': 9, 'B': 11, 'H': 11}
_ACCIDENTALS = {'': 0, '#': 1, '♯': 1, 's': 1, 'sharp': 1, 'is': 1, 'b': -1, '♭': -1, 'flat': -1, 'es': -1}
_NOTE = r'([A-Ha-h])(sharp|flat|is|es|[#♯sb♭])?'
_BEFORE = r'(?<![^\W_])'  # no letter or digit of any alphabet
_AFTER = r'(?![^\W_]|[#♯♭])'
_PARSED_NAME = re.compile(r'([A-Ga-g])([#♯s]|[b♭])?(-?\d{1,2})')
_NSYNTH_STEM = re.compile(r'(.*)-(\d{3})-(\d{3})')  # instrument-pitch-velocity
_LAYER = r'v\d{1,3}'  # as in A0v1, a note and a layer
_JOINED = re.compile(rf'{_BEFORE}{_NOTE}(-?\d{{1,2}})(?=(?:{_LAYER})?{_AFTER})', re.IGNORECASE)
_APART = re.compile(rf'{_BEFORE}{_NOTE}[ _]+(\d){_AFTER}', re.IGNORECASE)
_LABELLED = re.compile(r'(?:midi|note|pitch)(?:[ _-]*(?:note|pitch|number|nr|no))?[ _-]*(\d{1,3})(?!\d)', re.IGNORECASE)
_NUMBER = re.compile(rf'{_BEFORE}(\d{{1,3}}){_AFTER}')
_VELOCITY = re.compile(rf'{_BEFORE}(?:v(?P<short>\d{{1,3}})|vel(?:ocity)?[-_ ]?(?P<long>\d{{1,3}})){_AFTER}',
                       re.IGNORECASE)
_LOWEST_VELOCITY = 20  # after a mere v; smaller ones are numbers of layers


@dataclasses.dataclass(frozen=True)
class Readings:
    """Pitches that a file name may mean.

    Attributes:
      plain: the pitches of its most certain tokens, ascending; if there is only one, it can be believed.
      possible: those, and others that are believed only if detection finds them.
    """

    plain: tuple[int, ...] = ()
    possible: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Token:
    """A part of a name that may be a pitch: its text, in lower case, and what it may mean."""

    text: str
    kind: str  # 'labelled', 'name' or 'number'
    pitches: tuple[int, ...]
    letter: str = ''
    accidental: str = ''


def parse_pitch(text: str, *, middle_c: str = 'C4') -> int:
    """The MIDI pitch of a text that is nothing but a pitch: '60', 'C4', 'c#3', 'F#2', 'Bb-1'.

    Args:
      text: a MIDI number or the name of a note.
      middle_c: how MIDI pitch 60 is called, 'C3', 'C4' or 'C5'.

    Raises:
      InputError: if it is neither, or not from 0 to 127.

    >>> parse_pitch('60'), parse_pitch('c#3'), parse_pitch('Bb-1'), parse_pitch('C4', middle_c='C3')
    (60, 49, 10, 72)
    """
    text = text.strip()
    pitch: int | None = None
    if re.fullmatch(r'[0-9]{1,3}', text):
        pitch = int(text)
    elif match := _PARSED_NAME.fullmatch(text):
        pitch = _pitch(match[1], match[2] or '', int(match[3]), middle_c)
    if pitch is None or not 0 <= pitch <= 127:
        raise InputError(f'Impossible pitch: expected a MIDI number from 0 to 127 or the name of a note such as C4 or '
                         f'F#2. Received: {text[:40]!r}')
    return pitch


def readings(stems: Sequence[str], *, middle_c: str = 'C4') -> list[Readings]:
    """Readings of the names of the files of one folder.

    The names are read together. A token that all of them share is not a pitch (Hammond B3), unless there are no others.
    If one name has an H, then B means B flat. The other names show if 's' means sharp or, in German (As), flat.

    Args:
      stems: file names without their suffixes.
      middle_c: how MIDI pitch 60 is called.
    """
    tokens = _without_shared([_tokens(stem, middle_c) for stem in stems])
    everything = [token for some in tokens for token in some if token.kind == 'name']
    is_german = any(token.letter == 'H' or token.accidental in ('is', 'es') for token in everything)
    has_sharp_s = any(token.accidental == 's' and token.letter in 'CDFG' for token in everything)
    return [_read(some, is_german=is_german, has_sharp_s=has_sharp_s) for some in tokens]


def pitch_in_file_name(stem: str, *, middle_c: str = 'C4') -> int:
    """The one plain MIDI pitch of a file's name (without its suffix).

    Raises:
      InputError: if there is none, or several that differ.

    >>> pitch_in_file_name('Violin_G_3'), pitch_in_file_name('generated_000_pitch60')
    (55, 60)
    """
    return only(readings([stem], middle_c=middle_c)[0], stem)


def only(found: Readings, stem: str) -> int:
    """The pitch of a name with exactly one plain reading.

    Raises:
      InputError: if it has none, or several.
    """
    if len(found.plain) == 1:
        return found.plain[0]
    kind = f'Ambiguous pitch ({" or ".join(map(str, found.plain))})' if found.plain else 'No pitch'
    raise InputError(f'{kind} in the file name: expected exactly one MIDI number from {_LOWEST_NUMBER} to 127 or name '
                     f'of a note such as C4 or F#2. Received: {stem!r}')


def velocity_in_file_name(stem: str) -> int | None:
    """The MIDI velocity that a file's name tells, as NSynth's do or by a token such as v100 or vel64; None if none."""
    if match := _NSYNTH_STEM.fullmatch(stem):
        number = int(match[3])
        return number if number <= 127 else None
    for match in _VELOCITY.finditer(stem):
        number = int(match['short'] or match['long'])
        if number <= 127 and (match['long'] or number >= _LOWEST_VELOCITY):
            return number
    return None


def before_pitch(stem: str) -> str:
    """The text before the pitch in a file's name: 'Grand Piano' of 'Grand Piano - C4 v100'; may be empty."""
    if match := _NSYNTH_STEM.fullmatch(stem):
        return match[1]
    matches = [_LABELLED.search(stem), _JOINED.search(stem) or _APART.search(stem) or _NUMBER.search(stem),
               _VELOCITY.search(stem)]
    end = min((match.start() for match in matches if match), default=len(stem))
    return stem[:end].strip(' -_.,()[]')


def _tokens(stem: str, middle_c: str) -> list[_Token]:
    """Everything in a name that could be a pitch, in the order of `kind`."""
    if match := _NSYNTH_STEM.fullmatch(stem):
        return [_Token(match[2], 'labelled', _in_range([int(match[2])]))]
    found: list[_Token] = []
    rest = _VELOCITY.sub(_blank, stem)

    def take(pattern, make):
        nonlocal rest
        found.extend(make(match) for match in pattern.finditer(rest))
        rest = pattern.sub(_blank, rest)
    take(_LABELLED, lambda match: _Token(match[0].lower(), 'labelled', _in_range([int(match[1])])))
    take(_JOINED, lambda match: _name_token(match, middle_c))
    take(_APART, lambda match: _name_token(match, middle_c))
    take(_NUMBER, lambda match: _Token(match[0], 'number', _in_range([int(match[1])], lowest=_LOWEST_NUMBER)))
    return [token for token in found if token.pitches]


def _blank(match: re.Match) -> str:
    return ' ' * len(match[0])


def _name_token(match: re.Match, middle_c: str) -> _Token:
    letter, accidental, octave = match[1].upper(), (match[2] or '').lower(), int(match[3])
    # Trackers write 'C-4' for middle C; no instrument reaches octave -4.
    octaves = {octave, -octave} if octave < 0 else {octave}
    pitches = {_pitch(letter, accidental, one, middle_c) for one in octaves}
    if accidental == 's' and letter in 'EA':  # Es, As: German flats
        pitches |= {_pitch(letter, 'b', one, middle_c) for one in octaves}
    return _Token(match[0].lower(), 'name', _in_range(pitches), letter, accidental)


def _pitch(letter: str, accidental: str, octave: int, middle_c: str) -> int:
    octave += 5 - MIDDLE_C[middle_c]
    return 12 * octave + _SEMITONES[letter.upper()] + _ACCIDENTALS[accidental.lower()]


def _in_range(pitches: Iterable[int], lowest: int = 0) -> tuple[int, ...]:
    return tuple(sorted(pitch for pitch in pitches if lowest <= pitch <= 127))


def _without_shared(tokens: list[list[_Token]]) -> list[list[_Token]]:
    """The tokens of a folder's files but for those that all share, if other ones tell some of the files apart."""
    counts = collections.Counter(text for some in tokens for text in {token.text for token in some})
    shared = {text for text, count in counts.items() if count == len(tokens) > 1}
    left = [[token for token in some if token.text not in shared] for some in tokens]
    return left if any(left) else tokens


def _read(tokens: list[_Token], *, is_german: bool, has_sharp_s: bool) -> Readings:
    by_kind: dict[str, set[int]] = {'labelled': set(), 'name': set(), 'number': set()}
    possible: set[int] = set()
    for token in tokens:
        by_kind[token.kind] |= _plain(token, is_german=is_german, has_sharp_s=has_sharp_s)
        possible |= {*token.pitches, *by_kind[token.kind]}
    names, numbers = by_kind['name'], by_kind['number']
    # A number beside a note of its class says in which octave that note is.
    agreeing = {number for number in numbers if number % 12 in {pitch % 12 for pitch in names}}
    plain = by_kind['labelled'] or agreeing or names or numbers
    return Readings(tuple(sorted(plain)), tuple(sorted(possible)))


def _plain(token: _Token, *, is_german: bool, has_sharp_s: bool) -> set[int]:
    if is_german and token.letter == 'B' and not token.accidental:
        return {pitch - 1 for pitch in token.pitches}
    if token.accidental == 's' and token.letter in 'EA' and len(token.pitches) == 2 and is_german != has_sharp_s:
        return {min(token.pitches) if is_german else max(token.pitches)}
    return set(token.pitches)
