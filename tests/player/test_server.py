"""What the server answers to the page, and to strangers."""

import http.client
import json
import struct

import numpy as np
import pytest

pytest.importorskip('starlette', reason="needs pip install '.[play]'")
from served import LATENT, TOKEN, Served, assert_error
from tiny_instrument import KEYS

from gansynth_tf.errors import InputError
from gansynth_tf.music import timbres
from gansynth_tf.music.timbre_library import Entry
from gansynth_tf.player import app, guard

GOOD = {'latent': LATENT, 'pitches': [50]}


@pytest.fixture(scope='module')
def server(tmp_path_factory):
    """For requests that change nothing."""
    with Served(tmp_path_factory.mktemp('player') / 'user') as made:
        yield made


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path / 'user') as made:
        yield made


def raw(server, method, address, headers=None, body=None):
    """A request as no browser would send it."""
    connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=30)
    connection.request(method, address, body, {'X-Token': TOKEN, **(headers or {})})
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def unpacked(content):
    """The header and the waves of /notes."""
    size, = struct.unpack('<I', content[:4])
    assert (4 + size) % 4 == 0
    header, samples = json.loads(content[4:4 + size]), np.frombuffer(content[4 + size:], '<f4')
    ends = np.cumsum([note['samples'] for note in header['notes']])
    assert ends[-1] == len(samples)
    return header, np.split(samples, ends[:-1])


def test_the_page_and_its_files(server):
    index = server.ask('GET', f'/?token={TOKEN}', headers={'X-Token': ''})
    assert index.status_code == 200 and index.headers['content-type'].startswith('text/html')
    assert "default-src 'self'" in index.headers['content-security-policy']
    names = [path.name for path in app.PAGE.iterdir() if path.is_file()]
    assert 'index.html' in names
    for name in names:
        reply = server.ask('GET', f'/page/{name}', headers={'X-Token': ''})
        assert reply.status_code == 200 and reply.content == (app.PAGE / name).read_bytes()
        if name.endswith('.js'):
            assert reply.headers['content-type'].startswith('text/javascript')


@pytest.mark.parametrize('name', ['..%2fapp.py', '%2e%2e/app.py', '../app.py', '..%5capp.py', 'nothing.js', '.', '',
                                  '%2fetc%2fpasswd', '/etc/passwd', 'index.html%00', '..%252fapp.py', 'a/../../app.py'])
def test_only_the_pages_own_files(server, name):
    status, reply = raw(server, 'GET', f'/page/{name}')
    assert status == 404 and list(reply) == ['error']


@pytest.mark.parametrize('headers', [{'X-Token': ''}, {'X-Token': 'a-secreT'}, {'X-Token': b'\xe9'},
                                     {'Host': 'evil.example:8765'}, {'Host': '127.0.0.1'}, {'Host': '127.0.0.1:80'},
                                     {'Origin': 'http://evil.example'}, {'Origin': 'null'},
                                     {'Origin': 'https://127.0.0.1:8765'}])
def test_strangers_are_turned_away(server, headers):
    before = server.instrument.num_generated
    for method, address in (('GET', '/instrument'), ('POST', '/notes'), ('GET', '/timbres'), ('POST', '/midi'),
                            ('DELETE', '/midi/x'), ('GET', '/nowhere')):
        assert_error(server.ask(method, address, headers=headers), 403, 'expected')
    if 'X-Token' not in headers:
        assert_error(server.ask('GET', '/page/index.html', headers=headers), 403)
    assert server.instrument.num_generated == before


def test_the_page_itself_is_not(server):
    for origin in ('http://127.0.0.1', 'http://localhost'):
        assert server.ask('GET', '/instrument', headers={'Origin': f'{origin}:{server.port}'}).status_code == 200
    assert server.ask('GET', '/instrument', headers={'Host': f'localhost:{server.port}'}).status_code == 200


