"""The player's page in a real browser: what sounds, what is saved, and how it is used without a mouse."""

import threading
import zipfile

import mido
import numpy as np
import pytest
import soundfile
from page_driver import RATE, main_hz, rms, roughest

from gansynth_tf.instrument import BatchedInstrument

PITCHES = range(48, 85)
HOSTILE = '<img src=x onerror=document.title=1>.mid'


def tones(latents, labels):
    """Six partials: latent[0] is their brightness, and the odd ones alone sound if latent[1] is not 0."""
    seconds = np.arange(4 * RATE) / RATE
    waves = np.zeros((len(latents), len(seconds)))
    for wave, latent, label in zip(waves, latents, labels):
        hz = 440 * 2 ** ((PITCHES[label] - 69) / 12)
        for k in range(1, 7, 2 if latent[1] else 1):
            wave += np.exp(-(k - 1) * (1.5 - latent[0])) * np.sin(2 * np.pi * k * hz * seconds + k)
        wave *= 0.3
    return waves.astype(np.float32)


@pytest.fixture(scope='module')
def address(tmp_path_factory):
    """Where an instrument of `tones` is played."""
    pytest.importorskip('starlette')
    pytest.importorskip('uvicorn')
    from gansynth_tf.player import player, serving
    instrument = BatchedInstrument(tones, sample_rate=RATE, audio_length=4 * RATE, latent_size=3, batch_size=1,
                                   pitch_counts=dict.fromkeys(PITCHES, 1))
    playing = player.Player(instrument, name='tones <b>', load_seconds=1.5, directory=tmp_path_factory.mktemp('own'))
    with serving.listening(8790) as socket:
        server = serving.server(playing, port=socket.getsockname()[1], token='secret')
        thread = threading.Thread(target=server.run, kwargs={'sockets': [socket]})
        thread.start()
        yield serving.address(socket.getsockname()[1], 'secret')
        server.should_exit = True
        thread.join()
    playing.close()


@pytest.fixture
def page(browser, address):
    browser.open(address, still=True)
    yield browser
    assert browser.logged() == []


@pytest.fixture(scope='module')
def offline(browser, address):
    """The page for what is rendered beside it."""
    browser.open(address, still=True)
    return browser


RENDER = """
  const {Engine} = await import('/page/engine.js');
  const context = new OfflineAudioContext(1, 16000 * arguments[0], 16000);
  const engine = new Engine(context);
  const note = async (pitch, latent) => engine.prepare((await gansynth.source.notes(latent, [pitch]))[0]);
"""


def test_a_held_note_goes_on_in_tune_without_clicks_and_ends_after_its_key(offline):
    wave = offline.samples(RENDER + """
      engine.start(69, 127, await note(69, [0, 0, 0]), 0.5);
      engine.release(69, 8);
      return context.startRendering();""", 9)
    assert rms(wave, 0, 0.5) == 0 and rms(wave, 8.31, 9) == 0
    for first in (0.6, 2.5, 6.5):  # before the loop, in it, in its fourth turn
        assert main_hz(wave[int(first * RATE):int((first + 1) * RATE)], 440) == pytest.approx(440, abs=0.5)
        assert rms(wave, first, first + 1) == pytest.approx(0.1, rel=0.1)  # what the gain is to make of every note
    assert roughest(wave, 0.6, 7.9) < 1.5
    assert np.abs(np.diff(wave)).max() < 2 * np.abs(np.diff(wave[RATE:2 * RATE])).max()


