"""The speed of an exported training step on this machine's accelerator; needs JAX, but not TensorFlow."""

import os
import pathlib
import time

import numpy as np

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.step_export.exported_step import MANIFEST_FILE, ExportedStep
from gansynth_tf.training.draw import draw_numbers

_WARM_UP = 3  # iterations before the clock starts


def set_precision(precision: str) -> None:
    """'fp32' keeps NVIDIA's libraries from rounding float32 to tf32; only before they are loaded."""
    os.environ['NVIDIA_TF32_OVERRIDE'] = '0' if precision == 'fp32' else '1'


def stage_directories(step_dir: str | os.PathLike) -> list[pathlib.Path]:
    """The directories of stages in order.

    Raises:
      InputError: if there is none.
    """
    found = sorted(path.parent for path in pathlib.Path(step_dir).glob(f'*/{MANIFEST_FILE}'))
    if not found:
        raise InputError(f'No exported steps: expected a directory that gansynth_export_step wrote. '
                         f'Received: {str(step_dir)!r}')
    return found


def measure(directory: str | os.PathLike, *, iterations: int, peak_teraflops: float | None = None) -> dict:
    """Trains on random notes, and returns numbers about it by name.

    Args:
      directory: of a stage.
      iterations: how many to measure; each waits for the one before, as in training.
      peak_teraflops: of the chip; adds the fraction of it that is used.

    Returns:
      Among others 'images_per_second', 'teraflops_per_second' (by the compiler's count of the program's operations),
      'temporary_bytes', and 'is_finite': whether the losses still are.
    """
    import jax

    step = ExportedStep(directory)
    manifest, config = step.manifest, Config(**step.manifest['config'])
    batch_size, num_pitches = manifest['batch_size'], manifest['num_pitches']
    [shape] = [entry['shape'] for entry in manifest['inputs'] if entry['name'] == 'real']
    rng = np.random.default_rng(0)
    real = jax.device_put(rng.uniform(-8.0, 1.0, shape).astype(np.float32))
    labels = rng.integers(0, num_pitches, batch_size).astype(np.int32)
    probabilities = np.full(num_pitches, 1.0 / num_pitches)
    state, started = step.initial_state(), 0.0
    for iteration in range(_WARM_UP + iterations):
        if iteration == _WARM_UP:
            jax.block_until_ready(state)
            started = time.perf_counter()
        draw = draw_numbers(config, iteration * batch_size, batch_size, probabilities,
                            codes=np.zeros((1, config.latent_vector_size), np.float32))
        if config.generator_reconstruction_weight:
            draw['real_codes'] = draw['generator_latents']
        state, metrics = step(state, real, labels, draw, manifest['num_blocks'] - 1.0)
    jax.block_until_ready(state)
    seconds = (time.perf_counter() - started) / iterations
    compiled = step.compiled()
    teraflops = float((compiled.cost_analysis() or {}).get('flops', np.nan)) / seconds / 1e12
    memory = compiled.memory_analysis()
    numbers = {'stage_id': manifest['stage_id'], 'device': jax.devices()[0].device_kind, 'batch_size': batch_size,
               'mixed_precision': config.mixed_precision, 'images_per_second': batch_size / seconds,
               'teraflops_per_second': teraflops,
               'temporary_bytes': getattr(memory, 'temp_size_in_bytes', None),
               'is_finite': all(bool(np.isfinite(value)) for value in metrics.values())}
    return numbers | ({'fraction_of_peak': teraflops / peak_teraflops} if peak_teraflops else {})