def test_the_page_needs_its_address(server):
    for query in ('', '?token=', '?token=wrong', '?token=%ff'):
        assert_error(server.ask('GET', f'/{query}'), 403, 'Wrong token')


def test_instrument(server):
    assert server.get('/instrument') == {
        'name': 'tiny', 'backend': server.player.facts()['backend'], 'sample_rate': 4000, 'audio_length': 12000,
        'pitches': list(KEYS), 'latent_size': 4, 'load_seconds': 1.23, 'latent_scale': 1.0}


def test_notes(server):
    reply = server.ask('POST', '/notes', json={'latent': LATENT, 'pitches': [50, 57]})
    assert reply.headers['content-type'] == 'application/octet-stream'
    header, waves = unpacked(reply.content)
    assert header['sample_rate'] == 4000 and [note['pitch'] for note in header['notes']] == [50, 57]
    original = server.instrument.generate(np.array([LATENT] * 2), [50, 57])
    for note, wave, expected in zip(header['notes'], waves, original):
        start, end = note['loop_start'], note['loop_end']
        assert 0 < start < end <= len(wave) == note['samples']
        before = start - 512  # the last frame before the loop is part of it
        np.testing.assert_allclose(wave[:before], expected[:before], atol=1e-5)
        # The loop goes on where it began.
        np.testing.assert_allclose(wave[end:end + 32], wave[start:start + 32], atol=1e-5)
        assert note['fall_db_per_second'] == 0
        # Equally loud to the ear, as in rendered pieces.
        assert note['gain'] * np.sqrt(np.mean(expected ** 2)) == pytest.approx(0.1, rel=0.3)


def test_notes_without_a_loop_are_the_instruments(server):
    header, (wave,) = unpacked(server.ask('POST', '/notes', json={**GOOD, 'loop': False}).content)
    np.testing.assert_allclose(wave, server.instrument.generate(np.array([LATENT]), [50])[0], atol=1e-6)
    assert header['notes'][0]['loop_start'] is None and header['notes'][0]['loop_end'] is None


def test_a_note_is_made_once(served):
    three = {'latent': LATENT, 'pitches': [50, 50, 51]}
    first = served.ask('POST', '/notes', json=three).content
    assert served.instrument.num_generated == 2
    assert served.ask('POST', '/notes', json=three).content == first
    assert served.instrument.num_generated == 2
    served.ask('POST', '/notes', json={'latent': LATENT[::-1], 'pitches': [50]})
    assert served.instrument.num_generated == 3


@pytest.mark.parametrize('body', [
    b'', b'[]', b'null', b'{', b'{"\\ud800": 1}', b'"\\ud800"', b'\xff\xfe', b'{"latent": 1}',
    b'[' * 100_000, b'{"a":' * 100_000,
    *(json.dumps(GOOD | changed).encode() for changed in (
        {'pitches': []}, {'pitches': [20]}, {'pitches': [50] * 17}, {'pitches': '50'}, {'pitches': [True]},
        {'pitches': [50.0]}, {'pitches': [[50]]}, {'pitches': None}, {'pitches': {'a': 1}}, {'latent': [1, 2, 3]},
        {'latent': 'abcd'}, {'latent': [[1]] * 4}, {'latent': [1, 2, 3, None]}, {'latent': [1, 2, 3, float('nan')]},
        {'latent': [1, 2, 3, float('inf')]}, {'latent': [1, 2, 3, 1e300]}, {'latent': None}, {'latent': ['1'] * 4},
        {'latent': [10 ** 400, 0, 0, 0]}, {'latent': [True] * 4}, {'loop': 1}, {'loop': None}))])
def test_malformed_requests_for_notes(server, body):
    assert_error(server.ask('POST', '/notes', data=body), 400, 'eceived')


