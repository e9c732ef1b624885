"""Runs an exported training step with JAX's runtime, on a machine that need not have TensorFlow.

    step = ExportedStep('steps/stage_00000')
    state = step.initial_state()
    state, metrics = step(state, real, real_labels, draw_numbers(...), progress)

The state stays on the accelerator from one iteration to the next, and its memory is used again for the new one.
"""

import dataclasses
import functools
import json
import os
import pathlib

import numpy as np

from gansynth_tf.errors import InputError

PROGRAM_FILE = 'step.stablehlo'
MANIFEST_FILE = 'step.json'
STATE_FILE = 'state.npz'


class ExportedStep:
    """One stage's step.

    Args:
      directory: what `step_export` wrote for a stage.

    Attributes:
      manifest: what step.json says.

    Raises:
      InputError: if there is no such step, or of another version.
    """

    def __init__(self, directory: str | os.PathLike):
        self._directory = pathlib.Path(directory)
        try:
            self.manifest = json.loads((self._directory / MANIFEST_FILE).read_text())
        except (OSError, ValueError) as error:
            raise InputError(f'Not an exported step: expected a directory with {MANIFEST_FILE} as gansynth_export_step '
                             f'writes it ({error}). Received: {str(directory)!r}') from error
        if self.manifest['format_version'] != 1:
            raise InputError(f'An exported step of another version: expected 1. '
                             f'Received: {self.manifest["format_version"]!r}')
        self._names = [entry['name'].removeprefix('state/') for entry in self.manifest['inputs']
                       if entry['name'].startswith('state/')]
        self._calls = {program['with_penalty']: functools.partial(self._call, name)
                       for name, program in self.manifest['programs'].items()}

    def initial_state(self) -> dict:
        """The state that the stage starts from, by name, on the accelerator."""
        import jax

        with np.load(self._directory / STATE_FILE, allow_pickle=False) as arrays:
            return {name: jax.device_put(arrays[name]) for name in self._names}

    def __call__(self, state: dict, real, real_labels, draw: dict, progress: float, *, with_penalty: bool = True):
        """One iteration: (state, metrics); the state given is used up.

        Args:
          state: as `initial_state` or an iteration before returned it.
          real: float32 [batch, height, width, 2] specgrams at the stage's resolution, not normalised.
          real_labels: int32 [batch].
          draw: the random numbers that `draw_numbers` returns, and with a reconstruction loss the notes' 'real_codes'.
          progress: as `Stage.progress` says.
          with_penalty: whether this iteration has the gradient penalty.
        """
        return self._calls[with_penalty]([state[name] for name in self._names], [
            np.asarray(real, np.float32), np.asarray(real_labels, np.int32), *(draw[name] for name in sorted(draw)),
            np.float32(progress)])

    def compiled(self):
        """The compiled program with the gradient penalty; it has `cost_analysis()` and `memory_analysis()`."""
        return self._compiled(PROGRAM_FILE)

    def _call(self, name: str, state: list, others: list) -> tuple[dict, dict]:
        outputs = self._compiled(name)(state, others)
        by_name = dict(zip((entry['name'] for entry in self.manifest['programs'][name]['outputs']), outputs))
        return ({name: by_name[f'state/{name}'] for name in self._names},
                {name.removeprefix('metrics/'): value for name, value in by_name.items()
                 if name.startswith('metrics/')})

    @functools.lru_cache  # noqa: B019  # a step lives as long as its programs
    def _compiled(self, name: str):
        import jax

        program = _exported((self._directory / name).read_bytes(), self.manifest['inputs'],
                            self.manifest['programs'][name]['outputs'])
        specs = [jax.ShapeDtypeStruct(entry['shape'], entry['dtype']) for entry in self.manifest['inputs']]
        split = len(self._names)

        def call(state, others):
            return program.call(*state, *others)
        return jax.jit(call, donate_argnums=0).lower(specs[:split], specs[split:]).compile()


def _exported(program: bytes, inputs: list[dict], outputs: list[dict]):
    """A StableHLO program that did not come from JAX, as what JAX can call."""
    import jax
    from jax import export

    def avals(entries):
        return tuple(jax.core.ShapedArray(entry['shape'], np.dtype(entry['dtype'])) for entry in entries)

    in_tree = jax.tree.structure((tuple(range(len(inputs))), {}))
    values = dict(
        fun_name='gansynth_step', in_tree=in_tree, in_avals=avals(inputs),
        out_tree=jax.tree.structure(list(range(len(outputs)))), out_avals=avals(outputs),
        _has_named_shardings=False, _in_named_shardings=(None,) * len(inputs),
        _out_named_shardings=(None,) * len(outputs),
        in_shardings_hlo=(None,) * len(inputs), out_shardings_hlo=(None,) * len(outputs), nr_devices=1,
        platforms=('cpu',), ordered_effects=(), unordered_effects=(),
        disabled_safety_checks=(export.DisabledSafetyCheck.platform(),), mlir_module_serialized=program,
        calling_convention_version=export.maximum_supported_calling_convention_version,
        module_kept_var_idx=tuple(range(len(inputs))), uses_global_constants=False, _get_vjp=None)
    # Fields come and go from one version of JAX to the next; those that are left out here describe several devices.
    return export.Exported(**{field.name: values[field.name] for field in dataclasses.fields(export.Exported)})
