"""The page as it is written, and as a real browser shows it to somebody who only has a keyboard."""

import base64
import json
import pathlib
import re
import shutil
import time

import numpy as np
import pytest
import soundfile

import gansynth_tf
from gansynth_tf.cli import command, listening_test
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.listening import listening_page, listening_scores
from gansynth_tf.instrument import BatchedInstrument
from gansynth_tf.music import output


@pytest.fixture
def folders(tmp_path, tone):
    """Three systems with two notes each at pitches 60 and 62, a tenth of a second long; the last lacks 62."""
    for name, peak in (('real', 1.0), ('ours', 0.1), ('<b>theirs', 0.5)):
        (tmp_path / name).mkdir()
        for pitch in (60, 62) if name != '<b>theirs' else (60,):
            for take in range(2):
                wave = peak * tone(pitch, seconds=0.1, seed=take)
                output.write_wav(tmp_path / name / f'take{take}_pitch{pitch}.wav', wave, 16000)
    return {name: tmp_path / name for name in ('real', 'ours', '<b>theirs')}


def data_of(page):
    return json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)[1])


def test_trials_are_of_one_pitch_and_every_two_systems_as_often(folders):
    trials = listening_page.draw_trials(folders, num_trials=9, seed=0)
    pairs = [tuple(name for name, _ in trial.notes) for trial in trials]
    assert {pair: pairs.count(pair) for pair in pairs} == {
        ('real', 'ours'): 3, ('real', '<b>theirs'): 3, ('ours', '<b>theirs'): 3}
    assert all(f'pitch{trial.pitch}' in sound.name for trial in trials for _, sound in trial.notes)
    assert len({trial.notes for trial in trials}) == 9
    assert listening_page.draw_trials(folders, num_trials=9, seed=0) == trials
    assert listening_page.draw_trials(folders, num_trials=9, seed=1) != trials


def test_the_page_holds_all_it_needs(folders, tmp_path):
    trials = listening_page.draw_trials(folders, num_trials=6, seed=0)
    page = listening_page.write(trials, tmp_path / 'test.html')
    data = data_of(page)
    assert data['systems'] == ['<b>theirs', 'ours', 'real'] and len(data['trials']) == 6
    assert '<b>' not in page.read_text()
    assert not re.search(r'(src|href)="', page.read_text())
    for sound in data['sounds']:
        samples = np.frombuffer(base64.b64decode(sound)[44:], '<i2') / 32768
        assert abs(np.abs(samples).max() - 0.5) < 1e-3  # as loud as the others
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ['test.html']


def test_impossible_tests(folders, tmp_path):
    with pytest.raises(InputError, match=r'Too few systems: expected at least two\. Received: real'):
        listening_page.draw_trials({'real': folders['real']}, num_trials=1, seed=0)
    with pytest.raises(InputError, match=r'expected 10 pairs of notes .* Received: 4'):
        listening_page.draw_trials(folders, num_trials=30, seed=0)
    output.write_wav(tmp_path / 'ours' / 'take0_pitch60.wav', np.zeros(100), 16000)
    with pytest.raises(InputError, match=r'Unusable note: expected sound'):
        listening_page.write(listening_page.draw_trials(folders, num_trials=12, seed=0), tmp_path / 'x.html')


def test_the_id_follows_the_sounds(folders, tmp_path, tone):
    def test_id():
        trials = listening_page.draw_trials(folders, num_trials=3, seed=0)
        return data_of(listening_page.write(trials, tmp_path / 'test.html'))['test_id']
    first = test_id()
    assert test_id() == first
    for path in folders['ours'].iterdir():
        output.write_wav(path, tone(61, seconds=0.1), 16000)
    assert test_id() != first


def test_real_notes_of_a_prepared_set_and_files_of_other_kinds(folders, tmp_path, tone, notes, capsys):
    (tmp_path / 'flac').mkdir()
    soundfile.write(tmp_path / 'flac' / 'C4.FLAC', tone(60, seconds=0.1), 16000)
    prepared = pathlib.Path(notes.identity('train')['files'][0][0]).parent
    code = command.execute(listening_test.main, listening_test, [
        'gansynth_listening_test', f'--wav_dirs=real={prepared},flac={tmp_path / "flac"}', '--num_trials=1',
        f'--output_dir={tmp_path / "out"}'])
    out, err = capsys.readouterr()
    assert (code, err) == (0, '') and out == f'{tmp_path / "out" / "listening_test.html"}\n'
    assert data_of(tmp_path / 'out' / 'listening_test.html')['trials'][0]['pitch'] == 60


def instrument(pitches, peak=0.1, audio_length=1600):
    """Every note a constant that tells its timbre and pitch."""
    def waves(latents, labels):
        return np.repeat(peak * (latents[:, :1] + labels[:, None]), audio_length, axis=1).astype(np.float32)
    return BatchedInstrument(waves, sample_rate=16000, audio_length=audio_length, latent_size=2,
                             pitch_counts=dict.fromkeys(pitches, 1))


