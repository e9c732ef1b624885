"""Opens any model at a path as an `Instrument`: a run, a model directory, an export, Magenta's, or a baseline."""

import importlib
import os
import pathlib
import typing

from gansynth_tf import files, tensorflow_setup
from gansynth_tf.config import EXPERIMENT_FILE, Config
from gansynth_tf.errors import InputError, require_one_of
from gansynth_tf.generation import network_model
from gansynth_tf.generation.played_model import Synthesizer, scaled
from gansynth_tf.hyperparameters import GANSYNTH
from gansynth_tf.instrument import BUILT_IN_MODEL, MAX_BATCH_SIZE, Instrument, shortened, whole_number
from gansynth_tf.networks import checkpoints

PRECISIONS = ('fp32', 'bf16')
# Other values of "model" in an experiment.json: the modules of gansynth_tf.baselines, in each of which
# load_instrument(directory, *, ema, precision, latent_scale, batch_size, checkpoint) opens a run or model directory.
BASELINES = ('wavegan', 'specgan', 'wavenet', 'wavenet_autoencoder')


def instrument(path: str | os.PathLike | None, *, config: Config | str | None, ema: bool, precision: str,
               latent_scale: float | None, batch_size: int, checkpoint: str, phase_locking: bool) -> Instrument:
    """The instrument at `path`; arguments and errors are those of `gansynth_tf.load`.

    Where a directory holds a model's arrays and an export of it, the arrays are used: unlike a SavedModel they are no
    program.
    """
    require_one_of('precision', precision, PRECISIONS)
    require_one_of('checkpoint', checkpoint, checkpoints.CHOICES)
    if not (config is None or isinstance(config, (str, Config))):
        raise InputError(f"Impossible config: expected a preset's name or a Config. Received: {shortened(config)}")
    whole_number(batch_size, 'batch_size', lowest=1, highest=MAX_BATCH_SIZE)
    directory = BUILT_IN_MODEL if path is None else files.existing_directory(path)
    checkpoints.require_whole_run(directory)
    settings = dict(ema=ema, precision=precision, latent_scale=latent_scale, batch_size=batch_size,
                    checkpoint=checkpoint)
    name = model_name(directory)
    is_export = name == GANSYNTH and not checkpoints.exist(directory)
    export: typing.Any = network_model.open_export(directory, precision=precision,
                                                   phase_locking=phase_locking) if is_export else None
    if export is None:
        # Imported only here, so that other engines play without TensorFlow.
        tensorflow_setup.import_tensorflow()
        from gansynth_tf.generation import exported_model, synthesizer
        if name in BASELINES:
            return importlib.import_module(f'gansynth_tf.baselines.{name}').load_instrument(directory, **settings)
        if is_export and (saved_model := exported_model.find(directory)):
            export = exported_model.ExportedModel(saved_model)
    if export is not None:
        _require_no_run_settings(directory, ema=ema, checkpoint=checkpoint)
        return Synthesizer(scaled(export.config, latent_scale), export.vocabulary, export.waves, codes=export.codes,
                           batch_size=batch_size)
    found = synthesizer.open_model(directory, config=config, ema=ema, checkpoint=checkpoint, latent_scale=latent_scale)
    try:
        return synthesizer.from_weights(found.config, found.vocabulary, found.state, found.normalizer,
                                        codes=found.codes, projection=found.projection, batch_size=batch_size,
                                        precision=precision, phase_locking=phase_locking)
    except InputError as error:
        raise InputError(f'{found.directory}: {error}') from error


def model_name(directory: pathlib.Path) -> str:
    """The "model" that a directory's experiment.json names; 'gansynth' where it names none or is missing.

    Raises:
      InputError: if it is an unknown model.
    """
    path = directory / EXPERIMENT_FILE
    name = files.read_json(path).get('model', GANSYNTH) if path.exists() else GANSYNTH
    if not isinstance(name, str) or name not in (GANSYNTH, *BASELINES):
        raise InputError(f'Unknown model: expected one of {", ".join([GANSYNTH, *BASELINES])} as "model" in '
                         f'{EXPERIMENT_FILE}. Received: {name!r} ({str(path)!r})')
    return name


def _require_no_run_settings(directory: pathlib.Path, *, ema: bool, checkpoint: str) -> None:
    if not ema:
        raise InputError(f'No live weights: expected a training run for them. Received: the export {str(directory)!r}')
    if checkpoint != checkpoints.LATEST:
        raise InputError(f'No checkpoints: expected a training run for the {checkpoint} one. '
                         f'Received: the export {str(directory)!r}')
