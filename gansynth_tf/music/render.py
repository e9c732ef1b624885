"""From the notes of a piece to sound: each note is generated, shaped, and added where it starts.

Notes are generated in the order in which they start, a batch at a time, equal notes once. Sound that no later note can
change is handed on at once: memory holds some notes and some seconds of the clip, however long it is. Source: Magenta's
gansynth/lib/generate_util.py, `combine_notes`. NumPy only; needs no more than an `Instrument`.
"""

import collections
import dataclasses
import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

import numpy as np

from gansynth_tf.instrument import BatchedInstrument, Instrument
from gansynth_tf.music import note as note_lib
from gansynth_tf.music.note import Style
from gansynth_tf.music.performance import PlayedNote

CLIP_PEAK = 0.5
TAIL_SECONDS = 3.0  # of Magenta's clips, after the last key goes up; then the length is rounded down to whole seconds
_BLOCK_SECONDS = 16
_NOTES_KEPT = 256


@dataclasses.dataclass
class Faults:
    """Indices of the notes that could not be played as they should.

    Attributes:
      broken: left out, because their audio was not finite.
      silent: their audio was silence.
      shortened: held for longer than they sound.
    """

    broken: list[int] = dataclasses.field(default_factory=list)
    silent: list[int] = dataclasses.field(default_factory=list)
    shortened: list[int] = dataclasses.field(default_factory=list)

    def remarks(self, num_notes: int) -> list[str]:
        """A line for each kind that occurred."""
        lines = ((self.broken, "Left out, since the model's audio was not finite"),
                 (self.silent, "Silent, since the model's audio was"),
                 (self.shortened, 'Shorter than they are held'))
        return [f'{line}: {len(indices)} of {num_notes} notes' for indices, line in lines if indices]


@dataclasses.dataclass(frozen=True)
class Rendering:
    """A rendered piece.

    Attributes:
      audio: float32 [samples], peak 0.5 (zeros if no note sounds).
      faults: the notes that could not be played as they should.
    """

    audio: np.ndarray
    faults: Faults


def render(instrument: Instrument, notes: Sequence[PlayedNote], latents: np.ndarray, *, style: Style | None = None
           ) -> Rendering:
    """Renders notes of given timbres, [num_notes, latent_size], into one clip in memory."""
    faults = Faults()
    samples = bytearray()  # grows in place, where blocks put together at the end would take the clip's memory twice
    for block in render_blocks(instrument, notes, latents, style=style, faults=faults):
        samples += block[0, :, 0].astype(np.float32).tobytes()
    clip = np.frombuffer(samples, np.float32)
    peak = max(clip.max(initial=0), -clip.min(initial=0))
    if peak > 0:
        clip *= CLIP_PEAK / peak
    return Rendering(clip, faults)


def render_blocks(instrument: Instrument, notes: Sequence[PlayedNote], latents: np.ndarray, *, faults: Faults,
                  style: Style | None = None, buses: Sequence[int] | None = None, stereo: bool = False,
                  on_progress: Callable[[int], object] | None = None) -> Iterator[np.ndarray]:
    """As `render`, but yields the sound as it is made, without bringing it to its peak, in any number of parts.

    Args:
      instrument: plays the notes.
      notes: at least one, in any order, of pitches that the instrument has.
      latents: float [num_notes, latent_size].
      faults: notes that could not be played are added to it.
      style: settings by which notes are shaped; the default of `Style` if None. With Magenta's the clip ends with the
        silence that her clips end with.
      buses: the part that each note belongs to, from 0; all notes are in one part if None.
      stereo: pan notes by their `pan`, at equal power.
      on_progress: called with the number of notes done since the last call.

    Yields:
      float32 [buses, some samples, 1 or 2 channels], one after the other the whole piece.
    """
    style = style or Style()
    sample_rate = instrument.sample_rate
    order = np.argsort([note.start_seconds for note in notes], kind='stable').tolist()
    buses = buses or [0] * len(notes)
    mixer = _Mixer(max(buses) + 1, 1 + stereo, int(_BLOCK_SECONDS * sample_rate))
    for index, wave in _waves(instrument, notes, latents, order, raw=style.raw):
        note = notes[index]
        start = int(note.start_seconds * sample_rate)
        yield from mixer.finished(start)
        if not np.all(np.isfinite(wave)):
            faults.broken.append(index)
        elif note_lib.is_silent(wave):
            faults.silent.append(index)
        else:
            shaped, cut = note_lib.shape(wave, note, style=style, sample_rate=sample_rate)
            mixer.add(buses[index], start, shaped, _pan_gains(note.pan) if stereo else np.ones(1))
            if cut:
                faults.shortened.append(index)
        if on_progress:
            on_progress(1)
    length = None
    if style == note_lib.MAGENTA:
        length = int(max(note.end_seconds for note in notes) + TAIL_SECONDS) * sample_rate
    yield from mixer.rest(length)


