"""The systems of the paper's Table 1, in its order, at the paper's size and narrowed for two processor cores.

Source: Engel et al. 2019, "GANSynth: Adversarial Neural Audio Synthesis", section 4 and Table 1.
"""

import dataclasses
import importlib
import types
from collections.abc import Mapping

from gansynth_tf import config as config_lib
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import GANSYNTH, Hyperparameters
from gansynth_tf.training import dry_run
from gansynth_tf.training.model import Model

NARROWING = ("Every system is the project's `small` preset of its kind. The six GANSynths differ in nothing but what a "
             'spectrogram holds (IF on a mel scale, IF, or phase) and, without + H, in having half the frequency bins '
             'and twice the frames; the loss that needs instantaneous frequencies is off in all of them. WaveGAN and '
             'WaveNet have no losses at the codes of real notes, by which that preset learns fast.')
# Of the time of a GANSynth: each stage's share, stable ones and the transitions between them in turn.
STAGE_SHARES = (0.35, 0.1, 0.2, 0.15, 0.2)


@dataclasses.dataclass(frozen=True)
class System:
    """A row of the table.

    Attributes:
      name: as the paper has it.
      model: what `gansynth_train --model` calls it.
      config: its hyperparameters, narrowed.
      full: the preset of the paper's size.
    """

    name: str
    model: str
    config: Hyperparameters
    full: Hyperparameters

    @property
    def directory_name(self) -> str:
        """Its name as a file name: 'if-mel+h'."""
        return self.name.lower().replace(' ', '')


def all_systems() -> Mapping[str, System]:
    """The rows by `directory_name`, in the paper's order."""
    rows = [_gansynth('IF-Mel + H', 'mel_prog_hires', data_type='mel'),
            _gansynth('IF + H', 'linear_prog_hires', data_type='linear'),
            _gansynth('Phase + H', 'phase_prog_hires', data_type='phase'),
            _gansynth('IF-Mel', 'mel_prog', data_type='mel', start_width=512, start_height=4),
            _gansynth('IF', 'linear_prog', data_type='linear', start_width=512, start_height=4),
            _gansynth('Phase', 'phase_prog', data_type='phase', start_width=512, start_height=4),
            _baseline('WaveGAN', 'wavegan', 'wavegan_small'), _baseline('WaveNet', 'wavenet', 'wavenet_small')]
    return types.MappingProxyType({row.directory_name: row for row in rows})


def chosen(names: list[str] | None, known: Mapping[str, System]) -> list[System]:
    """The systems of these names, in the order of the table; all without names.

    Raises:
      InputError: if one is unknown or comes twice.
    """
    wanted = [name.lower().replace(' ', '') for name in names] if names else list(known)
    for name in wanted:
        if name not in known or wanted.count(name) > 1:
            raise InputError(f'Impossible systems: expected some of {", ".join(known)}, each once. Received: {name!r}')
    return [system for name, system in known.items() if name in wanted]


def create(system: System, config: Hyperparameters, notes: PreparedNotes) -> Model:
    """The model to train."""
    if system.model == GANSYNTH:
        from gansynth_tf.training import trainer
        assert isinstance(config, config_lib.Config)
        return trainer.Gansynth(config, notes)
    return importlib.import_module(f'gansynth_tf.baselines.{system.model}').create(config, notes)


def within(config: Hyperparameters, seconds: float, notes: PreparedNotes) -> Hyperparameters:
    """`config` for a training of so many seconds on this machine, as busy as it is now.

    A GANSynth gets numbers of notes by how fast its stages are: a block must be quite there when its transition ends.
    Other models end by the clock, see `limited`.
    """
    if not isinstance(config, config_lib.Config):
        return config
    speeds = dry_run.rates(config, notes)
    images = [max(round(share * seconds * speed), config.batch_size_schedule[0])
              for share, speed in zip(STAGE_SHARES, speeds, strict=True)]
    return config.replace(num_images_schedule=tuple(images[::2]),
                          transition_num_images_schedule=(images[1], *images[1::2]))


def limited(model: Model, seconds: float) -> Model:
    """`model`, whose only stage ends by the clock; one of several stages is as it was."""
    if len(model.stages) == 1:
        model.stages = [dataclasses.replace(model.stages[0], time_limit=seconds)]  # type: ignore[misc, type-var]
    return model


def _gansynth(name: str, full: str, **changes) -> System:
    small = config_lib.preset('small').replace(num_images_schedule=(1,), transition_num_images_schedule=(1,))
    return System(name, GANSYNTH, small.replace(generator_partials_weight=0.0, **changes), config_lib.preset(full))


def _baseline(name: str, model: str, small: str) -> System:
    from gansynth_tf.baselines import wavegan_config, wavenet_config
    presets = {**wavegan_config.WAVEGAN_PRESETS, **wavenet_config.WAVENET_PRESETS}
    return System(name, model, presets[small], presets[model])
