"""Saving and finding the state of a run: one .npz file a checkpoint, written whole or not at all.

    train_root_dir/
      experiment.json, pitch_counts.json
      stage_00000/checkpoint-0000020000.npz      named by the notes seen
      stage_00001/...

The arrays have readable names: `generator/block_1/conv0/kernel`, `generator_ema/...`, `discriminator/...`,
`generator_adam/v/...`, `image_id`, `stage_id`, `num_blocks`, `progress`, `sliced_wasserstein`. A model made for playing
alone is a directory with `generator.npz`, which holds the generator's averaged weights without their prefix, and
perhaps `levels/kernel`.
"""

import dataclasses
import logging
import math
import os
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gansynth_tf import files
from gansynth_tf.data.timbre_code_file import TIMBRE_CODES_FILE
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import EXPERIMENT_FILE, require

GENERATOR_FILE = 'generator.npz'
LATEST, BEST = CHOICES = ('latest', 'best')  # checkpoints of a run to be played
_LEVELS = 'levels/kernel'
_FLOAT32_BITS = np.finfo(np.float32).nmant
_COUNTERS = frozenset(('image_id', 'stage_id', 'num_blocks', 'end_image', 'random_stream', 'is_complete'))
_CHECKPOINT_NAME = re.compile(r'checkpoint-(\d+)\.npz')

Check = Callable[[dict[str, np.ndarray]], None]


@dataclasses.dataclass(frozen=True)
class GeneratorState:
    """A generator's weights and the point in training they come from.

    Attributes:
      arrays: weights by name, as `networks.weights` names them.
      num_blocks: blocks in use.
      progress: how far the newest block has faded in (see `stages.Stage.progress`).
      levels: float32 [num_pitches, 1 + latent_vector_size], see `exploration.finishing`; None if notes are as
        loud as the generator makes them.
    """

    arrays: dict[str, np.ndarray]
    num_blocks: int
    progress: float
    levels: np.ndarray | None = None


def stage_directory(train_root_dir: str | os.PathLike, stage_id: int) -> pathlib.Path:
    return pathlib.Path(train_root_dir) / f'stage_{stage_id:05d}'


def _path(stage: pathlib.Path, image_id: int) -> pathlib.Path:
    return stage / f'checkpoint-{image_id:010d}.npz'


def require_plain(model: str, *, precision: str, checkpoint: str) -> None:
    """Raises an `InputError` if more is asked of a baseline than it has: its newest checkpoint, played in float32."""
    require(precision == 'fp32', 'precision', f"'fp32' for a {model}", precision)
    require(checkpoint == LATEST, 'checkpoint', f'{LATEST!r} for a {model}', checkpoint)


def write(arrays: Mapping[str, np.ndarray], directory: pathlib.Path, image_id: int, *, keep: int = 2) -> pathlib.Path:
    """Writes a checkpoint into a stage's directory, then deletes all but the newest `keep` and the best there.

    The best is the one of the lowest 'sliced_wasserstein', of those that hold it; among equals the newest.

    Raises:
      InputError: if there is no room or permission; what was there stays as it was.
    """
    files.make_directory(directory)
    path = files.write_arrays(arrays, _path(directory, image_id))
    newest_first = _checkpoints(directory)
    best = min(newest_first, key=_distance)
    for old in newest_first[keep:]:
        if old != best or math.isinf(_distance(old)):
            old.unlink()
    return path


def remove_unfinished(train_root_dir: str | os.PathLike) -> None:
    """Deletes what a killed process was writing: files that never got their final name."""
    root = pathlib.Path(train_root_dir)
    for path in (*root.glob('.*.partial*'), *root.glob('stage_*/.*.partial*')):
        path.unlink(missing_ok=True)


def exist(directory: str | os.PathLike) -> bool:
    """True if a directory holds a model of this project: a run's checkpoints, or `generator.npz`."""
    directory = pathlib.Path(directory)
    return (directory / GENERATOR_FILE).exists() or any(directory.glob('stage_*/checkpoint-*.npz'))


def require_whole_run(directory: pathlib.Path) -> None:
    """Raises an InputError if a directory is that of a single stage of a run, this project's or Magenta's."""
    if any(directory.glob('checkpoint-*.npz')) or any(directory.glob('model.ckpt-*.index')):
        raise InputError(f'A single stage: expected the run that it belongs to, {str(directory.resolve().parent)!r}. '
                         f'Received: {str(directory)!r}')


def read_latest(train_root_dir: str | os.PathLike) -> dict[str, np.ndarray] | None:
    """The newest checkpoint of a run from which training can go on, or None if it has none yet.

    Damaged ones are set aside: renamed to `.corrupt`, with a warning.
    """
    for path in _newest_first(train_root_dir):
        try:
            arrays = _read_checkpoint(path)
            _check_place(arrays, path)
            return arrays
        except InputError as error:
            _set_aside(path, error)
    return None


