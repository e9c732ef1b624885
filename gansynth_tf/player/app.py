"""What the server answers: the page, and requests of its scripts for notes, timbres and pieces."""

import mimetypes
import pathlib
import typing
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from gansynth_tf import files
from gansynth_tf.errors import InputError
from gansynth_tf.instrument import shortened
from gansynth_tf.player import keyboard, pieces
from gansynth_tf.player.guard import MAX_UPLOAD_BYTES, Guard
from gansynth_tf.player.jobs import Job
from gansynth_tf.player.player import Player
from gansynth_tf.player.values import file_name

PAGE = pathlib.Path(__file__).resolve().parent / 'page'
_MAX_SETTINGS_BYTES = 1 << 16
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
                                        loop=values.get('loop', True))
        return Response(keyboard.encoded(found, player.instrument.sample_rate), media_type='application/octet-stream')

    async def timbres(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(player.timbres.all))

    async def midi(request: Request) -> Response:
        data, name, settings = await _midi_form(request)
        found = pieces.read_settings(settings, player.instrument)
        music = await run_in_threadpool(pieces.read_score, data, name)
        work = pieces.midi_work(music, file_name(pathlib.PurePath(name).stem, 'piece'), found, player.instrument,
                                player.turns)
        return JSONResponse({'job': player.jobs.add(work)})

    async def sfz(request: Request) -> Response:
        values = await _json(request, 'latent', 'name')
        work = pieces.sfz_work(values['latent'], values['name'], player.instrument, player.turns)
        return JSONResponse({'job': player.jobs.add(work)})

    async def status(request: Request) -> Response:
        return JSONResponse(_job(player, request).status())

    async def result(request: Request) -> Response:
        job, kind = _job(player, request), request.path_params['kind']
        if kind not in job.outputs:
            raise HTTPException(404, f'No {kind[:100]}: the job is {job.state}')
        path = job.outputs[kind]
        return FileResponse(path, filename=path.name)

    async def cancel(request: Request) -> Response:
        player.jobs.remove(_job(player, request).id)
        return JSONResponse({})

    shelf = player.timbres
    return Starlette(
        routes=[Route('/', index), Route('/page/{name}', page_file), Route('/instrument', instrument),
                Route('/notes', notes, methods=['POST']), Route('/timbres', timbres),
                Route('/timbres/sample', _posted(shelf.sampled, 'n', 'seed'), methods=['POST']),
                Route('/timbres/mix', _posted(shelf.mixed, 'latents', 'weights'), methods=['POST']),
                Route('/timbres/at', _posted(shelf.at, 'position'), methods=['POST']),
                Route('/timbres/keep', _posted(shelf.keep, 'name', 'latent'), methods=['POST']),
                Route('/midi', midi, methods=['POST']), Route('/sfz', sfz, methods=['POST']),
                *(route for job in ('/midi/{id}', '/sfz/{id}') for route in (
                    Route(job, status), Route(job, cancel, methods=['DELETE']), Route(job + '/{kind}', result))),
                ],
        middleware=[Middleware(Guard, token=token, port=port)],
        exception_handlers={InputError: _bad_input, HTTPException: _refused, Exception: _fault})


def _posted(function: Callable[..., typing.Any], *names: str) -> Callable:
    """A route that calls a function, in a thread, with values of the request's JSON."""
    async def route(request: Request) -> Response:
        values = await _json(request, *names)
        return JSONResponse(await run_in_threadpool(function, *(values[name] for name in names)))
    return route


async def _midi_form(request: Request) -> tuple[bytes, str, typing.Any]:
    """The bytes and the name of the file that was posted, and its settings."""
    async with request.form(max_files=1, max_fields=1, max_part_size=_MAX_SETTINGS_BYTES) as form:
        file, settings = form.get('file'), form.get('settings', '{}')
        if not isinstance(file, UploadFile) or not isinstance(settings, str):
            raise InputError('Unusable request: expected a form with a file and settings. '
                             f'Received: {shortened(list(form))}')
        data = await file.read()
        if len(data) > MAX_UPLOAD_BYTES:
            raise HTTPException(413, f'Too large: expected a MIDI file of at most {MAX_UPLOAD_BYTES} bytes')
        return data, (file.filename or 'piece')[:200], _parsed(settings)


def _job(player: Player, request: Request) -> Job:
    job = player.jobs.get(request.path_params['id'])
    if job is None:
        raise HTTPException(404, 'No such job')
    return job


async def _json(request: Request, *names: str) -> dict[str, typing.Any]:
    """The JSON object that was posted, with all of these names."""
    values = _parsed(await request.body())
    if not isinstance(values, dict) or not all(name in values for name in names):
        raise InputError(f'Unusable request: expected a JSON object with {", ".join(names)}. '
                         f'Received: {", ".join(values) if isinstance(values, dict) else type(values).__name__}')
    return values


def _parsed(text: str | bytes) -> typing.Any:
    try:
        return files.parse_json(text if isinstance(text, str) else text.decode())
    except ValueError as error:
        raise InputError(f'Unusable request: expected JSON. Received: {error}') from error


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
