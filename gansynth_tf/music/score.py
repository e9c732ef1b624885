"""The notes of a MIDI file, as times in seconds."""

import logging
import os
import pathlib
import typing
import warnings
from collections.abc import Collection, Sequence

from gansynth_tf.errors import InputError

LONGEST_SECONDS = 6 * 3600  # a longer file is taken for a corrupt one rather than for hours of memory

_log = logging.getLogger(__name__)


class Note(typing.NamedTuple):
    """One note: MIDI pitch 0..127, velocity 1..127, and when its key goes down and up, in seconds."""

    pitch: int
    velocity: int
    start_seconds: float
    end_seconds: float
    is_drum: bool = False  # on MIDI channel 10, where a number names a drum and not a pitch


def read_midi(path: str | os.PathLike) -> list[Note]:
    """Reads every note of a standard MIDI file.

    The order is the file's: instrument by instrument, and within one in the order in which notes end (note_seq's, and
    so Magenta's). As there, the sustain pedal does not lengthen notes.

    Raises:
      InputError: if there is no such file, it is not MIDI, breaks off, or holds no notes.
    """
    path = pathlib.Path(path).expanduser()
    try:
        midi = _parse(path)
    except FileNotFoundError as error:
        raise InputError(f'No such MIDI file: expected a path to a .mid file. Received: {str(path)!r}') from error
    except Exception as error:  # broken files surface as nearly every type there is, from KeyError to struct.error
        reason = 'the file ends too early' if isinstance(error, EOFError) else str(error) or type(error).__name__
        raise InputError(f'Cannot read the MIDI file: expected a standard MIDI file ({reason}). '
                         f'Received: {str(path)!r}') from error
    notes = [Note(note.pitch, note.velocity, float(note.start), float(note.end), instrument.is_drum)
             for instrument in midi.instruments for note in instrument.notes]
    if not notes:
        raise InputError(f'Nothing to play: expected a MIDI file with notes. Received: {str(path)!r}')
    if not all(0 <= note.start_seconds < note.end_seconds <= LONGEST_SECONDS for note in notes):
        raise InputError(f'Impossible note times: expected a MIDI file of at most {LONGEST_SECONDS // 3600} hours. '
                         f'Received: {str(path)!r}')
    return notes


def playable(notes: Sequence[Note], pitches: Collection[int]) -> list[Note]:
    """The notes that can be played: of one of `pitches`, and not drums.

    Magenta plays drums as if they had a pitch, and only pitches 36 to 84 of the 24 to 84 that its models know.

    Raises:
      InputError: if none is left.
    """
    kept = [note for note in notes if note.pitch in pitches and not note.is_drum]
    if not kept:
        found = [note.pitch for note in notes if not note.is_drum]
        received = f'pitches {min(found)} to {max(found)}' if found else 'drums only'
        raise InputError(f'Nothing to play: expected notes of the pitches {min(pitches)} to {max(pitches)}. '
                         f'Received: {received}')
    return kept


def total_seconds(notes: Sequence[Note]) -> float:
    """When the last note ends; Magenta takes the end of the last listed one, which may be an earlier."""
    return max(note.end_seconds for note in notes)


def _parse(path: pathlib.Path):
    import mido  # here, since these two take half a second that only MIDI needs
    import pretty_midi
    file = mido.MidiFile(path, charset='latin1')
    if file.ticks_per_beat <= 0:
        raise ValueError('it is timed in film frames instead of beats')
    if any(message.type == 'set_tempo' for track in file.tracks[1:] for message in track):
        _log.warning('%s: tempo changes outside the first track are left out', path)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # also about key signatures there, which do not matter
        return pretty_midi.PrettyMIDI(mido_object=file)
