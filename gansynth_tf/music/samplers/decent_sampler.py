"""Decent Sampler's presets: XML beside WAV files, for a free sampler that runs in every DAW.

Source: the developer guide of Decent Sampler (decentsamples.com).
"""

import os
import pathlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from gansynth_tf import files
from gansynth_tf.music.samplers.sample import Sample

_DECAY_DB = 60.0  # that the time of a decay is taken to be for; the guide does not say


def write(samples: Sequence[Sample], sample_paths: Sequence[str], path: str | os.PathLike, *, name: str,
          release_seconds: float) -> pathlib.Path:
    """Writes a .dspreset; the arguments are those of `sfz.write`."""
    root = ElementTree.Element('DecentSampler', presetName=name)
    groups = ElementTree.SubElement(root, 'groups', attack='0', release=f'{release_seconds:g}', ampVelTrack='1')
    group = ElementTree.SubElement(groups, 'group')
    for sample, wav in zip(samples, sample_paths):
        attributes = dict(path=wav, rootNote=str(sample.pitch), loNote=str(sample.low_key), hiNote=str(sample.high_key),
                          tuning=f'{sample.tune_cents / 100:g}')
        if sample.loop is not None:
            attributes |= dict(loopEnabled='true', loopStart=str(sample.loop[0]), loopEnd=str(sample.loop[1] - 1))
            if sample.fall_db_per_second:
                attributes |= dict(decay=f'{_DECAY_DB / sample.fall_db_per_second:.2f}', sustain='0')
        ElementTree.SubElement(group, 'sample', attributes)
    ElementTree.indent(root)
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding='utf-8', xml_declaration=True)
    return path
