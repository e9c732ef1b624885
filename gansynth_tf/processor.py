"""Settings of TensorFlow's that make it faster on a processor. They count if made before it is imported."""

import os
from collections.abc import Mapping

# Keeps large buffers; else the system clears their pages anew for every tensor, a fifth of training's processor time.
TRAINING: Mapping[str, str] = {'TF_CPU_ALLOCATOR_USE_BFC': '1'}

# And oneDNN's convolutions, which TensorFlow takes by itself only where there is AVX-512 or newer. Not for training:
# without AVX-512 its gradients with respect to the kernels of large images take twice as long.
GENERATING: Mapping[str, str] = {**TRAINING, 'TF_ENABLE_ONEDNN_OPTS': '1'}


def prefer_speed(settings: Mapping[str, str]) -> None:
    """Makes the settings, but for those that the user has made otherwise."""
    for name, value in settings.items():
        os.environ.setdefault(name, value)
