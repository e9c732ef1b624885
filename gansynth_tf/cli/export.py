"""Exports a trained model as one directory that plays without this package, for TensorFlow and TensorFlow Serving.

    gansynth_export --ckpt_dir=run --export_dir=model      writes model/1, then model/2, ...
    gansynth_generate --ckpt_dir=model --output_dir=out    plays it, and so does any TensorFlow program

    gansynth_export --export_dir=fast --format=openvino    the network for OpenVINO; gansynth_generate plays it, faster

--format=litert and --format=onnx write it for LiteRT and ONNX Runtime, which phones and other languages have.

Prints the path of what it writes. docs/serving.md tells what can be asked of it, and how.
"""

import sys

from absl import flags

from gansynth_tf.cli import command

FLAGS = command.new_flags()
flags.DEFINE_string('ckpt_dir', None, "The model: a training run, a model directory, or a directory of Magenta's "
                    'original GANSynth. Without it, the built-in model.', flag_values=FLAGS)
flags.DEFINE_string('export_dir', None, 'Where the export goes, into a subdirectory with the next version number.',
                    required=True, flag_values=FLAGS)
flags.DEFINE_enum('format', 'saved_model', ['saved_model', 'openvino', 'litert', 'onnx'], 'A TensorFlow SavedModel, '
                  "or the network for another engine (pip install 'gansynth-tf[openvino]', [litert], [onnx]).",
                  flag_values=FLAGS)
flags.DEFINE_enum('precision', 'fp32', ['fp32', 'bf16'], 'What a SavedModel computes in. With OpenVINO it is '
                  'chosen when playing.', flag_values=FLAGS)
flags.DEFINE_bool('ema', True, 'Export the moving average of the weights instead of the weights themselves.',
                  flag_values=FLAGS)
flags.DEFINE_string('data_licence', None, "The licence of the training data, for the export's description. Without it, "
                    "what the model's provenance.json says.", flag_values=FLAGS)
flags.DEFINE_string('config', None, "The preset that a model of Magenta's was trained with; only used where its "
                    'experiment.json is missing.', flag_values=FLAGS)
flags.DEFINE_string('hparams', '{}', 'Hyperparameters that differed from --config, as a JSON object.',
                    flag_values=FLAGS)


def main(argv):
    del argv
    from gansynth_tf import config as config_lib
    config = config_lib.given_with_flags(FLAGS.config, FLAGS.hparams)
    command.import_tensorflow()
    from gansynth_tf.export import network_model, saved_model
    options = dict(ema=FLAGS.ema, config=config, data_licence=FLAGS.data_licence)
    if FLAGS.format == 'saved_model':
        print(saved_model.export(FLAGS.ckpt_dir, FLAGS.export_dir, precision=FLAGS.precision, **options))
    else:
        print(network_model.export(FLAGS.ckpt_dir, FLAGS.export_dir, engine=FLAGS.format, **options))


def run():
    command.run(main, sys.modules[__name__])
