import numpy as np
import pytest

from gansynth_tf import config as config_lib
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary
from gansynth_tf.export import saved_model
from gansynth_tf.generation import synthesizer
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState


@pytest.fixture(scope='session')
def model_dir(tmp_path_factory):
    """A tiny model of pitches 60, 62 and 64."""
    directory = tmp_path_factory.mktemp('model')
    config = Config(num_resolutions=2, start_height=2, time_patch=2, audio_length=160, latent_vector_size=4,
                    fmap_base=16, fmap_max=8, latent_scale=0.5)
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal(shape, np.float32)
              for name, shape in weights.generator_shapes(config, 3).items()}
    levels = random.normal(0, 3, (3, 5)).astype(np.float32)
    checkpoints.write_generator(GeneratorState(arrays, num_blocks=2, progress=0.75, levels=levels), directory)
    config_lib.write_experiment(config, directory)
    vocabulary.write(vocabulary.PitchVocabulary({60: 1, 62: 2, 64: 3}), directory)
    (directory / 'provenance.json').write_text('{"data_licence": "CC0", "place": "here"}')
    return directory


@pytest.fixture(scope='session')
def export_dir(model_dir, tmp_path_factory):
    directory = tmp_path_factory.mktemp('export')
    saved_model.export(synthesizer.open_model(model_dir), directory)
    return directory
