"""The page as static files: its tail and loops against TensorFlow's and NumPy's, and the site in a real browser."""

import base64
import functools
import http.server
import io
import json
import threading

import mido
import numpy as np
import pytest
import tensorflow as tf
from page_driver import main_hz, rms

import gansynth_tf as gs
from gansynth_tf import config as config_lib
from gansynth_tf.cli import command
from gansynth_tf.cli import export as export_tool
from gansynth_tf.config import Config
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError
from gansynth_tf.generation import synthesizer
from gansynth_tf.generation.inference_graph import Synthesis
from gansynth_tf.networks import checkpoints, weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.player import keyboard, web_export, web_runtime
from gansynth_tf.spectral.normalizers import Normalizer
from gansynth_tf.spectral.pitch import midi_to_hz


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def host():
    """From a directory to its address and a function that ends the host, as any static one."""
    servers = []

    def serve(directory):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(QuietHandler, directory=directory))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def stop():
            server.shutdown()
            server.server_close()
        return f'http://127.0.0.1:{server.server_address[1]}/', stop
    yield serve
    for server in servers:
        server.shutdown()  # else its thread polls the closed socket, without a pause
        server.server_close()


def snr_db(wave, expected):
    noise = np.sum((wave - expected.astype(np.float64)) ** 2)
    return 10 * np.log10(np.sum(expected.astype(np.float64) ** 2) / max(noise, 1e-30))


@pytest.fixture
def modules(browser, host):
    """The browser on an empty page beside the page's modules."""
    address, _ = host(web_export.PAGE.parent)
    browser.driver.get(f'{address}page/style.css')
    return browser


READ = 'const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (x) => x.charCodeAt(0)).buffer);'


def as_text(array):
    return base64.b64encode(np.asarray(array, '<f4').tobytes()).decode()


@pytest.mark.parametrize('data_type, mel_downscale', [('linear', 1), ('mel', 1), ('mel', 2)])
@pytest.mark.parametrize('phase_locking', [True, False])
def test_the_tail_makes_the_waves_of_tensorflow(modules, data_type, mel_downscale, phase_locking):
    config = Config(data_type=data_type, mel_downscale=mel_downscale, num_resolutions=3, start_height=8, start_width=16,
                    audio_length=1100, latent_vector_size=4)
    random = np.random.default_rng(0)
    per_bin = Normalizer(random.uniform(0.2, 0.3, (64, 2)) * [0.3, 4], random.uniform(-0.1, 0.1, (64, 2)))
    height, width = config.resolution(2)
    images = random.uniform(-0.9, 0.9, (1, height, width, 2)).astype(np.float32)
    images = np.cumsum(images, axis=1) / np.sqrt(1 + np.arange(height))[:, None, None]  # partials last some frames
    images = np.clip(images, -1, 1).astype(np.float32)
    expected = Synthesis(config, 2, per_bin, phase_locking=phase_locking)(
        tf.constant(images), midi_to_hz([83]).astype(np.float32)).numpy()[0]
    wave = modules.samples(READ + """
      const {Tail} = await import('/page/tail.js');
      return new Tail(JSON.parse(arguments[0])).wave(floats(arguments[1]), 83);""",
                           json.dumps(web_export.tail_spec(config, 2, per_bin, phase_locking=phase_locking)),
                           as_text(images))
    assert wave.shape == expected.shape and snr_db(wave, expected) > 90


def tone(pitch, decay):
    """A note with a noisy attack whose partials swing a little, as instruments' do."""
    seconds, random = np.arange(64000) / 16000, np.random.default_rng(pitch)
    hz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * k * hz * (seconds + 1e-5 * np.sin(30 * seconds + k))) / k for k in range(1, 8))
    wave = wave * np.exp(-decay * seconds) + random.standard_normal(64000) * (0.3 * np.exp(-20 * seconds) + 1e-3)
    return (0.2 * wave).astype(np.float32)


