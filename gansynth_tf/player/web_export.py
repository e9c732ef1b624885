"""The player's page as static files for any web host: the model runs in the browser.

A site has index.html and page/, whose source.js opens local.js; offline.js, which keeps the site for use without a
network; model/, the network as gansynth_export --format=onnx writes it, and instrument.json, the facts that the page
needs; runtime/, ONNX Runtime for browsers.
"""

import gzip
import hashlib
import os
import pathlib
import shutil
import typing

import numpy as np

from gansynth_tf import files
from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.export import network_model
from gansynth_tf.generation import synthesizer
from gansynth_tf.instrument import Instrument
from gansynth_tf.music import timbre_library
from gansynth_tf.player import player, web_runtime
from gansynth_tf.player.timbre_shelf import TimbreShelf
from gansynth_tf.spectral import mel
from gansynth_tf.spectral.normalizers import Normalizer

PAGE = pathlib.Path(__file__).resolve().parent / 'page'
_NUM_RANDOM = 256  # timbres from which the page takes its random ones
_FLOOR = 1e-6  # of powers, see spectral/representations.py
_SERVER_ONLY = ('server.js', 'offline.js', 'index.html', 'source.js')


class Site(typing.NamedTuple):
    """A written site: its directory, the bytes of all files, and the bytes that a host sends if it compresses."""

    directory: pathlib.Path
    num_bytes: int
    num_sent_bytes: int


def export(model: synthesizer.Model, output_dir: str | os.PathLike, *, name: str, phase_locking: bool = True,
           runtime: str | os.PathLike | None = None, data_licence: str | None = None) -> Site:
    """Writes a site.

    Args:
      model: as `synthesizer.open_model` reads it.
      output_dir: a new or empty directory, or an earlier site, which is replaced.
      name: of the model, for the page.
      phase_locking: as `gansynth_tf.load` has it.
      runtime: the source of `web_runtime.copy`.
      data_licence: as for `saved_model.export`.

    Raises:
      InputError: if the model has no spectrograms, the directory holds other files, or the runtime is not available.
    """
    if model.config.data_type not in ('mel', 'linear'):
        raise InputError("Cannot play it in a browser: expected a model with data_type 'mel' or 'linear'. "
                         f'Received: {model.config.data_type!r}')
    directory = files.expanded(output_dir)
    _require_ours(directory)
    files.make_directory(directory.parent)
    with files.write_errors(directory, what='the site'), files.temporary_directory(directory) as temporary:
        files.make_directory(temporary / 'runtime')
        web_runtime.copy(temporary / 'runtime', source=runtime)
        network_model.export(model, temporary / 'model', engine='onnx', data_licence=data_licence)
        _copy_page(temporary)
        facts = _facts(model, name=name, phase_locking=phase_locking)
        site = _finish(temporary, facts)
        shutil.rmtree(directory, ignore_errors=True)
        temporary.rename(directory)
    return site._replace(directory=directory)


def tail_spec(config: Config, num_blocks: int, normalizer: Normalizer, *, phase_locking: bool) -> dict:
    """The numbers with which `page/tail.js` makes waves of the network's images."""
    (frames, bins), (height, width) = config.spec_shape, config.resolution(num_blocks)
    linear_bins = bins * config.mel_downscale
    fitted = normalizer.at_width(bins)
    return {'frames': frames, 'bins': bins, 'down': frames // height, 'across': bins // width,
            'linear_bins': linear_bins, 'audio_length': config.audio_length, 'sample_rate': config.sample_rate,
            'slopes': fitted.a.tolist(), 'offsets': fitted.b.tolist(), 'floor': _FLOOR, 'phase_locking': phase_locking,
            'mel': _mel_rows(bins, linear_bins, config.sample_rate) if config.data_type == 'mel' else None}


def _mel_rows(bins: int, linear_bins: int, sample_rate: int) -> list[tuple[int, list[float]]]:
    """For every linear bin the first mel bin that contributes to it, and the weights of this and the following ones."""
    matrix = mel.mel_to_linear_weight_matrix(
        mel.linear_to_mel_weight_matrix(bins, linear_bins, sample_rate=sample_rate)).astype(np.float32)
    rows = []
    for column in matrix.T:
        inside = np.flatnonzero(column)
        first, last = (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, 0)
        rows.append((first, [float(f'{weight:.9g}') for weight in column[first:last]]))
    return rows


def _facts(model: synthesizer.Model, *, name: str, phase_locking: bool) -> dict:
    instrument: Instrument = synthesizer.from_weights(
        model.config, model.vocabulary, model.state, model.normalizer, codes=model.codes, phase_locking=phase_locking)
    library = timbre_library.entries_of(model.directory)
    shelf = TimbreShelf(instrument, pathlib.Path(os.devnull), library)  # without the user's own timbres
    random = instrument.sample_latents(_NUM_RANDOM, seed=1)
    return {**player.facts(instrument, name), **shelf.all(),
            'random': [[round(value, 4) for value in row] for row in random.tolist()],
            'runtime': f'onnxruntime-web {web_runtime.VERSION}, {web_runtime.LICENCE}',
            'spec': tail_spec(model.config, model.state.num_blocks, model.normalizer, phase_locking=phase_locking)}


def _copy_page(site: pathlib.Path) -> None:
    (site / 'page').mkdir()
    for path in PAGE.iterdir():
        if path.is_file() and path.name not in _SERVER_ONLY:
            shutil.copyfile(path, site / 'page' / path.name)
    for name in ('index.html', 'offline.js'):
        shutil.copyfile(PAGE / name, site / name)
    (site / 'page' / 'source.js').write_text("/** Where this page has its notes from: itself. */\n\n"
                                             "export {openSource} from './local.js';\n")


def _finish(site: pathlib.Path, facts: dict) -> Site:
    """Writes instrument.json, with the sizes of all other files and one digest of them all."""
    paths = sorted(path for path in site.rglob('*') if path.is_file())
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    digest.update(repr(facts).encode())
    sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in paths}
    written = files.write_json({'id': digest.hexdigest()[:12], 'files': sizes, **facts},
                               site / 'model' / 'instrument.json')
    paths.append(written)
    return Site(site, sum(path.stat().st_size for path in paths),
                sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths))


def _require_ours(directory: pathlib.Path) -> None:
    if directory.exists() and not (directory / 'model' / 'instrument.json').exists() and (
            not directory.is_dir() or any(directory.iterdir())):
        raise InputError('The directory holds something else: expected a new or empty one, or an earlier site. '
                         f'Received: {str(directory)!r}')
