"""What is behind the page: one instrument, its keys, its timbres."""

import sys

from gansynth_tf.instrument import Instrument
from gansynth_tf.player.keyboard import Keyboard
from gansynth_tf.player.timbre_list import TimbreList
from gansynth_tf.player.turns import Turns


class Player:
    """An instrument that is played.

    Args:
      instrument: whatever plays notes.
      name: what it is called.
      load_seconds: how long it took to load.
    """

    def __init__(self, instrument: Instrument, *, name: str, load_seconds: float):
        self.instrument = instrument
        self._name, self._load_seconds = name, load_seconds
        self.turns = Turns()
        self.keyboard = Keyboard(instrument, self.turns)
        self.timbres = TimbreList(instrument)

    def facts(self) -> dict:
        """What the page has to know of the instrument."""
        return {'name': self._name, 'backend': 'tensorflow' if 'tensorflow' in sys.modules else 'onnx',
                'sample_rate': self.instrument.sample_rate, 'audio_length': self.instrument.audio_length,
                'pitches': list(self.instrument.pitches), 'latent_size': self.instrument.latent_size,
                'load_seconds': round(self._load_seconds, 2),
                'latent_scale': float(getattr(self.instrument, 'latent_scale', 1.0))}
