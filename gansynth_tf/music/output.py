"""Writing audio files."""

import os
import pathlib
import tempfile
import wave
from collections.abc import Iterable

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
    peak = _peak(audio)
    _require_finite(peak, path)
    blocks = (audio[start:start + _BLOCK] for start in range(0, len(audio), _BLOCK))
    return _write(path, blocks, 1 / max(peak, 1), len(audio), sample_rate)


def write_clip(path: str | os.PathLike, blocks: Iterable[np.ndarray], sample_rate: int, *, peak: float) -> pathlib.Path:
    """Writes a clip that comes in blocks as a 16-bit WAV file, brought to a peak.

    How loud it is, is known only at its end, so the blocks first go to a file without a name in the same directory: the
    system removes it however this ends.

    Args:
      path: where to.
      blocks: float32 [any number of samples], one after the other.
      sample_rate: Hz.
      peak: the largest magnitude to have, full scale 1; silence stays silence.

    Returns:
      The path.

    Raises:
      InputError: if the file cannot be written, or a sample is not finite.
    """
    path = pathlib.Path(path)
    highest, length = 0.0, 0
    try:
        with tempfile.TemporaryFile(dir=path.parent) as parts:
            for block in blocks:
                highest, length = max(highest, _peak(block)), length + len(block)
                parts.write(block.astype(np.float32).tobytes())
            _require_finite(highest, path)
            parts.seek(0)
            again = (np.frombuffer(part, np.float32) for part in iter(lambda: parts.read(4 * _BLOCK), b''))
            return _write(path, again, peak / highest if highest > 0 else 1.0, length, sample_rate)
    except OSError as error:
        raise InputError(f'Cannot write the clip: expected room and permission for it. '
                         f'Received: {str(path)!r} ({error.strerror or error})') from error


def _write(path: str | os.PathLike, blocks: Iterable[np.ndarray], gain: float, length: int, sample_rate: int
           ) -> pathlib.Path:
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary, open(temporary, 'wb') as file, wave.open(file, 'wb') as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.setnframes(length)
        for block in blocks:
            writer.writeframesraw(np.round(block * (32767 * gain)).astype('<i2').tobytes())
    return path


def _peak(audio: np.ndarray) -> float:
    return float(np.max(np.abs(audio), initial=0))


def _require_finite(peak: float, path: str | os.PathLike) -> None:
    if not np.isfinite(peak):
        raise InputError(f'Cannot write audio: expected finite samples. Received: NaN or infinity for {str(path)!r}')
