"""gansynth_reproduce with systems small enough for a test: from notes to the table, stopped and gone on with."""

import json
import os
import signal

import numpy as np
import pytest
import tensorflow as tf

from gansynth_tf.baselines.wavegan_config import WAVEGAN_PRESETS
from gansynth_tf.cli import command, reproduce
from gansynth_tf.config import Config
from gansynth_tf.music import output
from gansynth_tf.reproduction import comparison, reproduction, systems
from gansynth_tf.reproduction.systems import System
from gansynth_tf.training import dry_run, loop

NUM_SAMPLES = 4096
TINY = Config(num_resolutions=3, start_height=2, start_width=256, scale_mode='H', time_patch=4, latent_vector_size=4,
              fmap_base=16, fmap_max=2, audio_length=NUM_SAMPLES, batch_size_schedule=(4,), fake_batch_size=2,
              sliced_wasserstein_num_samples=0, save_summaries_num_images=1000)
WAVEGAN = WAVEGAN_PRESETS['wavegan_tiny'].replace(audio_length=NUM_SAMPLES, total_num_images=20)
KNOWN = {'if-mel+h': System('IF-Mel + H', 'gansynth', TINY, TINY),
         'wavegan': System('WaveGAN', 'wavegan', WAVEGAN, WAVEGAN)}

all_systems = systems.all_systems  # which tests replace


@pytest.fixture(scope='module')
def recordings(tmp_path_factory):
    """A folder of forty notes, a quarter of a second long."""
    directory = tmp_path_factory.mktemp('recordings')
    times = np.arange(NUM_SAMPLES) / 16000
    for pitch in range(50, 70):
        for brightness in (1, 3):
            f0 = 440 * 2 ** ((pitch - 69) / 12)
            wave = sum(np.sin(2 * np.pi * f0 * k * times) / k for k in range(1, 2 * brightness + 1))
            output.write_wav(directory / f'horn{"ab"[brightness // 2]}_pitch{pitch}.wav', 0.3 * wave, 16000)
    return directory


