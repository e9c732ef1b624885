import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.data import timbre_code_file
from gansynth_tf.errors import InputError
from gansynth_tf.export import saved_model
from gansynth_tf.generation import exported_model, synthesizer
from gansynth_tf.music import interpolation as timbre
from gansynth_tf.music import render
from gansynth_tf.music.note import MAGENTA
from gansynth_tf.music.performance import PlayedNote as Note

# Plays an export in a process that has TensorFlow and nothing of ours, as tensorflow_model_server would be asked to: by
# a request in JSON, whose inputs are named.
STRANGER = """
import json, sys
sys.modules['gansynth_tf'] = None  # importing it is an error from here on
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
request = json.loads(sys.argv[2])
signature = model.signatures[request['signature_name']]
kinds = signature.structured_input_signature[1]
outputs = signature(**{name: tf.constant(value, kinds[name].dtype) for name, value in request['inputs'].items()})
print(json.dumps({name: value.numpy().tolist() for name, value in outputs.items()}))
"""
ATOL = 1e-5  # waves of this model reach to 10
NOTES = [Note(64, 100, 15.999, 16.2), Note(60, 127, 0.0, 1.0), Note(62, 1, 0.001, 0.0011), Note(60, 64, 40.0, 40.005)]


@pytest.fixture(scope='module')
def model(export_dir):
    return tf.saved_model.load(str(export_dir / '1'))


@pytest.fixture(scope='module')
def synth(model_dir):
    return gs.load(model_dir)


def render_inputs(notes, latents):
    return {'latents': tf.constant(latents, tf.float32), 'pitches': tf.constant([note.pitch for note in notes]),
            'start_seconds': tf.constant([note.start_seconds for note in notes], tf.float64),
            'end_seconds': tf.constant([note.end_seconds for note in notes], tf.float64),
            'velocities': tf.constant([note.velocity for note in notes])}


def test_a_program_without_this_package_plays_it(export_dir, synth):
    latents = synth.sample_latents(2, seed=1)
    request = {'signature_name': 'generate', 'inputs': {'latents': latents.tolist(), 'pitches': [60, 64]}}
    done = subprocess.run([sys.executable, '-c', STRANGER, str(export_dir / '1'), json.dumps(request)],
                          capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(done.stdout)['audio'], synth.generate(latents, [60, 64]), rtol=ATOL,
                               atol=ATOL)


def test_the_graph_holds_no_python(export_dir):
    proto = (export_dir / '1' / 'saved_model.pb').read_bytes()
    for word in (b'_gradient_op_type', b'PyFunc', b'gansynth_tf/', b'XlaLaunch'):
        assert word not in proto


@pytest.mark.parametrize('num_notes', [0, 1, 8, 19])
def test_any_number_of_notes(model, synth, num_notes):
    latents, pitches = synth.sample_latents(num_notes, seed=2), np.resize([60, 62, 64], num_notes)
    audio = model.generate(latents, pitches.astype(np.int32))['audio'].numpy()
    assert audio.shape == (num_notes, 160)
    np.testing.assert_allclose(audio, synth.generate(latents, pitches), rtol=ATOL, atol=ATOL)


