"""SFZ: a text file beside WAV files, which sfizz, ARIA, OpenMPT and many other samplers play.

Source: sfzformat.com.
"""

import os
import pathlib
from collections.abc import Sequence

from gansynth_tf import files
from gansynth_tf.music.samplers.sample import Sample

_MOST_DECAY_SECONDS = 100.0  # the longest that the format has
_DECAY_DB = 78.2  # that the time of a decay is for, measured with sfizz (a factor of e to the 9)


def write(samples: Sequence[Sample], sample_paths: Sequence[str], path: str | os.PathLike, *, name: str,
          release_seconds: float) -> pathlib.Path:
    """Writes an instrument.

    Args:
      samples: its recordings.
      sample_paths: their WAV files, relative to the instrument's, with '/' between folders.
      path: the .sfz file.
      name: of the instrument, for a comment.
      release_seconds: how long a note sounds after its key is let go.
    """
    lines = [f'// {name}',
             # Samples are small and wholly loaded, lest a slow disk cut a note.
             '<control> hint_ram_based=1', '<global>',
             # The format's own curve, the square of the velocity, which is the renderer's, too.
             'amp_veltrack=100', f'ampeg_release={release_seconds:g}',
             'bend_up=200 bend_down=-200']
    for sample, wav in zip(samples, sample_paths):
        lines += [f'<region> sample={wav}', f'lokey={sample.low_key} hikey={sample.high_key} '
                  f'pitch_keycenter={sample.pitch} tune={sample.tune_cents}', _loop(sample)]
    path = pathlib.Path(path)
    with files.atomic_write(path) as temporary:
        temporary.write_text('\n'.join(lines) + '\n', encoding='ascii', errors='replace')
    return path


def _loop(sample: Sample) -> str:
    if sample.loop is None:
        return 'loop_mode=no_loop'
    start, end = sample.loop
    text = f'loop_mode=loop_continuous loop_start={start} loop_end={end - 1}'  # inclusive
    if not sample.fall_db_per_second:
        return text
    # What comes before the loop has the note's own decay; from there on the envelope has it.
    return (f'{text} ampeg_hold={start / sample.sample_rate:.3f} '
            f'ampeg_decay={min(_DECAY_DB / sample.fall_db_per_second, _MOST_DECAY_SECONDS):.2f} ampeg_sustain=0')
