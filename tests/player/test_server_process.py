"""The server under load, and the tool's process from its start to its end."""

import concurrent.futures
import http.client
import importlib.util
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import requests

pytest.importorskip('starlette', reason="needs pip install '.[play]'")
from served import LATENT, TOKEN, Served
from tiny_instrument import TinyInstrument, midi_file

from gansynth_tf.cli import command, play
from gansynth_tf.errors import InputError
from gansynth_tf.player import keyboard as keyboard_lib
from gansynth_tf.player import serving
from gansynth_tf.player.keyboard import Keyboard
from gansynth_tf.player.turns import Turns, YieldingInstrument

TOOL = """
import sys
sys.path.insert(0, sys.argv.pop(1))
for name in ('tensorflow', 'keras'):  # it can do without
    sys.modules[name] = None
from gansynth_tf.cli import command, play
from tiny_instrument import TinyInstrument
command.load = lambda settings: TinyInstrument(seconds=0.02)
play.run()
"""


def test_a_thousand_requests_at_32_at_once(tmp_path):
    with Served(tmp_path / 'user') as server:
        own = threading.local()

        def ask(number):
            if not hasattr(own, 'connection'):
                own.connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
            body = {'latent': [number % 40, 0, 0, 0] if number % 10 else [1], 'pitches': [48 + number % 3],
                    'loop': False}
            own.connection.request('POST', '/notes', json.dumps(body), {'X-Token': TOKEN if number % 7 else 'wrong'})
            reply = own.connection.getresponse()
            return number, reply.status, len(reply.read())

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            replies = list(pool.map(ask, range(1000)))
    sizes = {}
    for number, status, size in replies:
        assert status == (403 if number % 7 == 0 else 400 if number % 10 == 0 else 200)
        sizes.setdefault(status, set()).add(size)
    assert min(sizes[200]) > 40_000
    # Each note once, however many ask for it at the same time.
    assert server.instrument.num_generated == len({(number % 40, number % 3) for number, status, _ in replies
                                                   if status == 200})


def test_connections_that_break_off_harm_nobody(tmp_path):
    with Served(tmp_path / 'user') as server:
        for sent in (b'', b'GET', b'\0\xff\r\n\r\n', b'POST /midi HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc',
                     b'POST /notes HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Token: a-secret\r\nContent-Length: 99\r\n\r\n{"l'
                     % server.port):
            with socket.create_connection(('127.0.0.1', server.port)) as connection:
                connection.sendall(sent)
        assert server.get('/instrument')['name'] == 'tiny'


