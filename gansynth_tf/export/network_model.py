"""Exports of the generator's network, from latents and pitch labels to images, for OpenVINO, LiteRT or ONNX Runtime.

    OUT/generator.xml, generator.bin     for OpenVINO
    OUT/generator.tflite                 for LiteRT, also of other languages and on phones
    OUT/generator.onnx                   for ONNX Runtime, likewise
    OUT/normalizer.json, description.json

Waves are made of the normalised images in NumPy: this is a small part of the work, and LiteRT has no inverse Fourier
transform.
"""

import os
import pathlib
import shutil
import tempfile

import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.data import timbre_code_file
from gansynth_tf.export import description
from gansynth_tf.generation import exported_model, network_model
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.generation.synthesizer import Model
from gansynth_tf.music import timbre_library
from gansynth_tf.spectral import normalizers


def export(model: Model, export_dir: str | os.PathLike, *, engine: str, data_licence: str | None = None
           ) -> pathlib.Path:
    """Exports a trained model's network; returns the directory.

    Args:
      model: as `synthesizer.open_model` reads it.
      export_dir: of the files.
      engine: the engine that will run it, one of `network_model.ENGINES`.
      data_licence: as for `saved_model.export`.

    Raises:
      InputError: if the export cannot be written, there is one of another format, or the engine is not installed.
    """
    kind = network_model.ENGINES[engine]
    kind.check_installed()
    facts = description.describe(model.config, model.vocabulary, model.state, data_licence=data_licence,
                                 provenance=description.read_provenance(model.directory), form=kind.form)
    del facts['signatures']  # which only a SavedModel has
    directory = files.make_directory(export_dir)
    exported_model.require_format(directory, engine)
    files.remove_abandoned(directory)
    module = tf.Module()
    module.graph = InferenceGraph(model.config, model.vocabulary.pitches, model.state, normalizer=model.normalizer)
    images = tf.function(module.graph.images, autograph=False, input_signature=[
        tf.TensorSpec([None, model.config.latent_vector_size], tf.float32, 'latents'),
        tf.TensorSpec([None], tf.int32, 'labels')])
    errors = files.write_errors(directory / kind.file, what='the export', others=(RuntimeError,))
    with errors, files.temporary_directory(directory / engine) as temporary:
        _WRITERS[engine](module, images, temporary / kind.file)
        normalizers.write(model.normalizer, temporary)
        if (codes := model.codes) is not None:
            timbre_code_file.write(codes, temporary)
        files.write_json(facts, temporary / network_model.DESCRIPTION_FILE)
        if (library := timbre_library.path_of(model.directory)).is_file():
            shutil.copyfile(library, temporary / library.name)
        for path in sorted(temporary.iterdir()):
            os.replace(path, directory / path.name)
    return directory


def _write_openvino(module: tf.Module, images, path: pathlib.Path) -> None:
    import openvino
    with tempfile.TemporaryDirectory() as temporary:  # OpenVINO reads SavedModels
        tf.saved_model.save(module, temporary, signatures=images.get_concrete_function())
        network = openvino.convert_model(temporary)
    openvino.save_model(network, str(path), compress_to_fp16=False)


def _write_litert(module: tf.Module, images, path: pathlib.Path) -> None:
    model = tf.lite.TFLiteConverter.from_concrete_functions([images.get_concrete_function()], module).convert()
    path.write_bytes(model)


def _write_onnx(module: tf.Module, images, path: pathlib.Path) -> None:
    import tf2onnx
    tf2onnx.convert.from_function(images, input_signature=images.input_signature, opset=17, output_path=str(path))


_WRITERS = {'openvino': _write_openvino, 'litert': _write_litert, 'onnx': _write_onnx}
