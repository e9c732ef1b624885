"""Exports of a model as a TensorFlow SavedModel, in the layout that TensorFlow Serving watches.

OUT/1/saved_model.pb, variables/        the first export
OUT/2/...                               a later one; servers use the highest number
"""

import os
import pathlib

import tensorflow as tf

from gansynth_tf import files
from gansynth_tf.data import timbre_code_file
from gansynth_tf.export import description
from gansynth_tf.export.served_model import ServedModel
from gansynth_tf.generation import exported_model
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.generation.synthesizer import Model
from gansynth_tf.instrument import DEFAULT_BATCH_SIZE


def export(model: Model, export_dir: str | os.PathLike, *, data_licence: str | None = None, precision: str = 'fp32',
           phase_locking: bool = True, batch_size: int = DEFAULT_BATCH_SIZE) -> pathlib.Path:
    """Exports a trained model; returns the directory of the new version.

    Args:
      model: as `synthesizer.open_model` reads it.
      export_dir: of the versions.
      data_licence: the licence of the training data, for `describe`; that in the model's `provenance.json` if None.
      precision: of the network's computation, 'fp32' or 'bf16'.
      phase_locking: as `gansynth_tf.load` has it.
      batch_size: notes computed at once, however many are asked for.

    Raises:
      InputError: if the export cannot be written, or there is one of another format.
    """
    facts = description.describe(model.config, model.vocabulary, model.state, data_licence=data_licence,
                                 provenance=description.read_provenance(model.directory))
    graph = InferenceGraph(model.config, model.vocabulary.pitches, model.state, normalizer=model.normalizer,
                           precision=precision, phase_locking=phase_locking)
    codes = model.codes
    served = ServedModel(model.config, model.vocabulary, graph.waves, variables=graph, description=facts, codes=codes,
                         batch_size=batch_size)
    directory = files.make_directory(export_dir)
    exported_model.require_format(directory, exported_model.SAVED_MODEL)
    files.remove_abandoned(directory)
    versions = [int(path.name) for path in directory.iterdir() if path.name.isdecimal()]
    final = directory / str(max(versions, default=0) + 1)
    errors = files.write_errors(final, what='the export', others=(tf.errors.OpError,))
    # Renamed only at the end, so that servers never see an incomplete version.
    with errors, files.temporary_directory(final) as temporary:
        # Custom gradients would be Python functions, which other programs lack; playing needs no gradients.
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(served, os.fspath(temporary), signatures=served.concrete_functions(), options=options)
        if codes is not None:
            timbre_code_file.write(codes, temporary)
        temporary.rename(final)
    return final
