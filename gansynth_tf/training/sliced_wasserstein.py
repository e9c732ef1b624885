"""How far generated spectrograms are from real ones, as one number: the sliced Wasserstein distance.

Rabin et al. 2011. Both sets are projected onto random directions; on a line the distance is that of the sorted
values. Karras et al. 2018 take it of patches of a Laplacian pyramid; this one takes it of whole normalised pictures,
and so tells distributions of notes apart, not of textures. 0 is the best.
"""

import numpy as np

NUM_DIRECTIONS = 256


def project(images: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """float32 [n, ...] -> float32 [n, 256]: the images' coordinates along random directions of length 1.

    The directions depend on seed and image size alone, so that projections of batches can be concatenated.
    """
    flat = np.reshape(images, (len(images), -1))
    rng = np.random.default_rng([seed, flat.shape[1]])
    projected, squares, chunk = np.zeros((len(flat), NUM_DIRECTIONS), np.float32), np.zeros(NUM_DIRECTIONS), 4096
    for start in range(0, flat.shape[1], chunk):  # so that the directions never stand in memory as a whole
        part = flat[:, start:start + chunk]
        directions = rng.standard_normal((part.shape[1], NUM_DIRECTIONS), np.float32)
        projected += part @ directions
        squares += np.sum(np.square(directions), axis=0)
    return projected / np.sqrt(squares).astype(np.float32)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The mean over all directions of the Wasserstein-1 distance of projections [n, directions] to others [n, ...].

    Raises:
      ValueError: if there are not as many of one as of the other.
    """
    if first.shape != second.shape:
        raise ValueError(f'Two sets of projections differ in size: {first.shape} and {second.shape}')
    return float(np.mean(np.abs(np.sort(first, axis=0) - np.sort(second, axis=0))))
