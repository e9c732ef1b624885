"""Hyperparameters: presets, what is refused and how, experiment.json."""

import dataclasses
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gansynth_tf import config as config_lib
from gansynth_tf.baselines.wavegan_config import SpecGANConfig, WaveGANConfig
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig, WaveNetConfig
from gansynth_tf.config import Config
from gansynth_tf.errors import InputError

FIELDS = {field.name: field for field in dataclasses.fields(Config)}
quick = settings(max_examples=40, derandomize=True, deadline=None)

sizes = st.integers(1, 10**6)
positive = st.floats(1e-9, 1e9)
not_negative = st.just(0.0) | positive
fractions = st.floats(0, 0.999)
LEGAL_VALUES = {
    'data_type': st.sampled_from(['linear', 'phase', 'mel']),
    'data_normalizer': st.sampled_from(Config.facts()['data_normalizer'].choices),
    'to_rgb_activation': st.sampled_from(Config.facts()['to_rgb_activation'].choices),
    'gradient_penalty_domain': st.sampled_from(Config.facts()['gradient_penalty_domain'].choices),
    'simple_arch': st.booleans(),
    'train_progressive': st.booleans(),
    'train_time_limit': st.none() | positive,
    'audio_length': st.integers(1, 64000),
    'sample_rate': sizes,
    'latent_vector_size': st.integers(1, 10_000),
    'fmap_max': st.integers(1, 10_000),
    'fmap_decay': st.floats(0.01, 1.7),
    'generator_learning_rate': positive,
    'mag_normalizer_b': st.floats(-9, 9),
    'gen_gl_consistency_loss_weight': not_negative,
    'adam_beta1': fractions,
    'generator_ema_decay': fractions,
    'batch_size_schedule': st.lists(st.integers(1, 512), min_size=1, max_size=7),
    'num_images_schedule': st.lists(st.integers(1, 10**7), max_size=7),
    'seed': st.integers(0, 2**31 - 1),
}


@st.composite
def legal_hparams(draw):
    names = draw(st.sets(st.sampled_from(sorted(LEGAL_VALUES))))
    return {name: draw(LEGAL_VALUES[name]) for name in names}


@quick
@given(legal_hparams())
def test_what_is_given_is_what_is_kept_and_the_rest_is_default(hparams):
    config = config_lib.from_dict(hparams)
    for name in FIELDS:
        expected = hparams.get(name, getattr(Config(), name))
        assert getattr(config, name) == (tuple(expected) if isinstance(expected, list) else expected)
        assert getattr(config_lib.Config().replace(**hparams), name) == getattr(config, name)


@quick
@given(hparams=legal_hparams())
def test_json_round_trip(hparams):
    config = config_lib.from_dict(hparams)
    assert config_lib.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize('name', config_lib.PRESETS)
def test_every_preset_survives_experiment_json(name, tmp_path):
    config = config_lib.preset(name)
    path = config_lib.write_experiment(config, tmp_path)
    assert path == tmp_path / 'experiment.json'
    assert set(json.loads(path.read_text())) == set(FIELDS)
    assert config_lib.read_experiment(tmp_path) == config
    assert config_lib.read_experiment(str(tmp_path)) == config
    assert [file.name for file in tmp_path.iterdir()] == ['experiment.json']


@pytest.mark.parametrize('name, data_type, spec_shape', [
    ('mel_prog_hires', 'mel', (128, 1024)),
    ('mel_prog', 'mel', (256, 512)),
    ('linear_prog_hires', 'linear', (128, 1024)),
    ('linear_prog', 'linear', (256, 512)),
    ('phase_prog_hires', 'phase', (128, 1024)),
    ('phase_prog', 'phase', (256, 512)),
])
def test_the_papers_six_variants(name, data_type, spec_shape):
    config = config_lib.preset(name)
    assert (config.data_type, config.spec_shape) == (data_type, spec_shape)
    assert (config.audio_length, config.sample_rate) == (64000, 16000)
    assert (config.num_resolutions, config.latent_vector_size, config.fmap_base, config.fmap_max) == (7, 256, 4096, 256)