@pytest.mark.parametrize('pitch, decay', [(45, 0.0), (60, 0.5), (76, 9.0)])
def test_loops_and_gains_are_those_of_the_server(modules, pitch, decay):
    expected = keyboard.made(tone(pitch, decay), pitch, 16000, loop=True)
    assert (expected.loop is None) == (decay == 9.0)
    wave = modules.samples(READ + """
      const {sustained} = await import('/page/looping.js'), {matchedGain} = await import('/page/loudness.js');
      const wave = floats(arguments[0]);
      window.made = {gain: matchedGain(wave, 16000), ...sustained(wave, 16000)};
      return made.pcm ?? wave;""", as_text(tone(pitch, decay)))
    found = modules.driver.execute_script('return {...made, pcm: null}')
    assert found['gain'] == pytest.approx(expected.gain, rel=1e-5)
    assert wave.shape == expected.wave.shape and snr_db(wave, expected.wave) > 90
    if expected.loop:
        assert (found['loopStart'], found['loopEnd']) == expected.loop
        assert found['fall'] == pytest.approx(expected.fall_db_per_second, abs=1e-3)


def test_the_edges_and_the_level_of_a_note(modules):
    wave = np.full(1000, 2.0, np.float32)
    finished = modules.samples(READ + """
      const {finish} = await import('/page/loudness.js');
      return finish(floats(arguments[0]), 16000);""", as_text(wave))
    np.testing.assert_allclose(finished, gs.instrument.finished(wave[None], 16000)[0], atol=1e-6)


def test_mixtures_are_those_of_the_server(modules):
    from gansynth_tf.exploration import choosing
    latents = np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32)
    found = modules.run("""
      const {mix} = await import('/page/mixing.js');
      return mix(arguments[0], arguments[1]);""", latents.tolist(), [1, 0, 2, 0.5])
    np.testing.assert_allclose(found, choosing.mix(latents, [1, 0, 2, 0.5]), atol=1e-5)


def midi_bytes(tmp_path, *tracks, **settings):
    mido.MidiFile(tracks=[mido.MidiTrack(track) for track in tracks], **settings).save(tmp_path / 'piece.mid')
    return list((tmp_path / 'piece.mid').read_bytes())


def on(note, time=0, **settings):
    return mido.Message('note_on', note=note, time=time, **{'velocity': 100, **settings})


def off(note, time=0, **settings):
    return mido.Message('note_off', note=note, time=time, **settings)


def test_midi_files_are_read_with_tempo_pedal_and_equal_pitches(modules, tmp_path):
    pedal = lambda value, time=0: mido.Message('control_change', control=64, value=value, time=time)
    data = midi_bytes(
        tmp_path, [mido.MetaMessage('set_tempo', tempo=1_000_000, time=480)],  # half a second, then a second a beat
        [on(60), on(60, 240), off(60, 240), off(60, 480), on(62), pedal(127), off(62, 240), pedal(0, 240), on(64),
         on(36, channel=9), mido.Message('pitchwheel', pitch=99)])
    found = modules.run("""
      const {readMidi} = await import('/page/midi_reader.js');
      return readMidi(Uint8Array.from(arguments[0]).buffer);""", data)
    assert [(note['pitch'], note['start'], note['end']) for note in found['notes']] == [
        (60, 0, 0.5), (60, 0.25, 1.5), (62, 1.5, 2.5), (64, 2.5, 2.5)]
    assert (found['drums'], found['bends']) == (1, 1)
    for bad in (b'', b'RIFF' + bytes(20), b'MThd' + bytes([0, 0, 0, 6, 0, 2, 0, 1, 0, 96])):
        with pytest.raises(AssertionError, match='MIDI file'):
            modules.run("""
              const {readMidi} = await import('/page/midi_reader.js');
              return readMidi(Uint8Array.from(arguments[0]).buffer);""", list(bad))


