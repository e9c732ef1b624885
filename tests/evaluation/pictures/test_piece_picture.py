import matplotlib.image
import numpy as np
import pytest

from gansynth_tf.evaluation.pictures import piece_picture
from gansynth_tf.music.performance import PlayedNote


@pytest.mark.parametrize('num_timbres', [1, 30])
def test_a_piece_is_drawn_in_the_colours_of_its_timbres(tmp_path, num_timbres):
    notes = [PlayedNote(60, 90, 0.0, 0.5), PlayedNote(70, 90, 0.5, 1.0)]
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    path = piece_picture.write(tmp_path / 'a.png', notes, np.array([0.0, num_timbres - 1]),
                               [f'timbre {i}' for i in range(num_timbres)], wave, 16_000)
    pixels = (matplotlib.image.imread(path)[..., :3] * 255).round().astype(int).reshape(-1, 3)
    colours = np.unique(pixels, axis=0).tolist()
    first, last = [68, 1, 84], [253, 231, 37]  # the ends of viridis
    assert first in colours and ((last in colours) or num_timbres == 1)
    assert [other.name for other in tmp_path.iterdir()] == ['a.png']


def test_silence_of_no_length_is_drawn(tmp_path):
    assert piece_picture.write(tmp_path / 'a.png', [PlayedNote(60, 90, 0.0, 0.0)], np.zeros(1), ['one'],
                               np.zeros(8000), 16_000).exists()