@pytest.fixture(scope='module', autouse=True)
def _eagerly():
    """Tracing takes seconds for every stage, and the stages here have one iteration each."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(systems, 'all_systems', lambda: KNOWN)
    # What a real machine would measure: the smallest plan, one batch a stage.
    monkeypatch.setattr(dry_run, 'rates', lambda config, notes: [1.0] * 5)
    monkeypatch.setattr(reproduction, '_FAST_SECONDS', 60.0)  # however busy the machine is


def run(*flags):
    return command.execute(reproduce.main, reproduce, ['gansynth_reproduce', *map(str, flags)])


@pytest.mark.slow
def test_stopped_and_given_again_it_goes_on_and_tells_all(recordings, tmp_path, monkeypatch, capsys):
    def killed(self, *args, iterate=loop._Run._iterate, **kwargs):
        os.kill(os.getpid(), signal.SIGTERM)
        return iterate(self, *args, **kwargs)

    flags = (f'--input={recordings}', f'--output_dir={tmp_path}', '--budget_minutes=0.01')
    with monkeypatch.context() as patched:
        patched.setattr(loop._Run, '_iterate', killed)
        assert run(*flags) == command.EXIT_DONE
    told = capsys.readouterr().out
    assert 'Stopped and saved. To go on:\ngansynth_reproduce' in told and '--budget_minutes=0.01' in told
    assert not (tmp_path / 'table1.md').exists()

    assert run(*flags) == command.EXIT_DONE
    table = (tmp_path / 'table1.md').read_text()
    assert capsys.readouterr().out.startswith(table.splitlines()[0])
    names = [line.split('|')[1].strip() for line in table.splitlines() if line.startswith('|')]
    assert names == ['', '---', 'real notes', 'paper', 'IF-Mel + H', 'paper', 'WaveGAN', 'paper']
    assert '- GANSynth over WaveGAN (IF-Mel + H before WaveGAN in NDB): ' in table
    measured = json.loads((tmp_path / 'if-mel+h' / 'measured.json').read_text())
    assert measured['num_images'] == 20  # five stages of a batch
    assert 0 < measured['seconds_per_note'] < 5 and measured['training_seconds'] > 0
    assert sum(measured['bins']['played']) == 64 and sum(measured['bins']['real']) > 0
    page = (tmp_path / 'report.html').read_text()
    for picture in ('ndb_pitch60.png', 'if-mel+h/interpolation.png', 'wavegan/rainbowgrams.png'):
        assert (tmp_path / picture).stat().st_size > 1000 and f'src="{picture}"' in page
    assert 'http' not in page
    assert (tmp_path / 'listening_test.html').stat().st_size > 10_000

    monkeypatch.setattr(loop, 'train', None)  # all is done: nothing is trained again
    assert run(*flags) == command.EXIT_DONE


def test_a_system_that_diverges_does_not_end_the_others(recordings, tmp_path, monkeypatch):
    def diverge(*args, **kwargs):
        raise loop.NonFiniteError('generator/total', float('nan'), 12, tmp_path / 'nonfinite.npz')

    monkeypatch.setattr(loop, 'train', diverge)
    study = reproduction.study(recordings, tmp_path, seconds=1.0)
    reproduction.reproduce(list(KNOWN.values()), study)
    lines = (tmp_path / 'table1.md').read_text().splitlines()
    assert [line.split('|')[1].strip() for line in lines if 'generator/total' in line] == ['IF-Mel + H', 'WaveGAN']

    reproduction.reproduce([KNOWN['wavegan']], study)  # the table keeps the system that is not chosen
    assert (tmp_path / 'table1.md').read_text().splitlines() == lines


def test_a_dry_run_says_how_long(recordings, tmp_path, capsys):
    assert run(f'--input={recordings}', f'--output_dir={tmp_path}', '--budget_minutes=90', '--dry_run') == 0
    assert 'IF-Mel + H: 1.5 hours of training' in capsys.readouterr().out
    assert run(f'--input={recordings}', f'--output_dir={tmp_path}', '--full', '--dry_run') == 0
    # 11,000,000 notes, one a second
    assert 'IF-Mel + H: 3,055.6 hours' in capsys.readouterr().out
    assert not (tmp_path / 'if-mel+h').exists()


@pytest.mark.parametrize(('flags', 'message'), [
    (['--systems=if-mel+h,oboe'], 'Impossible systems: expected some of if-mel+h, wavegan'),
    (['--systems=wavegan,wavegan'], 'each once'),
    (['--budget_minutes=0'], 'Impossible --budget_minutes'),
    (['--input=nowhere'], 'nowhere')])
def test_what_cannot_be_is_said(recordings, tmp_path, capsys, flags, message):
    given = [] if flags[0].startswith('--input') else [f'--input={recordings}']
    assert run(*given, f'--output_dir={tmp_path}', *flags) == command.EXIT_BAD_INPUT
    assert message in capsys.readouterr().err


def test_the_systems_are_the_papers():
    rows = list(all_systems().values())
    assert {row.name for row in rows} == comparison.PAPER.keys() - {'real notes'}
    gansynths = [row.config for row in rows[:6]]
    assert [config.data_type for config in gansynths] == ['mel', 'linear', 'phase'] * 2
    assert {config.spec_shape for config in gansynths[:3]} == {(128, 1024)}
    assert {config.spec_shape for config in gansynths[3:]} == {(256, 512)}
    assert [row.full.spec_shape for row in rows[:6]] == [config.spec_shape for config in gansynths]


def test_within_gives_each_stage_its_share_of_the_time(monkeypatch):
    monkeypatch.setattr(dry_run, 'rates', lambda config, notes: [100.0, 40.0, 40.0, 10.0, 10.0])
    config = systems.within(TINY, 1000.0, None)
    assert config.num_images_schedule == (35_000, 8_000, 2_000)
    assert config.transition_num_images_schedule[1:] == (4_000, 1_500)
    assert systems.within(WAVEGAN, 1000.0, None) is WAVEGAN


def test_claims_are_judged_by_the_numbers():
    def numbers(value, low, high):
        return {'fid': {'value': value, 'low': low, 'high': high}}

    [text] = comparison.findings({'IF + H': numbers(10, 9, 11), 'Phase + H': numbers(30, 25, 35),
                                  'IF': numbers(8, 5, 12)})
    lines = text.splitlines()[2:]
    assert lines == ['- IF over phase (IF + H before Phase + H in FID): agrees, 10.0 and 30.0',
                     '- finer frequencies over coarser ones (IF + H before IF in FID): does not agree, 10.0 and 8.0; '
                     'the intervals overlap']
    assert comparison.findings({}) == []