def test_instruments_play_the_pitches_that_every_system_has(folders):
    systems = {'real': folders['real'], 'low': instrument((59, 60, 62)), 'high': instrument((60, 62, 64))}
    trials = listening_page.draw_trials(systems, num_trials=6, seed=0)
    assert {trial.pitch for trial in trials} == {60, 62}
    names = [tuple(name for name, _ in trial.notes) for trial in trials]
    assert {pair: names.count(pair) for pair in names} == {
        ('real', 'low'): 2, ('real', 'high'): 2, ('low', 'high'): 2}
    for trial in trials:
        for name, sound in trial.notes:
            if name == 'high':
                wave, rate = sound.read()
                assert rate == 16000 and wave.shape == (1600,)
                timbre = wave[800] / 0.1 - (60, 62, 64).index(trial.pitch)
                assert np.isclose(timbre, systems['high'].sample_latents(6, seed=0)[:, 0], atol=1e-5).any()
    with pytest.raises(InputError, match='expected a pitch that every system has'):
        listening_page.draw_trials({'real': folders['real'], 'x': instrument((70,))}, num_trials=1, seed=0)


def test_models_are_systems(folders, tmp_path, capsys, monkeypatch):
    loaded = []

    def load(path=None, **settings):
        loaded.append((path, settings['batch_size']))
        return instrument((60, 62))
    monkeypatch.setattr(gansynth_tf, 'load', load)

    def systems(*arguments):
        code = command.execute(listening_test.main, listening_test, [
            'gansynth_listening_test', *arguments, '--num_trials=1', '--batch_size=3',
            f'--output_dir={tmp_path / "out"}'])
        assert (code, capsys.readouterr().err) == (0, '')
        return data_of(tmp_path / 'out' / 'listening_test.html')['systems']
    assert systems(f'--wav_dirs=real={folders["real"]}') == ['built-in model', 'real']
    run, other = tmp_path / 'run', tmp_path / 'other'
    for directory in (run, other):
        directory.mkdir()
        (directory / 'experiment.json').write_text('{"model": "wavegan"}')
    assert systems(f'--wav_dirs=real={folders["real"]}', f'--ckpt_dir={run}') == ['real', 'run']
    assert systems(f'--wav_dirs=one={run},two={other}') == ['one', 'two']
    assert loaded == [(None, 3), (str(run), 3), (str(run), 3), (str(other), 3)]


@pytest.fixture
def browser(tmp_path):
    if not (shutil.which('chromium') and shutil.which('chromedriver')):
        pytest.skip("needs a browser: Debian's packages chromium and chromium-driver")
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which('chromium')
    for argument in ('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                     '--disable-background-networking', '--disable-component-update', '--disable-sync',
                     '--mute-audio', f'--user-data-dir={tmp_path / "profile"}'):
        options.add_argument(argument)
    (tmp_path / 'downloads').mkdir()
    options.add_experimental_option('prefs', {'download.default_directory': str(tmp_path / 'downloads')})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
    yield driver
    driver.quit()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'the page does not get there'
        time.sleep(0.02)


def test_a_listener_with_a_keyboard_gets_from_the_first_pair_to_the_file(folders, tmp_path, browser):
    from selenium.webdriver import Keys
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    def press(*keys):
        ActionChains(browser).send_keys(*keys).perform()

    def element(name):
        return browser.find_element(By.ID, name)

    def listen():
        for side, key in enumerate('ab'):
            press(key)
            wait_for(lambda side=side: browser.execute_script(f'return state.heard[state.index][{side}]'))

    trials = listening_page.draw_trials({'real': folders['real'], 'ours': folders['ours']}, num_trials=3, seed=0)
    page = listening_page.write(trials, tmp_path / 'test.html')
    browser.get(page.as_uri())
    assert element('place').text == 'Pair 1 of 3'
    assert element('hint').text == 'Listen to both notes to the end; then answer.'
    press('1', Keys.ENTER)  # nothing to answer before both are heard
    assert element('place').text == 'Pair 1 of 3' and not element('next').is_enabled()
    better = []
    for place in range(3):
        listen()
        # The listener always finds the real one better, a little the first time, much after that.
        real_is_a = browser.execute_script('return data.systems[notes()[0][0]]') == 'real'
        press(('2' if real_is_a else '4') if place == 0 else ('1' if real_is_a else '5'))
        better.append(real_is_a)
        if place == 1:
            browser.refresh()  # what was answered is kept
            assert element('place').text == 'Pair 2 of 3' and element('next').is_enabled()
            press(Keys.BACKSPACE)
            assert element('place').text == 'Pair 1 of 3'
            press(Keys.ENTER)
        press(Keys.ENTER)
    assert element('end').is_displayed() and not element('test').is_displayed()
    element('save').click()
    saved = tmp_path / 'downloads' / 'listening_results.json'
    wait_for(saved.exists)
    comparison, = listening_scores.compare(listening_scores.read([saved]))
    assert (comparison.systems, comparison.wins, comparison.ties) == (('ours', 'real'), (0, 3), 0)
    results = json.loads(saved.read_text())
    assert sorted(abs(answer['score']) for answer in results['answers']) == [1, 2, 2]
    assert [answer['shown_as'] for answer in results['answers']] == [1, 2, 3]
