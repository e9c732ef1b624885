import pytest

from gansynth_tf import config as config_lib
from gansynth_tf.benchmark import generate
from gansynth_tf.config import Config


def test_work_of_a_note_counted_by_hand():
    config = Config(num_resolutions=2, start_height=2, start_width=16, audio_length=100, latent_vector_size=3,
                    fmap_base=16, fmap_decay=1.0, fmap_max=8)
    start = 2 * (3 + 61) * 2 * 16 * 8  # as a matrix product
    conv1 = 2 * 9 * 8 * 8 * 32
    upscaled = 2 * 4 * 8 * 4 * 128  # four taps a pixel
    last = 2 * 9 * 4 * 4 * 128
    rgb = 2 * 4 * 2 * 128
    assert generate.flops_per_note(config) == start + conv1 + upscaled + last + rgb


def test_full_size():
    assert generate.flops_per_note(config_lib.preset('mel_prog_hires')) == pytest.approx(18.3e9, rel=0.01)
