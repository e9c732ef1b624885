"""gansynth_generate, from flags to files."""

import functools
import pathlib

import numpy as np
import pretty_midi
import pytest
import soundfile

import gansynth_tf
from gansynth_tf import config as config_lib
from gansynth_tf.cli import command, generate
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation.played_model import Synthesizer
from gansynth_tf.music import timbre_library, timbres
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.networks.generator import Generator

CONFIG = Config(num_resolutions=2, start_height=4, audio_length=160, latent_vector_size=4, fmap_base=16, fmap_max=8)


@pytest.fixture(scope='module')
def model_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp('model')
    arrays = weights.to_arrays(Generator(CONFIG, 25))
    checkpoints.write_generator(GeneratorState(arrays, num_blocks=2, progress=1.0), directory)
    config_lib.write_experiment(CONFIG, directory)
    vocabulary.write(vocabulary.PitchVocabulary(dict.fromkeys(range(48, 73), 1)), directory)
    return directory


@pytest.fixture(scope='module')
def midi_file(tmp_path_factory):
    midi = pretty_midi.PrettyMIDI()
    for is_drum, pitches in ((False, (60, 64, 67, 20, 100)), (True, (60,))):
        instrument = pretty_midi.Instrument(0, is_drum=is_drum)
        instrument.notes = [pretty_midi.Note(90, pitch, start, start + 1) for start, pitch in enumerate(pitches)]
        midi.instruments.append(instrument)
    path = tmp_path_factory.mktemp('midi') / 'a piece.mid'
    midi.write(str(path))
    return path


@pytest.fixture(scope='module')
def load():
    """Loads and traces a model once for all tests; that a model loaded twice plays the same is tested elsewhere."""
    return functools.cache(gansynth_tf.load)


@pytest.fixture
def play(model_dir, tmp_path, capsys, monkeypatch, load):
    """Runs the tool on the small model; returns its exit code, what it printed, and the lines of its complaints."""
    monkeypatch.setattr(gansynth_tf, 'load', load)

    def run(*arguments, output_dir=tmp_path / 'out', ckpt_dir=model_dir):
        argv = ['gansynth_generate', f'--ckpt_dir={ckpt_dir}', f'--output_dir={output_dir}', *arguments]
        code = command.execute(generate.main, generate, argv)
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()
    return run


def test_a_batch_of_random_notes(play, tmp_path):
    code, paths, reports = play('--batch_size=3', '--seed=0')
    assert (code, reports) == (0, [])
    assert sorted(paths) == sorted(str(path) for path in (tmp_path / 'out').iterdir())
    assert [pathlib.Path(path).name[:19] for path in paths] == [f'generated_00{i}_pitch' for i in range(3)]
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.frames) == (16000, 1, 160)


def test_latent_scale(play, tmp_path):
    outputs = {scale: tmp_path / scale for scale in ('1', '0.5', '0.25')}
    for scale, output_dir in outputs.items():
        play('--pitches=60', '--seed=0', *([] if scale == '1' else [f'--latent_scale={scale}']), output_dir=output_dir)
    sounds = [soundfile.read(next(directory.iterdir()))[0] for directory in outputs.values()]
    assert np.any(sounds[0] != sounds[1]) and np.any(sounds[1] != sounds[2])
    code, _, reports = play('--latent_scale=-1')
    assert code == 2 and reports[-1].endswith('latent_scale: expected a number above 0. Received: -1.0')


def test_given_pitches(play):
    _, paths, _ = play('--pitches=60,64-66', '--seed=0')
    assert [pathlib.Path(path).name for path in paths] == [
        'generated_000_pitch60_seed0.wav', 'generated_001_pitch64_seed0.wav', 'generated_002_pitch65_seed0.wav',
        'generated_003_pitch66_seed0.wav']


def test_more_notes_than_pitches_go_round(play):
    _, paths, _ = play('--pitches=60,64', '--num_samples=3', '--batch_size=2', '--seed=0')
    assert [pathlib.Path(path).stem[-8:-6] for path in paths] == ['60', '64', '60']


def test_a_piece(play, midi_file, tmp_path):
    code, paths, reports = play(f'--midi_file={midi_file}', '--seed=0')
    assert (code, paths) == (0, [str(tmp_path / 'out' / 'a piece.wav')])
    assert reports == ['Left out as drums: 1 of 6 notes', 'Moved by octaves into the pitches 48 to 72: 2 of 6 notes']
    audio, sample_rate = soundfile.read(paths[0])
    assert (sample_rate, len(audio)) == (16000, int(5.1 * 16000))
    assert abs(np.max(np.abs(audio)) - 0.5) < 1e-4
    assert np.flatnonzero(audio)[0] < 16 and audio[4 * 16000:].any()