def test_velocity_bend_and_pitch(offline):
    soft, loud, bent = (offline.samples(RENDER + """
      engine.setBend(arguments[2]);
      engine.start(60, arguments[1], await note(60, [0, 0, 0]), 0);
      return context.startRendering();""", 2, velocity, bend) for velocity, bend in ((64, 0), (127, 0), (127, 2)))
    assert rms(soft, 0.5, 1.5) / rms(loud, 0.5, 1.5) == pytest.approx((64 / 127) ** 2, rel=1e-3)
    assert main_hz(loud[RATE // 2:], 261.63) == pytest.approx(261.63, abs=0.5)
    assert main_hz(bent[RATE // 2:], 293.66) == pytest.approx(293.66, abs=0.5)


def test_another_timbre_comes_in_while_a_key_is_held(offline):
    wave = offline.samples(RENDER + """
      engine.start(69, 127, await note(69, [0, 0, 0]), 0);
      engine.replace(69, await note(69, [0, 1, 0]), 3);
      return context.startRendering();""", 6)

    def octave(first):
        power = np.abs(np.fft.rfft(wave[int(first * RATE):int((first + 1) * RATE)])) ** 2
        return power[870:891].max() / power[430:451].max()
    assert octave(1.5) > 0.01 and octave(4) < 1e-4  # the second partial is there, and then no more
    levels = [rms(wave, at, at + 0.01) for at in np.arange(2.9, 3.15, 0.01)]
    assert min(levels) > 0.05 and roughest(wave, 2.5, 3.5) < 2.5


def test_a_chord_of_ten_stays_within_full_scale(offline):
    wave = offline.samples(RENDER + """
      for (let pitch = 60; pitch < 80; pitch += 2) engine.start(pitch, 127, await note(pitch, [0, 0, 0]), 0);
      return context.startRendering();""", 1)
    assert 0.5 < np.abs(wave).max() <= 1


def test_a_key_that_was_tapped_before_its_note_was_there_sounds_all_the_same(offline):
    wave = offline.samples(RENDER + """
      engine.start(69, 127, null, 0);
      engine.release(69, 0.2);
      engine.replace(69, await note(69, [0, 0, 0]), 0.4);
      return context.startRendering();""", 2)
    assert rms(wave, 0, 0.4) == 0 and rms(wave, 0.45, 0.55) > 0.05 and rms(wave, 1, 2) == 0


def test_a_neighbour_stands_in_at_the_right_pitch(offline):
    wave = offline.samples(RENDER + """
      engine.start(69, 127, await note(67, [0, 0, 0]), 0);
      engine.replace(69, await note(69, [0, 0, 0]), 1);
      return context.startRendering();""", 2)
    for part in (wave[:RATE], wave[RATE:]):
        assert main_hz(part, 440) == pytest.approx(440, abs=1)
    assert roughest(wave, 0.5, 1.5) < 2.5


LEVEL = """
  const heard = new Float32Array(4096);
  gansynth.engine.analyser.getFloatTimeDomainData(heard);
  return Math.hypot(...heard) / 64"""


def sounding(page):
    return page.wait_for(f'const level = (() => {{ {LEVEL} }})(); return level > 0.003 && level')


def silent(page):
    page.wait_for(f'return (() => {{ {LEVEL} }})() < 1e-4')


def test_mouse_letters_enter_and_a_screen_reader_play(page):
    from selenium.webdriver import ActionChains, Keys
    key = page.driver.find_element('css selector', '.key[data-pitch="60"]')
    ActionChains(page.driver).click_and_hold(key).perform()
    sounding(page)
    assert 'down' in key.get_attribute('class')
    ActionChains(page.driver).release().perform()
    silent(page)
    ActionChains(page.driver).key_down('a').key_down('d').perform()
    sounding(page)
    held = page.driver.execute_script('return [...gansynth.engine.voices.keys()]')
    assert len(held) == 2 and held[1] - held[0] == 4
    page.driver.execute_script("window.dispatchEvent(new Event('blur'))")  # its keys go up elsewhere
    silent(page)
    ActionChains(page.driver).key_up('a').key_up('d').perform()
    key.send_keys(Keys.ARROW_RIGHT)
    focused = page.driver.switch_to.active_element
    assert focused.get_attribute('aria-label') == 'C sharp 4'
    ActionChains(page.driver).key_down(Keys.ENTER).perform()
    sounding(page)
    ActionChains(page.driver).key_up(Keys.ENTER).perform()
    silent(page)
    page.driver.execute_script('arguments[0].click()', focused)
    sounding(page)
    silent(page)


def test_touch_and_sliding_over_keys(page):
    page.driver.execute_script("""
      const key = (pitch) => document.querySelector(`.key[data-pitch="${pitch}"]`);
      window.touch = (type, pitch) => {
        const box = key(pitch).getBoundingClientRect();
        key(pitch).dispatchEvent(new PointerEvent(type, {pointerId: 7, pointerType: 'touch', bubbles: true,
          cancelable: true, clientX: box.left + box.width / 2, clientY: box.bottom - 5}));
      };
      touch('pointerdown', 60);""")
    sounding(page)
    page.driver.execute_script("touch('pointermove', 62)")
    assert page.driver.execute_script('return [...gansynth.engine.voices.keys()]') == [62]
    assert page.driver.execute_script('return gansynth.engine.voices.get(62).velocity') > 110  # far down: loud
    page.driver.execute_script("touch('pointerup', 62)")
    silent(page)


def test_a_midi_keyboard_with_velocity_pedal_and_bend(page):
    page.element('connect-midi').click()
    page.wait_for("return document.getElementById('midi-inputs').textContent === '<b>Keys</b>'")
    page.driver.execute_script('hearMidi(0x90, 60, 50); hearMidi(0xb0, 64, 127); hearMidi(0x80, 60, 0)')
    sounding(page)  # the pedal holds it
    assert page.driver.execute_script('return gansynth.engine.voices.get(60).velocity') == 50
    page.driver.execute_script('hearMidi(0xe0, 0, 96)')
    assert page.driver.execute_script('return gansynth.engine.bend') == pytest.approx(2 ** (1 / 12))
    page.driver.execute_script('hearMidi(0xb0, 64, 0); hearMidi(0x90, 20, 50); hearMidi(0x90, 20, 0)')  # 20: unknown
    silent(page)


def current(page):
    return page.driver.execute_script('return gansynth.timbre.current')


def test_random_named_and_undo_change_what_is_held(page):
    page.driver.execute_script('gansynth.play.down(60, 100)')
    first = current(page)
    notes = []
    for change in ('random', 'named', 'undo', 'undo'):
        before = current(page)['latent']
        if change == 'named':
            page.driver.execute_script('const named = document.getElementById("named"); named.selectedIndex = 3;'
                                       'named.dispatchEvent(new Event("change"))')
        else:
            page.element(change).click()
        page.wait_for(f'return JSON.stringify(gansynth.timbre.current.latent) !== JSON.stringify({before})')
        notes.append(page.wait_for("""
          const layer = gansynth.engine.voices.get(60).layer, key = JSON.stringify(gansynth.timbre.current.latent);
          return layer.note === gansynth.store.get(60) && key"""))
    assert len(set(notes)) == 3 and notes[2] == notes[0] and current(page) == first
    assert not page.element('undo').is_enabled()


def test_of_many_timbres_in_a_row_only_the_latest_are_made(page):
    page.driver.execute_script('gansynth.play.down(60, 100)')
    page.wait_for('return gansynth.engine.voices.get(60).layer?.note.pitch === 60')
    made = page.run("""
      const {source, timbre, store, engine} = gansynth, notes = source.notes.bind(source);
      const asked = [];
      let goOn;
      const allAreSet = new Promise((resolve) => { goOn = resolve; });
      source.notes = async (latent, pitches) => {
        if (pitches.includes(60)) asked.push(latent[0]);
        await allAreSet;
        return notes(latent, pitches);
      };
      for (let step = 1; step <= 20; step += 1) {
        timbre.set({latent: [step / 100, 0, 0], name: 'x', position: null}, {step: false});
      }
      goOn();
      while (engine.voices.get(60).layer.note !== store.get(60) || !asked.includes(0.2)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return asked;""")
    assert made == [0.01, 0.2]


def test_the_pad_is_moved_by_mouse_and_arrows(page):
    from selenium.webdriver import ActionChains, Keys
    page.driver.execute_script("""
      gansynth.source.at = async ([x, y]) => ({latent: [x, y, 0], nearest: '<i>x'});
      gansynth.source.mix = async (latents, weights) => ({latent: weights.slice(0, 3), nearest: null}).latent;""")
    first = page.text('timbre-name')
    ActionChains(page.driver).drag_and_drop_by_offset(page.element('pad'), 50, -30).perform()
    page.wait_for("return gansynth.timbre.current.name === 'near <i>x' && gansynth.timbre.current.position[0] > 0.2")
    assert page.text('timbre-name') == 'near <i>x'
    page.element('undo').click()  # a whole drag is one step
    assert page.text('timbre-name') == first and not page.element('undo').is_enabled()
    pad = page.element('pad')
    before = current(page)['position']
    pad.send_keys(Keys.ARROW_RIGHT)
    page.wait_for(f'return gansynth.timbre.current.position[0] > {before[0] + 0.09}')
    pad.send_keys(Keys.HOME)
    page.wait_for('return gansynth.timbre.current.position.every((value) => value === 0)')
    assert pad.get_attribute('aria-valuetext').startswith('0 across, 0 up')
    page.element('as-corners').click()
    pad.send_keys(Keys.ARROW_UP, Keys.ARROW_UP)
    page.wait_for('return Math.abs(gansynth.timbre.current.latent[0] - 0.3) < 1e-6')


def test_what_is_played_is_recorded_as_midi_and_wav(page):
    page.element('record').click()
    page.wait_for('return gansynth.recorder.isRecording')
    page.driver.execute_script('gansynth.play.down(69, 90)')
    sounding(page)
    page.run('await new Promise((resolve) => setTimeout(resolve, 500))')
    page.driver.execute_script('gansynth.play.setPedal(true); gansynth.play.up(69); gansynth.play.setBend(-1);'
                               'gansynth.play.setPedal(false)')
    page.run('await new Promise((resolve) => setTimeout(resolve, 500))')
    page.element('record').click()
    page.wait_for("return document.querySelectorAll('#recordings a').length === 2")
    page.click('#recordings a:nth-of-type(1)')
    page.click('#recordings a:nth-of-type(2)')
    wav, midi = (page.downloaded(f'gansynth_take.{suffix}') for suffix in ('wav', 'mid'))
    wave, rate = soundfile.read(wav)
    assert rate == RATE and 1 < len(wave) / rate < 4
    sounds = np.flatnonzero(np.abs(wave) > 1e-3)
    assert main_hz(wave[sounds[0]:sounds[0] + RATE // 2], 440) == pytest.approx(440, abs=1)
    messages = [message for message in mido.MidiFile(midi) if not message.is_meta]
    assert [message.type for message in messages] == [
        'note_on', 'control_change', 'note_off', 'pitchwheel', 'control_change']
    assert (messages[0].note, messages[0].velocity, messages[3].pitch) == (69, 90, -4096)
    assert 0.5 < messages[1].time < 2


FAKE_JOB = """
  window.state = {state: 'running', done: 3, total: 10, seconds_left: 72, error: null, report: []};
  window.calls = [];
  gansynth.source.renderMidi = async (file, settings) => {
    calls.push([file.name, settings.stems, settings.format, settings.latent]);
    return {status: async () => state, cancel: async () => { calls.push('cancel'); state.state = 'cancelled'; },
      audio: async () => (await import('/page/wav.js')).writeWav([new Float32Array(1600)], 16000),
      stems: async () => new Blob(['zip'])};
  };"""


def drop(page, name):
    page.driver.execute_script("""
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(4)], arguments[0]));
      document.getElementById('drop').dispatchEvent(
        new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
      """, name)


def test_a_midi_file_that_is_dropped_with_progress_cancel_and_results(page):
    page.driver.execute_script(FAKE_JOB)
    drop(page, HOSTILE)
    page.wait_for("return document.getElementById('midi-job').textContent.includes('3 of 10 notes, 1 min 12 s left')")
    assert HOSTILE in page.text('midi-job')  # as text
    assert page.driver.execute_script('return document.querySelectorAll("img").length') == 0
    page.click('#midi-job button')
    page.wait_for("return document.getElementById('midi-job').textContent.endsWith('cancelled.')")
    page.click('#render-stems')
    page.driver.execute_script("state = {state: 'done', done: 10, total: 10, report: ['<b>2 notes</b> moved']}")
    drop(page, HOSTILE)
    page.wait_for("return document.querySelector('#midi-job audio')?.duration === 0.1")
    assert '<b>2 notes</b> moved' in page.text('midi-job')
    links = page.driver.find_elements('css selector', '#midi-job a')
    assert [link.get_attribute('download') for link in links] == [
        'img_src_x_onerror_document_title_1.wav', 'img_src_x_onerror_document_title_1_stems.zip']
    first, cancelled, second = page.driver.execute_script('return calls')
    assert first[:3] == [HOSTILE, False, 'wav'] and cancelled == 'cancel' and second[1] is True
    assert first[3] == current(page)['latent']
    page.driver.execute_script("state = {state: 'failed', error: 'No <i>notes</i>.'}")
    drop(page, 'b.mid')
    page.wait_for("return document.querySelector('#midi-job .error')?.textContent === 'No <i>notes</i>.'")


def test_a_timbre_is_kept_and_a_midi_file_rendered_and_an_instrument_exported_by_the_server(page, tmp_path):
    page.element('keep-name').send_keys('mine & <b>')
    page.click('#keep button[type=submit]')
    page.wait_for("return document.getElementById('named').textContent.includes('mine_b')")
    score = mido.MidiFile(tracks=[mido.MidiTrack([mido.Message('note_on', note=note, velocity=90, time=0) for note in (
        60, 64)] + [mido.Message('note_off', note=note, time=300) for note in (60, 64)])])
    path = tmp_path / '<i>piece.mid'
    score.save(path)
    page.click('#render-stems')
    page.element('file').send_keys(str(path))
    page.wait_for("return document.querySelector('#midi-job audio')?.duration > 0.5")
    page.click('#midi-job a')
    wave, rate = soundfile.read(page.downloaded('i_piece.wav'))
    for hz in (261.63, 329.63):
        assert main_hz(wave[:rate // 2], hz) == pytest.approx(hz, abs=1)
    page.click('#midi-job a:nth-of-type(2)')
    assert zipfile.ZipFile(page.downloaded('i_piece_stems.zip')).namelist()
    page.click('#export-sfz')
    page.wait_for("return document.querySelector('#sfz-job a')")
    page.click('#sfz-job a')
    names = zipfile.ZipFile(page.downloaded('mine_b.zip')).namelist()
    assert any(name.endswith('.sfz') for name in names)
    path.write_text('no MIDI')
    page.element('file').send_keys(str(path))
    page.wait_for("return document.querySelector('#midi-job .error')?.textContent.includes('MIDI')")
    page.logged()  # the refusal


def test_the_page_asks_nobody_else_and_says_what_it_does(page, address):
    assert page.text('instrument').startswith('tones <b>, ') and page.text('instrument').endswith('loaded in 1.5 s')
    page.wait_for(r"return /\d+ notes around the hand made in/.test(document.getElementById('status').textContent)")
    origin = address.split('?')[0]
    asked = page.requested()
    assert any(url.endswith('/notes') for url in asked)
    assert [url for url in asked if not url.startswith((origin, 'data:', 'blob:'))] == []
    page.driver.execute_script("gansynth.source.notes = async () => { throw new Error('Gone <b>') };"
                               'gansynth.play.down(84, 90)')
    page.wait_for("return document.getElementById('status').textContent === 'Gone <b>'")


@pytest.mark.parametrize('width', [360, 768, 1280])
def test_every_width_has_room_and_every_control_a_name(browser, address, width):
    browser.open(address, width=width, height=740)
    assert browser.driver.execute_script('return document.documentElement.scrollWidth') <= width
    small = browser.driver.execute_script("""
      return [...document.querySelectorAll('button, select, input, [tabindex="0"]')].filter((node) => {
        const box = node.getBoundingClientRect();
        return node.checkVisibility() && node.type !== 'file' && node.type !== 'checkbox' && node.type !== 'range'
          && (box.height < 24 || box.width < 20);
      }).map((node) => node.id || node.className)""")
    assert small == []
    nameless = browser.driver.execute_script("""
      return [...document.querySelectorAll('button, select, input, [role=slider], canvas')].filter((node) =>
        !(node.getAttribute('aria-label') || node.labels?.length || node.textContent.trim())).map((node) => node.id)""")
    assert nameless == []
    for _ in range(6):
        browser.element('octave-up').click()
    browser.wait_for("""
      return document.querySelector('.key[data-pitch="84"]').getBoundingClientRect().right < innerWidth + 2""")