def set_aside(train_root_dir: str | os.PathLike, arrays: Mapping[str, np.ndarray], error: InputError) -> None:
    """Renames the file of a checkpoint that `read_latest` gave, but the networks refused, to `.corrupt`."""
    _set_aside(_path(stage_directory(train_root_dir, int(arrays['stage_id'])), int(arrays['image_id'])), error)


def read_newest(train_root_dir: str | os.PathLike, prefix: str = '', *, check: Check = lambda arrays: None
                ) -> dict[str, np.ndarray] | None:
    """The newest checkpoint of a run, to be played and not trained on; None if it has none yet.

    Args:
      train_root_dir: the run.
      prefix: of the arrays that are read, the counters always being.
      check: raises an InputError if the arrays are not as they should be.

    Raises:
      InputError: if it is damaged; an older one is not played instead.
    """
    path, before = [*_newest_first(train_root_dir), None, None][:2]
    if path is None:
        return None
    try:
        arrays = _read_checkpoint(path, prefix)
        check(arrays)
    except InputError as error:
        advice = (f'To play the one before, {before.parent.name}/{before.name}, rename this one' if before else
                  'There is none before it')
        raise InputError(f'The newest checkpoint, {str(path)!r}, cannot be played. {error} {advice}.') from error
    return arrays


def read_generator(directory: str | os.PathLike, *, ema: bool = True, checkpoint: str = LATEST,
                   check: Check = lambda arrays: None) -> GeneratorState:
    """The generator of a model directory, or of a run's newest or best checkpoint.

    Args:
      directory: holds `generator.npz`, or `stage_000NN/checkpoint-*.npz`.
      ema: the moving average of the weights rather than the weights themselves.
      checkpoint: of a run, `LATEST` or `BEST`, the one of the lowest 'sliced_wasserstein' in the newest stage.
      check: raises an InputError if the weights are not those of the generator.

    Raises:
      InputError: if there is no complete model there, or `generator.npz` is asked for live weights or its best.
    """
    model = pathlib.Path(directory) / GENERATOR_FILE
    if model.exists():
        if not ema:
            raise InputError(f'No live weights: expected a training run for them, since a model made for playing '
                             f'holds their average alone. Received: {str(directory)!r}')
        if checkpoint != LATEST:
            raise InputError(f'No checkpoints: expected a training run for the {checkpoint} one. '
                             f'Received: the model directory {str(directory)!r}')
        return _generator_state(_read(model), '')
    prefix = 'generator_ema/' if ema else 'generator/'
    if checkpoint == BEST:
        return _generator_state(_read_checkpoint(_best(directory), prefix), prefix)
    arrays = read_newest(directory, prefix, check=lambda arrays: check(_generator_state(arrays, prefix).arrays))
    if arrays is None:
        raise InputError(f'No model: expected {GENERATOR_FILE} or stage_000NN/checkpoint-*.npz in the directory. '
                         f'Received: {str(directory)!r}')
    return _generator_state(arrays, prefix)


def write_generator(state: GeneratorState, directory: str | os.PathLike, *, mantissa_bits: int = _FLOAT32_BITS
                    ) -> pathlib.Path:
    """Writes `generator.npz`, compressed: the smaller, the fewer `mantissa_bits` the weights are rounded to."""
    path = files.make_directory(directory) / GENERATOR_FILE
    arrays = state.arrays if state.levels is None else {**state.arrays, _LEVELS: state.levels}
    with files.atomic_write(path) as temporary:
        np.savez_compressed(temporary, num_blocks=state.num_blocks, progress=state.progress,
                            **{name: _rounded(array, mantissa_bits)  # type: ignore[arg-type]  # NumPy's stub
                               for name, array in arrays.items()})
    return path


def write_model(train_root_dir: str | os.PathLike, directory: str | os.PathLike, *,
                mantissa_bits: int = _FLOAT32_BITS) -> pathlib.Path:
    """Writes what playing needs of a run, and nothing more, into a model directory; returns it.

    Args:
      train_root_dir: the run; its newest checkpoint's averaged weights are taken.
      directory: where `generator.npz` goes, with copies of the run's .json files, and of its timbre codes if random
        timbres lie around them.
      mantissa_bits: what the weights are rounded to.
    """
    state = read_generator(train_root_dir)
    destination = files.make_directory(directory)
    run = pathlib.Path(train_root_dir)
    needs_codes = files.read_json(run / EXPERIMENT_FILE).get('latent_noise')
    for path in [*run.glob('*.json'), *([run / TIMBRE_CODES_FILE] if needs_codes else [])]:
        with files.atomic_write(destination / path.name) as temporary:
            shutil.copyfile(path, temporary)
    write_generator(state, destination, mantissa_bits=mantissa_bits)
    return destination


