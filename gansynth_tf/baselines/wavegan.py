"""WaveGAN: waves made directly, by transposed convolutions (Donahue et al. 2019), and here by pitch.

It is trained and played as any model: `PRESETS` and `create` are what gansynth_train asks for, `load_instrument` is
what `gansynth_tf.load` does. SpecGAN shares all of it but the pictures, see `specgan`.
"""

import pathlib

import numpy as np
import tensorflow as tf

from gansynth_tf import hyperparameters
from gansynth_tf.baselines import wavegan_model, wavegan_sound
from gansynth_tf.baselines.wavegan_config import WAVEGAN_PRESETS, WaveGANConfig
from gansynth_tf.baselines.wavegan_model import WaveGANModel
from gansynth_tf.baselines.wavegan_networks import Generator
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import DEFAULT_BATCH_SIZE, MAX_NOTES, BatchedInstrument, whole_number
from gansynth_tf.networks import checkpoints

PRESETS = WAVEGAN_PRESETS
create = WaveGANModel


class UniformInstrument(BatchedInstrument):
    """An instrument whose timbres are uniform in [-1, 1], as WaveGAN's."""

    def sample_latents(self, n: int, *, seed: int | None = None) -> np.ndarray:
        """Random timbres: float32 [n, latent_size] from U(-1, 1), times `latent_scale`.

        The same seed gives the same rows, however many are asked for; None gives new ones each time.
        """
        shape = (whole_number(n, 'number of notes', highest=MAX_NOTES), self.latent_size)
        rng = np.random.default_rng(None if seed is None else whole_number(seed, 'seed'))
        return (rng.uniform(-1, 1, shape) * self.latent_scale).astype(np.float32)


def load_instrument(directory: pathlib.Path, *, ema: bool = True, precision: str = 'fp32',
                    latent_scale: float | None = None, batch_size: int = DEFAULT_BATCH_SIZE, checkpoint: str = 'latest',
                    kind: type[WaveGANConfig] = WaveGANConfig) -> UniformInstrument:
    """Opens a run, or an imported model.

    Args:
      directory: the run's.
      ema: without effect: as in the original, there is no average of the weights.
      precision: 'fp32' alone.
      latent_scale: scale of random latents; 1 unless given.
      batch_size: notes generated at once.
      checkpoint: 'latest' alone, since checkpoints are not compared.
      kind: of the hyperparameters.

    Raises:
      InputError: if something is missing, damaged or impossible.
    """
    checkpoints.require_plain(kind.MODEL, precision=precision, checkpoint=checkpoint)
    config = hyperparameters.read_experiment(directory, kind)
    pitches = vocabulary.read(directory)
    arrays = checkpoints.read_newest(directory)
    if arrays is None:
        raise InputError(f'No model: expected stage_00000/checkpoint-*.npz in the directory. '
                         f'Received: {str(directory)!r}')
    generator = Generator(config, wavegan_model.num_pitches(config, len(pitches.pitches)),
                          {name: array for name, array in arrays.items() if name.startswith('G/')})
    sound = wavegan_sound.read(directory, config)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, config.latent_size], tf.float32),
                                                   tf.TensorSpec([None], tf.int32)])
    def waves(latents, labels):
        return sound.to_waves(generator(latents, labels))
    return UniformInstrument(waves, sample_rate=config.sample_rate, audio_length=config.audio_length,
                             latent_size=config.latent_size, pitch_counts=pitches.counts, batch_size=batch_size,
                             latent_scale=1.0 if latent_scale is None else latent_scale)