def test_the_defaults_are_the_originals():
    config = Config()
    assert config == config_lib.preset('mel_prog_hires')
    assert (config.mag_normalizer_a, config.mag_normalizer_b) == (0.0661371661726, 0.113718730221)
    assert (config.p_normalizer_a, config.p_normalizer_b) == (0.8, 0.0)
    assert (config.generator_ac_loss_weight, config.gradient_penalty_weight) == (10.0, 10.0)
    assert (config.real_score_penalty_weight, config.generator_ema_decay) == (0.001, 0.999)
    assert (config.adam_beta1, config.adam_beta2) == (0.0, 0.99)
    assert (config.mel_downscale, config.gradient_penalty_domain, config.gradient_penalty_interval) == (1, 'image', 1)


@pytest.mark.parametrize('kind', [Config, WaveGANConfig, SpecGANConfig, AutoencoderConfig, WaveNetConfig])
def test_every_number_has_a_lower_and_an_upper_bound_that_is_kept(kind):
    values = kind().to_dict()
    for name, facts in kind.facts().items():
        if facts.choices or isinstance(values[name], bool):
            continue
        lower = facts.above if facts.at_least is None else facts.at_least
        upper = facts.below if facts.at_most is None else facts.at_most
        assert lower is not None and upper is not None and upper < 2**63, name
        for value in (lower - 1, upper + 1, 10**300):
            with pytest.raises(InputError, match=name):
                kind(**{name: [value] if isinstance(values[name], list) else value})


@pytest.mark.parametrize('hparams, shape', [
    ({}, (128, 1024)),
    ({'num_resolutions': 1, 'start_width': 1024, 'start_height': 128}, (128, 1024)),
    ({'scale_mode': 'H', 'start_width': 1024}, (128, 1024)),
    ({'scale_base': 4, 'num_resolutions': 4, 'start_height': 2, 'start_width': 16}, (128, 1024)),
    ({'mel_downscale': 2, 'start_width': 8}, (128, 512)),
    ({'time_patch': 16, 'num_resolutions': 3, 'start_width': 1024, 'scale_mode': 'H'}, (128, 1024)),
    ({'data_type': 'wave', 'scale_mode': 'H', 'start_width': 1, 'start_height': 1024}, (65536, 1)),
])
def test_spec_shape(hparams, shape):
    assert Config(**hparams).spec_shape == shape


def test_resolutions_of_both_modes():
    both = Config(num_resolutions=4, start_height=16, audio_length=8000)
    assert [both.resolution(num_blocks) for num_blocks in (1, 2, 3, 4)] == [(16, 16), (32, 32), (64, 64), (128, 128)]
    assert both.growth == (2, 2)
    height = Config(num_resolutions=3, start_height=2, start_width=1024, scale_base=3, scale_mode='H',
                    audio_length=9000)
    assert [height.resolution(num_blocks) for num_blocks in (1, 2, 3)] == [(2, 1024), (6, 1024), (18, 1024)]
    assert height.growth == (3, 1)
    assert Config().resolution(7) == Config().spec_shape


@pytest.mark.parametrize('num_blocks', [0, 8, -1])
def test_impossible_number_of_blocks(num_blocks):
    with pytest.raises(InputError, match=f'expected one from 1 to num_resolutions \\(7\\). Received: {num_blocks}'):
        Config().resolution(num_blocks)


def test_a_config_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().fmap_max = 3


def test_replace_leaves_the_original_alone():
    config = Config()
    assert config.replace(fmap_max=3).fmap_max == 3
    assert config.fmap_max == 256


def test_equal_configs_are_interchangeable_as_keys():
    assert {config_lib.preset('tiny'): 1}[config_lib.preset('tiny').replace(batch_size_schedule=[8])] == 1


