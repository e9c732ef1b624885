"""gansynth_evaluate and gansynth_train_classifier from flags to files, on notes small enough for a test."""

import json
import pathlib
import shutil
import types

import mido
import pytest

import gansynth_tf
from gansynth_tf.cli import command, evaluate, train_classifier
from gansynth_tf.data import prepare
from gansynth_tf.data.sources import nsynth
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import evaluation
from gansynth_tf.evaluation.metrics import ndb
from gansynth_tf.generation import synthesizer
from gansynth_tf.music import output
from gansynth_tf.networks import weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator
from gansynth_tf.spectral import normalizers

NUM_SAMPLES = 8192


@pytest.fixture(scope='module')
def prepared(tmp_path_factory, tone):
    """Seventy notes of three instruments, half a second long."""
    directory = tmp_path_factory.mktemp('notes')
    (directory / 'nsynth' / 'audio').mkdir(parents=True)
    index = {}
    for partials in (1, 5, 15):
        for pitch in range(40, 64):
            name = f'brass_acoustic_{partials:03d}-{pitch:03d}-100'
            index[name] = {'note_str': name, 'instrument_str': name[:18], 'instrument_family_str': 'brass',
                           'instrument_source_str': 'acoustic', 'pitch': pitch, 'velocity': 100, 'sample_rate': 16000,
                           'qualities_str': []}
            wave = tone(pitch, seconds=NUM_SAMPLES / 16000, num_partials=partials, seed=pitch)
            output.write_wav(directory / 'nsynth' / 'audio' / f'{name}.wav', wave, 16000)
    (directory / 'nsynth' / 'examples.json').write_text(json.dumps(index))
    prepare.prepare(nsynth.read_source(directory / 'nsynth'), directory / 'prepared', audio_length=NUM_SAMPLES)
    return directory / 'prepared'


@pytest.fixture(scope='module')
def classifier_dir(prepared, tmp_path_factory):
    directory = tmp_path_factory.mktemp('classifier')
    code = command.execute(train_classifier.main, train_classifier, [
        'gansynth_train_classifier', f'--tfds_data_dir={prepared}', f'--output_dir={directory}', '--width=0.0078125',
        '--num_short_epochs=0', '--num_epochs=1', '--batch_size=16'])
    assert code == 0
    return directory


def test_a_trained_classifier_says_how_good_it_is(classifier_dir):
    description = json.loads((classifier_dir / 'classifier.json').read_text())
    assert 0 <= description['held_out_accuracy']['pitch'] < 0.5  # one epoch is not enough
    assert 'qualities' not in description['held_out_accuracy']  # there are no labels
    assert (classifier_dir / 'classifier.npz').stat().st_size < 100_000


@pytest.fixture(scope='module')
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp('cache')


@pytest.fixture
def run(prepared, classifier_dir, cache_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ndb, 'NUM_BINS', 5)

    def execute(*arguments):
        argv = ['gansynth_evaluate', f'--tfds_data_dir={prepared}', f'--classifier_dir={classifier_dir}',
                f'--output_dir={tmp_path / "out"}', f'--cache_dir={cache_dir}', '--num_replicates=3',
                *arguments]
        code = command.execute(evaluate.main, evaluate, argv)
        return code, *capsys.readouterr()
    return execute


@pytest.mark.slow
def test_a_folder_of_real_notes_measures_as_real_notes_do(run, tmp_path, tone):
    (tmp_path / 'theirs').mkdir()
    for pitch in range(40, 60, 2):
        output.write_wav(tmp_path / 'theirs' / f'pitch{pitch}.wav', tone(pitch, seconds=0.512), 16000)
    code, out, _ = run(f'--wav_dir={tmp_path / "theirs"}')
    assert code == 0
    table = (tmp_path / 'out' / 'metrics.md').read_text()
    assert out.startswith(table) and table.startswith('| | real notes | theirs |')
    rows = json.loads((tmp_path / 'out' / 'metrics.json').read_text())['rows']
    assert rows['theirs']['num_notes'] == 10 and rows['theirs']['fundamental_accuracy']['value'] == 1
    assert rows['real notes']['fundamental_accuracy']['value'] > 0.9
    pictures = {path.name for path in (tmp_path / 'out').glob('*.png')}
    assert pictures == {'rainbowgrams.png', 'phase_coherence.png', 'ndb_bins.png', 'dynamics.png'}
    assert all(str(tmp_path / 'out' / name) in out for name in pictures)

    shutil.rmtree(tmp_path / 'out')
    again = run(f'--wav_dir={tmp_path / "theirs"}', '--nopictures')
    assert again[1].startswith(table)  # from what was kept of the real notes, and with the same seed