def test_midi_is_short_for_midi_file(play, midi_file):
    assert play(f'--midi={midi_file}', '--seed=0')[1] == play(f'--midi_file={midi_file}', '--seed=0')[1]


@pytest.mark.parametrize('arguments', [('--pitches=60,67',), ('--num_samples=4',), ('--midi_file={midi}',)])
def test_the_same_seed_gives_the_same_files(play, midi_file, tmp_path, arguments):
    arguments = [argument.format(midi=midi_file) for argument in arguments]
    written = []
    for name, seed in (('a', 7), ('b', 7), ('c', 8)):
        _, paths, _ = play(*arguments, f'--seed={seed}', output_dir=tmp_path / name)
        written.append([pathlib.Path(path).read_bytes() for path in paths])
    assert written[0] == written[1] != written[2]


def test_a_run_without_a_seed_says_which_it_took(play):
    _, paths, reports = play('--pitches=60')
    first = pathlib.Path(paths[0]).read_bytes()
    assert len(reports) == 1 and reports[0].startswith('Seed: ')
    again = play('--pitches=60', f'--seed={int(reports[0].split()[1])}')[1]
    assert pathlib.Path(again[0]).read_bytes() == first


def with_nan_at(places):
    """Synthesizer._batches, whose audio is NaN for the notes at those places."""
    original = Synthesizer._batches

    def batches(self, latents, labels):
        done = 0
        for batch in original(self, latents, labels):
            for place in range(done, done + len(batch)):
                if place in places:
                    batch[place - done, 5] = np.nan
            done += len(batch)
            yield batch
    return batches


def test_a_broken_note_is_reported_and_the_run_goes_on(play, midi_file, monkeypatch, tmp_path):
    monkeypatch.setattr(Synthesizer, '_batches', with_nan_at({1}))
    code, paths, reports = play('--pitches=60,61,62', '--seed=0')
    assert (code, reports) == (0, ["Left out generated_001_pitch61_seed0.wav: the model's audio was not finite"])
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'generated_000_pitch60_seed0.wav', 'generated_002_pitch62_seed0.wav']
    code, paths, reports = play(f'--midi={midi_file}', '--seed=0')
    assert (code, reports[2:]) == (0, ["Left out, since the model's audio was not finite: 2 of 5 notes"])
    assert np.max(np.abs(soundfile.read(paths[0])[0])) > 0.49


def test_a_model_that_only_gives_nan_is_an_error(play, midi_file, monkeypatch, tmp_path):
    monkeypatch.setattr(Synthesizer, '_batches', with_nan_at(range(5)))
    for arguments, count in (('--pitches=60,61,62', 3), (f'--midi={midi_file}', 5)):
        code, paths, reports = play(arguments, '--seed=0')
        assert (code, paths) == (2, [])
        assert reports[-1] == ('error: Unusable model: expected finite audio. '
                               f'Received: NaN or infinity for all of {count} notes')
    assert list((tmp_path / 'out').iterdir()) == []


@pytest.mark.parametrize('arguments, complaint', [
    (('--pitches=60,x',), 'error: Impossible --pitches: expected MIDI numbers and ranges such as 60,64,67 or 48-60.'),
    (('--pitches=60,90',), 'error: Unknown pitch: expected one of the 25 MIDI pitches of this model (48 to 72). '),
    (('--midi=none.mid',), 'error: No such MIDI file: expected a path to a .mid file.'),
    (('--midi={midi}', '--pitches=60'), 'error: Flags that exclude each other: expected --midi_file, or --pitches'),
    (('--midi={midi}', '--secs_per_instrument=0'), 'error: Impossible secs_per_instrument: expected at least 0.01'),
    (('--batch_size=0',), 'error: Impossible --batch_size'),
])
def test_bad_flags_are_one_line_and_exit_code_2(play, midi_file, arguments, complaint):
    code, paths, reports = play(*(argument.format(midi=midi_file) for argument in arguments), '--seed=0')
    assert (code, paths, len(reports[-1:])) == (2, [], 1)
    assert reports[-1].startswith(complaint)


def test_bad_places_are_one_line_and_exit_code_2(play, tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'empty').mkdir()
    for places, complaint in (
            ({'output_dir': tmp_path / 'file'}, 'error: Cannot write to the output directory: '),
            ({'output_dir': '/proc/out'}, 'error: Cannot write to the output directory: '),
            ({'ckpt_dir': tmp_path / 'none'}, 'error: No such model: '),
            ({'ckpt_dir': tmp_path / 'empty'}, 'error: Not a model directory: ')):
        code, paths, reports = play('--seed=0', **places)
        assert (code, paths, len(reports)) == (2, [], 1)
        assert reports[0].startswith(complaint)


@pytest.mark.parametrize('text, pitches', [('60', [60]), ('60,64,67', [60, 64, 67]), (' 60 , 62-64 ', [60, 62, 63, 64]),
                                           ('70-70', [70]), ('64,60', [64, 60])])
