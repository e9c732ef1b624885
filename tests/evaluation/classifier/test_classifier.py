import keras
import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.classifier import classifier, classifier_network


@pytest.fixture(scope='module')
def built_in():
    return classifier.load()


def test_the_network_of_the_paper():
    network = classifier_network.build(1)
    shapes = {layer.name: tuple(layer.kernel.shape) for layer in network.layers if hasattr(layer, 'kernel')}
    assert shapes['conv1'] == (5, 5, 1, 128) and shapes['conv9'] == (4, 4, 512, 512)
    assert shapes['conv10'] == (1, 1, 512, 1024) and shapes['pitch'] == (1, 1, 1024, 128)
    assert sum(name.startswith('conv') for name in shapes) == 10
    last = keras.Model(network.input, network.get_layer('conv9').output)
    assert last.compute_output_shape((None, 512, 256, 1))[1:] == (1, 1, 512)


def test_images(tone):
    waves = np.stack([np.zeros(64000), np.pad(tone(81, num_partials=1), (0, 48000))]).astype(np.float32)
    silence, note = classifier_network.waves_to_images(waves).numpy()
    assert silence.shape == (512, 256, 1) and not silence.any()
    assert note.max() == 1 and note.min() == 0
    loudest = np.unravel_index(note.argmax(), note.shape)[0]
    assert loudest + 1 == round(880 / (16000 / 1024))  # the bin at 0 Hz is left out


def test_loudness_does_not_matter(tone, built_in):
    wave = tone(60)[None]
    np.testing.assert_allclose(built_in.outputs(0.1 * wave)['pitch'], built_in.outputs(wave)['pitch'], atol=0.05)


def test_the_built_in_one_hears_pitches(tone, built_in):
    pitches = np.arange(40, 76, 4)
    waves = np.stack([tone(pitch, seconds=2, seed=pitch) for pitch in pitches])
    heard = built_in.outputs(waves)['pitch'].argmax(axis=1)
    assert np.mean(heard == pitches) > 0.7  # of notes of no instrument that it has heard


def test_saved_and_loaded_it_hears_the_same(tone, tmp_path):
    keras.utils.set_random_seed(0)
    fresh = classifier.Classifier(classifier_network.build(1 / 64), width=1 / 64, sample_rate=16000,
                                  audio_length=16000)
    fresh.save(tmp_path, {'pitch': 0.5})
    loaded = classifier.load(tmp_path)
    wave = tone(60)[None]
    for name, output in fresh.outputs(wave).items():
        np.testing.assert_allclose(loaded.outputs(wave)[name], output, rtol=0.02, atol=0.02)
    assert loaded.fingerprint == classifier.load(tmp_path).fingerprint != fresh.fingerprint


WIDE = b'{"width": 1e9, "sample_rate": 16000, "audio_length": 64000}'


@pytest.mark.parametrize('name, content', [('classifier.npz', b''), ('classifier.npz', b'PK half'),
                                           ('classifier.json', b'{'), ('classifier.json', b'{"width": 1}'),
                                           ('classifier.json', b'[' * 99999), ('classifier.json', WIDE)])
def test_damaged_ones(tmp_path, name, content):
    for source in classifier.BUILT_IN_CLASSIFIER.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r'No pitch classifier: expected classifier\.json and classifier\.npz'):
        classifier.load(tmp_path)
