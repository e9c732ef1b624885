"""Even levels: recovered where they are known, heard in waves and images, kept with the weights."""

import shutil

import numpy as np
import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.generation import keyboard_levels, synthesizer
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.instrument import BUILT_IN_MODEL
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers


def test_a_correction_makes_levels_even_that_depend_on_pitch_and_latent():
    random = np.random.default_rng(0)
    latents = random.standard_normal((200, 3))
    levels = random.normal(0, 9, (200, 1)) + random.normal(0, 4, 21) + latents @ random.normal(0, 2, (3, 21))
    kernel = keyboard_levels.correction(levels, latents)
    assert kernel.shape == (21, 4) and kernel.dtype == np.float32
    even = levels + kernel[:, 0] + latents @ kernel[:, 1:].T
    assert np.median(np.ptp(even, axis=1)) < 0.3 * np.median(np.ptp(levels, axis=1))
    assert abs(np.median(even) - np.median(levels)) < 0.5


def test_notes_that_failed_say_little():
    latents = np.zeros((100, 2))
    levels = np.zeros((100, 5))
    levels[:10, 3] = -180  # silent
    kernel = keyboard_levels.correction(levels, latents)
    np.testing.assert_allclose(kernel[:, 0], [0, 0, 0, 2, 0], atol=1e-5)


@pytest.mark.parametrize('data_type, decibels', [('linear', 6.0), ('mel', 6.0), ('phase', 6.0)])
def test_a_level_is_a_gain(data_type, decibels):
    config = Config(data_type=data_type, audio_length=1280, latent_vector_size=4, num_resolutions=2, start_height=16,
                    start_width=64, fmap_base=16, fmap_max=8)
    arrays = weights.to_arrays(Generator(config, 3))
    levels = np.zeros((3, 5), np.float32)
    levels[1] = [decibels - 2, 1, 0, 0, 0]
    latents, labels = np.full((3, 4), 2, np.float32), np.arange(3, dtype=np.int32)
    plain, louder = (InferenceGraph(config, range(60, 63), GeneratorState(arrays, 2, 1.0, levels=each),
                                    normalizer=normalizers.from_config(config)) for each in (None, levels))
    difference = louder.images(latents, labels).numpy() - plain.images(latents, labels).numpy()
    np.testing.assert_allclose(difference[[0, 2]], 0, atol=1e-7)
    np.testing.assert_allclose(difference[1, :, :, 1], 0, atol=1e-7)
    assert np.ptp(difference[1, :, :, 0]) < 1e-6 and difference.max() > 0.01
    before, after = (np.square(graph.waves(latents, labels).numpy()).mean(axis=1) for graph in (plain, louder))
    np.testing.assert_allclose(10 * np.log10(after / before), [0, decibels, 0], atol=0.01)


def test_it_is_kept_with_the_weights(tmp_path, monkeypatch):
    directory = tmp_path / 'model'
    model = synthesizer.open_model()
    shutil.copytree(BUILT_IN_MODEL, directory)
    monkeypatch.setattr(keyboard_levels, '_NUM_TIMBRES', 2)
    size = len(model.vocabulary.pitches), 1 + model.config.latent_vector_size
    monkeypatch.setattr(keyboard_levels, 'measured', lambda instrument, latents: np.zeros((2, size[0])))
    assert keyboard_levels.even(directory).name == 'generator.npz'
    state = checkpoints.read_generator(directory)
    np.testing.assert_array_equal(state.levels, np.zeros(size))
    for name, array in model.state.arrays.items():
        np.testing.assert_array_equal(state.arrays[name], array)


def test_levels_that_do_not_fit_are_refused(tmp_path):
    model = synthesizer.open_model()
    state = GeneratorState(model.state.arrays, model.state.num_blocks, model.state.progress,
                           levels=np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match='levels'):
        synthesizer.from_weights(model.config, model.vocabulary, state, model.normalizer)
