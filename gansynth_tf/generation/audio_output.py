"""Writing audio files."""

import os
import pathlib
import wave

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError

_BLOCK = 1 << 20  # samples converted at once


def write_wav(path: str | os.PathLike, audio: np.ndarray, sample_rate: int) -> pathlib.Path:
    """Writes mono audio as a 16-bit WAV file.

    Audio beyond full scale is turned down as a whole, never clipped. The standard library writes it, not libsndfile,
    because a full disk then arrives as the OSError that it is.

    Args:
      path: where to.
      audio: float [samples], full scale 1.
      sample_rate: Hz.

    Returns:
      The path.

    Raises:
      InputError: if the file cannot be written, or a sample is not finite.
    """
    path = pathlib.Path(path)
    peak = max(np.max(audio, initial=0), -np.min(audio, initial=0))
    if not np.isfinite(peak):
        raise InputError(f'Cannot write audio: expected finite samples. Received: NaN or infinity for {str(path)!r}')
    gain = 32767 / max(peak, 1)
    with files.atomic_write(path) as temporary, open(temporary, 'wb') as file, wave.open(file, 'wb') as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.setnframes(len(audio))
        for start in range(0, len(audio), _BLOCK):
            writer.writeframesraw(np.round(audio[start:start + _BLOCK] * gain).astype('<i2'))
    return path
