"""A player's server on a port of its own, and a page that asks it."""

import json
import threading
import time

import requests
from tiny_instrument import TinyInstrument, midi_file

from gansynth_tf.player import serving
from gansynth_tf.player.player import Player

LATENT = [0.5, -0.5, 0.25, 1.0]
TOKEN = 'a-secret'


class Served:
    """Answers from entering to leaving.

    Args:
      directory: the user's.
      seconds: that each note takes.
      library: the instrument's timbres.
    """

    def __init__(self, directory, *, seconds=0.0, library=()):
        self.directory = directory
        self.instrument = TinyInstrument(seconds=seconds)
        self.player = Player(self.instrument, name='tiny', load_seconds=1.234, directory=directory,
                             library=library)

    def __enter__(self):
        self._listening = serving.listening(9100)
        server_socket = self._listening.__enter__()
        self.port = server_socket.getsockname()[1]
        self.server = serving.server(self.player, port=self.port, token=TOKEN)
        self._thread = threading.Thread(target=self.server.run, kwargs={'sockets': [server_socket]})
        self._thread.start()
        self.session = requests.Session()
        return self

    def __exit__(self, *_):
        self.session.close()
        self.server.should_exit = True
        self._thread.join()
        self._listening.__exit__(None, None, None)
        self.player.close()

    def ask(self, method, address, *, headers=None, **kwargs):
        """A reply; the token is sent unless `headers` say otherwise."""
        return self.session.request(method, f'http://127.0.0.1:{self.port}{address}', timeout=30,
                                    headers={'X-Token': TOKEN, **(headers or {})}, **kwargs)

    def get(self, address):
        reply = self.ask('GET', address)
        assert reply.status_code == 200, reply.text[:200]
        return reply.json()

    def post(self, address, **values):
        reply = self.ask('POST', address, json=values)
        assert reply.status_code == 200, reply.text[:200]
        return reply.json()

    def render(self, data=None, *, name='piece.mid', **settings):
        """Begins a piece; the id of its job."""
        reply = self.ask('POST', '/midi', files={'file': (name, midi_file() if data is None else data)},
                         data={'settings': json.dumps(settings)})
        assert reply.status_code == 200, reply.text[:200]
        return reply.json()['job']

    def ended(self, job, seconds=20.0):
        """The status of a job that has ended."""
        end = time.monotonic() + seconds
        while (status := self.get(f'/midi/{job}'))['state'] == 'working':
            assert time.monotonic() < end, status
            time.sleep(0.01)
        return status

    def begun(self, job):
        """The status of a job when it has made its first note."""
        while not (status := self.get(f'/midi/{job}'))['done']:
            time.sleep(0.01)
        return status


def assert_error(reply, status, text=''):
    """A refusal is one line of JSON."""
    assert reply.status_code == status, (reply.status_code, reply.text[:200])
    assert list(reply.json()) == ['error']
    assert text in reply.json()['error'] and '\n' not in reply.json()['error']
