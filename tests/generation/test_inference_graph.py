"""The graph that plays makes what the graph that trains makes."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.config import Config
from gansynth_tf.generation import synthesizer
from gansynth_tf.generation.inference_graph import InferenceGraph
from gansynth_tf.networks import weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers, representations, resolutions

CONFIG = Config(num_resolutions=3, audio_length=320, latent_vector_size=8, fmap_base=64, fmap_max=16)
FEWER_BINS = {'mel_downscale': 2, 'start_width': 8}
TIME_ONLY = {'scale_mode': 'H', 'start_width': 64}
CASES = [
    ({}, 3, 2.0), ({}, 2, 1.0), ({}, 1, 0.0), ({}, 2, 0.625), ({}, 3, 1.25), ({'simple_arch': True}, 3, 2.0),
    ({'simple_arch': True}, 1, 0.0), ({'simple_arch': True, 'kernel_size': 5}, 2, 0.5), (TIME_ONLY, 3, 2.0),
    (TIME_ONLY, 2, 0.75), (FEWER_BINS, 3, 2.0), ({'data_type': 'linear'}, 3, 1.5), ({'data_type': 'phase'}, 3, 2.0),
    ({'data_type': 'wave', 'start_width': 1, 'start_height': 100, 'scale_mode': 'H'}, 3, 2.0),
    ({'kernel_size': 1}, 3, 2.0), ({'kernel_size': 5}, 3, 2.0),
    ({'scale_base': 3, 'num_resolutions': 2, 'start_height': 3} | TIME_ONLY, 2, 1.0),
    ({'time_patch': 2}, 3, 2.0), ({'time_patch': 4} | TIME_ONLY, 2, 0.75),
    ({'time_patch': 4, 'simple_arch': True}, 3, 1.25),
    ({'to_rgb_activation': 'linear'}, 2, 1.0), ({'data_normalizer': 'none'}, 3, 2.0)]


def training_graph(config, state, num_pitches, normalizer, latents, labels):
    """Images and waves by way of the network that is trained."""
    generator = Generator(config, num_pitches)
    weights.from_arrays(generator, state.arrays)
    images = generator(latents, labels, num_blocks=state.num_blocks, progress=state.progress)
    full_size = resolutions.enlarge(images, generator.config.spec_shape)
    waves = representations.from_config(config).specgrams_to_waves(normalizer.denormalize(full_size))
    return images.numpy(), waves.numpy()[:, :, 0]


def first_block(config, state, num_pitches, latents, labels):
    """Features after the first block of the network that is trained."""
    generator = Generator(config, num_pitches)
    weights.from_arrays(generator, state.arrays)
    features = tf.concat([latents, tf.one_hot(labels, num_pitches)], axis=-1)
    if not config.simple_arch:
        features = generator.latent_norm(features)
    for layer in generator.bodies[0]:
        features = layer(features)
    return features.numpy()


def signal_to_noise_db(signal, received):
    return 10 * np.log10(np.sum(np.square(signal)) / np.sum(np.square(received - signal)))


def with_biases(arrays):
    """Biases start at zero, where an error in them could not be seen."""
    random = np.random.default_rng(0)
    return {name: random.normal(0, 0.2, array.shape).astype(np.float32) if name.endswith('bias') else array
            for name, array in arrays.items()}


@pytest.mark.parametrize('changes, num_blocks, progress', CASES)
def test_it_equals_the_training_graph(changes, num_blocks, progress):
    config = CONFIG.replace(**changes)
    state = GeneratorState(with_biases(weights.to_arrays(Generator(config, 5))), num_blocks, progress)
    normalizer = normalizers.from_config(config)
    latents = np.random.default_rng(1).standard_normal((3, 8), np.float32)
    labels = np.array([0, 4, 2], np.int32)
    images, waves = training_graph(config, state, 5, normalizer, latents, labels)
    graph = InferenceGraph(config, range(60, 65), state, normalizer=normalizer, phase_locking=False)
    np.testing.assert_allclose(graph.images(latents, labels), images, rtol=0, atol=1e-5)
    np.testing.assert_allclose(graph.first_block(latents, labels), first_block(config, state, 5, latents, labels),
                               rtol=0, atol=1e-5)
    np.testing.assert_allclose(graph.images(latents[:1], labels[:1]), images[:1], rtol=0, atol=1e-5)
    assert signal_to_noise_db(waves, graph.waves(latents, labels).numpy()) > 80
    assert np.ptp(images[0] - images[1]) > 1e-3


def test_it_equals_the_training_graph_on_trained_weights():
    _, config, pitches, state, normalizer = synthesizer.open_model()
    state = dataclasses.replace(state, levels=None)  # they are added after training
    latents = np.random.default_rng(1).standard_normal((4, config.latent_vector_size), np.float32)
    labels = pitches.labels([36, 50, 60, 72])
    images, waves = training_graph(config, state, len(pitches.pitches), normalizer, latents, labels)
    graph = InferenceGraph(config, pitches.pitches, state, normalizer=normalizer, phase_locking=False)
    np.testing.assert_allclose(graph.images(latents, labels), images, rtol=0, atol=1e-4)
    assert signal_to_noise_db(waves, graph.waves(latents, labels).numpy()) >= 60


def test_bfloat16_in_the_last_blocks_costs_something_but_not_the_note():
    _, config, pitches, state, normalizer = synthesizer.open_model()
    latents = np.random.default_rng(1).standard_normal((2, config.latent_vector_size), np.float32)
    labels = pitches.labels([48, 60])
    full, low = (InferenceGraph(config, pitches.pitches, state, normalizer=normalizer, precision=precision)
                 .images(latents, labels).numpy() for precision in ('fp32', 'bf16'))
    assert low.dtype == np.float32
    assert 1e-5 < np.sqrt(np.mean(np.square(full - low))) < 0.02


def test_there_are_only_plain_operations():
    state = GeneratorState(weights.to_arrays(Generator(CONFIG, 5)), 2, 0.5)
    graph = InferenceGraph(CONFIG, range(60, 65), state, normalizer=normalizers.from_config(CONFIG))
    traced = tf.function(graph.waves).get_concrete_function(
        tf.TensorSpec([None, 8], tf.float32), tf.TensorSpec([None], tf.int32)).graph
    assert {operation.type for operation in traced.get_operations()}.isdisjoint({'IdentityN', 'PyFunc', 'XlaLaunch'})
    assert not [operation for operation in traced.get_operations() if '_gradient_op_type' in operation.node_def.attr]
