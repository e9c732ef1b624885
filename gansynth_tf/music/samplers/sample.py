"""A sample: one note as a sampler needs it, and the WAV files that hold it with its loop."""

import dataclasses
import os
import pathlib
import struct

import numpy as np
import soundfile

from gansynth_tf import files


@dataclasses.dataclass(frozen=True)
class Sample:
    """One recording of an instrument, for one key or more.

    Attributes:
      pitch: MIDI number at which it sounds as recorded.
      low_key: lowest key that plays it.
      high_key: highest key that plays it.
      wave: float [samples], full scale 1.
      sample_rate: in Hz.
      tune_cents: added to its pitch when it is played, to correct its tuning.
      loop: (first sample, the one after the last) of the part that repeats, or None.
      fall_db_per_second: decay of the note while its loop, whose level is constant, repeats; 0 for a steady note.
    """

    pitch: int
    low_key: int
    high_key: int
    wave: np.ndarray
    sample_rate: int
    tune_cents: int = 0
    loop: tuple[int, int] | None = None
    fall_db_per_second: float = 0.0


def write_wav(sample: Sample, path: str | os.PathLike) -> pathlib.Path:
    """Writes 24-bit WAV with a `smpl` chunk: key, fine tuning and loop, which most samplers read.

    The chunk's loop end is inclusive, as its specification has it.
    """
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        soundfile.write(temporary, sample.wave, sample.sample_rate, format='WAV', subtype='PCM_24')
        with open(temporary, 'r+b') as file:
            file.seek(0, os.SEEK_END)
            if file.tell() % 2:
                file.write(b'\0')
            file.write(_smpl_chunk(sample))
            size = file.tell()
            file.seek(4)
            file.write(struct.pack('<I', size - 8))
    return path


def _smpl_chunk(sample: Sample) -> bytes:
    # The chunk states the pitch that is heard: 20 cents below the key for a sample that is 20 cents flat.
    pitch = sample.pitch - sample.tune_cents / 100
    fraction = round((pitch % 1) * 2**32) % 2**32
    loops = [] if sample.loop is None else [struct.pack('<6I', 0, 0, sample.loop[0], sample.loop[1] - 1, 0, 0)]
    head = struct.pack('<9I', 0, 0, round(1e9 / sample.sample_rate), int(pitch), fraction, 0, 0, len(loops), 0)
    body = head + b''.join(loops)
    return b'smpl' + struct.pack('<I', len(body)) + body