def test_midi_numbers(text, pitches):
    assert command.midi_numbers(text.split(','), name='pitches', expected='some') == pitches


@pytest.mark.parametrize('text', ['', ',', '60,', 'C4', '67-60', '60-', '-60', '60-62-64', '6.5', '60..64', '60-128',
                                  '0-9999999999'])
def test_midi_numbers_that_are_none(text):
    with pytest.raises(InputError, match=r'Impossible --pitches: expected some. Received: '):
        command.midi_numbers(text.split(','), name='pitches', expected='some')


@pytest.fixture
def two_tracks(tmp_path):
    """A piece of two named tracks, with a pedal, a bend and a note of 3 s."""
    midi = pretty_midi.PrettyMIDI()
    for track, name in enumerate(('oboe', 'Cello / solo')):
        instrument = pretty_midi.Instrument(68 + track, name=name)
        instrument.notes = [pretty_midi.Note(60 + track + i, 60 + 20 * i, i, i + 0.3) for i in range(3)]
        midi.instruments.append(instrument)
    midi.instruments[0].notes.append(pretty_midi.Note(70, 50, 0, 3))
    midi.instruments[0].control_changes = [pretty_midi.ControlChange(64, 127, 0.0)]
    midi.instruments[1].pitch_bends = [pretty_midi.PitchBend(2000, 1.1)]
    midi.write(str(tmp_path / 'two.mid'))
    return tmp_path / 'two.mid'


def test_stems_plot_tags_and_timbres(play, two_tracks, tmp_path):
    kept = tmp_path / 'kept.json'
    code, paths, reports = play(f'--midi={two_tracks}', '--seed=3', '--stems', '--pan=spread', '--plot',
                                '--timbre=track', f'--save_timbre={kept}')
    assert (code, reports) == (0, ['Moved by octaves into the pitches 48 to 72: 4 of 7 notes',
                                   'Held by a pedal: 3 of 7 notes'])
    assert [pathlib.Path(path).name for path in paths] == [
        'two.wav', 'two_01_oboe.wav', 'two_02_Cello_solo.wav', 'kept_01.json', 'kept_02.json', 'two.png']
    mix, first, second = (soundfile.read(path)[0] for path in paths[:3])
    assert mix.shape == first.shape == second.shape == (len(mix), 2)
    np.testing.assert_allclose(first + second, mix, rtol=0, atol=1e-6)
    with soundfile.SoundFile(paths[0]) as file:
        assert file.subtype == 'PCM_24' and file.title == 'two'
        assert 'seed: 3; timbres: seed3_number1, seed3_number2' in file.comment
    assigned = play(f'--midi={two_tracks}', '--seed=9', '--stems', '--pan=spread',
                    f'--timbre=1:{tmp_path}/kept_01,2:{tmp_path}/kept_02.json', output_dir=tmp_path / 'again')[1]
    for path, other in zip(paths, assigned):
        np.testing.assert_array_equal(soundfile.read(path)[0], soundfile.read(other)[0])


def test_what_each_flag_of_a_piece_changes(play, two_tracks, tmp_path):
    written = {}
    for flag in ('', '--nopedal', '--nopitch_bend', '--noextend', '--nodarken', '--velocity_curve=1', '--level=peak',
                 '--release=0.5', '--out_of_range=drop', '--timbre=5', '--loudness=-30', '--as_magenta'):
        code, paths, reports = play(f'--midi={two_tracks}', '--seed=0', *filter(None, [flag]),
                                    output_dir=tmp_path / f'out{flag}')
        assert code == 0, reports
        written[flag] = pathlib.Path(paths[0]).read_bytes()
    assert len(set(written.values())) == len(written)


def test_as_magenta_says_what_it_leaves_out(play, two_tracks):
    code, paths, reports = play(f'--midi={two_tracks}', '--seed=0', '--as_magenta')
    assert (code, reports) == (0, ['Left out as outside the pitches 48 to 72: 4 of 7 notes',
                                   'Shorter than they are held: 3 of 3 notes'])
    assert len(soundfile.read(paths[0])[0]) == 6 * 16000


@pytest.mark.parametrize(('flags', 'locked'), [([], True), (['--as_magenta'], False),
                                               (['--as_magenta', '--phase_locking'], True)])
def test_as_magenta_leaves_phases_as_they_come(play, midi_file, monkeypatch, flags, locked):
    loaded = []
    monkeypatch.setattr(gansynth_tf, 'load', lambda load=gansynth_tf.load, **settings: (
        loaded.append(settings['phase_locking']), load(**settings))[1])
    assert play(f'--midi={midi_file}', '--seed=0', *flags)[0] == 0
    assert loaded == [locked]


