"""The files of a WaveNet: its weights, be it a run or imported, and the notes that an autoencoder keeps."""

import os
import pathlib
import typing

import numpy as np
import tensorflow as tf

from gansynth_tf import files, hyperparameters
from gansynth_tf.baselines import mu_law
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig, DecoderConfig
from gansynth_tf.data.prepared_notes import PreparedNotes
from gansynth_tf.data.sources.note_source import TRAIN
from gansynth_tf.errors import InputError
from gansynth_tf.networks import checkpoints

WEIGHTS_FILE = 'weights.npz'  # of a model that is not a run
NOTES_FILE = 'notes.npz'  # of an autoencoder's run
WEIGHTS, AVERAGE = 'weights/', 'average/'  # prefixes of names in checkpoints
Kind = typing.TypeVar('Kind', bound=DecoderConfig)


def read(directory: str | os.PathLike, kind: type[Kind], *, ema: bool = True) -> tuple[Kind, dict[str, np.ndarray]]:
    """The hyperparameters and weights of a model.

    Args:
      directory: a run, or an imported model, which has but one set of weights.
      kind: of the hyperparameters.
      ema: of a run, the averages of the weights rather than the weights themselves.

    Raises:
      InputError: if there is no such model, or its files are damaged.
    """
    directory = pathlib.Path(directory)
    config = hyperparameters.read_experiment(directory, kind)
    if (directory / WEIGHTS_FILE).exists():
        return config, files.read_arrays(directory / WEIGHTS_FILE, kind=WEIGHTS_FILE)
    arrays = checkpoints.read_newest(directory)
    if arrays is None:
        raise InputError(f'No model: expected {WEIGHTS_FILE} or stage_00000/checkpoint-*.npz in the directory. '
                         f'Received: {str(directory)!r}')
    prefix = AVERAGE if ema else WEIGHTS
    return config, {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def write(weights: dict[str, np.ndarray], config: DecoderConfig, directory: str | os.PathLike) -> pathlib.Path:
    """Writes a model that is not a run; returns the path of its weights."""
    path = files.make_directory(directory) / WEIGHTS_FILE
    hyperparameters.write_experiment(config, path.parent)
    return files.write_arrays(weights, path)


def keep_notes(notes: PreparedNotes, config: AutoencoderConfig, directory: pathlib.Path) -> None:
    """Writes `notes.npz`, unless it is there: the first training notes of each pitch, which an instrument mixes.

    It holds mu-law codes, int8 [pitches, latent_size, audio_length]; where there are fewer notes, they come again.
    """
    path = directory / NOTES_FILE
    if path.exists():
        return
    pitches = notes.pitches(TRAIN)
    indices = [np.resize(np.flatnonzero(pitches == pitch)[:config.latent_size], config.latent_size)
               for pitch in notes.vocabulary.pitches]
    waves = notes.waves(TRAIN, audio_length=config.audio_length,
                        indices=tf.data.Dataset.from_tensor_slices(np.concatenate(indices)))
    codes = [mu_law.encode(note['wave'][:, 0]).numpy().astype(np.int8) for note in waves]
    files.write_arrays({'codes': np.reshape(codes, [len(indices), config.latent_size, config.audio_length])}, path)


def read_notes(directory: str | os.PathLike) -> np.ndarray:
    """The notes kept by a run, float32 [pitches, latent_size, audio_length].

    Raises:
      InputError: if there are none.
    """
    codes = files.read_arrays(pathlib.Path(directory) / NOTES_FILE, kind=NOTES_FILE).get('codes', np.zeros(0))
    if codes.ndim != 3:
        raise InputError(f'Unusable notes: expected mu-law codes of pitches, notes and samples. '
                         f'Received: an array of shape {codes.shape}')
    return mu_law.decode(codes).numpy()
