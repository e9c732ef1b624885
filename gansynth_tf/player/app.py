"""The server's answers: the page, and replies to its scripts' requests for notes, timbres and pieces."""

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
from gansynth_tf.music import score
from gansynth_tf.player import keyboard, pieces
from gansynth_tf.player.guard import MAX_UPLOAD_BYTES, Guard
from gansynth_tf.player.jobs import Job
from gansynth_tf.player.player import Player
from gansynth_tf.player.values import file_name

PAGE = pathlib.Path(__file__).resolve().parent / 'page'
_MAX_SETTINGS_BYTES = 1 << 16
_LONGEST_LINE = 1000
_MIME_TYPES = {'.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css',
               '.html': 'text/html', '.svg': 'image/svg+xml', '.json': 'application/json'}


def create(player: Player, *, token: str, port: int) -> Starlette:
    """The web application of a player.

    Args:
      player: computes the answers.
      token: that requests must carry.
      port: at which the server will listen.
    """
    answers, shelf = _Answers(player), player.timbres
    of_jobs = [route for address in ('/midi/{id}', '/sfz/{id}') for route in (
        Route(address, answers.status), Route(address, answers.cancel, methods=['DELETE']),
        Route(address + '/{kind}', answers.result))]
    return Starlette(
        routes=[Route('/', _index), Route('/page/{name}', _page_file), Route('/instrument', answers.instrument),
                _posted('/notes', answers.notes), _posted('/midi', answers.midi), _posted('/sfz', answers.sfz),
                Route('/timbres', answers.timbres),
                _posted('/timbres/sample', _calling(shelf.sampled, 'n', 'seed')),
                _posted('/timbres/mix', _calling(shelf.mixed, 'latents', 'weights')),
                _posted('/timbres/at', _calling(shelf.at, 'position')),
                _posted('/timbres/keep', _calling(shelf.keep, 'name', 'latent')), *of_jobs],
        middleware=[Middleware(Guard, token=token, port=port)],
        exception_handlers={InputError: _bad_input, HTTPException: _refused, Exception: _fault})


class _Answers:
    """Endpoints whose answer is more than a function's value as JSON; slow work is done in other threads."""

    def __init__(self, player: Player):
        self._player = player

    async def instrument(self, request: Request) -> Response:
        return JSONResponse(self._player.facts())

    async def notes(self, request: Request) -> Response:
        values = await _json(request, 'latent', 'pitches')
        found = await run_in_threadpool(self._player.keyboard.notes, values['latent'], values['pitches'],
                                        loop=values.get('loop', True))
        return Response(keyboard.encoded(found, self._player.instrument.sample_rate),
                        media_type='application/octet-stream')

    async def timbres(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._player.timbres.all))

    async def midi(self, request: Request) -> Response:
        data, name, settings = await _midi_form(request)
        found = pieces.read_settings(settings, self._player.instrument)
        music = await run_in_threadpool(score.from_bytes, data, name)
        work = pieces.midi_work(music, file_name(pathlib.PurePath(name).stem, 'piece'), found, self._player.instrument,
                                self._player.turns)
        return JSONResponse({'job': self._player.jobs.add(work)})

    async def sfz(self, request: Request) -> Response:
        values = await _json(request, 'latent', 'name')
        work = pieces.sfz_work(values['latent'], values['name'], self._player.instrument, self._player.turns)
        return JSONResponse({'job': self._player.jobs.add(work)})

    async def status(self, request: Request) -> Response:
        return JSONResponse(self._job(request).status())

    async def result(self, request: Request) -> Response:
        job, kind = self._job(request), request.path_params['kind']
        if kind not in job.outputs:
            raise HTTPException(404, f'No {kind[:100]}: the job is {job.state}')
        path = job.outputs[kind]
        return FileResponse(path, filename=path.name)

    async def cancel(self, request: Request) -> Response:
        self._player.jobs.remove(self._job(request).id)
        return JSONResponse({})

    def _job(self, request: Request) -> Job:
        job = self._player.jobs.get(request.path_params['id'])
        if job is None:
            raise HTTPException(404, 'No such job')
        return job


async def _index(request: Request) -> Response:
    return _file('index.html')


async def _page_file(request: Request) -> Response:
    return _file(request.path_params['name'])


def _file(name: str) -> Response:
    """One of the page's own files; no other path is ever opened."""
    if name not in {path.name for path in PAGE.glob('*') if path.is_file()}:
        raise HTTPException(404, f'No such file: {name[:100]}')
    kind = _MIME_TYPES.get(pathlib.PurePath(name).suffix) or mimetypes.guess_type(name)[0]
    return Response((PAGE / name).read_bytes(), media_type=kind or 'application/octet-stream')


def _posted(address: str, endpoint: Callable) -> Route:
    return Route(address, endpoint, methods=['POST'])


def _calling(function: Callable[..., typing.Any], *names: str) -> Callable:
    """The endpoint that answers with a function's value, called in another thread with values of the request's JSON."""
    async def answer(request: Request) -> Response:
        values = await _json(request, *names)
        return JSONResponse(await run_in_threadpool(function, *(values[name] for name in names)))
    return answer


async def _midi_form(request: Request) -> tuple[bytes, str, typing.Any]:
    """The bytes and the name of a posted file, and the settings posted with it."""
    async with request.form(max_files=1, max_fields=1, max_part_size=_MAX_SETTINGS_BYTES) as form:
        file, settings = form.get('file'), form.get('settings', '{}')
        if not isinstance(file, UploadFile) or not isinstance(settings, str):
            raise InputError('Unusable request: expected a form with a file and settings. '
                             f'Received: {shortened(list(form))}')
        data = await file.read()
        if len(data) > MAX_UPLOAD_BYTES:
            raise HTTPException(413, f'Too large: expected a MIDI file of at most {MAX_UPLOAD_BYTES} bytes')
        return data, (file.filename or 'piece')[:200], _parsed(settings)


async def _json(request: Request, *names: str) -> dict[str, typing.Any]:
    """The posted JSON object, which must have all of these names."""
    values = _parsed(await request.body())
    if not isinstance(values, dict) or not all(name in values for name in names):
        raise InputError(f'Unusable request: expected a JSON object with {", ".join(names)}. '
                         f'Received: {shortened(list(values) if isinstance(values, dict) else values)}')
    return values


def _parsed(text: str | bytes) -> typing.Any:
    try:
        return files.parse_json(text if isinstance(text, str) else text.decode())
    except ValueError as error:
        raise InputError(f'Unusable request: expected JSON. Received: {error}') from error


async def _bad_input(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': ' '.join(str(error).split())[:_LONGEST_LINE]}, status_code=400)


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': error.detail}, status_code=error.status_code) if isinstance(
        error, HTTPException) else await _fault(request, error)


async def _fault(request: Request, error: Exception) -> Response:
    return JSONResponse({'error': 'A fault of the program: its terminal says more'}, status_code=500)
