"""Converted spectrograms on disk, at every resolution, in half precision: for data sets too large for memory.

All resolutions are written in one pass over the notes. After it no stage needs to analyse a wave again, and the first
stages read a few hundred bytes a note. Half precision is exact to 0.004 for log magnitudes of up to 8, and to 0.0005
for instantaneous frequencies.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
import tqdm

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.spectral.resolutions import all_resolutions, pool

_DESCRIPTION_FILE = 'description.json'


def open_specgrams(cache_dir: str | os.PathLike, config: Config, resolution: tuple[int, int], *, notes: dict,
                   num_notes: int, convert: Callable[[], Iterable[tf.Tensor]]) -> np.ndarray:
    """Opens the spectrograms of some notes, and writes them first if they are not there.

    Args:
      cache_dir: holds any number of such sets, each in a folder of its own; created if need be.
      config: says how waves become spectrograms.
      resolution: (height, width), one of the configuration's.
      notes: describes which notes these are, as JSON would have it: others have another description.
      num_notes: how many there are.
      convert: returns batches of all their full-size spectrograms, not normalised.

    Returns:
      float16 [num_notes, height, width, 2], which stays on disk and is read where it is indexed.

    Raises:
      InputError: if the resolution is none of the configuration's, or the disk is full or not writable.
    """
    sizes = all_resolutions(config)
    if resolution not in sizes:
        raise InputError(f'Resolution not in the cache: expected one of {", ".join(map(str, sizes))}. '
                         f'Received: {resolution}')
    description = {'notes': notes} | {name: getattr(config, name) for name, facts in config.facts().items()
                                      if facts.shapes_specgrams}
    text = json.dumps(description, indent=1, sort_keys=True)
    directory = files.make_directory(cache_dir) / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not directory.exists():
        _write(directory, text, sizes, num_notes, convert)
    return np.load(directory / _file_name(resolution), mmap_mode='r')


def _write(directory: pathlib.Path, text: str, sizes: list[tuple[int, int]], num_notes: int,
           convert: Callable[[], Iterable[tf.Tensor]]) -> None:
    """Writes a file for each resolution; the directory has its name only when all are complete."""
    errors = files.write_errors(directory, what='the spectrogram cache')
    with errors, files.temporary_directory(directory) as partial:
        (partial / _DESCRIPTION_FILE).write_text(text)
        _check_space(partial, sum(4 * height * width * num_notes for height, width in sizes))
        arrays = {size: np.lib.format.open_memmap(partial / _file_name(size), 'w+', np.float16, (num_notes, *size, 2))
                  for size in sizes}
        filled = 0
        with tqdm.tqdm(total=num_notes, desc=f'Converting notes to {directory}', unit=' notes',
                       disable=None) as progress:
            for specgrams in convert():
                for size in reversed(sizes):  # each from the next finer
                    specgrams = pool(specgrams, size)
                    arrays[size][filled:filled + len(specgrams)] = specgrams
                filled += len(specgrams)
                progress.update(len(specgrams))
        for array in arrays.values():
            array.flush()
        with contextlib.suppress(FileExistsError):  # another run was faster
            partial.rename(directory)


def _check_space(directory: pathlib.Path, num_bytes: int) -> None:
    """Writing to a mapped file on a full disk would kill the process instead of raising an error."""
    free = shutil.disk_usage(directory).free
    if free < num_bytes:
        raise InputError(f'Cannot write the spectrogram cache: expected {num_bytes / 2**30:.1f} GiB of free space. '
                         f'Received: {free / 2**30:.1f} GiB, {str(directory.parent)!r}')


def _file_name(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}.npy'
