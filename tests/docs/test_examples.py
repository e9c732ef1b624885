"""The examples in docstrings print what they say."""

import doctest
import importlib

import pytest

# Every module with examples; the number of them, so that none is lost unseen.
MODULES = {'': 2, '.config': 2, '.data.sources.pitch_names': 2, '.data.vocabulary': 1, '.instrument': 3,
           '.music.interpolation': 2, '.music.timbres': 1, '.spectral.mel': 3, '.spectral.ops': 3, '.spectral.pitch': 3,
           '.spectral.transform': 1}


@pytest.mark.parametrize('name', MODULES)
def test_examples_print_what_they_say(name):
    module = importlib.import_module(f'gansynth_tf{name}')
    found = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]
    assert len(found) == MODULES[name]
    assert doctest.testmod(module).failed == 0
