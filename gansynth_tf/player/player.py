"""The player behind the page: one instrument, its keys, its timbres, and its jobs."""

import pathlib
import sys
import threading
from collections.abc import Sequence

from gansynth_tf.instrument import Instrument
from gansynth_tf.music import timbres
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.player.jobs import Jobs
from gansynth_tf.player.keyboard import Keyboard
from gansynth_tf.player.timbre_shelf import TimbreShelf
from gansynth_tf.player.turns import Turns, YieldingInstrument

_BACKENDS = {'tensorflow': 'tensorflow', 'onnxruntime': 'onnx', 'openvino': 'openvino', 'ai_edge_litert': 'litert'}


class Player:
    """An instrument with all that the page can do with it.

    Args:
      instrument: plays the notes.
      name: of the instrument, for the page.
      load_seconds: time that loading it took.
      directory: the user's, for timbres that are kept, and for pieces while the player runs.
      library: the instrument's timbres.
    """

    def __init__(self, instrument: Instrument, *, name: str, load_seconds: float, directory: pathlib.Path,
                 library: Sequence[Entry] = ()):
        self.instrument = instrument
        self._name, self._load_seconds = name, load_seconds
        self.turns = Turns()
        self.keyboard = Keyboard(instrument, self.turns)
        self.timbres = TimbreShelf(YieldingInstrument(instrument, self.turns), directory, library)
        self.jobs = Jobs(directory)

    def prepare(self) -> None:
        """Begins to measure timbres in the background, since the page will ask for them first."""
        threading.Thread(target=self.timbres.all, name='timbres', daemon=True).start()

    def close(self) -> None:
        """Cancels all jobs, and removes their files."""
        self.jobs.close()

    def facts(self) -> dict:
        """Facts on the instrument, for the page."""
        return {**facts(self.instrument, self._name), 'backend': _backend(),
                'load_seconds': round(self._load_seconds, 2)}


def facts(instrument: Instrument, name: str) -> dict:
    """Facts on an instrument that every page needs."""
    return {'name': name, **timbres.model_facts(instrument), 'pitches': list(instrument.pitches),
            'latent_scale': float(getattr(instrument, 'latent_scale', 1.0))}


def _backend() -> str:
    """The name of the engine that computes the network, as far as imported modules tell."""
    return next((name for module, name in _BACKENDS.items() if sys.modules.get(module)), 'numpy')