@quick
@given(st.sampled_from(sorted(FIELDS)), st.integers(0, 60))
def test_a_name_with_one_letter_missing_is_answered_with_the_right_one(name, place):
    misspelt = name[:place % len(name)] + name[place % len(name) + 1:]
    assume(misspelt not in FIELDS and len(name) > 5)
    with pytest.raises(InputError) as refused:
        config_lib.from_dict({misspelt: 1})
    suggested = str(refused.value).split("did you mean '")[1].split("'")[0]
    assert str(refused.value) == (f'Unknown hyperparameter: expected a field of Config (did you mean {suggested!r}?). '
                                  f'Received: {misspelt!r}')
    # mag_normalizer_ is as near to mag_normalizer_b as to mag_normalizer_a.
    assert suggested == name or (len(suggested), suggested[:-1]) == (len(name), name[:-1])


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(InputError) as refused:
        Config().replace(qqqqq=1)
    assert str(refused.value) == "Unknown hyperparameter: expected a field of Config. Received: 'qqqqq'"


def test_an_unknown_preset_names_the_nearest_and_all():
    with pytest.raises(InputError) as refused:
        config_lib.preset('mel_prog_hi')
    assert str(refused.value) == (f"Unknown configuration: expected one of {', '.join(config_lib.PRESETS)} "
                                  f"(did you mean 'mel_prog_hires'?). Received: 'mel_prog_hi'")


@pytest.mark.parametrize('name, value, expected', [
    ('data_type', 'mell', "one of linear, phase, mel, wave (did you mean 'mel'?)"),
    ('data_normalizer', 'specgrams_freq', "(did you mean 'specgrams_freq_normalizer'?)"),
    ('scale_mode', 'W', 'one of ALL, H'),
    ('to_rgb_activation', 'tan', "(did you mean 'tanh'?)"),
    ('gradient_penalty_domain', 'images', "(did you mean 'image'?)"),
])
def test_an_unknown_choice_names_the_nearest(name, value, expected):
    with pytest.raises(InputError) as refused:
        Config(**{name: value})
    assert str(refused.value).startswith(f'Unknown {name}: expected one of ')
    assert expected in str(refused.value)
    assert str(refused.value).endswith(f'Received: {value!r}')


WRONG_TYPES = {
    int: ('a whole number', [1.5, 1.0, True, '8', None, [8]]),
    float: ('a finite number', ['0.1', True, None, [1.0], float('nan'), float('inf'), float('-inf'), 10**400]),
    bool: ('true or false', [0, 1, 'true', None]),
    str: ('a string', [1, None, True, ['mel']]),
    tuple[int, ...]: ('a list of whole numbers', [8, '8', None, [8.0], [True], ['8'], {'8': 8}]),
    tuple[float, ...]: ('a list of finite numbers', [8.0, '8', None, [True], ['8'], [float('nan')], {'8': 8}]),
    float | None: ('a finite number', ['1', True, [1.0], float('nan')]),
}


@pytest.mark.parametrize('name', FIELDS)
def test_a_value_of_the_wrong_type(name):
    expected, values = WRONG_TYPES[FIELDS[name].type]
    for value in values:
        with pytest.raises(InputError) as refused:
            Config(**{name: value})
        assert str(refused.value) == f'Impossible {name}: expected {expected}. Received: {value!r}'


def test_whole_numbers_pass_for_floats_and_become_them():
    config = Config(generator_learning_rate=1, train_time_limit=60)
    assert (type(config.generator_learning_rate), type(config.train_time_limit)) == (float, float)


@pytest.mark.parametrize('name', [
    'audio_length', 'sample_rate', 'normalizer_margin', 'normalizer_num_examples', 'latent_vector_size',
    'num_resolutions', 'start_height', 'start_width', 'kernel_size', 'fmap_base', 'fmap_decay', 'fmap_max',
    'stable_stage_num_images', 'total_num_images', 'generator_learning_rate', 'discriminator_learning_rate',
    'gradient_penalty_target', 'fake_batch_size', 'save_summaries_num_images', 'train_time_stage_multiplier',
    'mag_normalizer_a', 'p_normalizer_a', 'mel_downscale', 'gradient_penalty_interval', 'time_patch'])
