"""The tutorial notebook runs from its first cell to its last."""

import os
import pathlib
import sys

import nbclient
import nbformat
import pytest

DOCS = pathlib.Path(__file__).parents[2] / 'docs'


@pytest.mark.slow
def test_the_tutorial_runs(monkeypatch):
    # `!gansynth_...` finds the tools of this environment even where its bin/ is not on the path.
    tools = [str(pathlib.Path(sys.executable).parent), str(DOCS.parent / 'bin')]
    monkeypatch.setenv('PATH', os.pathsep.join([*tools, os.environ['PATH']]))
    notebook = nbformat.read(DOCS / 'tutorial.ipynb', as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={'metadata': {'path': str(DOCS)}}).execute()
    printed = ''.join(output.get('text', '') for cell in notebook.cells for output in cell.get('outputs', ()))
    assert '.wav' in printed and 'prepared notes' in printed
    assert not [line for line in printed.splitlines() if line.startswith('error: ')]
