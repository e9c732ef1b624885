"""The benchmark's parts, each measured in a process of its own.

So TensorFlow starts with the settings of the tool that the part stands for, and the peak of memory is that part's.
"""

import concurrent.futures
import importlib
import multiprocessing
import sys
from collections.abc import Callable, Mapping

from gansynth_tf.benchmark import comparison
from gansynth_tf.benchmark.comparison import Result
from gansynth_tf.config import Config
from gansynth_tf.tensorflow_setup import GENERATING, TRAINING, prefer_speed

_SETTINGS = {'generate': GENERATING, 'synthesis': GENERATING, 'data': TRAINING, 'train': TRAINING,
             'wavenet': GENERATING, 'roofline': GENERATING}
PARTS = tuple(_SETTINGS)


def measure(part: str, config: Config, *, tfds_data_dir: str | None = None, peer_python: str | None = None,
            rounds: int = comparison.DEFAULT_ROUNDS, import_tensorflow: Callable[[], object]) -> list[Result]:
    """The results of one of `PARTS`. Each is also printed to stderr at once, in case of an interruption.

    Args:
      part: the name of the module with the part's cases.
      config: the hyperparameters.
      tfds_data_dir: prepared notes, for the parts that read some.
      peer_python: as for `comparison.compare`.
      rounds: likewise.
      import_tensorflow: called in the new process after its settings are made; a function of some module.

    Raises:
      InputError: if `peer_python` cannot run the original.
    """
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('spawn'), _start,
                                                (_SETTINGS[part], import_tensorflow)) as process:
        return process.submit(_measure, part, config, tfds_data_dir, peer_python, rounds).result()


def _start(settings: Mapping[str, str], import_tensorflow: Callable[[], object]) -> None:
    prefer_speed(settings)
    import_tensorflow()


def _measure(part: str, config: Config, tfds_data_dir: str | None, peer_python: str | None,
             rounds: int) -> list[Result]:
    from gansynth_tf.benchmark import report  # here, since it loads TensorFlow
    cases = importlib.import_module(f'gansynth_tf.benchmark.{part}').cases(config, tfds_data_dir)
    results = []
    for result in comparison.compare(cases, peer_python=peer_python, rounds=rounds,
                                     on_start=lambda name: print(f'{name} ...', file=sys.stderr)):
        results.append(result)
        print(report.row(result), file=sys.stderr, flush=True)
    return results
