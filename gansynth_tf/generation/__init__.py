"""Trained models as instruments: from latents and pitches to audio."""