@pytest.mark.parametrize('address, values', [
    ('/timbres/sample', {'n': 0, 'seed': 1}), ('/timbres/sample', {'n': 65, 'seed': 1}),
    ('/timbres/sample', {'n': 1, 'seed': -1}), ('/timbres/sample', {'n': 'x', 'seed': 0}), ('/timbres/sample', {}),
    ('/timbres/mix', {'latents': [LATENT], 'weights': [1]}), ('/timbres/mix', {'latents': 1, 'weights': 2}),
    ('/timbres/mix', {'latents': [LATENT, LATENT], 'weights': [0, 0]}),
    ('/timbres/mix', {'latents': [LATENT, LATENT], 'weights': ['a', 1]}),
    ('/timbres/mix', {'latents': [LATENT] * 17, 'weights': [1] * 17}),
    ('/timbres/mix', {'latents': [LATENT, [1]], 'weights': [1, 1]}),
    ('/timbres/mix', {'latents': [LATENT, [-x for x in LATENT]], 'weights': [1, 1]}),
    ('/timbres/at', {'position': [0]}), ('/timbres/at', {'position': 'no'}), ('/timbres/at', {'position': [0, None]}),
    ('/timbres/at', {'position': [0, float('nan')]}),
    ('/timbres/keep', {'name': 3, 'latent': LATENT}), ('/timbres/keep', {'name': 'a', 'latent': [1]}),
    ('/sfz', {'name': 'a', 'latent': [1]}), ('/sfz', {'name': None, 'latent': LATENT}), ('/sfz', {'latent': LATENT})])
def test_malformed_requests(server, address, values):
    assert_error(server.ask('POST', address, data=json.dumps(values)), 400, 'expected')


def test_other_methods_and_places(server):
    assert_error(server.ask('GET', '/notes'), 405)
    assert_error(server.ask('DELETE', '/instrument'), 405)
    for address in ('/nowhere', '/midi/nothing', '/midi/nothing/audio', '/sfz/nothing'):
        assert_error(server.ask('GET', address), 404)


def test_bodies_are_bounded(server):
    too_large = f'expected at most {guard.MAX_JSON_BYTES} bytes'
    assert_error(server.ask('POST', '/notes', data=b' ' * (guard.MAX_JSON_BYTES + 1)), 413, too_large)
    assert_error(server.ask('POST', '/midi', files={'file': ('a.mid', b'\0' * (guard.MAX_UPLOAD_BYTES + 1))}), 413)
    status, reply = raw(server, 'POST', '/midi', {'Content-Length': '9' * 15})
    assert status == 413 and list(reply) == ['error']


def test_a_body_of_unknown_length_is_bounded(server):
    assert_error(server.ask('POST', '/notes', data=(b' ' * 100_000 for _ in range(12))), 413)


def test_timbres(served):
    found = served.get('/timbres')
    assert len(found['timbres']) == 24 and len({timbre['name'] for timbre in found['timbres']}) == 24
    places = np.array([timbre['position'] for timbre in found['timbres']])
    assert places.shape == (24, 2) and np.abs(places).max() <= 1 and np.ptp(places[:, 0]) > 1
    assert all(timbre['words'] and len(timbre['latent']) == 4 for timbre in found['timbres'])
    assert served.get('/timbres') == found
    # Between them.
    there = [timbre['position'] for timbre in found['timbres']]
    alone = next(timbre for timbre in found['timbres'] if there.count(timbre['position']) == 1)
    assert served.post('/timbres/at', position=alone['position']) == {'latent': alone['latent'],
                                                                      'nearest': alone['name']}
    beside = [served.post('/timbres/at', position=[alone['position'][0] + step, alone['position'][1]])['latent']
              for step in (-2e-3, 2e-3)]
    assert np.max(np.abs(np.array(beside) - alone['latent'])) < 0.3
    assert np.isfinite(served.post('/timbres/at', position=[50, -1e30])['latent']).all()