def test_a_midi_file_is_rendered_without_a_server(modules, tmp_path):
    data = midi_bytes(tmp_path, [on(57, velocity=127), off(57, 480), on(57 - 24, 480), off(57 - 24, 960)])
    wave = modules.samples("""
      const {renderMidi} = await import('/page/midi_render.js');
      const sine = (pitch) => Float32Array.from({length: 16000}, (_, n) =>
        Math.sin(2 * Math.PI * 440 * 2 ** ((pitch - 69) / 12) * n / 16000));
      const source = {instrument: {sampleRate: 16000, pitches: [45, 57]}, notes: async (latent, [pitch]) =>
        [{pitch, pcm: sine(pitch), sampleRate: 16000, loopStart: 0, loopEnd: 16000, gain: 0.1, fall: 0}]};
      const job = await renderMidi(source, new File([Uint8Array.from(arguments[0])], 'a.mid'), []);
      for (window.now = null; now?.state !== 'done'; now = await job.status()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const heard = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(await (await job.audio()).arrayBuffer());
      return heard;""", data)
    assert len(wave) == 16000 * 2.3 and np.abs(wave).max() == pytest.approx(0.5, abs=1e-3)
    assert rms(wave, 0.81, 0.99) == 0 and rms(wave, 0.1, 0.4) > rms(wave, 1.1, 1.9) > 0.1
    assert main_hz(wave[:8000], 220) == pytest.approx(220, abs=1)
    assert main_hz(wave[16000:32000], 110) == pytest.approx(110, abs=1)
    assert modules.driver.execute_script('return now.report') == ['1 notes moved by octaves into the range']


@pytest.fixture(scope='session')
def runtime():
    """A directory with ONNX Runtime for browsers."""
    try:
        return web_runtime._cached()
    except InputError as error:
        pytest.skip(f'needs onnxruntime-web: {error}')


@pytest.fixture(scope='session')
def model_dir(tmp_path_factory):
    """A tiny model of pitches 60 to 64."""
    directory = tmp_path_factory.mktemp('tiny')
    config = Config(num_resolutions=2, start_height=31, start_width=16, audio_length=1000, latent_vector_size=4,
                    fmap_base=16, fmap_max=8)
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal(shape, np.float32)
              for name, shape in weights.generator_shapes(config, 5).items()}
    levels = random.normal(0, 3, (5, 5)).astype(np.float32)
    checkpoints.write_generator(GeneratorState(arrays, num_blocks=2, progress=1.0, levels=levels), directory)
    config_lib.write_experiment(config, directory)
    vocabulary.write(vocabulary.PitchVocabulary(dict.fromkeys(range(60, 65), 1)), directory)
    return directory


@pytest.mark.slow
def test_a_site_plays_the_model_asks_nobody_else_and_opens_without_its_host(model_dir, runtime, browser, host, tmp_path,
                                                                           capsys):
    pytest.importorskip('tf2onnx')
    site = tmp_path / 'site'
    arguments = ['gansynth_export', f'--ckpt_dir={model_dir}', '--format=web', f'--export_dir={site}',
                 f'--onnxruntime_web={runtime}']
    assert command.execute(export_tool.main, export_tool, arguments) == 0
    out, err = capsys.readouterr()
    num_bytes = sum(path.stat().st_size for path in site.rglob('*') if path.is_file())
    assert out == f'{site}\n' and f'{num_bytes / 1e6:.1f} MB in all' in err
    address, stop = host(site)
    browser.open(address, still=True)
    facts = json.loads((site / 'model' / 'instrument.json').read_text())
    latent = facts['timbres'][1]['latent']
    wave = browser.samples('return (await gansynth.source.notes(arguments[0], [62]))[0].pcm', latent)
    expected = gs.load(model_dir).generate(np.array([latent], np.float32), [62])[0]
    assert snr_db(wave, expected) > 80
    assert not browser.element('render-stems').is_displayed() and not browser.element('export-sfz').is_displayed()
    browser.element('random').click()
    browser.wait_for("return gansynth.timbre.current.name === 'random'")
    browser.element('keep-name').send_keys('<b>mine')
    browser.driver.find_element('css selector', '#keep button[type=submit]').click()
    browser.wait_for("return document.getElementById('named').textContent.includes('<b>mine')")
    assert [url for url in browser.requested() if not url.startswith((address, 'data:'))] == []
    browser.wait_for('return navigator.serviceWorker.controller !== null')
    assert browser.logged() == []
    stop()
    browser.open(address, still=True)
    assert browser.run('return (await gansynth.source.notes(arguments[0], [62]))[0].pcm.length', latent) == 1000
    assert '<b>mine' in browser.element('named').text


