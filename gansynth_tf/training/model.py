"""A model to train, as the loop sees it: all that `loop.train` asks for.

The loop knows the run's directory, its lock, resuming, signals, checkpoints, rollback, metrics.jsonl, summaries and the
progress line. A model knows its networks, its losses and its notes. GANSynth's is `trainer.Gansynth`; a baseline's is
made by its module `gansynth_tf.baselines.<name>`, to which `gansynth_train --model=<name>` turns, and which has

    PRESETS: Mapping[str, Hyperparameters]    the configurations by name, the first of which is the default
    create(config, notes) -> Model            a model to train on prepared notes
"""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

Batch = Mapping[str, np.ndarray]  # or tensors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a run, which has a directory and optimizers of its own. Models whose networks do not grow have one.

    Attributes:
      stage_id: rising from stage to stage, but not necessarily by 1.
      batch_size: notes per iteration.
      first_image: notes seen in all the stages before; 'images' in names here are notes.
      end_image: notes seen after this stage, in all.
      time_limit: seconds after which the stage ends whatever it has seen; None for no limit.
    """

    stage_id: int = 0
    batch_size: int
    first_image: int = 0
    end_image: int
    time_limit: float | None = None

    @property
    def title(self) -> str:
        """A few words for the progress line."""
        return 'training'


class Model(Protocol):
    """A model to train.

    Attributes:
      summary_interval: notes seen from one summary to the next.
    """

    summary_interval: int

    @property
    def stages(self) -> Sequence[Stage]:
        """All stages, in order."""

    def prepare(self, directory: pathlib.Path, stage_id: int | None) -> None:
        """Makes ready for a run, before anything else is asked for. Called once, while the directory is locked.

        Writes what describes the run (`run_directory.claim` does it: experiment.json, pitch_counts.json), or checks
        that what is there is a run of the same configuration on the same notes. Keeps there what is fitted once.

        Args:
          directory: the run's.
          stage_id: that of its newest checkpoint; None for a new run.

        Raises:
          InputError: if the directory holds a run that cannot go on as this one.
        """

    def begin(self, stage: Any, arrays: Mapping[str, np.ndarray] | None) -> None:
        """Begins a stage, to which all other methods then refer.

        Args:
          stage: one of `stages`.
          arrays: a checkpoint within this stage, as `arrays` gave them, from which to go on, whatever the networks
            hold; None at the stage's start, with the weights that there are and fresh optimizers.

        Raises:
          InputError: if the checkpoint is not of this model (`weights.assign` finds out); no weight has changed then.
        """

    def batches(self, image_id: int, random_stream: int) -> Iterator[Batch]:
        """An endless stream of all that differs from iteration to iteration: notes, and random numbers.

        It is a function of the arguments, so that a resumed run repeats what an uninterrupted one would have seen.

        Args:
          image_id: notes seen so far; each iteration sees a batch more.
          random_stream: 0, and after every rollback one more, for other random numbers and another order of the notes.

        Returns:
          Arrays or tensors by name. If a loss is not finite, they are written to a file, to repeat the iteration with.
        """

    def iterate(self, batch: Batch, image_id: int) -> dict[str, float]:
        """One update of all networks.

        Returns:
          Loss terms and whatever else tells how the run is doing, by name, in the order in which they are computed. The
          first of them that is not finite ends the run, or sends it back to its last checkpoint. Terms that not every
          iteration has may be left out; the last known ones are shown.
        """

    def arrays(self, image_id: int) -> dict[str, np.ndarray]:
        """All that a checkpoint must hold for the run to go on: weights and optimizers' state, by readable names.

        Weights have a '/' in their names. The loop adds names without: stage_id, image_id, end_image, is_complete,
        random_stream, stage_seconds, sliced_wasserstein.
        """

    def describe(self, terms: Mapping[str, float]) -> str:
        """The few numbers of `terms` that belong into the progress line."""

    def show_notes(self) -> None:
        """Shows real notes when a stage starts, by `tf.summary` functions; writer and step are set."""

    def summarise(self, terms: Mapping[str, float], image_id: int) -> dict[str, float]:
        """Shows samples, by `tf.summary` functions; writer and step are set. Logs warnings about `terms`.

        Returns:
          More numbers to write beside `terms`; {} for none.
        """

    def distance(self, image_id: int) -> float | None:
        """The distance of samples from real notes, by which the best checkpoint is kept; None if not measured."""
