"""From the notes of a piece to one clip: each note generated, shaped, and added where it starts.

Notes are played in the order in which they start, a batch at a time, and what no later note can change is handed on at
once: memory holds a few notes and some seconds of the clip, however long it is. Source: Magenta's
gansynth/lib/generate_util.py, `combine_notes`. No TensorFlow but through the instrument.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from gansynth_tf.instrument import Instrument
from gansynth_tf.music import envelope, score
from gansynth_tf.music import interpolation as timbre
from gansynth_tf.music.score import Note

DEFAULT_SECONDS_PER_INSTRUMENT = 6.0
CLIP_PEAK = 0.5
TAIL_SECONDS = 3.0  # after the last key goes up, less what rounding down to whole seconds takes
SILENT_PEAK = 1e-6  # below, a note is silence, which no gain should bring up
_BLOCK_SECONDS = 16
_LATENTS_AT_ONCE = 1000


@dataclasses.dataclass
class Faults:
    """Places in the list of notes of those that could not be played.

    Attributes:
      broken: left out because their audio was not finite.
      silent: whose audio was silence.
    """

    broken: list[int] = dataclasses.field(default_factory=list)
    silent: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Rendering:
    """A rendered piece.

    Attributes:
      audio: float32 [samples], peak 0.5 (zeros if no note sounds).
      faults: the notes that could not be played.
    """

    audio: np.ndarray
    faults: Faults


def render_piece(source: Instrument, notes: Sequence[Note], *,
                 seconds_per_instrument: float = DEFAULT_SECONDS_PER_INSTRUMENT, seed: int = 0,
                 on_progress: Callable[[int], object] | None = None) -> Rendering:
    """Renders a piece whose timbre wanders, see `piece_latents`, into one clip in memory.

    Args:
      source: the instrument.
      notes: at least one, of pitches that it has (`score.playable`).
      seconds_per_instrument: from one random timbre to the next.
      seed: of the timbres; the same gives the same clip.
      on_progress: called with the number of notes done since the last call.
    """
    latents = piece_latents(source, notes, seconds_per_instrument=seconds_per_instrument, seed=seed)
    return render(source, notes, latents, on_progress=on_progress)


def piece_latents(source: Instrument, notes: Sequence[Note], *,
                  seconds_per_instrument: float = DEFAULT_SECONDS_PER_INSTRUMENT, seed: int = 0) -> np.ndarray:
    """The timbre of every note: a new random latent every `seconds_per_instrument`, slerp between them.

    Returns:
      float32 [num_notes, latent_size].
    """
    times = timbre.keyframe_times(score.total_seconds(notes), seconds_per_instrument)
    keyframes = source.sample_latents(len(times), seed=seed)
    starts = np.array([note.start_seconds for note in notes])
    parts = [timbre.at_times(starts[i:i + _LATENTS_AT_ONCE], times, keyframes).astype(np.float32)
             for i in range(0, len(starts), _LATENTS_AT_ONCE)]
    return np.concatenate(parts)


def render(source: Instrument, notes: Sequence[Note], latents: np.ndarray, *,
           on_progress: Callable[[int], object] | None = None) -> Rendering:
    """Renders notes of given timbres, [num_notes, latent_size], into one clip in memory."""
    faults = Faults()
    clip = np.concatenate(list(render_blocks(source, notes, latents, faults=faults, on_progress=on_progress)))
    peak = max(clip.max(), -clip.min())
    return Rendering(clip * (CLIP_PEAK / peak) if peak > 0 else clip, faults)


def render_blocks(source: Instrument, notes: Sequence[Note], latents: np.ndarray, *, faults: Faults,
                  on_progress: Callable[[int], object] | None = None) -> Iterator[np.ndarray]:
    """As `render`, but hands out the clip as it is made, float32 [up to 16 s], and not brought to its peak yet.

    Args:
      source: the instrument.
      notes: at least one, in any order.
      latents: [num_notes, latent_size].
      faults: is told of notes that could not be played.
      on_progress: called with the number of notes done since the last call.
    """
    order = np.argsort([note.start_seconds for note in notes], kind='stable').tolist()
    batches = source.generate_batches(latents[order], [notes[place].pitch for place in order])
    return mix(batches, notes, order, sample_rate=source.sample_rate, faults=faults, on_progress=on_progress)


def mix(batches: Iterable[np.ndarray], notes: Sequence[Note], order: Sequence[int], *, sample_rate: int, faults: Faults,
        on_progress: Callable[[int], object] | None = None) -> Iterator[np.ndarray]:
    """Adds up the audio of notes, each shaped by its envelope, at its velocity's share of full scale.

    Where Magenta divides by the largest sample, this divides by the largest magnitude, so that neither a note nor the
    clip exceeds its peak on the negative side; silence stays silence.

    Args:
      batches: yields float arrays [any number, model's samples]: the notes in the order in which they start.
      notes: what each is played as.
      order: places in `notes` in that order.
      sample_rate: Hz.
      faults: is told of notes that could not be played.
      on_progress: called with each batch's number of notes.

    Yields:
      float32 arrays, one after the other the whole clip.
    """
    length = int(score.total_seconds(notes) + TAIL_SECONDS) * sample_rate
    begin, mixed = 0, np.zeros(_BLOCK_SECONDS * sample_rate, np.float32)
    places = iter(order)
    for batch in batches:
        block = max(len(mixed) // 2, batch.shape[1])
        mixed = np.pad(mixed, (0, 2 * block - len(mixed)))  # a block, and room for what begins in it to end in
        for audio, place in zip(batch, places):
            shaped = _checked_shape(audio, notes[place], place, sample_rate=sample_rate, faults=faults)
            start = int(notes[place].start_seconds * sample_rate)
            while start >= begin + block:
                yield mixed[:block]
                begin, mixed = begin + block, np.pad(mixed[block:], (0, block))
            mixed[start - begin:start - begin + len(shaped)] += shaped
        if on_progress:
            on_progress(len(batch))
    while begin < length:
        yield mixed[:length - begin]
        begin, mixed = begin + len(mixed), np.zeros_like(mixed)


def _checked_shape(audio: np.ndarray, note: Note, place: int, *, sample_rate: int, faults: Faults) -> np.ndarray:
    """`shape`, or nothing if the audio is not finite; faults are noted."""
    if not np.all(np.isfinite(audio)):
        faults.broken.append(place)
        return np.zeros(0)
    shaped = shape(audio, note, sample_rate=sample_rate)
    if not shaped.any():
        faults.silent.append(place)
    return shaped


def shape(audio: np.ndarray, note: Note, *, sample_rate: int) -> np.ndarray:
    """One note as it is played: its envelope on, its peak at velocity / 127; float64 [held + release samples]."""
    amplitude = envelope.envelope(note.end_seconds - note.start_seconds, sample_rate=sample_rate,
                                 model_seconds=len(audio) / sample_rate)
    shaped = audio[:len(amplitude)] * amplitude
    peak = np.max(np.abs(shaped))
    if peak < SILENT_PEAK:
        return np.zeros_like(shaped)
    return shaped * (note.velocity / 127 / peak)
