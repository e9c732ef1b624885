"""The stages of progressive training: which resolution, how many images, and how far the new one has faded in.

Source: Karras et al. 2018, section 2; Magenta's `model.py` and TF-GAN's progressive GAN example.
"""

import dataclasses

from gansynth_tf.config import Config


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage: even ones are stable, odd ones fade in the block of the next resolution.

    Attributes:
      stage_id: from 0.
      num_blocks: blocks (resolutions) in use, from 1.
      batch_size: notes per update.
      first_image: images of all the stages before.
      end_image: images after this stage, in all.
      ac_loss_factor: what the pitch losses' weights are multiplied by.
      learning_rate_factor: what both learning rates are multiplied by.
    """

    stage_id: int
    num_blocks: int
    batch_size: int
    first_image: int
    end_image: int
    ac_loss_factor: float = 1.0
    learning_rate_factor: float = 1.0

    @property
    def is_transition(self) -> bool:
        return self.stage_id % 2 == 1

    @property
    def num_images(self) -> int:
        return self.end_image - self.first_image

    def progress(self, image_id: int) -> float:
        """How many blocks beyond the first are in use, the newest one's share as a fraction.

        In [num_blocks - 2, num_blocks - 1]; constant in a stable stage, rising linearly in a transition.
        """
        if not self.is_transition:
            return float(self.num_blocks - 1)
        done = (image_id - self.first_image) / max(self.num_images, 1)
        return self.num_blocks - 2 + min(max(done, 0.0), 1.0)


def all_stages(config: Config) -> tuple[Stage, ...]:
    """The stages of a run, in order; without `train_progressive` there is one, at the full size.

    Stages end exactly at their image count; the last stage ends at `total_num_images`. Those for which
    `num_images_schedule` has no images are not among them.
    """
    ac_loss_factors = _padded(config.ac_loss_weight_schedule or (1.0,), config.num_resolutions)
    learning_rate_factors = _padded(config.learning_rate_schedule or (1.0,), config.num_resolutions)
    if not config.train_progressive:
        num_images = sum(_images_of_resolution(config, config.num_resolutions)) if config.num_images_schedule \
            else config.total_num_images
        return (Stage(2 * config.num_resolutions - 2, config.num_resolutions,
                      config.batch_size_schedule[-1], 0, num_images, ac_loss_factors[-1],
                      learning_rate_factors[-1]),)
    stages = []
    batch_sizes = _padded(config.batch_size_schedule, config.num_resolutions)
    end = 0
    for stage_id in range(2 * config.num_resolutions - 1):
        block_id = (stage_id + 1) // 2 + 1
        stable, transition = _images_of_resolution(config, block_id)
        first, end = end, end + (transition if stage_id % 2 else stable)
        stages.append(Stage(stage_id, block_id, batch_sizes[block_id - 1], first, end,
                            ac_loss_factors[block_id - 1], learning_rate_factors[block_id - 1]))
    if config.num_images_schedule:
        return tuple(stage for stage in stages if stage.num_images)
    stages[-1] = dataclasses.replace(stages[-1], end_image=config.total_num_images)
    return tuple(stages)


def time_limit(config: Config, stage: Stage) -> float | None:
    """Seconds that a stage may take: its share of `train_time_limit`, which is for all stages together.

    Each stage gets `train_time_stage_multiplier` times what the one before it gets.
    """
    if config.train_time_limit is None:
        return None
    stage_ids = [stage.stage_id for stage in all_stages(config)]
    shares = {stage_id: config.train_time_stage_multiplier ** stage_id for stage_id in stage_ids}
    return config.train_time_limit * shares[stage.stage_id] / sum(shares.values())


def _images_of_resolution(config: Config, block_id: int) -> tuple[int, int]:
    """(stable, transition) images of the resolution that `block_id` brings."""
    if config.num_images_schedule:
        of_stable = _padded(config.num_images_schedule, config.num_resolutions)
        of_transition = _padded(config.transition_num_images_schedule or of_stable, config.num_resolutions)
        return of_stable[block_id - 1], of_transition[block_id - 1]
    return config.stable_stage_num_images, config.transition_stage_num_images


def _padded(schedule: tuple, length: int) -> tuple:
    """`schedule` padded at the front with its first entry, as Magenta pads her batch sizes."""
    return (schedule[0],) * (length - len(schedule)) + schedule
