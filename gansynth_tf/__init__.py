"""GANSynth in TensorFlow 2 and Keras: neural instruments that play whole notes at once.

    import gansynth_tf as gs
    synth = gs.load()                          # the built-in model; or a run directory
    latents = synth.sample_latents(3, seed=0)  # three timbres
    audio = synth.generate(latents, [60, 64, 67])  # float32 [3, samples], full scale 1

Importing this package does not import TensorFlow; calling `load` does.
"""

__version__ = '0.1.0'


def load(path=None):
    """Loads a trained model for playing.

    Args:
      path: a training run's directory, or a model directory; None for the built-in model.

    Returns:
      A `gansynth_tf.generation.synthesizer.Synthesizer`.

    Raises:
      gansynth_tf.errors.InputError: if there is no usable model at `path`.
    """
    from gansynth_tf.generation import synthesizer
    return synthesizer.load(path)
