"""Audio files decoded by operations of tensorflow-io in a TensorFlow graph, where those work.

The operations of tensorflow-io 0.37.1, its last release, load with TensorFlow 2.16 and 2.17 only: the extra `[io]`.
Elsewhere `decoder` returns None, and `audio_files` reads the file with soundfile.
"""

import functools
import importlib
import importlib.util
import os
from collections.abc import Callable

import numpy as np
import tensorflow as tf

_TENSORFLOWS = ('2.16.', '2.17.')

# How samples are decoded, by what libsndfile calls the format and the subtype: the operation, its type, and what its
# values have to be divided by (24 bits come left-justified in 32). Other subtypes the operations cannot read.
_INTEGERS = {'PCM_16': (tf.int16, 2.0**15), 'PCM_24': (tf.int32, 2.0**31)}
_KINDS: dict[tuple[str, str], tuple[str, tf.DType, float]] = {
    **{('WAV', subtype): ('decode_wav', *kind) for subtype, kind in _INTEGERS.items()},
    **{('WAVEX', subtype): ('decode_wav', *kind) for subtype, kind in _INTEGERS.items()},
    **{('FLAC', subtype): ('decode_flac', *kind) for subtype, kind in _INTEGERS.items()},
    ('WAV', 'FLOAT'): ('decode_wav', tf.float32, 1.0),
    ('OGG', 'VORBIS'): ('decode_vorbis', tf.float32, 1.0),
    ('MP3', 'MPEG_LAYER_III'): ('decode_mp3', tf.float32, 1.0),
}


def decoder(file_format: str, subtype: str) -> Callable[[str | os.PathLike], np.ndarray | None] | None:
    """A function that decodes files of one kind on the graph to float32 [samples, channels]; None if there is none.

    Args:
      file_format: as libsndfile calls it, e.g. 'FLAC'.
      subtype: of its samples, e.g. 'PCM_16'.

    The returned function returns None if the file cannot be decoded.
    """
    if (file_format, subtype) not in _KINDS or not is_available():
        return None
    return functools.partial(_decode, _graph(*_KINDS[file_format, subtype]))


@functools.cache
def is_available() -> bool:
    """True if tensorflow-io is installed beside a TensorFlow that it works with."""
    return tf.__version__.startswith(_TENSORFLOWS) and importlib.util.find_spec('tensorflow_io') is not None


@functools.cache
def _graph(operation: str, kind: tf.DType, full_scale: float) -> tf.types.experimental.GenericFunction:
    """A graph from a path to float32 [samples, channels]."""
    decode = getattr(importlib.import_module('tensorflow_io').audio, operation)
    options = {} if operation in ('decode_vorbis', 'decode_mp3') else {'dtype': kind}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def read(path):
        samples = decode(tf.io.read_file(path), **options)
        # Twice: an int32 is not a float32, but it is a float64.
        return tf.cast(tf.cast(samples, tf.float64) / full_scale, tf.float32)
    return read


def _decode(graph: tf.types.experimental.GenericFunction, path: str | os.PathLike) -> np.ndarray | None:
    try:
        return graph(tf.constant(os.fspath(path))).numpy()
    except tf.errors.OpError:
        return None
