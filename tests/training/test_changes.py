import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.training import changes

BEFORE = Config(num_resolutions=3, start_height=32, start_width=256, num_images_schedule=(40, 20, 10))


def test_a_stable_stage_at_work_can_be_lengthened():
    after = BEFORE.replace(num_images_schedule=(40, 30, 10), transition_num_images_schedule=(40, 20, 10))
    changes.check(BEFORE, after, stage_id=2)
    for later in (3, 4):
        with pytest.raises(InputError, match=r'\(num_images_schedule = \[40, 20, 10\], transition_num_images_schedule'):
            changes.check(BEFORE, after, stage_id=later)


@pytest.mark.parametrize('stage_id', [1, 2])
def test_not_if_its_transition_were_lengthened_with_it(stage_id):
    with pytest.raises(InputError, match=r'\(num_images_schedule = \[40, 20, 10\]\)'):
        changes.check(BEFORE, BEFORE.replace(num_images_schedule=(40, 30, 10)), stage_id=stage_id)
    changes.check(BEFORE, BEFORE.replace(num_images_schedule=(40, 30, 10)), stage_id=0)
