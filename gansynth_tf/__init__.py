"""GANSynth in TensorFlow 2 and Keras: neural instruments that play whole notes at once.

    import gansynth_tf as gs
    synth = gs.load()                          # the built-in model; or a run directory
    latents = synth.sample_latents(3, seed=0)  # three timbres
    audio = synth.generate(latents, [60, 64, 67])  # float32 [3, samples], full scale 1
    gs.write_wav('chord.wav', audio.sum(axis=0), synth.sample_rate)

Importing this package does not import TensorFlow; calling `load` does, unless it finds an export for another engine.
"""

__version__ = '0.1.0'


def load(path=None, *, config=None, ema=True, precision='fp32', latent_scale=None, batch_size=8, checkpoint='latest',
         phase_locking=True):
    """Loads a trained model for playing.

    Args:
      path: a training run's directory, a model directory, an export, one of Magenta's, or a baseline's; None for the
        built-in model.
      config: what a model of Magenta's was trained with (a preset's name, or a `gansynth_tf.config.Config`); only used
        where its `experiment.json` is missing.
      ema: play with the moving average of the weights rather than with the weights themselves.
      precision: 'fp32', or 'bf16', which is faster on processors that have bfloat16, and costs quality; a SavedModel
        plays in the precision that it was exported with.
      latent_scale: scale of random latents: 1 as in training, below 1 for less varied notes, more of which are in
        tune; the model's own if not given.
      batch_size: notes generated at once.
      checkpoint: of a training run, the 'latest' or the 'best': that of the lowest sliced Wasserstein distance in the
        newest stage.
      phase_locking: one phase for each partial of a note, which sounds steadier and clearer; False for one phase for
        each frequency, as the original has it; a SavedModel plays in the way that it was exported with.

    Returns:
      A `gansynth_tf.instrument.Instrument`.

    Raises:
      gansynth_tf.errors.InputError: if there is no usable model at `path`.

    >>> import gansynth_tf as gs
    >>> synth = gs.load()
    >>> synth.sample_rate, synth.audio_length, synth.pitches[0], synth.pitches[-1]
    (16000, 64000, 24, 84)
    >>> synth.generate(synth.sample_latents(1, seed=0), [60]).shape
    (1, 64000)
    """
    from gansynth_tf import tensorflow_setup
    tensorflow_setup.check_backend()  # before what follows sets it
    from gansynth_tf.generation import load as loading
    return loading.instrument(path, config=config, ema=ema, precision=precision, latent_scale=latent_scale,
                              batch_size=batch_size, checkpoint=checkpoint, phase_locking=phase_locking)


def timbres(path=None):
    """The named timbres of a model, its library: a dict from name to latent, float32 [latent_size].

        synth.generate([gs.timbres()['NAME']], [60])

    Args:
      path: the model's directory; None for the built-in model.

    Raises:
      gansynth_tf.errors.InputError: if its library cannot be read; a model that has none has no names.
    """
    from gansynth_tf.music import timbre_library
    return {name: timbre.latent for name, timbre in timbre_library.of_model(path).items()}


def write_wav(path, audio, sample_rate):
    """Writes one note or clip as a 16-bit WAV file; returns its path.

    Args:
      path: where to.
      audio: float [samples], full scale 1; what exceeds it is turned down as a whole, never clipped.
      sample_rate: Hz.

    Raises:
      gansynth_tf.errors.InputError: if the file cannot be written, or a sample is not finite.

    >>> import tempfile
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    >>> path = write_wav(tempfile.mkdtemp() + '/a4.wav', 0.5 * tone, 16000)
    >>> path.name, path.stat().st_size
    ('a4.wav', 16044)
    """
    from gansynth_tf.music import output
    return output.write_wav(path, audio, sample_rate)