@pytest.mark.parametrize('value', [0, -1])
def test_what_must_be_above_0(name, value):
    with pytest.raises(InputError, match=f'^Impossible {name}: expected a number above 0. Received: {value}'):
        Config(**{name: value})


@pytest.mark.parametrize('name', [
    'transition_stage_num_images', 'gradient_penalty_weight', 'real_score_penalty_weight', 'generator_ac_loss_weight',
    'discriminator_ac_loss_weight', 'gen_gl_consistency_loss_weight', 'seed'])
def test_what_must_not_be_negative(name):
    assert getattr(Config(**{name: 0}), name) == 0
    with pytest.raises(InputError, match=f'^Impossible {name}: expected a number of at least 0. Received: -1'):
        Config(**{name: -1})


@pytest.mark.parametrize('hparams, message', [
    ({'adam_beta1': 1.0}, 'Impossible adam_beta1: expected a number from 0 to below 1. Received: 1.0'),
    ({'adam_beta2': -0.1}, 'Impossible adam_beta2: expected a number from 0 to below 1. Received: -0.1'),
    ({'generator_ema_decay': 1}, 'Impossible generator_ema_decay: expected a number from 0 to below 1. Received: 1.0'),
    ({'batch_size_schedule': []},
     'Impossible batch_size_schedule: expected at least one batch size, each above 0. Received: ()'),
    ({'batch_size_schedule': [8, 0]},
     'Impossible batch_size_schedule: expected at least one batch size, each above 0. Received: (8, 0)'),
    ({'batch_size_schedule': [8] * 8},
     'Impossible batch_size_schedule: expected at most one entry per resolution (7). '
     'Received: (8, 8, 8, 8, 8, 8, 8, 8)'),
    ({'num_images_schedule': [1] * 8},
     'Impossible num_images_schedule: expected at most one entry per resolution (7). '
     'Received: (1, 1, 1, 1, 1, 1, 1, 1)'),
    ({'num_images_schedule': [100, 0, 100]}, 'Impossible num_images_schedule: expected numbers above 0, and 0 for none '
                                             'but the last resolutions. Received: (100, 0, 100)'),
    ({'num_images_schedule': [0]}, 'Impossible num_images_schedule: expected numbers above 0, and 0 for none but the '
                                   'last resolutions. Received: (0,)'),
    ({'num_images_schedule': [1, -1]}, 'Impossible num_images_schedule: expected numbers above 0, and 0 for none but '
                                       'the last resolutions. Received: (1, -1)'),
    ({'num_images_schedule': [1, 0], 'train_progressive': False},
     'Impossible num_images_schedule: expected no 0 where the full size alone is trained (train_progressive is false). '
     'Received: (1, 0)'),
    ({'transition_num_images_schedule': [100]}, 'Impossible transition_num_images_schedule: expected '
                                                'num_images_schedule with it, for the stable stages. Received: (100,)'),
    ({'total_num_images': 9_600_000}, 'Impossible total_num_images: expected more than the 9600000 images of the '
                                      'stages before the last. Received: 9600000'),
    ({'fmap_base': 127}, 'Impossible fmap_base and fmap_decay: expected at least one filter at each of 7 resolutions. '
                         'Received: (127, 1.0)'),
    ({'fmap_decay': 1e9}, 'Impossible fmap_base and fmap_decay: expected at least one filter at each of 7 resolutions. '
                          'Received: (4096, 1000000000.0)'),
    ({'scale_base': 1}, 'Impossible scale_base: expected a whole number of at least 2. Received: 1'),
    ({'kernel_size': 4}, 'Impossible kernel_size: expected an odd number. Received: 4'),
    ({'num_resolutions': 25, 'train_progressive': False}, 'Impossible num_resolutions: expected at most 24. '
                                                          'Received: 25'),
    ({'num_resolutions': 10**12, 'train_progressive': False}, 'Impossible num_resolutions: expected at most 24. '
                                                              'Received: 1000000000000'),
    ({'train_data_path': '/nsynth.tfrecord'}, 'Not a hyperparameter: expected the notes in --tfds_data_dir, as '
     "`gansynth_prepare_data --input=... --data_dir=...` writes them. Received: 'train_data_path'"),
    ({'batch_size_schedule': [10**12]}, 'Impossible batch_size_schedule: expected at most 65536. '
                                        'Received: (1000000000000,)'),
    ({'start_height': 2**20, 'start_width': 1024}, 'Impossible spectrogram shape: expected at most 268435456 pixels, '
     'from start_height, start_width, scale_base, num_resolutions and time_patch. Received: (67108864, 65536)'),
    ({'latent_vector_size': 10**6, 'start_height': 128, 'start_width': 1024, 'num_resolutions': 1},
     'Impossible first block: expected at most 17179869184 weights in its convolutions, from latent_vector_size, '
     'start_height, start_width, kernel_size, fmap_base and fmap_max. Received: 33554432589824'),
    ({'critic_phase_floor': 1.5}, 'Impossible critic_phase_floor: expected at most 1. Received: 1.5'),
    ({'critic_phase_floor': 0.5, 'data_type': 'wave', 'scale_mode': 'H', 'start_width': 1, 'start_height': 1024},
     "Impossible critic_phase_floor: expected 1 when data_type is 'wave' (it has no phase). Received: 0.5"),
    ({'constant_scale': True}, "Impossible constant_scale: expected gradient_penalty_domain = 'stage' with it, since "
                               "full-size slopes have one scale anyway. Received: True"),
    ({'seed': 2**31}, 'Impossible seed: expected a number below 2147483648. Received: 2147483648'),
    ({'train_time_limit': 0}, 'Impossible train_time_limit: expected seconds above 0, or null for none. '
                              'Received: 0.0'),
    ({'data_type': 'linear', 'mel_downscale': 2},
     "Impossible mel_downscale: expected 1 when data_type is 'linear' (only 'mel' has mel bins). Received: 2"),
    ({'data_type': 'wave'},
     "Impossible start_width and num_resolutions: expected a [time, 1] image of at least audio_length = 64000 rows "
     "for data_type 'wave'. Received: (128, 1024)"),
    ({'data_type': 'wave', 'scale_mode': 'H', 'start_width': 1, 'start_height': 512},
     "Impossible start_width and num_resolutions: expected a [time, 1] image of at least audio_length = 64000 rows "
     "for data_type 'wave'. Received: (32768, 1)"),
    ({'data_type': 'wave', 'scale_mode': 'H', 'start_width': 1, 'start_height': 1024,
      'generator_reconstruction_weight': 1.0},
     "Impossible generator_reconstruction_weight: expected 0 when data_type is 'wave' (there is no spectral envelope). "
     'Received: 1.0'),
    ({'data_type': 'phase', 'generator_partials_weight': 1.0},
     "Impossible generator_partials_weight: expected 0 when data_type is 'phase' (it has no frequencies). "
     'Received: 1.0'),
    ({'start_width': 17},
     'Impossible spectrogram shape: expected a power of two of at least 4 frequency bins (nearest: 1024), from '
     'start_width, scale_base, num_resolutions and mel_downscale. Received: 1088 bins, spec_shape (128, 1088)'),
    ({'start_width': 28},
     'Impossible spectrogram shape: expected a power of two of at least 4 frequency bins (nearest: 2048), from '
     'start_width, scale_base, num_resolutions and mel_downscale. Received: 1792 bins, spec_shape (128, 1792)'),
    ({'mel_downscale': 3},
     'Impossible spectrogram shape: expected a power of two of at least 4 frequency bins (nearest: 2048), from '
     'start_width, scale_base, num_resolutions and mel_downscale. Received: 3072 bins, spec_shape (128, 1024)'),
    ({'num_resolutions': 1, 'start_width': 2, 'start_height': 99999},
     'Impossible spectrogram shape: expected a power of two of at least 4 frequency bins (nearest: 4), from '
     'start_width, scale_base, num_resolutions and mel_downscale. Received: 2 bins, spec_shape (99999, 2)'),
    ({'audio_length': 67073},
     'Impossible audio_length: expected at most 67072 samples (4.19 s) for spec_shape (128, 1024), or at least 129 '
     'frames for these samples (nearest: start_height 3). Received: 67073 (4.19 s)'),
])
def test_what_is_impossible_beside_the_others(hparams, message):
    with pytest.raises(InputError) as refused:
        Config().replace(**hparams)
    assert str(refused.value) == message


