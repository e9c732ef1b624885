"""Access to the server: only for the page that it served itself, on this machine, in requests of a bounded size.

Any page that is open in a browser can send requests to a port of this machine. So the address has a secret token, which
the page's requests carry; the Host must be this machine's, which keeps out foreign names that point here (DNS
rebinding); and an Origin, if there is one, must be the server's own.
"""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_JSON_BYTES = 1 << 20
MAX_UPLOAD_BYTES = 5 * 1000 * 1000
_FORM_BYTES = 1 << 16  # of a form around its file
_LARGE_BODIES = ('/midi',)
_POLICY = ("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
           "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; base-uri 'none'; "
           "form-action 'none'; frame-ancestors 'none'")
_HEADERS = ((b'content-security-policy', _POLICY.encode()), (b'x-content-type-options', b'nosniff'),
            (b'referrer-policy', b'same-origin'), (b'cache-control', b'no-store'))


class Guard:
    """Middleware that refuses requests from elsewhere.

    Args:
      app: gets all other requests.
      token: the secret.
      port: of the server.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int):
        self._app, self._token = app, token
        self._hosts = {f'127.0.0.1:{port}', f'localhost:{port}'}
        self._origins = {f'http://{host}' for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
        elif scope['type'] == 'http':
            await self._answer(scope, receive, _with_headers(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        if fault := self._fault(connection):
            await JSONResponse({'error': fault}, status_code=403)(scope, receive, send)
            return
        most = MAX_UPLOAD_BYTES + _FORM_BYTES if scope['path'] in _LARGE_BODIES else MAX_JSON_BYTES
        length = connection.headers.get('content-length', '0')
        if not length.isdecimal() or len(length) > 12 or int(length) > most:
            await JSONResponse({'error': _too_large(most)}, status_code=413)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive, most), send)

    def _fault(self, connection: HTTPConnection) -> str | None:
        """The fault of a request's origin in words, or None."""
        if connection.headers.get('host') not in self._hosts:
            return 'Unknown Host: expected this server by its own address'
        if connection.headers.get('origin', next(iter(self._origins))) not in self._origins:
            return "Unknown Origin: expected this server's own page"
        path = connection.scope['path']
        if path.startswith('/page/'):
            return None  # these files are public, and JavaScript modules import each other without headers
        token = connection.query_params.get('token') if path == '/' else connection.headers.get('x-token')
        if not hmac.compare_digest((token or '').encode(), self._token.encode()):
            return 'Wrong token: expected the address that gansynth_play has printed'
        return None


def _too_large(most: int) -> str:
    return f'Too large: expected at most {most} bytes'


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message['type'] == 'http.response.start':
            message['headers'] = [*message.get('headers', ()), *_HEADERS]
        await send(message)
    return sending


def _bounded(receive: Receive, most: int) -> Receive:
    """`receive` that refuses bodies of more than `most` bytes."""
    received = 0

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get('body', b''))
        if received > most:
            raise HTTPException(413, _too_large(most))
        return message
    return receiving