def test_random_and_mixed_timbres(server):
    first = server.post('/timbres/sample', n=2, seed=7)['timbres']
    np.testing.assert_allclose([timbre['latent'] for timbre in first], server.instrument.sample_latents(2, seed=7))
    mixed = server.post('/timbres/mix', latents=[[1, 0, 0, 0], [0, 1, 0, 0]], weights=[1, 1])['latent']
    np.testing.assert_allclose(mixed, [0.5 ** 0.5, 0.5 ** 0.5, 0, 0], atol=1e-6)


@pytest.mark.parametrize('name, kept', [
    ('warm', 'warm'), ('../../up', 'up'), ('a/b\\c', 'a_b_c'), ('<b>é</b>', 'b_é_b'), ('', 'timbre'), ('...', 'timbre'),
    ('\0\n', 'timbre'), ('-rf', 'rf'), ('x' * 500, 'x' * 60), ('\ud800', 'timbre')])
def test_names_of_kept_timbres(served, name, kept):
    first, second = (served.post('/timbres/keep', name=name, latent=LATENT) for _ in range(2))
    assert (first['name'], second['name']) == (kept, f'{kept}_2')
    assert first['path'] == str(served.directory / f'{kept}.json')
    np.testing.assert_allclose(timbres.read(first['path']).latent, LATENT)


def test_kept_timbres_are_offered_and_other_files_left_out(served, caplog):
    served.post('/timbres/keep', name='good', latent=LATENT)
    (served.directory / 'bad.json').write_text('{')
    (served.directory / 'other.json').write_text('{"name": "other", "latent": [1, 2, 3]}')
    listed = served.get('/timbres')['timbres'][24:]
    assert [timbre['name'] for timbre in listed] == ['good'] and 'bad.json' in caplog.text
    assert listed[0]['latent'] == LATENT and np.abs(listed[0]['position']).max() <= 1


def test_a_model_that_breaks_is_said(served, monkeypatch):
    def broken(latents, pitches):
        raise InputError('Unusable model: expected finite audio. Received: NaN')
    monkeypatch.setattr(served.instrument, 'generate', broken)
    assert_error(served.ask('POST', '/notes', json=GOOD), 400, 'Unusable model')


def test_faults_show_no_traceback(served, monkeypatch):
    monkeypatch.setattr(served.player.keyboard, 'notes', lambda *_, **__: 1 / 0)
    assert_error(served.ask('POST', '/notes', json=GOOD), 500, 'fault of the program')


def test_the_timbres_of_a_library(tmp_path):
    measured = {'brightness': 2.0, 'attack_ms': 100.0}
    library = [Entry(timbres.Timbre('dull', np.array(LATENT, np.float32)), ('dark', 'soft'), measured),
               Entry(timbres.Timbre('sharp', np.array(LATENT[::-1], np.float32)), ('bright',),
                     {'brightness': 9.0, 'attack_ms': 10.0}),
               Entry(timbres.Timbre('foreign', np.zeros(3, np.float32)), (), measured)]
    with Served(tmp_path / 'user', library=library) as made:
        assert made.get('/timbres')['timbres'] == [
            {'name': 'dull', 'latent': LATENT, 'words': ['dark', 'soft'], 'position': [-0.9, 0.9]},
            {'name': 'sharp', 'latent': LATENT[::-1], 'words': ['bright'], 'position': [0.9, -0.9]}]
        assert made.instrument.num_generated == 0
        assert made.post('/timbres/at', position=[0.9, -0.9])['nearest'] == 'sharp'


def test_a_library_without_measures_is_measured(tmp_path):
    library = [Entry(timbres.Timbre(name, np.array(latent, np.float32))) for name, latent in
               (('a', LATENT), ('b', LATENT[::-1]), ('c', [0, 0, 0, 0]))]
    with Served(tmp_path / 'user', library=library) as made:
        found = made.get('/timbres')['timbres']
    assert [timbre['name'] for timbre in found] == ['a', 'b', 'c'] and all(timbre['words'] for timbre in found)
