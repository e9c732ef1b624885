"""Waves to spectrograms and back: pure functions on the graph, without variables."""