@quick
@given(st.integers(1, 300), st.sampled_from([4, 64, 1024]), st.integers(1, 10**6))
def test_the_shape_that_the_error_offers_is_possible(num_frames, num_bins, audio_length):
    shape = {'num_resolutions': 1, 'start_width': num_bins, 'latent_vector_size': 1}
    try:
        Config(**shape, start_height=num_frames, audio_length=audio_length)
    except InputError as error:
        longest = int(str(error).split('at most ')[1].split()[0])
        frames = int(str(error).split('at least ')[1].split()[0])
        assert longest < audio_length and frames > num_frames
        Config(**shape, start_height=num_frames, audio_length=longest)
        Config(**shape, start_height=frames, audio_length=audio_length)
        with pytest.raises(InputError):
            Config(**shape, start_height=frames - 1, audio_length=audio_length)


def test_parse_hparams():
    assert config_lib.parse_hparams('{"fmap_max": 64, "batch_size_schedule": [16, 8]}') == {
        'fmap_max': 64, 'batch_size_schedule': [16, 8]}
    assert config_lib.parse_hparams('') == {}


@pytest.mark.parametrize('text, start', [
    ('{fmap_max: 64}', "Cannot read --hparams: expected a JSON object such as '{\"fmap_max\": 64}' ("),
    ('fmap_max=64', "Cannot read --hparams: expected a JSON object such as '{\"fmap_max\": 64}' ("),
    ('{"seed": 1' + '0' * 5000 + '}', "Cannot read --hparams: expected a JSON object such as '{\"fmap_max\": 64}' ("),
    ('[1]', 'Impossible --hparams: expected a JSON object. Received: [1]'),
    ('{"fmap_mx": 64}', "Unknown hyperparameter: expected a field of Config (did you mean 'fmap_max'?). "
                        "Received: 'fmap_mx'"),
])
def test_hparams_that_cannot_be_read(text, start):
    with pytest.raises(InputError) as refused:
        config_lib.parse_hparams(text)
    assert str(refused.value).startswith(start)


