"""From latents and pitches to audio: single notes, and whole pieces read from MIDI files."""
