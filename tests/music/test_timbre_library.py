import json

import numpy as np
import pytest
from small_music import Sines

import gansynth_tf as gs
from gansynth_tf.errors import InputError
from gansynth_tf.music import timbre_library, timbres
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.music.timbres import Timbre

BELL = Timbre('bell', np.array([1.0, -2.0, 0.123456789], np.float32))
WARM = Timbre('warm_soft', np.array([0.0, 0.5, 3.0], np.float32))
ENTRIES = [Entry(BELL, ('bright', 'struck'), {'brightness': 9.5}), Entry(WARM)]


@pytest.fixture
def model(tmp_path):
    """A model directory with a library."""
    timbre_library.write(tmp_path / 'timbres.json', ENTRIES, Sines())
    return tmp_path


def test_a_library_and_back(model):
    bell, warm = timbre_library.read(model / 'timbres.json')
    assert (bell.timbre.name, bell.words, bell.measured) == ('bell', ('bright', 'struck'), {'brightness': 9.5})
    np.testing.assert_allclose(bell.timbre.latent, BELL.latent, rtol=1e-5)
    assert timbres.foreign(Sines(), [bell.timbre, warm.timbre]) == []
    assert len((model / 'timbres.json').read_text().splitlines()) == 4  # a line a timbre


def test_names_of_the_models_library_are_timbres(model, monkeypatch):
    monkeypatch.chdir(model)
    library = timbre_library.of_model(model)
    assert timbres.one('bell', library).name == 'bell'
    assigned = timbres.parse('1:warm_soft,2:bell,*:3', library).assigned
    assert [assigned[1].name, assigned[2].name, assigned[None]] == ['warm_soft', 'bell', 3]
    with pytest.raises(InputError, match=r'a name of the library such as warm_soft'):
        timbres.one('warm_sotf', library)
    timbres.write('bell.json', WARM._replace(name='own'), Sines())
    assert timbres.one('bell', library).name == 'own'  # a file comes first
    np.testing.assert_allclose(gs.timbres(model)['warm_soft'], WARM.latent)


def test_a_model_without_a_library_has_no_names(tmp_path):
    assert timbre_library.of_model(tmp_path) == {}
    with pytest.raises(InputError, match='No such timbre: expected .* or a timbre file. Received'):
        timbres.one('bell', timbre_library.of_model(tmp_path))
    with pytest.raises(InputError, match='expected a library of timbres'):
        timbre_library.of_model(tmp_path, path=tmp_path / 'none.json')


def test_timbres_are_added_once(tmp_path):
    path = timbre_library.add(tmp_path / 'mine.json', ENTRIES[0], Sines())
    timbre_library.add(path, ENTRIES[1], Sines())
    assert list(timbre_library.of_model(path=path)) == ['bell', 'warm_soft']
    with pytest.raises(InputError, match="Name taken: expected one that is not in .* Received: 'bell'"):
        timbre_library.add(path, ENTRIES[0], Sines())
    with pytest.raises(InputError, match='A library of another model: expected timbres of 4 numbers'):
        timbre_library.add(path, Entry(Timbre('longer', np.zeros(4, np.float32))), Sines())


@pytest.mark.parametrize('name', ['', '7', 'wander', 'a:b', 'a,b', '../a', 'a b', 'a.json', '-a', '<b>', 'x' * 61])
def test_names_that_could_not_be_said(name):
    with pytest.raises(InputError, match='Impossible name of a timbre: '):
        timbre_library.check_name(name)


@pytest.mark.parametrize('content', [
    '[]', '{}', '{"timbres": 1}', '{"timbres": [1]}', '{"timbres": [{"name": "a"}]}',
    '{"timbres": [{"name": "<b>", "latent": [1]}]}', '{"timbres": [{"name": 7, "latent": [1]}]}',
    '{"timbres": [{"name": "a", "latent": [1], "words": "x"}]}',
    '{"timbres": [{"name": "a", "latent": [1], "measured": [1]}]}',
    '{"timbres": [{"name": "a", "latent": [1]}, {"name": "a", "latent": [2]}]}',
    '{"timbres": [{"name": "a", "latent": [NaN]}]}'])
def test_files_that_are_no_libraries(tmp_path, content):
    path = tmp_path / 'bad.json'
    path.write_text(content)
    with pytest.raises(InputError, match='Received: ') as error:
        timbre_library.read(path)
    assert '\n' not in str(error.value)


def test_names_in_other_scripts_are_names(tmp_path):
    flute = Timbre('Flöte_笛', BELL.latent)
    path = timbre_library.add(tmp_path / 'mine.json', Entry(flute), Sines())
    assert timbre_library.of_model(path=path)['Flöte_笛'].latent.shape == (3,)
    assert json.loads(path.read_text(encoding='utf-8'))['timbres'][0]['name'] == 'Flöte_笛'
