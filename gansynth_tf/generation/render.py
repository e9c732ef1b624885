"""From the notes of a piece to one clip: each note generated, shaped, and added where it starts.

Notes are generated a batch at a time and mixed at once, so that memory is bounded by the clip, not by the number of
notes. Source: Magenta's gansynth/lib/generate_util.py, `combine_notes`. No TensorFlow but through the synthesizer.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from gansynth_tf.generation import latents as timbre
from gansynth_tf.generation import score, sustain
from gansynth_tf.generation.score import Note

DEFAULT_SECONDS_PER_INSTRUMENT = 6.0
CLIP_PEAK = 0.5
TAIL_SECONDS = 3.0  # after the last key goes up, less what rounding down to whole seconds takes
SILENT_PEAK = 1e-6  # below, a note is silence, which no gain should bring up


class NoteSource(typing.Protocol):
    """What rendering asks of a synthesizer."""

    sample_rate: int
    audio_length: int

    def sample_latents(self, n: int, seed: int = 0) -> np.ndarray: ...

    def generate_batches(self, latents: np.ndarray, pitches: Sequence[int]) -> Iterator[np.ndarray]: ...


@dataclasses.dataclass(frozen=True)
class Rendering:
    """A rendered piece.

    Attributes:
      audio: float32 [samples], peak 0.5 (zeros if no note sounds).
      broken: places in the list of notes of those left out because their audio was not finite.
      silent: places of those whose audio was silence.
    """

    audio: np.ndarray
    broken: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()


def render_piece(source: NoteSource, notes: Sequence[Note], *,
                 seconds_per_instrument: float = DEFAULT_SECONDS_PER_INSTRUMENT, seed: int = 0,
                 on_progress: Callable[[int], object] | None = None) -> Rendering:
    """Renders a piece whose timbre wanders: a new random latent every `seconds_per_instrument`, slerp between.

    Args:
      source: a `Synthesizer`.
      notes: at least one, of pitches that it has (`score.playable`).
      seconds_per_instrument: from one random timbre to the next.
      seed: of the timbres; the same gives the same clip.
      on_progress: called with the number of notes done since the last call.
    """
    times = timbre.keyframe_times(score.total_seconds(notes), seconds_per_instrument)
    keyframes = source.sample_latents(len(times), seed)
    latents = timbre.at_times(np.array([note.start_seconds for note in notes]), times, keyframes)
    return render(source, notes, latents, on_progress=on_progress)


def render(source: NoteSource, notes: Sequence[Note], latents: np.ndarray, *,
           on_progress: Callable[[int], object] | None = None) -> Rendering:
    """Renders notes of given timbres, [num_notes, latent_size], into one clip."""
    batches = source.generate_batches(latents, [note.pitch for note in notes])
    return mix(batches, notes, sample_rate=source.sample_rate, on_progress=on_progress)


def mix(batches: Iterable[np.ndarray], notes: Sequence[Note], *, sample_rate: int,
        on_progress: Callable[[int], object] | None = None) -> Rendering:
    """Adds up the audio of notes, each shaped by its envelope, at its velocity's share of full scale.

    Where Magenta divides by the largest sample, this divides by the largest magnitude, so that neither a note nor the
    clip exceeds its peak on the negative side; silence stays silence.

    Args:
      batches: yields float arrays [any number, model's samples], in the order of `notes`.
      notes: what each is played as.
      sample_rate: Hz.
      on_progress: called with each batch's number of notes.
    """
    clip = np.zeros(int(score.total_seconds(notes) + TAIL_SECONDS) * sample_rate, np.float32)
    broken, silent, done = [], [], 0
    for batch in batches:
        for place, (audio, note) in enumerate(zip(batch, notes[done:done + len(batch)], strict=True), start=done):
            if not np.all(np.isfinite(audio)):
                broken.append(place)
                continue
            shaped = shape(audio, note, sample_rate=sample_rate)
            if not shaped.any():
                silent.append(place)
            start = int(note.start_seconds * sample_rate)
            clip[start:start + len(shaped)] += shaped
        done += len(batch)
        if on_progress:
            on_progress(len(batch))
    peak = max(clip.max(), -clip.min())
    if peak > 0:
        clip *= CLIP_PEAK / peak
    return Rendering(clip, tuple(broken), tuple(silent))


def shape(audio: np.ndarray, note: Note, *, sample_rate: int) -> np.ndarray:
    """One note as it is played: its envelope on, its peak at velocity / 127; float64 [held + release samples]."""
    amplitude = sustain.envelope(note.end_seconds - note.start_seconds, sample_rate=sample_rate,
                                 model_seconds=len(audio) / sample_rate)
    shaped = audio[:len(amplitude)] * amplitude
    peak = np.max(np.abs(shaped))
    if peak < SILENT_PEAK:
        return np.zeros_like(shaped)
    return shaped * (note.velocity / 127 / peak)
