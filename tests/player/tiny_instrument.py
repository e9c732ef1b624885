"""An instrument of small sines for the tests of this directory, and a MIDI file for it."""

import time

import numpy as np

KEYS = tuple(range(48, 61))


class TinyInstrument:
    """Notes of 3 s at 4 kHz, as loud as the first number of a latent says; each takes `seconds` to make."""

    sample_rate, audio_length, pitches, latent_size = 4000, 12000, KEYS, 4

    def __init__(self, *, seconds=0.0):
        self.seconds, self.num_generated = seconds, 0

    def sample_latents(self, n, *, seed=None):
        return np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32)

    def sample_pitches(self, n, *, seed=None):
        return np.random.default_rng(seed).choice(self.pitches, n)

    def generate(self, latents, pitches):
        return np.concatenate(list(self.generate_batches(latents, pitches)))

    def generate_batches(self, latents, pitches):
        for latent, pitch in zip(latents, pitches):
            time.sleep(self.seconds)
            self.num_generated += 1
            hz = 440 * 2 ** ((pitch - 69) / 12)
            angle = 2 * np.pi * hz * np.arange(self.audio_length) / self.sample_rate
            wave = np.sin(angle) + 0.3 / (1 + np.exp(-latent[1])) * np.sin(2 * angle)
            yield (0.2 / (1 + np.exp(-latent[0])) * wave)[np.newaxis].astype(np.float32)


def midi_file(num_notes=4, tracks=1):
    """Quarter notes one after the other, each a key higher; every track has the same."""
    events = b''.join(bytes([0, 0x90, 48 + place % 13, 100, 96, 0x80, 48 + place % 13, 0])
                      for place in range(num_notes)) + b'\x00\xff\x2f\x00'
    chunks = b''.join(b'MTrk' + len(events).to_bytes(4, 'big') + events for _ in range(tracks))
    return b'MThd' + (6).to_bytes(4, 'big') + bytes([0, 1, 0, tracks, 0, 96]) + chunks
