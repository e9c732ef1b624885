import json
import pathlib

import numpy as np
import pytest

from gansynth_tf.config import PRESETS, Config
from gansynth_tf.training import stages

GOLDEN = pathlib.Path(__file__).parent.parent / 'golden'
TINY = dict(num_resolutions=3, audio_length=320, stable_stage_num_images=32, transition_stage_num_images=32,
            total_num_images=160)


@pytest.mark.parametrize('which, config', [('full', Config()), ('tiny', Config(**TINY))])
def test_stages_are_the_original_s(which, config):
    table = json.loads((GOLDEN / 'schedule_tables.json').read_text())[which]['stages']
    ours = [{'stage': stage.stage_id, 'num_blocks': stage.num_blocks, 'num_images_cumulative': stage.end_image,
             'batch_size': stage.batch_size} for stage in stages.all_stages(config)]
    assert ours == table


def test_batch_sizes_are_the_original_s():
    table = json.loads((GOLDEN / 'schedule_tables.json').read_text())
    config = Config(batch_size_schedule=(64, 32, 16, 8))
    ours = [stage.batch_size for stage in stages.all_stages(config)]
    assert ours == table['batch_schedule_64_32_16_8_on_7_resolutions']


def test_progress_is_the_original_s():
    tables = np.load(GOLDEN / 'progress.npz')
    compared = 0
    for stage in stages.all_stages(Config(**TINY)):
        for image_id, progress in zip(tables['progress_ids'], tables[f'progress_S32_T32_nb{stage.num_blocks}']):
            # The original's last stage runs on for ever; outside its own images a stage has no progress to compare.
            if stage.first_image <= image_id < stage.end_image or (stage.stage_id == 4 and image_id >= stage.end_image):
                assert stage.progress(int(image_id)) == pytest.approx(progress, abs=1e-6)
                compared += 1
    assert compared == len(tables['progress_ids'])


@pytest.mark.parametrize('name', PRESETS)
def test_a_stage_ends_where_the_next_begins(name):
    all_stages = stages.all_stages(PRESETS[name])
    assert [stage.first_image for stage in all_stages] == [0] + [stage.end_image for stage in all_stages[:-1]]
    assert all(stage.num_images > 0 for stage in all_stages)


def test_not_progressive_is_one_stage_of_the_total():
    [stage] = stages.all_stages(Config(train_progressive=False, total_num_images=1000))
    assert (stage.num_blocks, stage.num_images, stage.progress(0), stage.progress(999)) == (7, 1000, 6.0, 6.0)


def test_the_time_limit_is_shared_out():
    config = Config(**TINY, train_time_limit=31.0, train_time_stage_multiplier=2.0)
    assert [stage.time_limit for stage in stages.all_stages(config)] == [1, 2, 4, 8, 16]
    assert stages.all_stages(Config())[0].time_limit is None


def test_images_by_resolution():
    config = Config(**TINY | dict(num_images_schedule=(40, 10)))
    assert [stage.num_images for stage in stages.all_stages(config)] == [40, 40, 40, 10, 10]
    assert stages.all_stages(config)[3].progress(125) == pytest.approx(1.5)
    config = config.replace(transition_num_images_schedule=(20, 6))
    assert [stage.num_images for stage in stages.all_stages(config)] == [40, 20, 40, 6, 10]
    config = config.replace(num_images_schedule=(40, 10, 0), transition_num_images_schedule=())
    assert [(stage.stage_id, stage.num_images) for stage in stages.all_stages(config)] == [(0, 40), (1, 10), (2, 10)]


def test_factors_by_resolution():
    config = Config(**TINY | dict(ac_loss_weight_schedule=(1, 3), learning_rate_schedule=(1, 0.5, 0.25)))
    assert [stage.ac_loss_factor for stage in stages.all_stages(config)] == [1, 1, 1, 3, 3]
    assert [stage.learning_rate_factor for stage in stages.all_stages(config)] == [1, 0.5, 0.5, 0.25, 0.25]
    [stage] = stages.all_stages(config.replace(train_progressive=False))
    assert (stage.ac_loss_factor, stage.learning_rate_factor) == (3, 0.25)


def test_without_transition_progress_is_whole():
    config = Config(**TINY | dict(transition_stage_num_images=0, total_num_images=96))
    assert [(stage.num_images, stage.progress(stage.first_image)) for stage in stages.all_stages(config)] == [
        (32, 0.0), (0, 0.0), (32, 1.0), (0, 1.0), (32, 2.0)]
