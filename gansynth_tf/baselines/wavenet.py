"""The WaveNet that a pitch conditions, with which GANSynth was compared: whole notes, drawn sample after sample.

The decoder is that of the NSynth autoencoder; in place of its codes stands what `wavenet_networks.pitch_encoding` makes
of the pitch. `PRESETS` and `create` are what gansynth_train asks for, `load_instrument` what `gansynth_tf.load` does.

Source: Engel et al. 2019, "GANSynth: Adversarial Neural Audio Synthesis", the WaveNet baseline of its Table 1; no code
of it is published.
"""

import pathlib

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavenet_files, wavenet_networks
from gansynth_tf.baselines.wavenet_config import WAVENET_PRESETS, WaveNetConfig
from gansynth_tf.baselines.wavenet_model import WaveNetModel
from gansynth_tf.baselines.wavenet_sampler import NoteSampler
from gansynth_tf.data import vocabulary
from gansynth_tf.instrument import DEFAULT_BATCH_SIZE, BatchedInstrument
from gansynth_tf.networks import checkpoints, weights

PRESETS = WAVENET_PRESETS
create = WaveNetModel


def load_instrument(directory: pathlib.Path, *, ema: bool = True, precision: str = 'fp32',
                    latent_scale: float | None = None, batch_size: int = DEFAULT_BATCH_SIZE,
                    checkpoint: str = checkpoints.LATEST) -> BatchedInstrument:
    """Opens a run.

    Args:
      directory: the run's.
      ema: play with the average of the weights.
      precision: 'fp32' alone.
      latent_scale: without effect, since a latent is only the seed of a note's random draws.
      batch_size: notes drawn at once.
      checkpoint: 'latest' alone, since checkpoints are not compared.

    Raises:
      InputError: if something is missing, damaged or impossible.
    """
    checkpoints.require_plain(WaveNetConfig.MODEL, precision=precision, checkpoint=checkpoint)
    config, arrays = wavenet_files.read(directory, WaveNetConfig, ema=ema)
    return instrument(config, arrays, vocabulary.read(directory), batch_size=batch_size,
                      latent_scale=1.0 if latent_scale is None else latent_scale)


def instrument(config: WaveNetConfig, arrays: dict[str, np.ndarray], pitches: vocabulary.PitchVocabulary, *,
               batch_size: int = DEFAULT_BATCH_SIZE, latent_scale: float = 1.0) -> BatchedInstrument:
    """An instrument of given weights.

    Raises:
      InputError: if a weight is missing, unknown or of another shape.
    """
    num_pitches = len(pitches.pitches)
    weights.check('WaveNet', wavenet_networks.shapes(config, num_pitches), arrays)
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    sampler = NoteSampler(tensors, config)

    def waves(latents, labels):
        encoding = wavenet_networks.pitch_encoding(tensors, config, labels, num_pitches)
        return sampler.notes(encoding.numpy(), latents)
    return BatchedInstrument(waves, sample_rate=config.sample_rate, audio_length=config.audio_length,
                             latent_size=config.latent_size, pitch_counts=pitches.counts, batch_size=batch_size,
                             latent_scale=latent_scale)
