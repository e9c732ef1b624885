"""The progressive networks: layers, resolution schedule, generator, discriminator and their weights as arrays."""

import os

os.environ['KERAS_BACKEND'] = 'tensorflow'  # a user's own Keras settings may name another