def test_raw_notes_are_as_the_network_makes_them(model, synth, export_dir):
    latents, pitches = 3 * synth.sample_latents(9, seed=2), [60] * 9
    raw = model.signatures['generate_raw'](latents=tf.constant(latents), pitches=tf.constant(pitches))['audio'].numpy()
    expected = synth.generate(latents, pitches, raw=True)
    np.testing.assert_allclose(raw, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert np.abs(raw).max() > 1 and raw[:, 0].any()
    finished = model.generate(latents, pitches)['audio'].numpy()
    assert np.abs(finished).max() <= 1 and not finished[:, 0].any()
    np.testing.assert_allclose(gs.load(export_dir).generate(latents, pitches, raw=True), expected, rtol=0,
                               atol=1e-5 * np.abs(expected).max())


def test_render_is_the_rendering_of_the_package(model, synth):
    latents = synth.sample_latents(len(NOTES), seed=3)
    audio = model.signatures['render'](**render_inputs(NOTES, latents))['audio'].numpy()
    expected = render.render(synth, NOTES, latents, style=MAGENTA).audio
    assert len(audio) == len(expected) == 43 * 16000
    np.testing.assert_allclose(audio, expected, atol=ATOL)
    assert np.max(np.abs(audio)) == 0.5 and audio[40 * 16000:].any()


def test_many_notes_at_once_and_windows_of_silence(model, synth):
    random = np.random.default_rng(0)
    starts = np.concatenate([random.uniform(0, 0.1, 20), random.uniform(70, 70.1, 9)])
    notes = [Note(int(random.choice([60, 62, 64])), 90, start, start + random.uniform(0.001, 0.02)) for start in starts]
    latents = synth.sample_latents(len(notes), seed=4)
    audio = model.render(*render_inputs(notes, latents).values())['audio'].numpy()
    np.testing.assert_allclose(audio, render.render(synth, notes, latents, style=MAGENTA).audio, atol=ATOL)


def test_interpolate_walks_the_great_circle(model, synth):
    start, end = synth.sample_latents(2, seed=5)
    audio = model.signatures['interpolate'](start=tf.constant(start), end=tf.constant(end), steps=tf.constant(11),
                                            pitch=tf.constant(62))['audio']
    between = timbre.slerp(np.repeat([start], 11, axis=0), np.repeat([end], 11, axis=0), np.linspace(0, 1, 11))
    expected = synth.generate(between, [62] * 11)
    np.testing.assert_allclose(audio, expected, atol=1e-5 * np.abs(expected).max())  # of waves beyond full scale
    same = model.interpolate(start, start, 3, 62)['audio'].numpy()
    np.testing.assert_allclose(same, np.repeat(synth.generate([start], [62]), 3, axis=0), atol=1e-5)


def test_latents_are_seeded_normal_of_the_models_scale_and_do_not_depend_on_their_number(model):
    latents = model.sample_latents(2000, 7)['latents'].numpy()
    np.testing.assert_array_equal(model.sample_latents(3, 7)['latents'], latents[:3])
    assert np.any(model.sample_latents(3, 8)['latents'] != latents[:3])
    assert latents.shape == (2000, 4) and abs(latents.mean()) < 0.05 and abs(latents.std() - 0.5) < 0.025


def test_it_describes_itself(model, model_dir):
    facts = json.loads(model.signatures['describe']()['description'].numpy())
    assert (facts['pitches'], facts['sample_rate'], facts['audio_length'], facts['latent_size']) == (
        [60, 62, 64], 16000, 160, 4)
    assert facts['config'] == json.loads((model_dir / 'experiment.json').read_text())
    assert (facts['num_blocks'], facts['progress']) == (2, 0.75)
    assert facts['data_licence'] == 'CC0'
    assert facts['provenance']['place'] == 'here' and facts['provenance']['gansynth_tf'] == gs.__version__
    for name, told in facts['signatures'].items():
        assert set(told['inputs']) == set(model.signatures[name].structured_input_signature[1])


def test_signatures_are_named_and_shaped(model):
    inputs = model.signatures['serving_default'].structured_input_signature[1]
    assert {name: (spec.shape.as_list(), spec.dtype) for name, spec in inputs.items()} == {
        'latents': ([None, 4], tf.float32), 'pitches': ([None], tf.int32)}
    assert model.signatures['generate'].structured_outputs['audio'].shape.as_list() == [None, 160]
    assert set(model.signatures) == {'serving_default', 'generate', 'generate_raw', 'render', 'interpolate',
                                     'sample_latents', 'describe'}


ONE = {'latents': np.zeros((1, 4), np.float32), 'pitches': [60]}
NOTE = {**ONE, 'start_seconds': [0.0], 'end_seconds': [1.0], 'velocities': [64]}
LINE = {'start': np.zeros(4, np.float32), 'end': np.ones(4, np.float32), 'steps': 3, 'pitch': 60}


@pytest.mark.parametrize('signature, inputs, message', [
    ('generate', {**ONE, 'pitches': [61]}, r'Unknown pitch: expected one of the 3 MIDI pitches .*60 to 64.* \[61\]'),
    ('generate', {**ONE, 'pitches': [-4]}, r'Unknown pitch'),
    ('generate', {**ONE, 'pitches': [4000]}, r'Unknown pitch'),
    ('generate', {**ONE, 'pitches': [60, 60]}, r'Counts differ: expected one of each input .* \[1 2\]'),
    ('generate', {**ONE, 'latents': np.full((1, 4), np.nan)}, r'Unusable latents: expected finite numbers.*rows 0'),
    ('generate', {**ONE, 'latents': np.zeros((1, 5))}, r'latents \[1,5\] is not compatible with .* \[\?,4\]'),
    ('render', {**NOTE, 'pitches': [72]}, r'Unknown pitch'),
    ('render', {**NOTE, 'latents': np.full((1, 4), np.inf)}, r'Unusable latents'),
    ('render', {**NOTE, 'end_seconds': [0.0]}, r'Impossible note times: expected 0 <= start_seconds < end_seconds'),
    ('render', {**NOTE, 'start_seconds': [np.nan]}, r'Impossible note times'),
    ('render', {**NOTE, 'end_seconds': [1e9]}, r'Impossible note times'),
    ('render', {**NOTE, 'velocities': [0]}, r'Impossible velocities: expected 1 to 127'),
    ('render', {**NOTE, 'velocities': [1, 2]}, r'Counts differ'),
    ('render', {name: value[:0] for name, value in NOTE.items()}, r'Nothing to play: expected at least one note'),
    ('interpolate', {**LINE, 'steps': 0}, r'Impossible steps: expected 1 to 1000'),
    ('interpolate', {**LINE, 'pitch': 61}, r'Unknown pitch'),
    ('interpolate', {**LINE, 'end': np.full(4, np.nan)}, r'Unusable latents: .* rows 1'),
    ('sample_latents', {'n': -1, 'seed': 0}, r'Impossible number of latents: expected at least 0'),
    ('sample_latents', {'n': 10**9, 'seed': 0}, r'Impossible number of latents: .*at most 100000.*1000000000'),
    ('generate', {'latents': np.zeros((1001, 4)), 'pitches': [60] * 1001}, r'Too many notes: expected at most 1000'),
    ('render', {**NOTE, 'end_seconds': [3601.0]}, r'Impossible note times: expected .*<= 3600'),
    ('render', {name: np.repeat(value, 100_001, axis=0) for name, value in NOTE.items()},
     r'Too many notes: expected at most 100000 at once\. .*100001'),
])
def test_bad_requests_are_answered_in_words(model, signature, inputs, message):
    function = model.signatures[signature]
    kinds = function.structured_input_signature[1]
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match=message):
        function(**{name: tf.constant(value, kinds[name].dtype) for name, value in inputs.items()})


