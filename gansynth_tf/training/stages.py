"""The stages of progressive training: their resolutions, numbers of notes, and progress.

Source: Karras et al. 2018, section 2; Magenta's `model.py` and TF-GAN's progressive GAN example.
"""

import dataclasses

from gansynth_tf.config import Config
from gansynth_tf.training import model


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage(model.Stage):
    """A stage of a GANSynth: even ones are stable, odd ones fade in the block of the next resolution.

    Attributes:
      num_blocks: blocks (resolutions) in use, from 1.
      resolution: (height, width) of its spectrograms.
      ac_loss_factor: what the pitch losses' weights are multiplied by.
      learning_rate_factor: what both learning rates are multiplied by.
      extra_notes: share of the notes that come from prepared sets after the first; None for all notes equally often.
    """

    num_blocks: int
    resolution: tuple[int, int]
    ac_loss_factor: float = 1.0
    learning_rate_factor: float = 1.0
    extra_notes: float | None = None

    @property
    def title(self) -> str:
        height, width = self.resolution
        return f'{height}x{width} {"fading in" if self.is_transition else "stable"}'

    @property
    def is_transition(self) -> bool:
        return self.stage_id % 2 == 1

    @property
    def num_images(self) -> int:
        return self.end_image - self.first_image

    def progress(self, image_id: int) -> float:
        """The number of blocks beyond the first that are in use; a block that fades in counts as a fraction.

        In [num_blocks - 2, num_blocks - 1]; constant in a stable stage, rising linearly in a transition.
        """
        if not self.is_transition:
            return float(self.num_blocks - 1)
        done = (image_id - self.first_image) / max(self.num_images, 1)
        return self.num_blocks - 2 + min(max(done, 0.0), 1.0)


def all_stages(config: Config) -> tuple[Stage, ...]:
    """The stages of a run, in order; without `train_progressive` there is one, at the full size.

    Stages end exactly at their number of notes; the last stage ends at `total_num_images`. Those for which
    `num_images_schedule` has no notes are not among them. Of `train_time_limit`, which is for all stages together,
    each gets `train_time_stage_multiplier` times what the one before it gets.
    """
    stages = _growing_stages(config) if config.train_progressive else [_last_stage_alone(config)]
    if config.train_time_limit is None:
        return tuple(stages)
    shares = [config.train_time_stage_multiplier ** stage.stage_id for stage in stages]
    return tuple(dataclasses.replace(stage, time_limit=config.train_time_limit * share / sum(shares))
                 for stage, share in zip(stages, shares))


def are_same_so_far(before: Config, after: Config, stage_id: int | None) -> bool:
    """True if a run in `stage_id` (None: in none yet) can go on with the stages of another configuration.

    Stages to come may have other lengths; so may the one at work, unless it is a transition, whose progress would jump.
    """
    if stage_id is None:
        return True
    return all(ours.first_image == theirs.first_image
               and (ours.end_image == theirs.end_image or (ours.stage_id == stage_id and not ours.is_transition))
               for ours, theirs in zip(all_stages(before), all_stages(after)) if ours.stage_id <= stage_id)


def _growing_stages(config: Config) -> list[Stage]:
    stages: list[Stage] = []
    for stage_id in range(2 * config.num_resolutions - 1):
        stable, transition = _images_of_resolution(config, (stage_id + 1) // 2 + 1)
        first_image = stages[-1].end_image if stages else 0
        stages.append(_stage(config, stage_id, first_image, first_image + (transition if stage_id % 2 else stable)))
    if config.num_images_schedule:
        return [stage for stage in stages if stage.num_images]
    return [*stages[:-1], dataclasses.replace(stages[-1], end_image=config.total_num_images)]


def _last_stage_alone(config: Config) -> Stage:
    num_images = sum(_images_of_resolution(config, config.num_resolutions)) if config.num_images_schedule \
        else config.total_num_images
    return _stage(config, 2 * config.num_resolutions - 2, 0, num_images)


def _stage(config: Config, stage_id: int, first_image: int, end_image: int) -> Stage:
    num_blocks = (stage_id + 1) // 2 + 1

    def scheduled(schedule: tuple, otherwise=1.0):
        return _padded(schedule or (otherwise,), config.num_resolutions)[num_blocks - 1]

    return Stage(stage_id=stage_id, batch_size=scheduled(config.batch_size_schedule), first_image=first_image,
                 end_image=end_image, num_blocks=num_blocks, resolution=config.resolution(num_blocks),
                 ac_loss_factor=scheduled(config.ac_loss_weight_schedule),
                 learning_rate_factor=scheduled(config.learning_rate_schedule),
                 extra_notes=scheduled(config.extra_notes_schedule, None))


def _images_of_resolution(config: Config, block_id: int) -> tuple[int, int]:
    """Numbers of notes of the stable stage with block `block_id`, and of the transition to it."""
    if config.num_images_schedule:
        of_stable = _padded(config.num_images_schedule, config.num_resolutions)
        of_transition = _padded(config.transition_num_images_schedule or of_stable, config.num_resolutions)
        return of_stable[block_id - 1], of_transition[block_id - 1]
    return config.stable_stage_num_images, config.transition_stage_num_images


def _padded(schedule: tuple, length: int) -> tuple:
    """`schedule` padded at the front with its first entry, as Magenta pads her batch sizes."""
    return (schedule[0],) * (length - len(schedule)) + schedule
