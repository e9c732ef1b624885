"""Exports a trained model as one directory that plays without this package, for TensorFlow and TensorFlow Serving.

    gansynth_export --ckpt_dir=run --export_dir=model      writes model/1, then model/2, ...
    gansynth_generate --ckpt_dir=model --output_dir=out    plays it, and so does any TensorFlow program

    gansynth_export --export_dir=fast --format=openvino    the network for OpenVINO; gansynth_generate plays it, faster

--format=litert and --format=onnx write it for LiteRT and ONNX Runtime, which phones and other languages have.

    gansynth_export --export_dir=site --format=web         the player's page, for any web host; no Python there

Prints the path of what it writes. docs/serving.md tells what can be asked of it, and how.
"""

import sys

from gansynth_tf.cli import command

FLAGS = command.new_flags()
command.model_flags(FLAGS)
FLAGS.define_path('export_dir', 'Where the export goes; a SavedModel into a subdirectory with the next version number.',
                  required=True)
FLAGS.define_enum('format', 'saved_model', ['saved_model', 'openvino', 'litert', 'onnx', 'web'], 'A TensorFlow '
                  "SavedModel, or the network for another engine (pip install 'gansynth-tf[openvino]', [litert], "
                  '[onnx]), whose --precision is chosen when playing, or a site whose page plays it (needs [onnx]).')
FLAGS.define_path('onnxruntime_web', 'For --format=web: the unpacked npm package onnxruntime-web. Without it, it is '
                  'fetched once from npm (33 MB).')
FLAGS.define_string('data_licence', None, "The licence of the training data, for the export's description. Without it, "
                    "what the model's provenance.json says.")


def main(_):
    settings = command.model_settings(FLAGS)
    command.import_tensorflow()
    from gansynth_tf.export import network_model, saved_model
    from gansynth_tf.generation import synthesizer
    model = synthesizer.open_model(settings['path'], **{name: settings[name] for name in (
        'config', 'ema', 'checkpoint', 'latent_scale')})
    if FLAGS.format == 'web':
        from gansynth_tf.player import web_export
        site = web_export.export(model, FLAGS.export_dir, name=command.model_name(FLAGS), runtime=FLAGS.onnxruntime_web,
                                 phase_locking=FLAGS.phase_locking, data_licence=FLAGS.data_licence)
        print(site.directory)
        print(f'{site.num_bytes / 1e6:.1f} MB in all, {site.num_sent_bytes / 1e6:.1f} MB as a host sends it that '
              f'compresses. Try it: python -m http.server --directory {site.directory}', file=sys.stderr)
    elif FLAGS.format == 'saved_model':
        print(saved_model.export(model, FLAGS.export_dir, data_licence=FLAGS.data_licence, precision=FLAGS.precision,
                                 phase_locking=FLAGS.phase_locking, batch_size=FLAGS.batch_size))
    else:
        print(network_model.export(model, FLAGS.export_dir, data_licence=FLAGS.data_licence, engine=FLAGS.format))


run = command.tool(main)
