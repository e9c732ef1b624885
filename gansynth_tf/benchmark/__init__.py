"""Measurements of speed: against the machine's own peak, and against the original where it is installed."""
