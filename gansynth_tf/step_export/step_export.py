"""The training step as files: a program for any XLA runtime, what goes in and out of it, and the state to start from.

For every stage a directory:

    stage_00000/step.stablehlo            one iteration, as a portable serialized StableHLO program
    stage_00000/step_without_penalty...   where `gradient_penalty_interval` has iterations of that kind
    stage_00000/step.json                 the manifest: inputs and outputs in order, which output feeds which input
    stage_00000/state.npz                 the state that the stage starts from

`exported_step` runs them without TensorFlow.
"""

import os
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.networks import weights
from gansynth_tf.networks.networks import Networks
from gansynth_tf.spectral import representations
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.step_export.exported_step import MANIFEST_FILE, PROGRAM_FILE, STATE_FILE
from gansynth_tf.step_export.pure_step import pure_step
from gansynth_tf.training import stages
from gansynth_tf.training.stages import Stage
from gansynth_tf.training.step import TrainingStep

FORMAT_VERSION = 1


def export(config: Config, num_pitches: int, normalizer: Normalizer, output_dir: str | os.PathLike, *,
           stage_ids: tuple[int, ...] = (), checkpoint: Mapping[str, np.ndarray] | None = None
           ) -> list[pathlib.Path]:
    """Writes the step of every stage, or of those with `stage_ids`.

    Args:
      config: the hyperparameters.
      num_pitches: pitch classes.
      normalizer: at full width.
      output_dir: where the stages' directories go.
      stage_ids: which stages; all if empty.
      checkpoint: arrays of a run's checkpoint, for the weights, and for the moments of the stage that it is from; new
        weights if not given.

    Returns:
      The directories written.
    """
    networks = Networks.create(config, num_pitches)
    if checkpoint is not None:
        for prefix, network in networks.by_name().items():
            weights.from_arrays(network, {name.removeprefix(f'{prefix}/'): array for name, array in checkpoint.items()
                                          if name.startswith(f'{prefix}/')})
    written = []
    for stage in stages.all_stages(config):
        if stage_ids and stage.stage_id not in stage_ids:
            continue
        width = stage.resolution[1]
        step = TrainingStep(config, stage, networks, normalizer.at_width(width), representations.from_config(config))
        image_id = stage.first_image
        if checkpoint is not None and int(checkpoint['stage_id']) == stage.stage_id:
            image_id = int(checkpoint['image_id'])
            for name, variable in step.state().items():
                variable.assign(checkpoint[name])
        directory = files.make_directory(pathlib.Path(output_dir) / f'stage_{stage.stage_id:05d}')
        _export_stage(config, stage, step, num_pitches, image_id, directory)
        written.append(directory)
    return written


def _export_stage(config: Config, stage: Stage, step: TrainingStep, num_pitches: int, image_id: int,
                  directory: pathlib.Path) -> None:
    arguments = argument_specs(config, stage, step)
    kinds = {'': True} | ({'_without_penalty': False} if config.gradient_penalty_interval > 1 else {})
    programs = {}
    for suffix, with_penalty in kinds.items():
        name = pathlib.Path(PROGRAM_FILE).with_stem(pathlib.Path(PROGRAM_FILE).stem + suffix).name
        program, outputs = _lower(step, arguments, with_penalty)
        with files.atomic_write(directory / name) as temporary:
            temporary.write_bytes(program)
        programs[name] = {'with_penalty': with_penalty, 'outputs': outputs}
    files.write_arrays({name: variable.numpy() for name, variable in step.variables().items()}, directory / STATE_FILE)
    manifest = {
        'format_version': FORMAT_VERSION, 'stage_id': stage.stage_id, 'is_transition': stage.is_transition,
        'num_blocks': stage.num_blocks, 'batch_size': stage.batch_size, 'first_image': stage.first_image,
        'end_image': stage.end_image, 'image_id': image_id, 'num_pitches': num_pitches, 'config': config.to_dict(),
        'inputs': _inputs(arguments), 'programs': programs}
    files.write_json(manifest, directory / MANIFEST_FILE)


def argument_specs(config: Config, stage: Stage, step: TrainingStep) -> dict:
    """The arguments of `pure_step` as specs with static shapes, by name."""
    height, width = stage.resolution
    batch = stage.batch_size

    def spec(*shape, dtype=tf.float32):
        return tf.TensorSpec(shape, dtype)

    latents, labels = spec(batch, config.latent_vector_size), spec(batch, dtype=tf.int32)
    return {'state': {name: spec(*variable.shape, dtype=variable.dtype)
                      for name, variable in sorted(step.variables().items())},
            'real': spec(batch, height, width, 2), 'real_labels': labels,
            'draw': dict(discriminator_labels=labels, discriminator_latents=latents, generator_labels=labels,
                         generator_latents=latents, mix=spec(batch)) | (
                             {'real_codes': latents} if config.generator_reconstruction_weight else {}),
            'progress': spec()}


def _lower(step: TrainingStep, arguments: dict, with_penalty: bool) -> tuple[bytes, list[dict]]:
    """The serialized program, and its outputs in order."""
    @tf.function(jit_compile=True, autograph=False)
    def pure(*flat):
        return pure_step(step, *tf.nest.pack_sequence_as(structure, flat), with_penalty=with_penalty)

    structure = tuple(arguments.values())
    specs = tf.nest.flatten(structure)
    concrete = pure.get_concrete_function(*specs)
    assert not concrete.captured_inputs, 'the step must depend on its arguments alone'
    state, metrics = concrete.structured_outputs
    outputs = ([_described(f'state/{name}', state[name], feeds=f'state/{name}') for name in sorted(state)]
               + [_described(f'metrics/{name}', metrics[name]) for name in sorted(metrics)])
    return pure.experimental_get_compiler_ir(*specs)(stage='stablehlo_serialized'), outputs


def _inputs(arguments: dict) -> list[dict]:
    """The program's inputs in order: dicts are flattened by sorted name."""
    return [_described(f'{name}/{inner}' if inner else name, spec)
            for name, value in arguments.items()
            for inner, spec in (sorted(value.items()) if isinstance(value, dict) else [('', value)])]


def _described(name: str, tensor, **more) -> dict:
    return {'name': name, 'shape': list(tensor.shape), 'dtype': tf.as_dtype(tensor.dtype).name} | more