@pytest.mark.parametrize('place', ['.', '1'])
def test_the_package_plays_it_too_and_makes_the_same_audio(export_dir, synth, place):
    loaded = gs.load(export_dir / place)
    latents, pitches = synth.sample_latents(11, seed=6), synth.sample_pitches(11, seed=6)
    np.testing.assert_array_equal(loaded.sample_latents(11, seed=6), latents)
    np.testing.assert_array_equal(loaded.sample_pitches(11, seed=6), pitches)
    np.testing.assert_allclose(loaded.generate(latents, pitches), synth.generate(latents, pitches), rtol=0, atol=1e-5)
    with pytest.raises(InputError, match='No live weights'):
        gs.load(export_dir, ema=False)


def test_versions_are_counted_and_the_newest_is_played(model_dir, export_dir, tmp_path):
    paths = [saved_model.export(synthesizer.open_model(model_dir), tmp_path / 'out', data_licence=licence)
             for licence in ('first', 'second')]
    assert paths == [tmp_path / 'out' / '1', tmp_path / 'out' / '2']
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['1', '2']
    (tmp_path / 'out' / '10').symlink_to(export_dir / '1')
    assert exported_model.find(tmp_path / 'out') == tmp_path / 'out' / '10'


def test_a_failed_export_leaves_nothing(model_dir, tmp_path, monkeypatch):
    def fail(model, path, **kwargs):
        pathlib.Path(path).mkdir(exist_ok=True)
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(tf.saved_model, 'save', fail)
    with pytest.raises(InputError, match=r'Cannot write the export: .*No space left'):
        saved_model.export(synthesizer.open_model(model_dir), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_export_of_ours_is_refused(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda: tf.constant(1), input_signature=[])
    tf.saved_model.save(module, str(tmp_path / '1'))
    with pytest.raises(InputError, match='Cannot read the export: expected what gansynth_export wrote'):
        gs.load(tmp_path)
    (tmp_path / '1' / 'saved_model.pb').write_bytes(b'nonsense')
    with pytest.raises(InputError, match='Cannot read the export'):
        gs.load(tmp_path)


def test_formats_do_not_mix_and_what_killed_exports_left_is_removed(model_dir, tmp_path, monkeypatch):
    (tmp_path / '.1.999999999.partial' / 'variables').mkdir(parents=True)
    monkeypatch.setattr(tf.saved_model, 'save', lambda model, path, **_: (pathlib.Path(path).mkdir(exist_ok=True), (
        pathlib.Path(path) / 'saved_model.pb').touch()))
    assert saved_model.export(synthesizer.open_model(model_dir), tmp_path) == tmp_path / '1'
    assert [path.name for path in tmp_path.iterdir()] == ['1']
    exported_model.require_format(tmp_path, 'saved_model')
    with pytest.raises(InputError, match='The directory holds another export: .*with --format=saved_model'):
        exported_model.require_format(tmp_path, 'onnx')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'generator.tflite').touch()
    with pytest.raises(InputError, match='expected a new one, or one with --format=saved_model. .* --format=litert'):
        saved_model.export(synthesizer.open_model(model_dir), tmp_path / 'other')


