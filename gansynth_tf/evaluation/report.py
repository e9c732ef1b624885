"""The table of numbers by set of notes, as Markdown and as JSON."""

import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from gansynth_tf import files
from gansynth_tf.evaluation.metrics.bootstrap import Estimate

# (key, heading, format): first the paper's columns in the paper's order. The JSON file has more than these.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ('ndb', 'NDB', '.0f'),
    ('fid', 'FID', '.1f'),
    ('inception_score', 'IS', '.1f'),
    ('pitch_accuracy', 'PA', '.1%'),
    ('pitch_entropy', 'PE', '.2f'),
    ('pitch_accuracy_within_1', 'PA within 1', '.1%'),
    ('fundamental_accuracy', 'fundamental', '.1%'),
    ('kid', 'KID', '.3f'),
    ('js_divergence', 'JS', '.3f'),
    ('phase_coherence', 'phase coherence', '.3f'),
    ('fid_first_128', 'FID of 128', '.1f'),
    ('pitch_accuracy_36_84', 'PA 36-84', '.1%'),
    ('pitch_accuracy_within_1_36_84', 'PA within 1, 36-84', '.1%'),
    ('fundamental_accuracy_36_84', 'fundamental 36-84', '.1%'),
    ('timbre_distance', 'timbre distance (dB)', '.1f'),
    ('timbre_consistency', 'timbre across pitch', '.2f'),
    ('keyboard_off', 'keyboard: over 50 cents off', '.1%'),
    ('keyboard_level_range', 'keyboard: range of levels (dB)', '.1f'),
    ('attack', 'attack (ms)', '.0f'),
    ('attack_lower_quartile', 'attack, lower quartile (ms)', '.0f'),
    ('attack_upper_quartile', 'attack, upper quartile (ms)', '.0f'),
    ('attack_short', 'attack under 40 ms', '.1%'),
    ('attack_distance', 'attack, distance (log)', '.2f'),
    ('attack_to_maximum', 'attack to first maximum (ms)', '.0f'),
    ('attack_to_maximum_short', 'attack to first maximum under 40 ms', '.1%'),
    ('attack_to_maximum_distance', 'attack to first maximum, distance (log)', '.2f'),
    ('decay_1_s', 'level at 1 s (dB)', '.1f'),
    ('decay_1_s_distance', 'level at 1 s, distance (dB)', '.1f'),
    ('decay_2_s', 'level at 2 s (dB)', '.1f'),
    ('decay_2_s_distance', 'level at 2 s, distance (dB)', '.1f'),
    ('undulation', 'undulation of steady notes (dB)', '.2f'),
    ('articulation', 'articulation of the piece', '.1%'),
)
_FAULT_HEADINGS = {'not_finite': 'not finite', 'silent': 'silent', 'clipped': 'clipped', 'offset': 'DC',
                   'click': 'click'}
_LEGEND = """\
NDB: of {num_bins} clusters of training notes, how many are more or less frequent (about {expected:.1f} by chance). FID,
KID: distance of the classifier's features from those of training notes. IS: inception score on pitch. PA: the auxiliary
pitch classifier finds the pitch asked for; fundamental: a pitch detector does, within half a semitone. PE: the
classifier's doubt in nats. JS: divergence of the clusters' shares in nats. FID of 128: of the first 128 notes, for old
numbers alone. Timbre distance: between instruments (or latents) at one pitch; timbre across pitch: distance within one
instrument over distance between two. Keyboard: of one instrument (or latent) from MIDI 36 to 84. Attack: from 10% to
90% of the largest level of the first second, or of its first maximum within 6 dB of that; its distance: 1-Wasserstein
distance of log attacks from the training notes'. Level at 1 s, 2 s: below the note's largest, medians. Articulation:
share of a piece's notes that are loudest at their own pitch from 20 to 200 ms after the onset. In brackets 95 %
intervals by bootstrap over notes (keyboard: over instruments). Numbers compare between columns of as many notes each,
one classifier and one length.
"""


def markdown(rows: Mapping[str, Mapping[str, Any]], *, num_bins: int, facts: Sequence[str] = ()) -> str:
    """The table in Markdown, with sets as columns, since there are more numbers than sets.

    Args:
      rows: by name, the sets, each with 'num_notes', 'faults' (counts by name) and the numbers of `COLUMNS` (an
        `Estimate`, a float, or missing).
      num_bins: of NDB.
      facts: lines on the conditions of the comparison.
    """
    names = list(rows)
    lines = [f'| | {" | ".join(names)} |', f'|---|{"---|" * len(names)}',
             f'| notes | {" | ".join(str(rows[name]["num_notes"]) for name in names)} |']
    for key, heading, form in COLUMNS:
        lines.append(f'| {heading} | {" | ".join(cell(rows[name].get(key), form) for name in names)} |')
    for fault, heading in _FAULT_HEADINGS.items():
        lines.append(f'| {heading} (notes) | {" | ".join(str(rows[name]["faults"][fault]) for name in names)} |')
    legend = _LEGEND.format(num_bins=num_bins, expected=0.05 * num_bins)
    return '\n'.join([*lines, '', *facts, '', legend])


def write(rows: Mapping[str, Mapping[str, Any]], directory: pathlib.Path, *, num_bins: int,
          facts: Sequence[str] = ()) -> list[pathlib.Path]:
    """Writes `metrics.md` and `metrics.json` into a directory and returns their paths."""
    texts = {'metrics.md': markdown(rows, num_bins=num_bins, facts=facts),
             'metrics.json': json.dumps({'rows': plain(rows), 'facts': list(facts)}, indent=2) + '\n'}
    return [files.write_text(text, directory / name) for name, text in texts.items()]


def cell(value, form: str) -> str:
    """The text of a number, or of an `Estimate` with its interval, in a format; '-' for none."""
    if isinstance(value, Estimate):
        interval = f' [{cell(value.low, form)}, {cell(value.high, form)}]' if value.low < value.high else ''
        return cell(value.value, form) + interval
    return '-' if value is None or not math.isfinite(value) else f'{value:{form}}'


def plain(value):
    """`value` for JSON: estimates as objects, NaN and infinity as null."""
    if isinstance(value, Estimate):
        return {'value': plain(value.value), 'low': plain(value.low), 'high': plain(value.high)}
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return value if not isinstance(value, float) or math.isfinite(value) else None
