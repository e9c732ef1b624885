"""Audio files: writes WAV, FLAC and Ogg Vorbis, at any sample rate, with tags."""

import dataclasses
import math
import os
import pathlib
import typing
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gansynth_tf import files
from gansynth_tf.errors import InputError, require_one_of
from gansynth_tf.instrument import whole_number

FORMATS = ('wav', 'flac', 'ogg')
BITS = (16, 24, 32)
SAMPLE_RATES = (8000, 192_000)
_SUBTYPES = {('wav', 16): 'PCM_16', ('wav', 24): 'PCM_24', ('wav', 32): 'FLOAT', ('flac', 16): 'PCM_16',
             ('flac', 24): 'PCM_24'}
_BLOCK = 1 << 18  # samples converted at once
_FILTER_SAMPLES = 10  # half of scipy's resampling filter, in samples of the lower rate


@dataclasses.dataclass(frozen=True)
class Encoding:
    """A kind of audio file.

    Attributes:
      format: 'wav', 'flac' or 'ogg' (Vorbis).
      bits: 16, 24, or 32 for floating point, which only wav has; ogg ignores them.
      sample_rate: Hz; the sound's own if None.
    """

    format: str = 'wav'
    bits: int = 16
    sample_rate: int | None = None

    def __post_init__(self):
        require_one_of('format', self.format, FORMATS)
        if self.bits not in BITS or (self.format == 'flac' and self.bits == 32):
            raise InputError(f'Impossible bits: expected 16 or 24, or with wav 32. '
                             f'Received: {self.bits!r} with {self.format}')
        if self.sample_rate is not None and not SAMPLE_RATES[0] <= self.sample_rate <= SAMPLE_RATES[1]:
            raise InputError(f'Impossible sample_rate: expected {SAMPLE_RATES[0]} to {SAMPLE_RATES[1]} Hz. '
                             f'Received: {self.sample_rate!r}')

    @property
    def suffix(self) -> str:
        return f'.{self.format}'


def write_wav(path: str | os.PathLike, audio: np.ndarray, sample_rate: int) -> pathlib.Path:
    """Writes mono audio as a 16-bit WAV file.

    Audio beyond full scale is turned down as a whole, never clipped.

    Args:
      path: of the file.
      audio: float [samples], full scale 1.
      sample_rate: Hz.

    Returns:
      The path.

    Raises:
      InputError: if the file cannot be written, a sample is not finite, or an argument is of another kind.
    """
    try:
        samples = np.asarray(audio)
    except ValueError:  # rows of different lengths
        samples = np.array(None)
    if samples.ndim != 1 or samples.dtype.kind != 'f':
        raise InputError(f'Cannot write audio: expected one row of floats, full scale 1. '
                         f'Received: {samples.dtype} of shape {list(samples.shape)}')
    sample_rate = whole_number(sample_rate, 'sample_rate', lowest=1, highest=1_000_000)
    return write_note(files.expanded(path), samples, sample_rate, Encoding())


def write_note(path: str | os.PathLike, audio: np.ndarray, sample_rate: int, encoding: Encoding, *,
               tags: Mapping[str, str] | None = None) -> pathlib.Path:
    """As `write_wav`, in any encoding and with tags."""
    peak = float(np.max(np.abs(audio), initial=0))
    require_finite(peak, path)
    blocks = (audio[start:start + _BLOCK, None] / max(peak, 1) for start in range(0, len(audio), _BLOCK))
    return write(path, blocks, sample_rate, encoding, tags=tags)


def write(path: str | os.PathLike, blocks: Iterable[np.ndarray], sample_rate: int, encoding: Encoding, *,
          num_channels: int = 1, tags: Mapping[str, str] | None = None) -> pathlib.Path:
    """Writes sound that is given in blocks.

    Args:
      path: of the file.
      blocks: float [any number of samples, num_channels], full scale 1, one after the other.
      sample_rate: of the blocks, Hz.
      encoding: the kind of file.
      num_channels: 1 or 2.
      tags: any of 'title', 'comment', 'software', 'tracknumber'.

    Returns:
      The path.

    Raises:
      InputError: if the file cannot be written.
    """
    import soundfile
    path = pathlib.Path(path)
    rate = encoding.sample_rate or sample_rate
    subtype = _SUBTYPES.get((encoding.format, encoding.bits), 'VORBIS')
    with files.atomic_write(path) as temporary, open(temporary, 'wb') as file:
        target = _Target(file)
        try:
            with soundfile.SoundFile(target, 'w', rate, num_channels, subtype, format=encoding.format.upper()
                                     ) as writer:
                for name, text in (tags or {}).items():
                    setattr(writer, name, text)
                for block in resampled(blocks, sample_rate, rate):
                    writer.write(_samples(block, subtype))
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise target.error or OSError(str(error)) from error
        if target.error:
            raise target.error
    return path


def resampled(blocks: Iterable[np.ndarray], from_rate: int, to_rate: int) -> Iterator[np.ndarray]:
    """Yields sound at another sample rate, float [samples, channels] a block, without seams between blocks."""
    if from_rate == to_rate:
        yield from blocks
        return
    from scipy import signal
    divisor = math.gcd(from_rate, to_rate)
    up, down = to_rate // divisor, from_rate // divisor
    # Blocks, and the samples that are read around them, are whole periods of the two rates.
    around = -(-(_FILTER_SAMPLES * max(up, down) // up + 1) // down) * down
    size = -(-_BLOCK // down) * down
    filled, waiting = 0, [np.zeros((0, 1))]
    before = None
    for block in blocks:
        before = np.zeros((around, block.shape[1])) if before is None else before
        waiting, filled = [*waiting, block] if filled else [block], filled + len(block)
        while filled >= size + around:
            rest = np.concatenate(waiting)
            whole = np.concatenate([before, rest[:size + around]])
            yield signal.resample_poly(whole, up, down)[around * up // down:(around + size) * up // down]
            before, waiting, filled = rest[size - around:size], [rest[size:]], filled - size
    if filled and before is not None:
        whole = np.concatenate([before, *waiting])
        length = -(-filled * up // down)
        yield signal.resample_poly(whole, up, down)[around * up // down:][:length]


def require_finite(peak: float, path: str | os.PathLike) -> None:
    """Raises an `InputError` unless the peak of the sound that is to be written is finite."""
    if not np.isfinite(peak):
        raise InputError(f'Cannot write audio: expected finite samples. Received: NaN or infinity for {str(path)!r}')


def _samples(block: np.ndarray, subtype: str) -> np.ndarray:
    """Samples for libsndfile: rounded here for integer formats, since it would round them all down."""
    if subtype == 'PCM_16':
        return np.round(np.clip(block, -1, 1) * 32767).astype(np.int16)
    if subtype == 'PCM_24':
        return np.round(np.clip(block, -1, 1) * 8388607.0).astype(np.int32) << 8
    return block


class _Target:
    """A file that keeps the first error it met, since libsndfile does not say which error it was."""

    def __init__(self, file: typing.BinaryIO):
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            return 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError as error:  # since buffered data is written first
            self.error = self.error or error
            return 0

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        return b''

    def flush(self) -> None:
        pass
