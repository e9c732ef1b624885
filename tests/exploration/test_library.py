import numpy as np
import pytest
import soundfile
from tones import Tones

from gansynth_tf.errors import InputError
from gansynth_tf.exploration import description, library, library_page
from gansynth_tf.exploration.description import Description


class FewKeys(Tones):
    """With seven pitches, so that trying all of them is quick."""

    def __init__(self):
        super().__init__()
        self.pitches = self.pitches[::4]
        whole = self._waves
        self._waves = lambda latents, labels: whole(latents, labels * 4)


@pytest.fixture(scope='module')
def made():
    return library.make(FewKeys(), 3, seed=0, num_candidates=12)


def test_a_library_is_far_apart_in_tune_and_named(made):
    assert len({entry.timbre.name for entry in made}) == 3
    for entry in made:
        assert abs(entry.timbre.latent[2]) <= 1.5  # in tune
        assert entry.measured['in_tune'] == 1 and entry.measured['detuning_cents'] < 25
        assert set(entry.timbre.name.split('_')) <= {*entry.words, '2', '3'}
        np.testing.assert_allclose(entry.timbre.latent * 1000, np.round(entry.timbre.latent * 1000), atol=1e-3)
    brightness = [entry.measured['brightness'] for entry in made]
    described = description.describe(FewKeys(), FewKeys().sample_latents(12, seed=0))
    assert np.ptp(brightness) > np.std([found.brightness for found in described])


def test_a_keyboard_out_of_tune_is_not_taken():
    assert library.keyboard(FewKeys(), np.array([0, 0, 2])).in_tune == 0
    over = library.keyboard(FewKeys(), np.zeros(3))
    assert over.in_tune == 1 and 0 < over.level_range_db < 6
    with pytest.raises(InputError, match='expected 40 of 12 with at least 90% of their keys within half a semitone'):
        library.make(FewKeys(), 40, seed=0, num_candidates=12)


def test_names_are_the_rarest_words():
    dark, held = Description(2, 10, 0, -40, 0, 0, 0, 0), Description(2, 10, 0, -15, 30, 9, 0, 0)
    assert library.names([dark, dark, held]) == ['dark_struck_held', 'dark_struck_held_2', 'breathy_bell-like_hollow']


def test_the_table_and_riffs(made, tmp_path):
    paths = library_page.write(FewKeys(), made[:1], tmp_path)
    assert [path.name for path in paths] == ['README.md', '01.ogg']
    row = (tmp_path / 'README.md').read_text().splitlines()[-1]
    assert row.startswith(f'| `{made[0].timbre.name}` | [01.ogg](01.ogg) | ') and '100%' in row
    assert 4 < soundfile.info(tmp_path / '01.ogg').duration < 7
