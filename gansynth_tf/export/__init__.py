"""Models that play without this package: one directory with everything in the graph."""
