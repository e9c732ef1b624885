"""Small MIDI files and instruments for the tests of this directory."""

import numpy as np

NOTE_ON = b'\x00\x90\x3c\x40'
NOTE_OFF = b'\x60\x80\x3c\x00'  # 96 ticks later
END = b'\x00\xff\x2f\x00'


def chunk(name, content, size=None):
    return name + (len(content) if size is None else size).to_bytes(4, 'big') + content


def smf(track, *more, format=1, num_tracks=None, division=96, header=b'', track_size=None):
    """A standard MIDI file of some tracks; none if `track` is empty; `division` as a number or as its two bytes."""
    tracks = [track, *more] if track else []
    division = division if isinstance(division, bytes) else division.to_bytes(2, 'big')
    count = len(tracks) if num_tracks is None else num_tracks
    fields = format.to_bytes(2, 'big') + count.to_bytes(2, 'big') + division + header
    return chunk(b'MThd', fields) + b''.join(chunk(b'MTrk', content, track_size) for content in tracks)


class Sines:
    """An instrument whose notes are sums of three partials; the first latent number is how loud the upper ones are."""

    pitches = tuple(range(36, 85))
    latent_size = 3

    def __init__(self, *, sample_rate=8000, seconds=1.0, decay=0.0, batch_size=4):
        self.sample_rate, self.audio_length = sample_rate, int(sample_rate * seconds)
        self.decay, self.batch_size = decay, batch_size
        self.num_generated = 0

    def sample_latents(self, n, *, seed=None):
        return np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)

    def sample_pitches(self, n, *, seed=None):
        return np.random.default_rng(seed).choice(self.pitches, n)

    def generate(self, latents, pitches):
        return np.concatenate([*self.generate_batches(latents, pitches), np.zeros((0, self.audio_length), np.float32)])

    def generate_batches(self, latents, pitches):
        for start in range(0, len(latents), self.batch_size):
            rows = zip(latents[start:start + self.batch_size], pitches[start:start + self.batch_size])
            yield np.array([self._note(latent, pitch) for latent, pitch in rows], np.float32)

    def _note(self, latent, pitch):
        self.num_generated += 1
        seconds = np.arange(self.audio_length) / self.sample_rate
        hz = 440 * 2 ** ((pitch - 69) / 12)
        bright = 0.5 / (1 + np.exp(-latent[0]))
        wave = sum(bright ** (k - 1) * np.sin(2 * np.pi * k * hz * seconds + k)
                   for k in (1, 2, 3) if k * hz < 0.45 * self.sample_rate)
        return 0.3 * wave * np.exp(-self.decay * seconds)
