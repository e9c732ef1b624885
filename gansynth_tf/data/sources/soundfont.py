"""Notes that are played by a SoundFont: held for three seconds and let go for one, without reverberation and chorus."""

import functools
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from gansynth_tf.data.sources import soundfont_file
from gansynth_tf.data.sources.note_source import NoteSource, SkippedNote, SourceNote
from gansynth_tf.errors import InputError

PROGRAMS = tuple(range(112))  # General MIDI's pitched instruments; percussion and noises follow
VELOCITIES = (25, 50, 75, 100, 127)  # NSynth's

# Decimated afterwards: the synthesizer does not filter what it plays faster; at 48 kHz little aliasing is audible.
_RENDER_RATE = 48000  # Hz
_HELD = 0.75  # of a note's length: 3 of 4 seconds

# NSynth's families by General MIDI program, from the first of each group.
_FAMILIES = {0: 'keyboard', 8: 'mallet', 16: 'organ', 24: 'guitar', 32: 'bass', 40: 'string', 46: 'guitar',
             47: 'mallet', 48: 'string', 52: 'vocal', 55: 'string', 56: 'brass', 64: 'reed', 72: 'flute',
             80: 'synth_lead', 85: 'vocal', 86: 'synth_lead', 104: 'guitar', 108: 'mallet', 109: 'reed', 110: 'string',
             111: 'reed', 112: 'mallet'}


def read_source(path: str | os.PathLike, *, programs: Sequence[int] = PROGRAMS,
                velocities: Sequence[int] = VELOCITIES, min_pitch: int = 0, max_pitch: int = 127, stretch: int = 6,
                seconds: float = 4.0) -> NoteSource:
    """Every asked-for pitch that an instrument of a SoundFont plays, at every velocity.

    Args:
      path: an .sf2 or .sf3 file.
      programs: MIDI programs of bank 0, from 0.
      velocities: MIDI velocities from 1.
      min_pitch: lowest MIDI pitch.
      max_pitch: highest MIDI pitch.
      stretch: how many semitones an instrument may be played away from the nearest of its recordings. SoundFonts play
        their outermost recordings up to the ends of the keyboard, far beyond the instrument's range.
      seconds: length of a note; it is held for three quarters.

    Raises:
      InputError: if the file is not a SoundFont, has none of the programs, or tinysoundfont is not installed.
    """
    path = pathlib.Path(path).expanduser()
    everything = soundfont_file.read_presets(path)
    presets = [preset for preset in everything if preset.bank == 0]
    # A player takes the first of several presets of one number.
    chosen = list({preset.program: preset for preset in reversed(presets) if preset.program in programs}.values())[::-1]
    if not chosen:
        there = ', '.join(str(preset.program) for preset in presets)
        elsewhere = ', '.join(str(bank) for bank in sorted({preset.bank for preset in everything} - {0}))
        raise InputError(f'No such instruments in the SoundFont: expected some of the programs of bank 0: '
                         f'{there or "it has none"}{f" (others in the banks {elsewhere})" if elsewhere else ""}. '
                         f'Received: {", ".join(map(str, programs[:8]))}'
                         f'{f" and {len(programs) - 8} more" if programs[8:] else ""}')
    if any(not 1 <= velocity <= 127 for velocity in velocities):
        raise InputError(f'Impossible velocity: expected whole numbers from 1 to 127. Received: {tuple(velocities)}')
    player = _Player(path, seconds)
    notes, num_left_out = [], 0
    for preset in chosen:
        kept, all_keys = preset.keys(stretch), preset.keys()
        sounding = {pitch: key for key, pitch in reversed(kept.items()) if min_pitch <= pitch <= max_pitch}
        notes += [_note(player, preset, pitch, key, velocity) for pitch, key in sorted(sounding.items())
                  for velocity in velocities]
        num_left_out += len(velocities) * (len(set(all_keys.values())) - len(sounding))
    skipped = [SkippedNote(f'{preset.program:03d} {preset.name}', 'Preset passed over: expected one of each program. '
                           'Received: another of the same bank and program') for preset in presets
               if preset.program in programs and preset not in chosen]
    return NoteSource(kind='soundfont', description=f'Notes played by the SoundFont {path.name}.', homepage='',
                      citation='', license='That of the SoundFont.', notes=tuple(notes), skipped=tuple(skipped),
                      num_not_selected=num_left_out)


def _note(player: '_Player', preset: soundfont_file.Preset, pitch: int, key: int, velocity: int) -> SourceNote:
    instrument = f'{preset.program:03d} {preset.name.replace("/", "-")}'
    family = _FAMILIES[max(first for first in _FAMILIES if first <= preset.program)]
    return SourceNote(name=f'{instrument}-{pitch:03d}-{velocity:03d}', pitch=pitch, velocity=velocity,
                      instrument=instrument, family=family, origin='synthetic',
                      read_audio=functools.partial(player.play, preset.program, key, velocity))


class _Player:
    """A SoundFont, loaded when the first note is played."""

    def __init__(self, path: pathlib.Path, seconds: float):
        self._path = path
        self._num_samples = round(seconds * _RENDER_RATE)
        self._tinysoundfont = _import_tinysoundfont()

    @functools.cached_property
    def _font(self):
        font = self._tinysoundfont.Synth(samplerate=_RENDER_RATE)
        try:
            return font, font.sfload(soundfont_file.playable(self._path))
        except Exception as error:  # its own exceptions and RuntimeErrors
            raise InputError(f'Cannot play the SoundFont: expected a whole .sf2 or .sf3 file ({error}). '
                             f'Received: {str(self._path)!r}') from error

    def play(self, program: int, key: int, velocity: int) -> tuple[np.ndarray, int]:
        """float32 [samples, 1] and the rate."""
        font, font_id = self._font
        font.sounds_off()
        font.generate(_RENDER_RATE // 10)  # what sounded fades out quickly, but not at once
        font.program_select(0, font_id, 0, program)
        font.noteon(0, key, velocity)
        held = round(_HELD * self._num_samples)
        attack = np.frombuffer(font.generate(held), np.float32).copy()
        font.noteoff(0, key)
        release = np.frombuffer(font.generate(self._num_samples - held), np.float32)
        stereo = np.concatenate([attack, release]).reshape(-1, 2)
        return stereo.mean(axis=1, keepdims=True), _RENDER_RATE


def _import_tinysoundfont():
    try:
        import tinysoundfont
    except ImportError as error:
        # Not an extra: of its dependency pyaudio, which only playing aloud needs, there is nothing to install on Linux.
        raise InputError(f'Cannot play SoundFonts: expected tinysoundfont to be installed (pip install --no-deps '
                         f'tinysoundfont). Received: {error}') from error
    return tinysoundfont
