import json

import numpy as np
import pytest
from small_music import Sines

from gansynth_tf.errors import InputError
from gansynth_tf.music import timbres
from gansynth_tf.music.performance import PlayedNote
from gansynth_tf.music.timbres import Choice, Timbre

NOTES = [PlayedNote(60, 90, 0.0, 1.0, track=3, program=4), PlayedNote(62, 90, 1.0, 2.0, track=5, program=4),
         PlayedNote(64, 90, 2.0, 3.0, track=3, program=9)]
RANDOM = Sines().sample_latents(9, seed=1)
WARM = Timbre('warm', np.array([1.0, 2.0, 3.0], np.float32))


@pytest.fixture
def warm(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return timbres.write('warm.json', WARM, Sines(), notes='of an oboe')


def chosen(choice, notes=NOTES, **kwargs):
    return timbres.choose(Sines(), notes, timbres.parse(choice), seed=1, **kwargs)


def test_one_for_all_a_track_or_a_program():
    np.testing.assert_array_equal(chosen('fixed').latents, RANDOM[[0, 0, 0]])
    np.testing.assert_array_equal(chosen('track').latents, RANDOM[[0, 1, 0]])
    np.testing.assert_array_equal(chosen('program').latents, RANDOM[[0, 0, 1]])
    np.testing.assert_array_equal(chosen('program').indices, [0, 0, 1])


def test_a_number_is_that_random_timbre_of_the_seed():
    picked = chosen('7')
    np.testing.assert_array_equal(picked.latents, RANDOM[[6, 6, 6]])
    assert [timbre.name for timbre in picked.timbres] == ['seed1_number7']


def test_wandering_goes_from_one_to_the_next():
    wandering = chosen('wander', seconds_per_instrument=1.0)
    assert len(wandering.timbres) == 3
    np.testing.assert_allclose(wandering.latents[0], RANDOM[0], atol=1e-3)
    np.testing.assert_allclose(wandering.indices, [0, 2 / 3, 4 / 3], atol=1e-3)
    backwards = chosen('wander', NOTES[::-1], seconds_per_instrument=1.0)  # the note listed last ends first
    np.testing.assert_array_equal(backwards.latents, wandering.latents[::-1])


def test_assignments(warm):
    for text, expected in (
            ('1:warm,2:7', [WARM.latent, RANDOM[6], WARM.latent]),
            ('2:warm.json', [RANDOM[0], WARM.latent, RANDOM[0]]),
            ('2:warm,*:3', [RANDOM[2], WARM.latent, RANDOM[2]]),
            ('p5:warm, p10: 2', [WARM.latent, WARM.latent, RANDOM[1]]),
            ('0s:warm,2s:2', [WARM.latent, None, RANDOM[1]])):
        for latent, wanted in zip(chosen(text).latents, expected):
            if wanted is not None:
                np.testing.assert_allclose(latent, wanted, atol=1e-6, err_msg=text)
    between = chosen('0s:warm,2s:2')
    np.testing.assert_allclose(between.indices, [0, 0.5, 1])


def test_a_file_and_back(warm):
    values = json.loads(warm.read_text())
    assert values['format'] == 'gansynth_tf timbre 1' and values['notes'] == 'of an oboe'
    assert values['model'] == {'latent_size': 3, 'sample_rate': 8000, 'audio_length': 8000}
    read = timbres.read(warm)
    assert read.name == 'warm'
    np.testing.assert_array_equal(read.latent, WARM.latent)
    np.testing.assert_allclose(read.bands_db, timbres.fingerprint(Sines(), WARM.latent), atol=0.01)
    np.testing.assert_array_equal(chosen('warm.json').latents, np.tile(WARM.latent, (3, 1)))


def test_a_timbre_of_another_model_is_noticed(warm):
    timbre = timbres.read(warm)
    assert timbres.foreign(Sines(), [timbre, WARM]) == []

    class Noise(Sines):
        def _note(self, latent, pitch):
            return np.random.default_rng(0).standard_normal(self.audio_length)

    assert timbres.foreign(Noise(), [timbre, WARM]) == ['warm']

    class Larger(Sines):
        latent_size = 4

    with pytest.raises(InputError, match="The timbre 'warm' is of another model: expected 4 numbers. Received: 3"):
        timbres.choose(Larger(), NOTES, timbres.parse('warm'), seed=1)


@pytest.mark.parametrize('text', [
    '', 'oboe', '0', '-1', '99999', '1:', '1:none', '1:2,p3:4', 'x:1', 'p1s:1', '1:2:3', '\0'])
def test_what_is_no_timbre(text):
    with pytest.raises(InputError) as error:
        timbres.parse(text)
    assert 'Received: ' in str(error.value) and '\n' not in str(error.value)


def test_assignments_to_what_is_not_there():
    with pytest.raises(InputError, match='expected tracks among 1, 2. Received: 3'):
        chosen('1:1,3:2')
    with pytest.raises(InputError, match='expected programs among 5, 10. Received: 6'):
        chosen('p6:1')


@pytest.mark.parametrize('content', [
    '', '[]', '{}', '{"latent": "abc"}', '{"latent": []}', '{"latent": [1, NaN]}', '{"latent": [[1, 2]]}',
    '{"latent": [1, 2, 3], "fingerprint": [1]}', '{"latent": {"a": 1}}'])
def test_files_that_are_no_timbres(tmp_path, content):
    (tmp_path / 'bad.json').write_text(content)
    with pytest.raises(InputError, match=r'Received: '):
        timbres.read(tmp_path / 'bad.json')


@pytest.mark.parametrize('choice, indices', [
    (None, [0, 0, 0, 1, 1]), (Choice('wander'), [0, 1, 2, 3, 4]), (Choice('fixed'), [0] * 5)])
def test_single_notes_of_rounds_of_three(choice, indices):
    picked = timbres.for_single_notes(Sines(), 5, choice, seed=1, round_length=3)
    np.testing.assert_array_equal(picked.latents, RANDOM[indices])
    np.testing.assert_array_equal(picked.indices, indices)


def test_single_notes_of_a_number_and_of_tracks():
    picked = timbres.for_single_notes(Sines(), 2, timbres.parse('4'), seed=1)
    np.testing.assert_array_equal(picked.latents, RANDOM[[3, 3]])
    for text in ('track', 'program', '1:2'):
        with pytest.raises(InputError, match='Impossible --timbre for single notes'):
            timbres.for_single_notes(Sines(), 2, timbres.parse(text), seed=1)
