"""MIDI pitches as people write them: numbers, note names in either octave convention, and inside file names."""

import re

from gansynth_tf.errors import InputError

# The name of MIDI pitch 60 by convention: C4 in scientific pitch notation, C3 with Yamaha and many samplers.
MIDDLE_C = {'C3': 3, 'C4': 4, 'C5': 5}

_SEMITONES = {'C': 0, 'D': 2, 'E': 4, 'F': 5, 'G': 7, 'A': 9, 'B': 11}
_ACCIDENTALS = {'': 0, '#': 1, '♯': 1, 's': 1, 'b': -1, '♭': -1}
_NOTE_NAME = r'([A-Ga-g])([#♯s]|[b♭])?(-?\d{1,2})'
_ALONE = r'(?<![A-Za-z0-9#]){}(?![A-Za-z0-9#])'
_NAME_TOKEN = re.compile(_ALONE.format(_NOTE_NAME))
_NUMBER_TOKEN = re.compile(_ALONE.format(r'(\d{1,3})'))
_NSYNTH_STEM = re.compile(r'(.*)-(\d{3})-(\d{3})')  # instrument-pitch-velocity
_VELOCITY_TOKEN = re.compile(r'(?<![A-Za-z0-9])v(?:el)?(?:ocity)?[-_]?(\d{1,3})(?![A-Za-z0-9])', re.IGNORECASE)


def parse_pitch(text: str, *, middle_c: str = 'C4') -> int:
    """The MIDI pitch of a text that is nothing but a pitch: '60', 'C4', 'c#3', 'F#2', 'Bb-1'.

    Args:
      text: a MIDI number or the name of a note.
      middle_c: how MIDI pitch 60 is called, 'C3', 'C4' or 'C5'.

    Raises:
      InputError: if it is neither, or not from 0 to 127.
    """
    text = text.strip()
    pitch: int | None = None
    if re.fullmatch(r'\d{1,3}', text):
        pitch = int(text)
    elif match := re.fullmatch(_NOTE_NAME, text):
        pitch = _from_name(match, middle_c)
    if pitch is None or not 0 <= pitch <= 127:
        raise InputError(f'Impossible pitch: expected a MIDI number from 0 to 127 or the name of a note such as C4 or '
                         f'F#2. Received: {text!r}')
    return pitch


def pitch_in_file_name(stem: str, *, middle_c: str = 'C4') -> int:
    """The one MIDI pitch that a file's name (without its suffix) contains.

    NSynth's names (instrument-pitch-velocity) are understood as such. In others, names of notes that stand alone come
    before numbers that stand alone: 'take 2 F#3' is F#3. Anything that would have to be guessed is refused.

    Raises:
      InputError: if there is none, or several that differ.
    """
    if match := _NSYNTH_STEM.fullmatch(stem):
        return parse_pitch(match[2])
    without_velocity = _VELOCITY_TOKEN.sub('', stem)
    named = {_from_name(match, middle_c) for match in _NAME_TOKEN.finditer(without_velocity)}
    found = {pitch for pitch in named if 0 <= pitch <= 127}
    if not named:
        numbers = {int(match[1]) for match in _NUMBER_TOKEN.finditer(without_velocity)}
        found = {pitch for pitch in numbers if pitch <= 127}
    if len(found) == 1:
        return found.pop()
    expected = 'exactly one MIDI number from 0 to 127 or name of a note such as C4 or F#2'
    kind = 'Ambiguous pitch' if found else 'No pitch'
    raise InputError(f'{kind} in the file name: expected {expected}. Received: {stem!r}')


def velocity_in_file_name(stem: str) -> int | None:
    """The MIDI velocity that a file's name tells, as NSynth's do or by a token such as v100 or vel64; None if none."""
    match = _NSYNTH_STEM.fullmatch(stem)
    text = match[3] if match else next((match[1] for match in _VELOCITY_TOKEN.finditer(stem)), None)
    return int(text) if text is not None and int(text) <= 127 else None


def before_pitch(stem: str) -> str:
    """What comes before the pitch in a file's name: 'Grand Piano' of 'Grand Piano - C4 v100'. Empty if nothing does."""
    if match := _NSYNTH_STEM.fullmatch(stem):
        return match[1]
    tokens = [_NAME_TOKEN.search(stem) or _NUMBER_TOKEN.search(stem), _VELOCITY_TOKEN.search(stem)]
    end = min((match.start() for match in tokens if match), default=len(stem))
    return stem[:end].strip(' -_.,()[]')


def _from_name(match: re.Match, middle_c: str) -> int:
    octave = int(match[3]) - MIDDLE_C[middle_c] + 5
    return 12 * octave + _SEMITONES[match[1].upper()] + _ACCIDENTALS[match[2] or '']
