"""The timbres that the page offers."""

import numpy as np

from gansynth_tf.instrument import Instrument, whole_number

MOST_SAMPLED = 64
_NUM_WITHOUT_LIBRARY = 24


class TimbreList:
    """Timbres of an instrument.

    Args:
      instrument: whose they are.
    """

    def __init__(self, instrument: Instrument):
        self._instrument = instrument

    def all(self) -> dict:
        """All timbres, each with its place on a map."""
        timbres = self.sampled(_NUM_WITHOUT_LIBRARY, 0)['timbres']
        places = _places(np.array([timbre['latent'] for timbre in timbres]))
        for timbre, place in zip(timbres, places):
            timbre['position'] = place.tolist()
        return {'timbres': timbres}

    def sampled(self, n, seed) -> dict:
        """Random timbres, as many as said."""
        n = whole_number(n, 'n', lowest=1, highest=MOST_SAMPLED)
        latents = self._instrument.sample_latents(n, seed=seed)
        return {'timbres': [{'name': f'random {number}', 'latent': latent.tolist(), 'words': []}
                            for number, latent in enumerate(latents, 1)]}


def _places(latents: np.ndarray) -> np.ndarray:
    """Places on a map, float [n, 2] in -1 to 1: the first two principal components, by rank."""
    centred = latents - latents.mean(axis=0)
    places = np.linalg.svd(centred, full_matrices=False)[0][:, :2]
    ranks = np.argsort(np.argsort(places, axis=0), axis=0)
    return np.round(2 * (ranks + 0.5) / len(ranks) - 1, 4)
