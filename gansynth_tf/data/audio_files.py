"""Audio files in: the one place that decides how they are decoded.

Where tensorflow-io works (the extra `[io]`) its operations decode wav and flac in a TensorFlow graph; everything else,
and everywhere else, soundfile. The samples are the same.
"""

import os
import pathlib
import struct

import numpy as np
import soundfile

from gansynth_tf.data import audio_ops
from gansynth_tf.errors import InputError

LONGEST_SECONDS = 60.0  # of a file that is read: more is no note
_MOST_CHANNELS = 64


def read_audio(path: str | os.PathLike) -> tuple[np.ndarray, int]:
    """Reads a whole audio file of any format that libsndfile knows (wav, flac, aiff, ogg, mp3).

    Returns:
      float32 samples [samples, channels] with full scale 1 (16-bit samples are divided by 32768, exactly), and the
      sample rate in Hz. The samples may be none at all, silent or not finite: that is for the caller to judge.

    Raises:
      InputError: if the file is missing, is not audio, ends before its header says, or is longer than a minute.
    """
    path = pathlib.Path(path)
    try:
        _check_file(path)
        with soundfile.SoundFile(path) as file:
            _check_header(file, path)
            decode = audio_ops.decoder(file.format, file.subtype)
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
    """Wav and aiff state their size in bytes 4 to 8; libsndfile silently reads what is there of a shorter file."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f'Cannot decode audio: expected a regular file. Received: {str(path)!r}')
    with open(path, 'rb') as file:
        magic, size = file.read(4), file.read(4)
        if magic not in (b'RIFF', b'FORM') or len(size) < 4:
            return
        stated, = struct.unpack('<I' if magic == b'RIFF' else '>I', size)
        stated += 8
        actual = file.seek(0, os.SEEK_END)
    streamed = stated >= 2**32 - 1  # written to a pipe: the size was not known
    if actual < stated and not streamed:
        raise InputError(f'Audio file truncated: expected {stated} bytes, as its header says. '
                         f'Received: {actual} bytes, {str(path)!r}')


def _check_header(file: soundfile.SoundFile, path: pathlib.Path) -> None:
    seconds = file.frames / file.samplerate
    if seconds > LONGEST_SECONDS or file.channels > _MOST_CHANNELS:
        raise InputError(f'Audio too long for a note: expected at most {LONGEST_SECONDS:.0f} s in {_MOST_CHANNELS} '
                         f'channels. Received: {seconds:.0f} s in {file.channels} channels, {str(path)!r}')


def _reason(error: Exception) -> str:
    """What libsndfile says, without the path, which the message has already."""
    text = getattr(error, 'error_string', None) or getattr(error, 'strerror', None) or str(error)
    return ' '.join(text.split()).removeprefix('Error : ').rstrip('. ')