def _pan_gains(pan: float) -> np.ndarray:
    """Gains of left and right, of equal power at every pan, 1 in the middle."""
    angle = (pan + 1) * np.pi / 4
    return np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])


def _waves(instrument: Instrument, notes: Sequence[PlayedNote], latents: np.ndarray, order: Sequence[int], *,
           raw: bool) -> Iterator[tuple[int, np.ndarray]]:
    """Yields (index of a note, the instrument's wave) in the given order; equal notes are generated once."""
    keys = [(notes[index].pitch, hashlib.sha256(latents[index]).digest()) for index in order]
    plan = list(_keep_recent(keys))
    generated = [index for index, (is_new, _) in zip(order, plan) if is_new]
    pitches = [notes[index].pitch for index in generated]
    if raw and isinstance(instrument, BatchedInstrument):
        batches = instrument.generate_batches(latents[generated], pitches, raw=True)
    else:
        batches = instrument.generate_batches(latents[generated], pitches)
    new = (wave for batch in batches for wave in batch)
    kept: dict[Hashable, np.ndarray] = {}
    for index, key, (is_new, dropped) in zip(order, keys, plan):
        if is_new:
            kept[key] = next(new)
        kept.pop(dropped, None)
        yield index, kept[key]


def _keep_recent(keys: Iterable[Hashable]) -> Iterator[tuple[bool, Hashable]]:
    """For each key: True if its value is not kept yet, and the key whose value is dropped then (None for none)."""
    recent: collections.OrderedDict[Hashable, None] = collections.OrderedDict()
    for key in keys:
        is_new = key not in recent
        recent[key] = None
        recent.move_to_end(key)
        yield is_new, recent.popitem(last=False)[0] if len(recent) > _NOTES_KEPT else None


class _Mixer:
    """The sum of notes that are added in the order in which they start; finished sound leaves it in blocks."""

    def __init__(self, num_buses: int, num_channels: int, block: int):
        self._begin, self._block = 0, block
        self._mixed = np.zeros((num_buses, block, num_channels), np.float32)
        self._end = 0

    def add(self, bus: int, start: int, wave: np.ndarray, gains: np.ndarray) -> None:
        """Adds a wave to a bus, from a sample on that has not left the mixer yet."""
        begin = start - self._begin
        if (missing := begin + len(wave) - self._mixed.shape[1]) > 0:
            self._mixed = np.pad(self._mixed, ((0, 0), (0, missing), (0, 0)))
        self._mixed[bus, begin:begin + len(wave)] += wave[:, None] * gains
        self._end = max(self._end, start + len(wave))

    def finished(self, start: int) -> Iterator[np.ndarray]:
        """Yields the whole blocks before a sample; no later note begins before it."""
        while start >= self._begin + self._block:
            yield self._take(self._block)

    def rest(self, length: int | None) -> Iterator[np.ndarray]:
        """Yields the rest, up to the end of the last note, or until the clip has the given length."""
        length = self._end if length is None else length
        while self._begin < length:
            yield self._take(min(self._block, length - self._begin))

    def _take(self, count: int) -> np.ndarray:
        block = self._mixed[:, :count]
        padding = max(self._block - (self._mixed.shape[1] - count), 0)
        self._mixed = np.pad(self._mixed[:, count:], ((0, 0), (0, padding), (0, 0)))
        self._begin += count
        return block
