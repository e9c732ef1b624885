"""Settings of TensorFlow's that make generating on a processor faster. They count if made before it is imported."""

import os

SETTINGS = {
    # oneDNN's convolutions; TensorFlow takes them by itself only where there is AVX-512 or newer.
    'TF_ENABLE_ONEDNN_OPTS': '1',
    # Keeps large buffers; else the system clears their pages anew for every tensor.
    'TF_CPU_ALLOCATOR_USE_BFC': '1',
}


def prefer_speed() -> None:
    """Makes the settings, but for those that the user has made otherwise."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