def test_what_cannot_be_a_site_says_so(model_dir, tmp_path, monkeypatch):
    model = synthesizer.open_model(model_dir)
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos' / 'one.jpg').write_text('')
    with pytest.raises(InputError, match='The directory holds something else: expected a new or empty one'):
        web_export.export(model, tmp_path / 'photos', name='x', runtime=tmp_path)
    with pytest.raises(InputError, match=r'Not onnxruntime-web: expected ort\.wasm\.bundle\.min\.mjs in it'):
        web_export.export(model, tmp_path / 'site', name='x', runtime=tmp_path)
    waves = model._replace(config=Config(data_type='phase'))
    with pytest.raises(InputError, match=r"expected a model with data_type 'mel' or 'linear'\. Received: 'phase'"):
        web_export.export(waves, tmp_path / 'site', name='x')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(web_runtime, 'URL', 'http://127.0.0.1:9/package.tgz')
    with pytest.raises(InputError, match='Cannot fetch onnxruntime-web: expected http.* to be reachable, or its'):
        web_export.export(model, tmp_path / 'site', name='x')
    monkeypatch.setattr(web_runtime.urllib.request, 'urlopen', lambda *args, **kwargs: io.BytesIO(b'something else'))
    with pytest.raises(InputError, match=r'expected a package with the SHA-512 ab4cbe26baedba45'):
        web_export.export(model, tmp_path / 'site', name='x')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['photos']


def test_an_earlier_site_is_replaced_as_a_whole(model_dir, tmp_path, monkeypatch):
    (tmp_path / 'dist').mkdir()
    for name in web_runtime.FILES.values():
        (tmp_path / 'dist' / name).write_text('')
    monkeypatch.setattr(web_export.network_model, 'export', lambda model, directory, **settings: directory.mkdir())
    monkeypatch.setattr(web_export, '_facts', lambda model, **settings: settings)
    model, site = synthesizer.open_model(model_dir), tmp_path / 'site'
    for name in ('first', 'second'):
        written = web_export.export(model, site, name=name, runtime=tmp_path)
        assert json.loads((site / 'model' / 'instrument.json').read_text())['name'] == name
        assert written.num_bytes == sum(path.stat().st_size for path in site.rglob('*') if path.is_file())
        assert not (site / 'stale').exists()
        (site / 'stale').write_text('')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['dist', 'site']


def test_the_runtime_is_fetched_once(tmp_path, monkeypatch):
    import hashlib
    import tarfile
    package = io.BytesIO()
    with tarfile.open(fileobj=package, mode='w:gz') as archive:
        for name in (*web_runtime.FILES.values(), 'other.mjs'):
            member = tarfile.TarInfo(f'package/dist/{name}')
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    fetched = []
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(web_runtime, 'SHA512', hashlib.sha512(package.getvalue()).hexdigest())
    monkeypatch.setattr(web_runtime.urllib.request, 'urlopen', lambda url, timeout: fetched.append(url) or io.BytesIO(
        package.getvalue()))
    for name in ('one', 'two'):
        (tmp_path / name).mkdir()
        web_runtime.copy(tmp_path / name)
        assert (tmp_path / name / 'ort.wasm').read_text() == 'ort-wasm-simd-threaded.wasm'
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ['ort.mjs', 'ort.wasm']
    assert fetched == [web_runtime.URL]
