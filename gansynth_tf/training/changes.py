"""Which hyperparameters may be changed when a run goes on."""

import logging

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.hyperparameters import FREE, LATER
from gansynth_tf.training import stages


def check(before: Config, after: Config, stage_id: int | None) -> None:
    """Logs the changes from one configuration to the next if a run can go on with them.

    Safe are settings of the loss, the optimizers and the summaries, and the lengths of stages that are still to come;
    that of the stage at work, too, unless it is a transition, whose progress would jump.

    Args:
      before: what the run has been trained with.
      after: what it is to go on with.
      stage_id: the stage that the run is in; None if it has no checkpoint yet.

    Raises:
      InputError: naming every hyperparameter that cannot change, with its value in the run.
    """
    old, new = before.to_dict(), after.to_dict()
    changed = {name for name, value in new.items() if old[name] != value}
    allowed = {FREE, LATER} if stage_id is None or _same_so_far(before, after, stage_id) else {FREE}
    if refused := sorted(name for name in changed if Config.facts()[name].on_resume not in allowed):
        raise InputError(f'The directory holds a run of another configuration: expected the same hyperparameters to go '
                         f'on with it ({", ".join(f"{name} = {old[name]!r}" for name in refused)}), or another '
                         f'directory. Received: {", ".join(f"{name} = {new[name]!r}" for name in refused)}')
    for name in sorted(changed):
        logging.warning('The run goes on with %s = %r instead of %r.', name, new[name], old[name])


def _same_so_far(before: Config, after: Config, stage_id: int) -> bool:
    """Whether both have the same stages up to the one at work, whose end may differ if it is a stable one."""
    try:
        pairs = list(zip(stages.all_stages(before), stages.all_stages(after)))
    except InputError:
        return False
    return all(ours.first_image == theirs.first_image
               and (ours.end_image == theirs.end_image or (ours.stage_id == stage_id and not ours.is_transition))
               for ours, theirs in pairs if ours.stage_id <= stage_id)
