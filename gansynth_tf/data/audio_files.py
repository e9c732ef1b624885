"""The reader of audio files, which decides how they are decoded.

Where tensorflow-io works (the extra `[io]`) its operations decode wav and flac in a TensorFlow graph; everything else,
and everywhere else, soundfile. The samples are the same.
"""

import io
import os
import pathlib
import struct
import typing

import numpy as np
import soundfile

from gansynth_tf.data import tfio_audio
from gansynth_tf.errors import InputError

LONGEST_SECONDS = 60.0  # of a file that is read: more is no note
_MOST_CHANNELS = 64
_RATES_HZ = (1000, 1_000_000)
_UNKNOWN_SIZE = 2**31 - 2**16  # what programs that cannot know a size write is at least this, or 0
_MOST_BYTES = 2**30


def read_audio(path: str | os.PathLike) -> tuple[np.ndarray, int]:
    """Reads a whole audio file of any format that libsndfile knows (wav, flac, aiff, ogg, mp3).

    Returns:
      float32 samples [samples, channels] with full scale 1 (16-bit samples are divided by 32768, exactly), and the
      sample rate in Hz. The samples may be none at all, silent or not finite: that is for the caller to judge.

    Raises:
      InputError: if the file is missing, is not audio, ends before its header says, is longer than a minute, or has an
        impossible rate.
    """
    path = pathlib.Path(path)
    try:
        _check_file(path)
        repaired = _repaired(path)
        with soundfile.SoundFile(path if repaired is None else repaired) as file:
            _check_header(file, path)
            decode = tfio_audio.decoder(file.format, file.subtype) if repaired is None else None
            samples = decode(path) if decode else None
            if samples is None:  # libsndfile knows more formats, and says what is wrong with a file
                samples = file.read(dtype='float32', always_2d=True)
            return samples, file.samplerate
    except FileNotFoundError as error:
        raise InputError(f'Audio file missing: expected a file at this path. Received: {str(path)!r}') from error
    except (OSError, RuntimeError) as error:  # libsndfile's errors are RuntimeErrors
        raise InputError(f'Cannot decode audio: expected a whole wav, flac, aiff, ogg or mp3 file '
                         f'({_reason(error)}). Received: {str(path)!r}') from error


def _check_file(path: pathlib.Path) -> None:
    """Refuses what is no file, and AIFF that is shorter than it says; libsndfile silently reads what is there."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f'Cannot decode audio: expected a regular file. Received: {str(path)!r}')
    with open(path, 'rb') as file:
        magic, size = file.read(4), file.read(4)
        if magic == b'FORM' and len(size) == 4:
            _refuse_truncated(struct.unpack('>I', size)[0] + 8, file.seek(0, os.SEEK_END), path)


def _repaired(path: pathlib.Path) -> io.BytesIO | None:
    """A WAV file with the sizes that it has instead of those that its header says; None where they need no repair.

    Writers that were stopped, or wrote to a pipe, leave sizes of 0 or 2 GiB and more; others miscount by a few bytes.
    The samples are there all the same. A plausible size of samples that are not there means a file that was cut off.

    Raises:
      InputError: if it was.
    """
    with open(path, 'rb') as file:
        head = file.read(12)
        if head[:4] != b'RIFF' or head[8:] != b'WAVE':
            return None
        actual = file.seek(0, os.SEEK_END)
        start, stated = _data_chunk(file, actual)
        if start is None:
            return None
        available = actual - start
        is_unknown = stated == 0 or stated >= _UNKNOWN_SIZE
        if not is_unknown:
            _refuse_truncated(start + stated, actual, path)
        if stated <= available and not is_unknown and struct.unpack('<I', head[4:8])[0] + 8 == actual:
            return None
        if actual > _MOST_BYTES:
            raise InputError(f'Audio too long for a note: expected at most {_MOST_BYTES >> 20} MiB. '
                             f'Received: {actual >> 20} MiB, {str(path)!r}')
        file.seek(0)
        content = bytearray(file.read())
    if is_unknown:
        content[start - 4:start] = struct.pack('<I', available)
    content[4:8] = struct.pack('<I', len(content) - 8)
    return io.BytesIO(content)


def _data_chunk(file: typing.BinaryIO, actual: int) -> tuple[int | None, int]:
    """The offset of the samples of a WAV file, None if it has none, and the number of their bytes by its header."""
    position = 12
    while position + 8 <= actual:
        file.seek(position)
        name, size = file.read(4), struct.unpack('<I', file.read(4))[0]
        if name == b'data':
            return position + 8, size
        position += 8 + size + size % 2
    return None, 0


def _refuse_truncated(stated: int, actual: int, path: pathlib.Path) -> None:
    if actual < stated:
        raise InputError(f'Audio file truncated: expected {stated} bytes, as its header says. '
                         f'Received: {actual} bytes, {str(path)!r}')


def _check_header(file: soundfile.SoundFile, path: pathlib.Path) -> None:
    lowest, highest = _RATES_HZ
    if not lowest <= file.samplerate <= highest:
        raise InputError(f'Impossible sample rate: expected {lowest} to {highest} Hz. Received: {file.samplerate} Hz, '
                         f'{str(path)!r}')
    seconds = file.frames / file.samplerate
    if seconds > LONGEST_SECONDS or file.channels > _MOST_CHANNELS:
        raise InputError(f'Audio too long for a note: expected at most {LONGEST_SECONDS:.0f} s in {_MOST_CHANNELS} '
                         f'channels. Received: {seconds:.0f} s in {file.channels} channels, {str(path)!r}')


def _reason(error: Exception) -> str:
    """The message of libsndfile without the path, which the error names already."""
    text = getattr(error, 'error_string', None) or getattr(error, 'strerror', None) or str(error)
    return ' '.join(text.split()).removeprefix('Error : ').rstrip('. ')
