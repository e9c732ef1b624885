"""Timbres in tune are told from others; even levels are found where they are known, are gains, and are kept."""

import shutil

import numpy as np
import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.exploration import finishing
from gansynth_tf.generation import synthesizer
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.instrument import BUILT_IN_MODEL
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.pitch import midi_to_hz


def test_a_correction_makes_levels_even_that_depend_on_pitch_and_latent():
    random = np.random.default_rng(0)
    latents = random.standard_normal((200, 3))
    levels = random.normal(0, 9, (200, 1)) + random.normal(0, 4, 21) + latents @ random.normal(0, 2, (3, 21))
    kernel = finishing.correction(levels, latents)
    assert kernel.shape == (21, 4) and kernel.dtype == np.float32
    even = levels + kernel[:, 0] + latents @ kernel[:, 1:].T
    assert np.median(np.ptp(even, axis=1)) < 0.3 * np.median(np.ptp(levels, axis=1))
    assert abs(np.median(even) - np.median(levels)) < 0.5


def test_notes_that_failed_say_little():
    latents = np.zeros((100, 2))
    levels = np.zeros((100, 5))
    levels[:10, 3] = -180  # silent
    kernel = finishing.correction(levels, latents)
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


class Sines:
    """An instrument whose notes are sines of their pitch, a semitone higher in one of `latent[0]` notes."""

    sample_rate, pitches = 16000, (24, 60, 61, 62)

    def generate_batches(self, latents, pitches):
        for index, (latent, pitch) in enumerate(zip(latents, pitches)):
            off = latent[0] and index % latent[0] == 0
            yield np.sin(2 * np.pi * midi_to_hz(pitch + off) / 16000 * np.arange(8000))[np.newaxis]


def test_timbres_in_tune_are_told_from_others():
    every, second, third, sixth, never = 1, 2, 3, 6, 0
    latents = np.array([[every], [second], [third], [sixth], [never]])
    assert finishing.in_tune(Sines(), latents).tolist() == [False, False, False, True, True]


def test_a_finished_model_has_levels_and_fewer_codes(tmp_path, monkeypatch):
    directory = tmp_path / 'model'
    shutil.copytree(BUILT_IN_MODEL, directory)
    before = synthesizer.open_model(BUILT_IN_MODEL)
    size = len(before.vocabulary.pitches), 1 + before.config.latent_vector_size
    monkeypatch.setattr(finishing, 'in_tune', lambda instrument, latents: np.arange(len(latents)) % 2 == 0)
    monkeypatch.setattr(finishing, 'levels_of', lambda instrument, latents: np.tile(np.arange(size[0]), (150, 1)))
    assert finishing.finish(directory) == directory
    after = synthesizer.open_model(directory)
    np.testing.assert_allclose(after.state.levels[:, 0], np.clip(size[0] // 2 - np.arange(size[0]), -20, 20), atol=1e-5)
    np.testing.assert_allclose(after.state.levels[:, 1:], 0, atol=1e-5)
    np.testing.assert_array_equal(after.codes, before.codes[::2])
    np.testing.assert_array_equal(after.projection.matrix, before.projection.matrix)
    for name, array in before.state.arrays.items():
        np.testing.assert_array_equal(after.state.arrays[name], array)


def test_a_model_without_timbres_in_tune_is_left_as_it_is(tmp_path, monkeypatch):
    directory = tmp_path / 'model'
    shutil.copytree(BUILT_IN_MODEL, directory)
    monkeypatch.setattr(finishing, 'in_tune', lambda instrument, latents: np.zeros(len(latents), bool))
    with pytest.raises(InputError, match='keeps its pitch'):
        finishing.finish(directory)
    for path in BUILT_IN_MODEL.iterdir():
        assert (directory / path.name).read_bytes() == path.read_bytes()


def test_a_run_is_refused(tmp_path):
    shutil.copytree(BUILT_IN_MODEL, tmp_path, dirs_exist_ok=True)
    with np.load(tmp_path / 'generator.npz') as arrays:
        of_run = {f'generator_ema/{name}' if '/' in name else name: array for name, array in arrays.items()}
    (tmp_path / 'generator.npz').unlink()
    checkpoints.write(of_run | {'stage_id': 0, 'image_id': 1}, tmp_path / 'stage_00000', 1)
    synthesizer.open_model(tmp_path)
    with pytest.raises(InputError, match='No model directory'):
        finishing.finish(tmp_path)


def test_levels_that_do_not_fit_are_refused():
    model = synthesizer.open_model()
    state = GeneratorState(model.state.arrays, model.state.num_blocks, model.state.progress,
                           levels=np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match='levels'):
        synthesizer.from_weights(model.config, model.vocabulary, state, model.normalizer)
