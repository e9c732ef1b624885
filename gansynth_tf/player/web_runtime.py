"""ONNX Runtime for browsers: two files of its npm package, fetched once and checked, or taken from a directory."""

import hashlib
import io
import os
import pathlib
import tarfile
import typing
import urllib.request

from gansynth_tf import files
from gansynth_tf.errors import InputError

VERSION = '1.30.0'
LICENCE = 'MIT, Copyright (c) Microsoft Corporation'
URL = f'https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz'
SHA512 = ('ab4cbe26baedba45d2cec05610c71c55fa97db92d19a8b171c5f8269126683ca'
          '590a5cdc57bb2f35ce2b298de32f4d956fb42644c0ecd528a0a91e025c07ca61')  # of the package, as npm tells it
FILES = {'ort.mjs': 'ort.wasm.bundle.min.mjs', 'ort.wasm': 'ort-wasm-simd-threaded.wasm'}
_TIMEOUT_SECONDS = 60


def copy(output_dir: pathlib.Path, *, source: str | os.PathLike | None = None) -> None:
    """Writes the runtime's files, under the names of FILES.

    Args:
      output_dir: an existing directory.
      source: the unpacked npm package, or its `dist`; None for the one in the cache, or else on npm.

    Raises:
      InputError: if `source` lacks the files, npm cannot be reached, or its package has another digest.
    """
    directory = _cached() if source is None else files.existing_directory(source)
    for name, original in FILES.items():
        found = next((path for path in (directory / original, directory / 'dist' / original) if path.is_file()), None)
        if found is None:
            raise InputError(f'Not onnxruntime-web: expected {original} in it, as in its npm package {VERSION}. '
                             f'Received: {str(directory)!r}')
        with files.atomic_write(output_dir / name) as temporary:
            temporary.write_bytes(found.read_bytes())


def _cached() -> pathlib.Path:
    """The directory in the user's cache that holds the files; they are fetched if they are missing."""
    cache = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or '~/.cache').expanduser()
    directory = cache / 'gansynth_tf' / f'onnxruntime-web-{VERSION}'
    if not all((directory / original).is_file() for original in FILES.values()):
        package = _fetched()
        files.make_directory(directory)
        with tarfile.open(fileobj=io.BytesIO(package)) as archive:
            for original in FILES.values():
                with files.atomic_write(directory / original) as temporary:
                    temporary.write_bytes(typing.cast(typing.IO[bytes], archive.extractfile(
                        f'package/dist/{original}')).read())
    return directory


def _fetched() -> bytes:
    """The package from npm, 33 MB."""
    try:
        with urllib.request.urlopen(URL, timeout=_TIMEOUT_SECONDS) as reply:
            package = reply.read()
    except OSError as error:
        raise InputError(f'Cannot fetch onnxruntime-web: expected {URL} to be reachable, or its unpacked package in '
                         f'--onnxruntime_web. Received: {getattr(error, "reason", error)}') from error
    if hashlib.sha512(package).hexdigest() != SHA512:
        raise InputError(f'Not onnxruntime-web {VERSION}: expected a package with the SHA-512 {SHA512[:16]}... at '
                         f'{URL}. Received: {hashlib.sha512(package).hexdigest()[:16]}...')
    return package
