"""SpecGAN: pictures of log magnitudes, whose phases Griffin and Lim's iterations find (Donahue et al. 2019).

Its networks are WaveGAN's with squares for stretches of time, and it is trained and played by the same code.
"""

import functools

from gansynth_tf.baselines import wavegan
from gansynth_tf.baselines.wavegan_config import SPECGAN_PRESETS, SpecGANConfig

PRESETS = SPECGAN_PRESETS
create = wavegan.create
load_instrument = functools.partial(wavegan.load_instrument, kind=SpecGANConfig)