def test_keys_go_before_pieces():
    turns, order = Turns(), []

    def wait_for(turn, name):
        with turn():
            order.append(name)

    with turns.of_piece():
        threads = [threading.Thread(target=wait_for, args=(turns.of_piece, 'piece')) for _ in range(2)]
        threads += [threading.Thread(target=wait_for, args=(turns.of_key, 'key')) for _ in range(2)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == ['key', 'key', 'piece', 'piece']


def test_a_turn_ends_when_what_is_done_in_it_fails():
    turns = Turns()
    for turn in (turns.of_key, turns.of_piece, turns.of_key):
        with pytest.raises(ZeroDivisionError), turn():
            raise ZeroDivisionError


def test_a_yielding_instrument_plays_the_same():
    told = []
    instrument = TinyInstrument()
    yielding = YieldingInstrument(instrument, Turns(), on_batch=told.append)
    latents, pitches = instrument.sample_latents(3, seed=0), [48, 50, 52]
    np.testing.assert_array_equal(yielding.generate(latents, pitches), instrument.generate(latents, pitches))
    assert told == [1, 1, 1]
    assert yielding.generate(latents[:0], []).shape == (0, 12000)


def test_the_oldest_notes_are_forgotten(monkeypatch):
    monkeypatch.setattr(keyboard_lib, '_CACHE_BYTES', 3 * 12000 * 4)
    instrument = TinyInstrument()
    keyboard = Keyboard(instrument, Turns())
    for pitch in (48, 49, 50, 48, 51):
        keyboard.notes(LATENT, [pitch], loop=False)
    assert instrument.num_generated == 4
    keyboard.notes(LATENT, [48], loop=False)  # it had been asked for again
    assert instrument.num_generated == 4
    keyboard.notes(LATENT, [49], loop=False)
    assert instrument.num_generated == 5


def test_silence_has_no_loop_and_no_gain():
    class Silence(TinyInstrument):
        def generate(self, latents, pitches):
            return np.zeros((len(pitches), self.audio_length), np.float32)
    (note,) = Keyboard(Silence(), Turns()).notes(LATENT, [50], loop=True)
    assert note.gain == 0 and note.loop is None


def test_the_next_free_port():
    with serving.listening(9300) as first:
        taken = first.getsockname()[1]
        with serving.listening(taken) as second:
            assert taken < second.getsockname()[1] <= taken + 50
            assert second.getsockname()[0] == '127.0.0.1'
    with pytest.raises(InputError, match='No free port'), serving.listening(65535), serving.listening(65535):
        pass


def test_without_its_packages_the_extra_is_named(monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name == 'starlette' else find(name))
    assert command.execute(play.main, play, ['gansynth_play']) == command.EXIT_BAD_INPUT
    assert capsys.readouterr().err == ('error: The player is not installed: expected pip install "gansynth_tf[play]". '
                                       'Received: no starlette\n')


class Tool:
    """gansynth_play in a process of its own, with a tiny instrument; stopped when left."""

    def __init__(self, directory, *flags):
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, '-c', TOOL, pathlib.Path(__file__).parent, '--nobrowser', '--port=9400',
             f'--user_dir={directory}', *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.base, self.token = re.fullmatch(r'(http://127\.0\.0\.1:\d+)/\?token=([\w-]{32})', self.address).groups()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def ask(self, method, address, **kwargs):
        return requests.request(method, self.base + address, headers={'X-Token': self.token}, timeout=30, **kwargs)

    def begin_a_piece(self):
        job = self.ask('POST', '/midi', files={'file': ('a.mid', midi_file(900))}).json()['job']
        while not self.ask('GET', f'/midi/{job}').json()['done']:
            time.sleep(0.01)

    def files(self):
        return [path for path in self.directory.rglob('*') if path.is_file()]


def test_the_tool_from_start_to_end(tmp_path):
    with Tool(tmp_path / 'user') as tool:
        assert requests.get(tool.address, timeout=30).status_code == 200
        told = tool.ask('GET', '/instrument').json()
        assert (told['name'], told['backend']) == ('built-in model', 'numpy')
        assert len(tool.ask('POST', '/notes', json={'latent': LATENT, 'pitches': [50]}).content) > 40_000
        assert tool.ask('GET', '/timbres').status_code == 200
        job = tool.ask('POST', '/sfz', json={'name': 'a', 'latent': LATENT}).json()['job']
        while (status := tool.ask('GET', f'/midi/{job}').json())['state'] == 'working':
            time.sleep(0.01)
        assert status['state'] == 'done'
        tool.begin_a_piece()
        tool.process.send_signal(signal.SIGTERM)
        _, said = tool.process.communicate(timeout=20)
        assert tool.process.returncode == command.EXIT_INTERRUPTED
        assert re.search(r'^Loading the built-in model \.\.\.\nLoaded in \d', said)
        assert 'Traceback' not in said
        assert list(tool.directory.iterdir()) == []


def test_a_process_that_is_killed_in_mid_render_leaves_no_part_of_a_piece(tmp_path):
    with Tool(tmp_path / 'user') as killed:
        killed.begin_a_piece()
        os.kill(killed.process.pid, signal.SIGKILL)
        killed.process.wait()
        assert killed.files() == []
    with Tool(tmp_path / 'user') as following:
        following.begin_a_piece()
        left = [path.name for path in following.directory.iterdir()]
        assert left == [f'.pieces.{following.process.pid}.partial']