def _rounded(array: np.ndarray, mantissa_bits: int) -> np.ndarray:
    mantissa, exponent = np.frexp(array.astype(np.float64))  # 0.5 <= |mantissa| < 1, whose first bit is not stored
    steps = 2.0 ** (mantissa_bits + 1)
    return np.ldexp(np.round(mantissa * steps) / steps, exponent).astype(np.float32)


def _checkpoints(stage: pathlib.Path) -> list[pathlib.Path]:
    """A stage's checkpoints, newest first."""
    paths = (path for path in stage.glob('checkpoint-*.npz') if _CHECKPOINT_NAME.fullmatch(path.name))
    return sorted(paths, reverse=True)


def _distance(path: pathlib.Path) -> float:
    """The 'sliced_wasserstein' of a checkpoint; infinite if it holds none, or cannot be read."""
    try:
        distance = float(files.read_arrays(path, wanted='sliced_wasserstein'.__eq__)['sliced_wasserstein'])
    except (InputError, KeyError, TypeError):
        return math.inf
    return distance if math.isfinite(distance) else math.inf


def _best(train_root_dir: str | os.PathLike) -> pathlib.Path:
    """The checkpoint of the lowest distance in the newest stage that has one with a distance."""
    for stage in sorted(pathlib.Path(train_root_dir).glob('stage_*'), reverse=True):
        best = min(_checkpoints(stage), key=_distance, default=None)
        if best and math.isfinite(_distance(best)):
            return best
    raise InputError(f'No best checkpoint: expected a run whose checkpoints were compared '
                     f'(sliced_wasserstein_num_samples above 0). Received: {str(train_root_dir)!r}')


def _newest_first(train_root_dir: str | os.PathLike) -> Iterator[pathlib.Path]:
    """A run's checkpoints."""
    for stage in sorted(pathlib.Path(train_root_dir).glob('stage_*'), reverse=True):
        yield from _checkpoints(stage)


def _set_aside(path: pathlib.Path, error: InputError) -> None:
    path.rename(path.with_suffix('.corrupt'))
    logging.warning('%s The damaged checkpoint is set aside as %s, and the one before is used.', error,
                    path.with_suffix('.corrupt'))


def _read_checkpoint(path: pathlib.Path, prefix: str = '') -> dict[str, np.ndarray]:
    """Reads a checkpoint as `_read` does, which is to be of its path's stage."""
    arrays = _read(path, prefix)
    if 'stage_id' in arrays and path.parent.name != stage_directory('', int(arrays['stage_id'])).name:
        raise InputError(f'Unusable checkpoint: expected the stage of its directory as stage_id. '
                         f'Received: {arrays["stage_id"]} ({str(path)!r})')
    return arrays


def _check_place(arrays: Mapping[str, np.ndarray], path: pathlib.Path) -> None:
    """Raises an InputError unless a checkpoint says where in training it is, and it is that of its path."""
    for name in ('stage_id', 'image_id'):
        if name not in arrays:
            raise InputError(f'Unusable checkpoint: expected {name} in it. Received: {str(path)!r}')
    if path.name != _path(path.parent, int(arrays['image_id'])).name:
        raise InputError(f'Unusable checkpoint: expected the number in its name as image_id. '
                         f'Received: {arrays["image_id"]} ({str(path)!r})')


def _read(path: pathlib.Path, prefix: str = '') -> dict[str, np.ndarray]:
    """Reads the arrays of a checkpoint or model whose names start with `prefix`, and its counters.

    Raises:
      InputError: if it is damaged, or holds what no training writes: weights that are not finite, impossible counters.
    """
    arrays = files.read_arrays(path, wanted=lambda name: '/' not in name or name.startswith(prefix))
    for name, array in arrays.items():
        if '/' in name and not np.isfinite(array).all():
            raise InputError(f'Unusable weights: expected finite numbers. Received: NaN or infinity in {name} '
                             f'({str(path)!r})')
    for name in _COUNTERS & arrays.keys():
        if arrays[name].shape or not 0 <= arrays[name] < 2**53 or arrays[name] % 1:
            raise InputError(f'Unusable checkpoint: expected a whole number as {name}. '
                             f'Received: {str(arrays[name])[:100]} ({str(path)!r})')
    return arrays


def _generator_state(arrays: dict[str, np.ndarray], prefix: str) -> GeneratorState:
    weights = {name.removeprefix(prefix): array.astype(np.float32) for name, array in arrays.items()
               if name.startswith(prefix) and '/' in name}
    levels = weights.pop(_LEVELS, None)
    if not weights or not {'num_blocks', 'progress'} <= arrays.keys() or arrays['progress'].shape:
        raise InputError(f'Not a checkpoint: expected num_blocks, progress and weights such as '
                         f'{prefix}block_1/conv0/kernel. Received: {", ".join(list(arrays)[:3])!r}')
    return GeneratorState(weights, num_blocks=int(arrays['num_blocks']), progress=float(arrays['progress']),
                          levels=levels)
