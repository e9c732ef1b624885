"""Imports run one way through the house, and nothing loads TensorFlow before it is needed."""

import ast
import graphlib
import pathlib
import subprocess
import sys

import pytest

import gansynth_tf

PACKAGE = pathlib.Path(gansynth_tf.__file__).parent
# A module imports from its own room and from the rooms before it.
ROOMS = ('errors', 'files', 'tensorflow_setup', 'presets', 'hyperparameters', 'config', 'instrument', 'spectral',
         'data', 'networks', 'training', 'step_export', 'magenta', 'baselines', 'generation', 'music', 'evaluation',
         'exploration', 'export', 'player', 'reproduction', 'benchmark', 'cli')
HEAVY = ('tensorflow', 'keras', 'tensorflow_datasets', 'matplotlib', 'scipy', 'librosa')


def module_name(path, root=PACKAGE):
    parts = (root.name, *path.relative_to(root).with_suffix('').parts)
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imported_modules(source, known):
    """The modules among `known` that a source text imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'relative import in line {node.lineno}'
            for alias in node.names:
                name = f'{node.module}.{alias.name}'
                found.add(name if name in known else node.module)
    return {name for name in found if name.split('.')[0] == PACKAGE.name}


def imports_of_package():
    paths = {module_name(path): path for path in PACKAGE.rglob('*.py')}
    return {name: imported_modules(path.read_text(), paths) for name, path in paths.items() if name != PACKAGE.name}


def room(module):
    return ROOMS.index(module.split('.')[1])


def against_the_order(imports):
    return [f'{module} imports {other}' for module, others in imports.items() for other in others
            if other != PACKAGE.name and room(other) > room(module)]


def first_circle(imports):
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return ' <- '.join(error.args[1])
    return None


def test_every_module_stands_in_a_room():
    assert [name for name in imports_of_package() if name.split('.')[1] not in ROOMS] == []


def test_imports_run_with_the_order_of_the_rooms():
    assert against_the_order(imports_of_package()) == []


def test_no_imports_run_in_a_circle():
    assert first_circle(imports_of_package()) is None


def test_only_names_that_exist_are_imported():
    known = {module_name(path) for path in PACKAGE.rglob('*.py')}
    missing = {name: others - known for name, others in imports_of_package().items() if others - known}
    assert missing == {}


@pytest.mark.parametrize('source, expected', [
    ('import gansynth_tf.data.records', {'gansynth_tf.data.records'}),
    ('from gansynth_tf.data import records', {'gansynth_tf.data.records'}),
    ('from gansynth_tf.data.records import read', {'gansynth_tf.data.records'}),
    ('def f():\n    from gansynth_tf.data import records as r', {'gansynth_tf.data.records'}),
    ('import numpy as np\nfrom tensorflow import keras', set()),
])
def test_imports_are_found_in_every_form(source, expected):
    assert imported_modules(source, {'gansynth_tf.data', 'gansynth_tf.data.records'}) == expected


def test_an_import_against_the_order_is_noticed():
    imports = {'gansynth_tf.config': {'gansynth_tf.errors'}, 'gansynth_tf.data.records': {'gansynth_tf.cli.train'}}
    assert against_the_order(imports) == ['gansynth_tf.data.records imports gansynth_tf.cli.train']


def test_a_circle_is_noticed():
    imports = {'gansynth_tf.data.a': {'gansynth_tf.data.b'}, 'gansynth_tf.data.b': {'gansynth_tf.data.a'}}
    assert first_circle(imports) is not None
    assert first_circle({'gansynth_tf.data.a': {'gansynth_tf.data.b'}, 'gansynth_tf.data.b': set()}) is None


def test_importing_the_package_and_its_tools_loads_nothing_heavy():
    tools = [module_name(path) for path in (PACKAGE / 'cli').glob('*.py')]
    code = f'import sys, gansynth_tf, {", ".join(tools)}; print([name for name in {HEAVY} if name in sys.modules])'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'


def test_playing_loads_no_training():
    code = ('import sys, gansynth_tf.generation.load, gansynth_tf.generation.synthesizer; '
            'print(*sorted(name for name in sys.modules if name.startswith("gansynth_tf.training.")))')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    # Magenta's checkpoints say how far her stages are.
    assert done.stdout.split() == ['gansynth_tf.training.model', 'gansynth_tf.training.stages']
