"""The import of TensorFlow, fast on a processor and quiet; the processor, and the peak memory of this process."""

import os
import pathlib
import platform
import sys
from collections.abc import Mapping

import psutil

from gansynth_tf.errors import InputError

# Keeps large buffers; else the system clears their pages anew for every tensor, a fifth of training's processor time.
TRAINING: Mapping[str, str] = {'TF_CPU_ALLOCATOR_USE_BFC': '1'}

# And oneDNN's convolutions, which TensorFlow takes by itself only where there is AVX-512 or newer. Not for training:
# without AVX-512 its gradients with respect to the kernels of large images take twice as long.
GENERATING: Mapping[str, str] = {**TRAINING, 'TF_ENABLE_ONEDNN_OPTS': '1'}

# Errors are raised as exceptions anyway.
_QUIET: Mapping[str, str] = {'TF_CPP_MIN_LOG_LEVEL': '3'}


def prefer_speed(settings: Mapping[str, str]) -> None:
    """Sets those environment variables that the user has not set; to be called before TensorFlow is imported."""
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def import_tensorflow(settings: Mapping[str, str] = GENERATING) -> None:
    """Imports TensorFlow and keeps from the terminal what its C++ libraries write while they are loaded.

    They do so before they look at TF_CPP_MIN_LOG_LEVEL. If the import fails, its exception says why.

    Args:
      settings: `TRAINING` or `GENERATING`.

    Raises:
      InputError: if Keras is set to another backend.
    """
    check_backend()
    os.environ.setdefault('KERAS_BACKEND', 'tensorflow')  # goes before ~/.keras/keras.json
    if sys.modules.get('tensorflow'):
        return
    prefer_speed({**settings, **_QUIET})
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, 'wb') as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    memory = psutil.Process().memory_info()
    if hasattr(memory, 'peak_wset'):  # Windows
        return memory.peak_wset
    import resource  # Linux and macOS, which count in different units
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def processor_name() -> str:
    """The processor's name and those of its extensions that matter to neural networks."""
    try:
        lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.processor()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(':') for line in lines)}
    flags = set(facts.get('flags', '').split())
    extensions = [name for name in ('avx2', 'avx512f', 'avx512_bf16', 'amx_bf16') if name in flags]
    return f'{facts.get("model name", platform.machine())} ({", ".join(extensions) or "none of AVX2 and later"})'


def num_cores() -> int:
    """Cores that this process may use."""
    process = psutil.Process()
    return len(process.cpu_affinity()) if hasattr(process, 'cpu_affinity') else os.cpu_count() or 1  # not on macOS


def check_backend() -> None:
    """Raises an `InputError` if Keras is set to another backend than TensorFlow."""
    config = getattr(sys.modules.get('keras'), 'config', None)
    backend = config.backend() if config else os.environ.get('KERAS_BACKEND', 'tensorflow')
    if backend != 'tensorflow':
        raise InputError(f'Impossible backend of Keras: expected tensorflow, set as KERAS_BACKEND before Keras is '
                         f'imported. Received: {backend!r}')
