"""Runs exported training steps with JAX, on a GPU if JAX has one, and measures them stage by stage.

    pip install 'jax[cuda12]'
    gansynth_run_step --step_dir=steps --precision=tf32 --peak_teraflops=495

TensorFlow is not needed. The notes are random numbers: what is measured is the step. Prints a line of JSON a stage.
"""

from gansynth_tf.cli import command

FLAGS = command.new_flags()
FLAGS.define_path('step_dir', 'What gansynth_export_step wrote: a directory of stages.', required=True)
FLAGS.define_integer('iterations', 50, 'Iterations to measure in each stage.', lower_bound=1)
FLAGS.define_enum('precision', 'tf32', ['fp32', 'tf32'], 'What NVIDIA GPUs multiply float32 numbers in; bfloat16 is '
                  'for gansynth_export_step to decide.')
FLAGS.define_float('peak_teraflops', None, "The chip's peak, for the fraction of it that is used.", lower_bound=0.0)


def main(_):
    import importlib.util
    import json

    from gansynth_tf.errors import InputError
    from gansynth_tf.step_export import step_speed

    if importlib.util.find_spec('jax') is None:
        raise InputError("No JAX: expected it to be installed (pip install jax, or 'jax[cuda12]' for a GPU of NVIDIA). "
                         'Received: none')

    step_speed.set_precision(FLAGS.precision)  # before JAX is loaded
    for directory in step_speed.stage_directories(FLAGS.step_dir):
        print(json.dumps(step_speed.measure(directory, iterations=FLAGS.iterations,
                                            peak_teraflops=FLAGS.peak_teraflops)), flush=True)


run = command.tool(main)
