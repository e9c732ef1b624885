"""Damaged and hostile model files: whatever is in them, they play, or they are refused in words."""

import io
import json
import pathlib
import random
import shutil

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.export import saved_model
from gansynth_tf.generation import synthesizer
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.spectral import normalizers
from gansynth_tf.spectral.normalizers import Normalizer

CONFIG = Config(num_resolutions=2, start_height=4, audio_length=160, latent_vector_size=4, fmap_base=16, fmap_max=8,
                data_normalizer='specgrams_freq_normalizer')
COUNTERS = {'image_id': np.int64(8), 'stage_id': np.int64(2), 'num_blocks': np.int64(2), 'progress': np.float64(1.0),
            'is_complete': np.bool_(True), 'sliced_wasserstein': np.float64(0.1)}
VALUES = (None, True, -1, 0, 1, 2, 3, 7, 1.5, 1e308, -1e-308, float('nan'), float('inf'), 2**31, 2**63, 10**400, '',
          'mel', 'wave', 'linear', 'x' * 300, [], [1], [[1, 2]], {}, {'a': 1}, 64, 1000, 65536, 10**6)


@pytest.fixture(scope='module')
def model_dir(tmp_path_factory):
    """A run with a checkpoint."""
    directory = tmp_path_factory.mktemp('model')
    random = np.random.default_rng(0)
    shapes = weights.generator_shapes(CONFIG, 3)
    arrays = {f'generator_ema/{name}': random.standard_normal(shape, np.float32) for name, shape in shapes.items()}
    checkpoints.write(arrays | COUNTERS, checkpoints.stage_directory(directory, 2), 8)
    config_lib.write_experiment(CONFIG, directory)
    vocabulary.write(vocabulary.PitchVocabulary({60: 1, 62: 2, 64: 3}), directory)
    normalizers.write(Normalizer(np.full((32, 2), 0.1), np.zeros((32, 2))), directory)
    return directory


def mutate_bytes(content, draw):
    content, place = bytearray(content), draw.randrange(len(content))
    kind = draw.randrange(5)
    if kind == 0:
        for _ in range(draw.choice((1, 2, 8))):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif kind == 1:
        content[place] = draw.choice((0, 1, 0x7f, 0x80, 0xff))
    elif kind == 2:
        del content[place:]
    elif kind == 3:
        del content[place:place + draw.choice((1, 4, 100))]
    else:
        content[place:place] = bytes(content[:draw.choice((1, 4, 100))])
    return bytes(content)


def mutate_json(content, draw):
    values = json.loads(content)
    if draw.random() < 0.2:
        return json.dumps(draw.choice((values, [values], {**values, 'model': draw.choice(VALUES)}))).encode()
    for _ in range(draw.choice((1, 1, 3))):
        name = draw.choice(list(values))
        if draw.random() < 0.2:
            values[draw.choice(('C4', '60', '-1', '1000', '1e5', '٦٠'))] = values.pop(name)
        else:
            values[name] = draw.choice(VALUES)
    return json.dumps(values).encode()


def mutate_arrays(content, draw):
    arrays = dict(np.load(io.BytesIO(content)))
    name = draw.choice([*arrays, *COUNTERS])
    array = arrays[name]
    arrays[name] = draw.choice((
        lambda: array.astype(draw.choice(('f2', 'f8', 'i4', 'c8', '>f4', 'S8', 'U8', '?'))),
        lambda: np.full_like(array, draw.choice((np.nan, np.inf, -1, 3e38, 100)), np.float32),
        lambda: array[None], lambda: array.reshape(-1)[:-1], lambda: np.zeros((0, *array.shape)),
        lambda: array.astype('V8'), lambda: np.asfortranarray(array.T)))()
    if draw.random() < 0.2:
        arrays[draw.choice(('a/b', 'generator_ema/block_9/conv0/kernel'))] = arrays.pop(name)
    file = io.BytesIO()
    draw.choice((np.savez, np.savez_compressed))(file, **arrays)
    return file.getvalue()


def play(directory):
    """'audio' or 'refused'; every other outcome is raised."""
    try:
        synth = gs.load(directory)
        audio = synth.generate(synth.sample_latents(1, seed=0), [synth.pitches[0]])
    except InputError as error:
        assert '\n' not in str(error) and len(str(error)) < 700, str(error)
        return 'refused'
    assert audio.shape == (1, synth.audio_length) and np.isfinite(audio).all()
    return 'audio'


MAGENTA = pathlib.Path(__file__).parents[1] / 'golden' / 'magenta_tiny_pert'


@pytest.fixture(scope='module')
def saved_model_dir(model_dir, tmp_path_factory):
    return saved_model.export(synthesizer.open_model(model_dir), tmp_path_factory.mktemp('export'))


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('original, names, count', [
    ('model_dir', ('stage_00002/checkpoint-0000000008.npz', 'experiment.json', 'pitch_counts.json', 'normalizer.json'),
     244),
    ('magenta_dir', ('stage_00003/model.ckpt-108.index', 'stage_00003/model.ckpt-108.data-00000-of-00001',
                     'experiment.json'), 48),
    ('saved_model_dir', ('saved_model.pb', 'variables/variables.index'), 8)])
def test_of_mutated_models_nothing_but_audio_or_an_input_error_comes_out(original, names, count, request, tmp_path):
    directory = MAGENTA if original == 'magenta_dir' else request.getfixturevalue(original)
    draw, outcomes = random.Random(0), []
    for index in range(count):
        mutant = shutil.copytree(directory, tmp_path / str(index))
        path = mutant / names[index % len(names)]
        special = {'.npz': mutate_arrays, '.json': mutate_json}.get(path.suffix, mutate_bytes)
        path.write_bytes(draw.choice((mutate_bytes, special))(path.read_bytes(), draw))
        try:
            outcomes.append(play(mutant))
        except Exception as error:
            raise AssertionError(f'mutation {index} of {path.name}: {error!r}') from error
    assert outcomes.count('refused') > count / 2 and outcomes.count('audio') >= count // 20
    assert play(directory) == 'audio'


def test_a_saved_model_whose_weights_end_early(saved_model_dir, tmp_path):
    mutant = shutil.copytree(saved_model_dir, tmp_path / 'export')
    path = mutant / 'variables' / 'variables.data-00000-of-00001'
    path.write_bytes(path.read_bytes()[:-5000])
    assert play(mutant) == 'refused'