def test_formats(play, midi_file):
    _, paths, _ = play(f'--midi={midi_file}', '--seed=0', '--format=flac', '--bits=24', '--sample_rate=48000')
    info = soundfile.info(paths[0])
    assert (pathlib.Path(paths[0]).name, info.subtype, info.samplerate) == ('a piece.flac', 'PCM_24', 48000)
    _, paths, _ = play('--pitches=60', '--seed=0', '--format=ogg')
    assert pathlib.Path(paths[0]).name == 'generated_000_pitch60_seed0.ogg'


def test_an_audition(play):
    code, paths, reports = play('--audition=2', '--seed=4')
    assert (code, reports) == (0, [])
    assert [pathlib.Path(path).name for path in paths] == ['audition_seed4_number01.wav', 'audition_seed4_number02.wav']
    assert soundfile.info(paths[0]).frames > 4 * 16000


def test_timbres_of_single_notes(play, tmp_path):
    kept = tmp_path / 'kept.json'
    play('--pitches=60', '--seed=4', '--timbre=3', f'--save_timbre={kept}')
    first = play('--pitches=60,61', '--seed=4', '--timbre=3', output_dir=tmp_path / 'a')[1]
    again = play('--pitches=60,61', '--seed=5', f'--timbre={kept}', output_dir=tmp_path / 'b')[1]
    for path, other in zip(first, again):
        np.testing.assert_array_equal(soundfile.read(path)[0], soundfile.read(other)[0])


def test_names_of_a_library_are_timbres(play, midi_file, tmp_path, model_dir):
    kept, library = tmp_path / 'kept.json', tmp_path / 'library.json'
    play('--pitches=60', '--seed=4', '--timbre=3', f'--save_timbre={kept}')
    timbre_library.add(library, Entry(timbres.read(kept)._replace(name='bell')), gansynth_tf.load(model_dir))
    first = play('--pitches=60', '--seed=4', '--timbre=3', output_dir=tmp_path / 'a')[1]
    named = play('--pitches=60', '--seed=4', '--timbre=bell', f'--timbre_library={library}',
                 output_dir=tmp_path / 'b')[1]
    np.testing.assert_allclose(soundfile.read(first[0])[0], soundfile.read(named[0])[0], atol=1e-3)
    code, _, reports = play(f'--midi={midi_file}', '--seed=0', '--timbre=1:bell,*:bel', f'--timbre_library={library}')
    assert code == 2
    assert reports[-1].endswith("a timbre file, or a name of the library such as bell. Received: 'bel'")


@pytest.mark.parametrize('arguments, complaint', [
    (('--pitches=60', '--stems'), 'error: A flag for pieces: expected a --midi_file with --stems. Received: none'),
    (('--midi={midi}', '--as_magenta', '--release=0.2'),
     'error: Flags that exclude each other: expected --as_magenta or --release. Received: both'),
    (('--audition=2', '--pitches=60'), 'error: Flags that exclude each other: expected --midi_file, or '),
    (('--midi={midi}', '--timbre=none'), 'error: No such timbre: expected wander, track, program, fixed, a number, or'),
    (('--midi={midi}', '--timbre=9:1'), 'error: Impossible --timbre: expected tracks among 1. Received: 9'),
    (('--pitches=60', '--timbre=track'), 'error: Impossible --timbre for single notes'),
    (('--midi={midi}', '--loudness=3'), 'error: Impossible loudness: expected -70 to -5 LUFS. Received: 3.0'),
    (('--midi={midi}', '--release=0'), 'error: Impossible release: expected 0.005 to 5.0 seconds. Received: 0.0'),
    (('--midi={midi}', '--sample_rate=1'), 'error: Impossible sample_rate: expected 8000 to 192000 Hz. Received: 1'),
    (('--midi={midi}', '--format=flac', '--bits=32'), 'error: Impossible bits: expected 16 or 24, or with wav 32.'),
    (('--midi={midi}', '--out_of_range=error'), 'error: Pitch out of range: expected pitches 48 to 72. Received: 20'),
])
def test_bad_flags_of_pieces(play, midi_file, arguments, complaint):
    code, paths, reports = play(*(argument.format(midi=midi_file) for argument in arguments), '--seed=0')
    assert (code, paths) == (2, [])
    assert reports[-1].startswith(complaint)


@pytest.mark.parametrize('arguments', [
    ('--pitches=60,99',), ('--pitches=' + '6' * 5000,), ('--latent_scale=nan',), ('--config=none',),
    ('--midi_file=none.mid',)])
def test_what_is_wrong_is_told_before_tensorflow_is_imported(play, monkeypatch, arguments):
    monkeypatch.setattr(command, 'import_tensorflow', lambda: pytest.fail('imported'))
    code, paths, [complaint] = play(*arguments, '--seed=0')
    assert (code, paths) == (2, []) and len(complaint) < 300
