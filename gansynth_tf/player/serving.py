"""The server's process: a port of this machine alone, and uvicorn on it."""

import contextlib
import errno
import secrets
import socket
from collections.abc import Iterator

import uvicorn

from gansynth_tf.errors import InputError
from gansynth_tf.player import app
from gansynth_tf.player.player import Player

HOST = '127.0.0.1'
_PORTS_TRIED = 50


@contextlib.contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Yields a socket at a port of 127.0.0.1, or at the next free port.

    Raises:
      InputError: if none of the next 50 is free.
    """
    last = min(port + _PORTS_TRIED, 65535)
    for candidate in range(port, last + 1):
        with socket.socket() as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                found.bind((HOST, candidate))
                found.listen(128)
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise InputError(f'Cannot listen: expected a port of {HOST}. Received: {error}') from error
                continue
            yield found
            return
    raise InputError(f'No free port: expected one from {port} to {last}. Received: none')


def new_token() -> str:
    """A secret that cannot be guessed, in letters that a URL may have."""
    return secrets.token_urlsafe(24)


def address(port: int, token: str) -> str:
    """The URL of the page."""
    return f'http://{HOST}:{port}/?token={token}'


def server(player: Player, *, port: int, token: str) -> uvicorn.Server:
    """The server of a page; its `run(sockets=[...])` answers until the process is told to end (Ctrl-C, SIGTERM)."""
    config = uvicorn.Config(app.create(player, token=token, port=port), log_level='error', access_log=False,
                            server_header=False, lifespan='off', timeout_graceful_shutdown=2, ws='none')
    return uvicorn.Server(config)