@pytest.mark.parametrize('content, message', [
    (b'', 'Cannot read experiment.json: expected a JSON object ('),
    (b'{"fmap_max": 64', 'Cannot read experiment.json: expected a JSON object ('),
    (b'\xff\xfe\x00', 'Cannot read experiment.json: expected a JSON object ('),
    (b'[]', '/experiment.json: expected a JSON object. Received: []'),
    (b'{"fmap_max": NaN}', 'experiment.json: Impossible fmap_max: expected a whole number. Received: nan'),
    (b'{"fmap_max": -1}', 'experiment.json: Impossible fmap_max: expected a number above 0. Received: -1'),
    (b'{"fmapmax": 1}', "experiment.json: Unknown hyperparameter: expected a field of Config "
                        "(did you mean 'fmap_max'?). Received: 'fmapmax'"),
])
def test_an_experiment_that_cannot_be_read(tmp_path, content, message):
    (tmp_path / 'experiment.json').write_bytes(content)
    with pytest.raises(InputError) as refused:
        config_lib.read_experiment(tmp_path)
    assert message in str(refused.value)
    assert str(tmp_path / 'experiment.json') in str(refused.value)


@pytest.mark.parametrize('directory', ['empty', 'missing', 'file'])
def test_a_directory_without_an_experiment(tmp_path, directory):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'file').touch()
    with pytest.raises(InputError) as refused:
        config_lib.read_experiment(tmp_path / directory)
    assert str(refused.value) == (
        f'Not a model directory: expected experiment.json in it. Received: {str(tmp_path / directory)!r}')