def test_an_interrupted_export_leaves_nothing(model_dir, tmp_path, monkeypatch):
    def interrupt(model, path, **_):
        pathlib.Path(path).mkdir(exist_ok=True)
        raise KeyboardInterrupt
    monkeypatch.setattr(tf.saved_model, 'save', interrupt)
    with pytest.raises(KeyboardInterrupt):
        saved_model.export(synthesizer.open_model(model_dir), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_arrays_go_before_a_program_in_the_same_directory(model_dir, tmp_path, caplog):
    both = shutil.copytree(model_dir, tmp_path / 'both')
    (both / '1').mkdir()
    (both / '1' / 'saved_model.pb').write_bytes(b'a program')
    exported_model._warn_of_programs.cache_clear()
    assert gs.load(both).pitches == (60, 62, 64) and caplog.text == ''
    (both / 'generator.npz').unlink()
    for _ in range(2):
        with pytest.raises(InputError, match='Cannot read the export'):
            gs.load(both)
    assert caplog.text.count('A SavedModel is a program') == 1


def test_random_timbres_lie_around_the_models_codes(model_dir, tmp_path):
    shutil.copytree(model_dir, tmp_path / 'model')
    config = config_lib.read_experiment(model_dir).replace(latent_noise=0.5, generator_reconstruction_weight=1.0)
    config_lib.write_experiment(config, tmp_path / 'model')
    codes = np.float32([[9, 0, 0, 0], [0, -9, 0, 0]])
    timbre_code_file.write(codes, tmp_path / 'model')
    version = saved_model.export(synthesizer.open_model(tmp_path / 'model'), tmp_path / 'export')
    latents = tf.saved_model.load(version).signatures['sample_latents'](
        n=tf.constant(400), seed=tf.constant(1))['latents'].numpy()
    distances = np.linalg.norm(latents[:, np.newaxis] - codes, axis=2)
    assert np.bincount(distances.argmin(1)).min() > 150
    # latent_scale 0.5 times latent_noise 0.5 times the mean length of four numbers from N(0, 1)
    np.testing.assert_allclose(distances.min(1).mean(), 0.25 * 1.88, rtol=0.1)
    for path in (tmp_path / 'model', tmp_path / 'export'):
        sampled = gs.load(path).sample_latents(5, seed=1)
        assert np.linalg.norm(sampled[:, np.newaxis] - codes, axis=2).min(1).max() < 2
    np.testing.assert_array_equal(sampled, gs.load(tmp_path / 'model').sample_latents(5, seed=1))
