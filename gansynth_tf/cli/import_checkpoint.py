"""Converts a model of Magenta's original GANSynth or NSynth autoencoder, or a WaveGAN or SpecGAN of the original.

    gansynth_import_checkpoint --ckpt_dir=acoustic_only --output_dir=my_model
    gansynth_generate --ckpt_dir=my_model --output_dir=out
    gansynth_import_checkpoint --ckpt_dir=wavenet-ckpt/model.ckpt-200000 --output_dir=my_autoencoder

The converted model holds everything that playing and training on need. Prints the path of the checkpoint it writes.
For playing alone, gansynth_generate takes Magenta's directory as it is.
"""

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
FLAGS.define_path('ckpt_dir', "The training or release directory of Magenta's GANSynth, with stage_000NN/ in it; or of "
                  'an NSynth autoencoder, WaveGAN or SpecGAN, with model.ckpt-N.index in it, or one of its checkpoints '
                  'without the .index.', required=True)
FLAGS.define_path('output_dir', 'Where the converted model goes; gansynth_train --train_root_dir trains on.',
                  required=True)
FLAGS.define_string('config', None, 'The preset the model was trained with; only used where experiment.json is '
                    'missing.')
FLAGS.define_string('hparams', '{}', 'Hyperparameters that differed from --config, as a JSON object: {"fmap_max": 64}.')
FLAGS.define_integer('slice_length', None, 'Of a WaveGAN: 32768 tells it from one of 65536 samples, which looks the '
                     'same.')
FLAGS.define_path('moments', "Of a SpecGAN: an .npz file of the arrays mean and std in the original's pickle.")
FLAGS.define_bool('ema', False, 'Of an NSynth autoencoder, the averages of its weights; without it the weights '
                  'themselves, as her released sampler takes them.')


def main(_):
    from gansynth_tf import config as config_lib
    from gansynth_tf import hyperparameters

    command.import_tensorflow()
    from gansynth_tf.baselines import specgan_spectrograms, wavegan_checkpoint, wavenet_checkpoint
    from gansynth_tf.magenta import magenta_directory
    if prefix := wavegan_checkpoint.find(FLAGS.ckpt_dir):
        print(wavegan_checkpoint.convert(prefix, FLAGS.output_dir, slice_length=FLAGS.slice_length,
                                         moments=FLAGS.moments and specgan_spectrograms.read(FLAGS.moments)))
        return
    if prefix := wavenet_checkpoint.find(FLAGS.ckpt_dir):
        print(wavenet_checkpoint.convert(prefix, FLAGS.output_dir, ema=FLAGS.ema,
                                         **hyperparameters.parse_hparams(FLAGS.hparams)))
        return
    config = config_lib.given_with_flags(FLAGS.config, FLAGS.hparams)
    if not magenta_directory.is_magenta(FLAGS.ckpt_dir):
        raise InputError(f'Nothing to convert: expected stage_000NN/model.ckpt-N in the directory. '
                         f'Received: {FLAGS.ckpt_dir!r}')
    print(magenta_directory.convert(FLAGS.ckpt_dir, FLAGS.output_dir, config))


run = command.tool(main)
