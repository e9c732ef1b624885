"""What describes a run beside its checkpoints: written when it starts, checked when it goes on."""

import pathlib

from gansynth_tf import config as config_lib
from gansynth_tf.config import Config
from gansynth_tf.data import pipeline, vocabulary
from gansynth_tf.data.magenta_vocabulary import MAGENTA_VOCABULARY
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import normalizers
from gansynth_tf.training import changes, timbre_codes
from gansynth_tf.training.timbre_codes import TimbreCodes


def claim(directory: pathlib.Path, config: Config, pitches: vocabulary.PitchVocabulary, stage_id: int | None) -> None:
    """Writes what describes the run, or checks it against the run that is there.

    Args:
      directory: the run's.
      config: what it is to be trained with.
      pitches: those of the notes it is to see.
      stage_id: the stage of its newest checkpoint, if there is one.

    Raises:
      InputError: if there is a run on other notes, or one whose hyperparameters cannot become these.
    """
    if not (directory / config_lib.EXPERIMENT_FILE).exists():
        vocabulary.write(pitches, directory)
        config_lib.write_experiment(config, directory)  # last, so that a directory that has it has all
        return
    known = vocabulary.read(directory)
    is_imported = known == MAGENTA_VOCABULARY and known.pitches == pitches.pitches
    if known != pitches and not is_imported:
        raise InputError(f'The directory holds a run on other notes: expected the same data set to go on with it, or '
                         f'another directory. Received: {str(directory)!r}')
    there = config_lib.read_experiment(directory)
    if there != config:
        changes.check(there, config, stage_id)
        config_lib.write_experiment(config, directory)
    if is_imported:  # it goes on with the counts of the notes it now sees
        vocabulary.write(pitches, directory)


def normalizer(directory: pathlib.Path, config: Config, notes: pipeline.PreparedNotes) -> normalizers.Normalizer:
    """The run's normalizer; one that depends on the data is fitted once and kept with the run."""
    if (directory / normalizers.NORMALIZER_FILE).exists():
        return normalizers.read(directory)
    if not normalizers.needs_data(config):
        return normalizers.from_config(config)
    batches = pipeline.specgram_batches(notes, config, resolution=config.spec_shape, batch_size=8, seed=config.seed,
                                        cache_bytes=0)
    fitted = normalizers.fit(config, (specgrams for specgrams, _ in batches))
    normalizers.write(fitted, directory)
    return fitted


def codes(directory: pathlib.Path, config: Config, notes: pipeline.PreparedNotes) -> TimbreCodes | None:
    """The run's timbre codes, fitted to the notes once and kept with the run; None if its loss does not need any."""
    if not config.generator_reconstruction_weight:
        return None
    if not (directory / timbre_codes.TIMBRE_CODES_FILE).exists():
        timbre_codes.write(timbre_codes.of_notes(notes, config), directory)
    return timbre_codes.read(directory)