@pytest.mark.slow
def test_a_model_before_training_and_a_piece_played_by_it(run, tmp_path, monkeypatch, tiny_config):
    config = tiny_config.replace(start_height=64, audio_length=NUM_SAMPLES)
    state = GeneratorState(weights.to_arrays(Generator(config, 24)), num_blocks=3, progress=2.0)
    synth = synthesizer.from_weights(config, PitchVocabulary(dict.fromkeys(range(40, 64), 2)), state,
                                     normalizers.from_config(config))
    monkeypatch.setattr(gansynth_tf, 'load', lambda **_: synth)
    track = mido.MidiTrack([mido.Message(kind, note=note, time=time) for note in (40, 45, 52)
                            for kind, time in (('note_on', 0), ('note_off', 240))])
    mido.MidiFile(tracks=[track]).save(tmp_path / 'piece.mid')
    (tmp_path / 'untrained').mkdir()
    (tmp_path / 'untrained' / 'experiment.json').write_text('{"model": "wavegan"}')
    code, _, err = run(f'--ckpt_dir={tmp_path / "untrained"}', '--untrained', '--num_samples=3', '--nopictures',
                         f'--midi_file={tmp_path / "piece.mid"}')
    assert (code, err) == (0, '')
    rows = json.loads((tmp_path / 'out' / 'metrics.json').read_text())['rows']
    assert list(rows) == ['real notes', 'untrained', 'untrained (2)']  # neither is lost
    assert [row['num_notes'] for row in rows.values()] == [3, 3, 3]
    for row in list(rows.values())[1:]:
        assert row['fundamental_accuracy']['value'] < 0.5
        assert row['articulation']['value'] in (0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1)
    assert rows['real notes']['articulation'] is None
    assert rows['real notes']['attack']['value'] < 30  # of tones that rise in 10 ms


@pytest.mark.parametrize('arguments, complaint', [
    (('--wav_dir=a', '--untrained'), 'error: Flags that exclude each other: expected a model with'),
    (('--wav_dir=a', '--ckpt_dir=b'), 'error: Flags that exclude each other: expected --ckpt_dir or --wav_dir.'),
    (('--pitch_csv=a',), 'error: Flag without its other: expected --wav_dir with --pitch_csv.'),
    (('--wav_dir=none',), 'error: No audio files: expected a folder with wav'),
    (('--num_samples=1',), 'error: Impossible --num_samples'),
    (('--classifier_dir=none',), 'error: No pitch classifier: '),
])
def test_bad_flags_are_one_line(run, arguments, complaint):
    code, out, err = run(*arguments)
    assert (code, out) == (2, '') and err.startswith(complaint)


def test_a_model_of_notes_too_short_to_measure_is_refused(run):
    code, _, err = run(f'--ckpt_dir={pathlib.Path(__file__).parents[1] / "golden" / "magenta_tiny_pert"}')
    assert code == 2
    assert 'Notes too short to measure: expected at least 0.25 s. Received: 0.02 s' in err


@pytest.mark.parametrize('sample_rate, splits, complaint', [
    (8000, {'train': 90, 'test': 10}, r'Notes at another sample rate: expected 16000 Hz'),
    (16000, {'train': 90}, r"Too few held-out notes: expected at least two in a split 'test' .* Received: 0"),
    (16000, {'train': 90, 'test': 1}, r'Too few held-out notes: .* Received: 1')])
def test_notes_that_nothing_can_be_compared_with(sample_rate, splits, complaint):
    notes = types.SimpleNamespace(sample_rate=sample_rate, splits=tuple(splits), num_notes=splits.get)
    with pytest.raises(InputError, match=complaint):
        evaluation.check(notes, types.SimpleNamespace(sample_rate=16000))
