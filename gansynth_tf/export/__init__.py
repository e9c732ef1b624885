"""Exports of models, which play without this package."""
