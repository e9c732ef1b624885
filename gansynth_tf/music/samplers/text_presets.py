"""Instruments as text files beside WAV files: SFZ, and presets of Decent Sampler.

Sources: sfzformat.com, for a format that sfizz, ARIA, OpenMPT and many other samplers play; the developer guide of
Decent Sampler (decentsamples.com), a free sampler that runs in every DAW.
"""

import os
import pathlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from gansynth_tf import files
from gansynth_tf.music.samplers.sample import Sample

_MOST_DECAY_SECONDS = 100.0  # the longest that SFZ has
# Decibels that a decay loses in its time: of SFZ as measured with sfizz (a factor of e to the 9), of Decent Sampler
# assumed, since its guide does not say.
_SFZ_DECAY_DB, _DSPRESET_DECAY_DB = 78.2, 60.0


def write_sfz(samples: Sequence[Sample], sample_paths: Sequence[str], path: str | os.PathLike, *, name: str,
          release_seconds: float) -> pathlib.Path:
    """Writes an .sfz file; returns its path.

    Args:
      samples: its recordings.
      sample_paths: their WAV files, relative to the instrument's, with '/' between folders.
      path: of the file.
      name: of the instrument.
      release_seconds: from the release of a key to silence.
    """
    lines = [f'// {name}',
             # Samples are small and are loaded as a whole, so that no slow disk interrupts a note.
             '<control> hint_ram_based=1', '<global>',
             # The format's own curve, the square of the velocity, is also the renderer's.
             'amp_veltrack=100', f'ampeg_release={release_seconds:g}',
             'bend_up=200 bend_down=-200']
    for sample, wav in zip(samples, sample_paths):
        lines += [f'<region> sample={wav}', f'lokey={sample.low_key} hikey={sample.high_key} '
                  f'pitch_keycenter={sample.pitch} tune={sample.tune_cents}', _sfz_loop(sample)]
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        temporary.write_text('\n'.join(lines) + '\n', encoding='ascii', errors='replace')
    return path


def write_dspreset(samples: Sequence[Sample], sample_paths: Sequence[str], path: str | os.PathLike, *, name: str,
                   release_seconds: float) -> pathlib.Path:
    """Writes a .dspreset file; arguments and result are those of `write_sfz`."""
    root = ElementTree.Element('DecentSampler', presetName=name)
    groups = ElementTree.SubElement(root, 'groups', attack='0', release=f'{release_seconds:g}', ampVelTrack='1')
    group = ElementTree.SubElement(groups, 'group')
    for sample, wav in zip(samples, sample_paths):
        attributes = dict(path=wav, rootNote=str(sample.pitch), loNote=str(sample.low_key), hiNote=str(sample.high_key),
                          tuning=f'{sample.tune_cents / 100:g}')
        if sample.loop is not None:
            attributes |= dict(loopEnabled='true', loopStart=str(sample.loop[0]), loopEnd=str(sample.loop[1] - 1))
            if sample.fall_db_per_second:
                attributes |= dict(decay=f'{_DSPRESET_DECAY_DB / sample.fall_db_per_second:.2f}', sustain='0')
        ElementTree.SubElement(group, 'sample', attributes)
    ElementTree.indent(root)
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding='utf-8', xml_declaration=True)
    return path


def _sfz_loop(sample: Sample) -> str:
    if sample.loop is None:
        return 'loop_mode=no_loop'
    start, end = sample.loop
    text = f'loop_mode=loop_continuous loop_start={start} loop_end={end - 1}'  # inclusive
    if not sample.fall_db_per_second:
        return text
    # Before the loop the recording itself decays; in the loop the envelope does.
    return (f'{text} ampeg_hold={start / sample.sample_rate:.3f} '
            f'ampeg_decay={min(_SFZ_DECAY_DB / sample.fall_db_per_second, _MOST_DECAY_SECONDS):.2f} ampeg_sustain=0')
