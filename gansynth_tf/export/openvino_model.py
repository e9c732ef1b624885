"""Writing the generator for OpenVINO, which runs its convolutions faster than TensorFlow does on many processors.

    OUT/generator.xml, generator.bin     from latents and pitch labels to normalised images
    OUT/normalizer.json, description.json

The way from images to waves stays TensorFlow's: it is a small part of the work.
"""

import json
import os
import pathlib
import tempfile

import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.export import description
from gansynth_tf.generation import exported, synthesizer
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.spectral import normalizers


def export(model_dir: str | os.PathLike | None, export_dir: str | os.PathLike, *, ema: bool = True, config=None,
           data_licence: str | None = None) -> pathlib.Path:
    """Exports a trained model's network; returns the directory. Arguments and errors are those of `saved_model.export`.

    Raises:
      InputError: also if OpenVINO is not installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise InputError(f"OpenVINO is missing: expected pip install 'gansynth-tf[openvino]' ({error}). "
                         f'Received: --format=openvino') from error
    model = synthesizer.open_model(model_dir, config=config, ema=ema)
    facts = description.describe(model.config, model.vocabulary, model.state, data_licence=data_licence,
                                 provenance=description.read_provenance(model.directory),
                                 form=exported.OPENVINO_FORMAT)
    del facts['signatures']  # those of a SavedModel
    directory = files.make_directory(export_dir)
    graph = InferenceGraph(model.config, len(model.vocabulary.pitches), model.state, normalizer=model.normalizer)
    network = _converted(graph, model.config.latent_vector_size, openvino)
    xml = directory / exported.OPENVINO_FILE
    try:
        openvino.save_model(network, str(xml), compress_to_fp16=False)
    except (OSError, RuntimeError) as error:
        raise InputError(f'Cannot write the export: expected room and permission for it. Received: {str(xml)!r} '
                         f'({str(error).splitlines()[0]})') from error
    normalizers.write(model.normalizer, directory)
    with files.atomic_write(directory / exported.DESCRIPTION_FILE) as temporary:
        temporary.write_text(json.dumps(facts, indent=1) + '\n')
    return directory


def _converted(graph: InferenceGraph, latent_size: int, openvino):
    """OpenVINO's model of `graph.images`, by way of a SavedModel, which is what it reads."""
    module = tf.Module()
    module.graph = graph
    images = tf.function(graph.images, autograph=False, input_signature=[
        tf.TensorSpec([None, latent_size], tf.float32, 'latents'), tf.TensorSpec([None], tf.int32, 'labels')])
    with tempfile.TemporaryDirectory() as temporary:
        tf.saved_model.save(module, temporary, signatures=images.get_concrete_function())
        return openvino.convert_model(temporary)
