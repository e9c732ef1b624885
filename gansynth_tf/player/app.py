"""What the server answers: the page, and requests of its scripts for notes, timbres and pieces."""

import mimetypes
import pathlib
import typing
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.player import keyboard
from gansynth_tf.player.guard import Guard
from gansynth_tf.player.player import Player

PAGE = pathlib.Path(__file__).resolve().parent / 'page'
_MIME_TYPES = {'.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css',
               '.html': 'text/html', '.svg': 'image/svg+xml', '.json': 'application/json'}


def create(player: Player, *, token: str, port: int, page: pathlib.Path = PAGE) -> Starlette:
    """The application of an instrument.

    Args:
      player: answers.
      token: that requests have to have.
      port: at which it will listen.
      page: the directory of the page's files.
    """
    async def index(request: Request) -> Response:
        return _file(page, 'index.html')

    async def page_file(request: Request) -> Response:
        return _file(page, request.path_params['name'])

    async def instrument(request: Request) -> Response:
        return JSONResponse(player.facts())

    async def notes(request: Request) -> Response:
        values = await _json(request, 'latent', 'pitches')
        found = await run_in_threadpool(player.keyboard.notes, values['latent'], values['pitches'],
                                        loop=values.get('loop', True) is not False)
        return Response(keyboard.encoded(found, player.instrument.sample_rate), media_type='application/octet-stream')

    async def timbres(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(player.timbres.all))

    return Starlette(
        routes=[Route('/', index), Route('/page/{name}', page_file), Route('/instrument', instrument),
                Route('/notes', notes, methods=['POST']), Route('/timbres', timbres),
                Route('/timbres/sample', _posted(player.timbres.sampled, 'n', 'seed'), methods=['POST'])],
        middleware=[Middleware(Guard, token=token, port=port)],
        exception_handlers={InputError: _bad_input, HTTPException: _refused, Exception: _fault})


def _posted(function: Callable[..., typing.Any], *names: str) -> Callable:
    """A route that calls a function, in a thread, with values of the request's JSON."""
    async def route(request: Request) -> Response:
        values = await _json(request, *names)
        return JSONResponse(await run_in_threadpool(function, *(values[name] for name in names)))
    return route


async def _json(request: Request, *names: str) -> dict[str, typing.Any]:
    """The JSON object that was posted, with all of these names."""
    try:
        values = files.parse_json((await request.body()).decode())
    except ValueError as error:
        raise InputError(f'Unusable request: expected JSON. Received: {error}') from error
    if not isinstance(values, dict) or not all(name in values for name in names):
        raise InputError(f'Unusable request: expected a JSON object with {", ".join(names)}. '
                         f'Received: {", ".join(values) if isinstance(values, dict) else type(values).__name__}')
    return values


def _file(directory: pathlib.Path, name: str) -> Response:
    """One of a directory's own files; only names that are there are opened, whatever is asked for."""
    if name not in {path.name for path in directory.glob('*') if path.is_file()}:
        raise HTTPException(404, f'No such file: {name[:100]}')
    kind = _MIME_TYPES.get(pathlib.PurePath(name).suffix) or mimetypes.guess_type(name)[0]
    return Response((directory / name).read_bytes(), media_type=kind or 'application/octet-stream')


async def _bad_input(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': ' '.join(str(error).split())}, status_code=400)


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': error.detail}, status_code=error.status_code) if isinstance(
        error, HTTPException) else await _fault(request, error)


async def _fault(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': 'A fault of the program: its terminal says more'}, status_code=500)
