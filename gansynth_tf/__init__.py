"""GANSynth in TensorFlow 2 and Keras: neural instruments that play whole notes at once.

    import gansynth_tf as gs
    synth = gs.load()                          # the built-in model; or a run directory
    latents = synth.sample_latents(3, seed=0)  # three timbres
    audio = synth.generate(latents, [60, 64, 67])  # float32 [3, samples], full scale 1

Importing this package does not import TensorFlow; calling `load` does.
"""

__version__ = '0.1.0'


def load(path=None, *, config=None, ema=True, precision='fp32', latent_scale=None):
    """Loads a trained model for playing.

    Args:
      path: a training run's directory, a model directory, an export, or one of Magenta's; None for the built-in model.
      config: what a model of Magenta's was trained with (a preset's name, or a `gansynth_tf.config.Config`); only used
        where its `experiment.json` is missing.
      ema: play with the moving average of the weights, as one should, rather than with the weights themselves.
      precision: 'fp32', or 'bf16', which is faster on processors that have bfloat16, and costs quality.
      latent_scale: how far random timbres are from the middle: 1 for all that the model was trained for, less for fewer
        kinds, more of them in tune; the model's own if not given.

    Returns:
      A `gansynth_tf.generation.synthesizer.Synthesizer`.

    Raises:
      gansynth_tf.errors.InputError: if there is no usable model at `path`.
    """
    from gansynth_tf import processor
    processor.prefer_speed(processor.GENERATING)
    from gansynth_tf.generation import synthesizer
    return synthesizer.load(path, config=config, ema=ema, precision=precision, latent_scale=latent_scale)
