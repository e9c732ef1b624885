"""What the pages name is there: tools, the flags and values of command lines, files and headings behind links."""

import importlib
import itertools
import pathlib
import re
import shlex

import nbformat
import pytest
from absl import flags

import gansynth_tf

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', ROOT / 'CHANGELOG.md', *sorted((ROOT / 'docs').rglob('*.md'))]
NOTEBOOK = ROOT / 'docs' / 'tutorial.ipynb'
CLI = pathlib.Path(gansynth_tf.__file__).parent / 'cli'
TOOLS = {f'gansynth_{path.stem}': f'gansynth_tf.cli.{path.stem}' for path in CLI.glob('*.py')
         if path.stem not in ('__init__', 'command')}
NAMES_OF_NO_TOOL = {'gansynth_tf', 'gansynth_notes', 'gansynth_subset'}


def tool(name):
    return importlib.import_module(TOOLS[name])


def blocks(text):
    """The code blocks of a page, without prose: what is indented by four spaces, or fenced without a language."""
    fenced = re.findall(r'^```(?:sh|bash|console)?\n(.*?)^```', text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
    return [*fenced, *re.findall(r'(?:^ {4}.*\n)+', text + '\n', flags=re.MULTILINE)]


def commands(block):
    """The command lines in a block that call a tool, as lists of words, without comments and what the shell does."""
    found, pending = [], ''
    for line in block.replace('\\\n', ' ').splitlines():
        pending += line
        try:
            words = shlex.split(pending, comments=True)
        except ValueError:  # an open quotation of a command goes on in the next line; an apostrophe is none
            pending = f'{pending}\n' if 'gansynth_' in pending else ''
            continue
        pending = ''
        for _, part in itertools.groupby(words, lambda word: word in ('&&', '|', '>')):
            call = [word for word in part if not re.fullmatch(r'[A-Z_]+=.*', word, flags=re.DOTALL)]
            if call and re.fullmatch(r'gansynth_\w+', call[0]) and call[0] not in NAMES_OF_NO_TOOL:
                found.append(call)
    return found


def fault(words):
    """What is wrong with a command line, or None. One with `...` in it need not be complete."""
    name, *arguments = words
    if name not in TOOLS:
        return f'no tool {name}'
    if '...' in arguments:
        return next((f'{name} has no {word}' for word in arguments if word != '...' and not has_flag(name, word)), None)
    return _fault_of_complete(name, arguments)


def _fault_of_complete(name, arguments):
    values = tool(name).FLAGS
    values.unparse_flags()
    values.set_gnu_getopt(True)
    try:
        leftover = values([name, *arguments])[1:]
    except flags.Error as error:
        return f'{name}: {error}'
    return next((f'{name} has no command {word}' for word in leftover
                 if word not in getattr(tool(name), 'COMMANDS', ())), None)


def has_flag(name, written):
    """Whether a tool has the flag that is written `--flag`, `--flag=value` or `--noflag`."""
    values = tool(name).FLAGS
    flag = written.lstrip('-').split('=')[0]
    return flag in values or (flag.startswith('no') and flag[2:] in values and values[flag[2:]].boolean)


def without_blocks(text):
    return re.sub(r'^```.*?^```|^ {4}.*?$', '', text, flags=re.MULTILINE | re.DOTALL)


def faults_inline(text):
    """What inline code names that is not there: tools, flags of a tool, flags of no tool."""
    for span in re.findall(r'`([^`]+)`', without_blocks(text)):
        if named := re.match(r'(gansynth_\w+)', span):
            name = named[1]
            if name not in TOOLS and name not in NAMES_OF_NO_TOOL:
                yield f'no tool {name}'
            elif name in TOOLS:
                yield from (f'{name} has no {flag}' for flag in re.findall(r'(?<![\w-])--\w+', span)
                            if not has_flag(name, flag))
        elif (flag := re.match(r'--\w+(?![\w-])', span)) and not any(has_flag(name, flag[0]) for name in TOOLS):
            yield f'no tool has {flag[0]}'


def headings(page):
    """The anchors of a page, as GitHub makes them."""
    lines = re.findall(r'^#+ (.*)$', page.read_text(), flags=re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', line.lower()).replace(' ', '-') for line in lines}


def faults_of_links(page):
    """The links of a page that lead nowhere; those to other sites are not followed."""
    for target in re.findall(r'\]\(([^)\s]+)\)', without_blocks(page.read_text())):
        if re.match(r'\w+:', target):
            continue
        path, _, anchor = target.partition('#')
        linked = page.parent / path if path else page
        if not linked.exists() or (anchor and anchor not in headings(linked)):
            yield target


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    text = page.read_text()
    lines = [words for block in blocks(text) for words in commands(block)]
    assert [found for words in lines if (found := fault(words))] == []
    assert list(faults_inline(text)) == []
    assert list(faults_of_links(page)) == []


def test_the_commands_of_the_tutorial_are_there():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    source = re.sub(r'{.*?}', 'out', '\n'.join(cell.source for cell in cells))  # {a Python expression}
    written = re.findall(r'^ *!?(gansynth_.* --.*)$', source, flags=re.MULTILINE)
    lines = [words for line in written for words in commands(line)]
    assert len(lines) >= 4
    assert [found for words in lines if (found := fault(words))] == []


def test_every_tool_is_in_a_page():
    text = ''.join(page.read_text() for page in PAGES if page.name != 'CHANGELOG.md')
    assert [name for name in TOOLS if name not in text] == []


@pytest.mark.parametrize('line, expected', [
    ('gansynth_genrate --output_dir=out', 'no tool gansynth_genrate'),
    ('gansynth_generate --output_dir=out --midi_fiel=x', 'midi_fiel'),
    ('pip install . && gansynth_generate --outputdir=out', 'outputdir'),
    ('A=1 gansynth_train --strategy=mirored --tfds_data_dir=a --train_root_dir=b', 'strategy'),
    ('gansynth_train --strategy=mirrored --no_such ...', 'gansynth_train has no --no_such'),
    ('gansynth_timbres sprad --num_timbres=3', 'has no command sprad'),
    ('gansynth_train --config=tiny', 'train_root_dir'),
])
def test_a_wrong_command_line_is_noticed(line, expected):
    (block,) = blocks(f'Text.\n\n    {line}\n')
    (words,) = commands(block)
    assert expected in fault(words)


def test_wrong_inline_code_and_links_are_noticed(tmp_path):
    assert list(faults_inline('`--no_such`, `gansynth_x`, `gansynth_train --no_such=1`, `--seed`, `--nopedal`')) == [
        'no tool has --no_such', 'no tool gansynth_x', 'gansynth_train has no --no_such']
    page = tmp_path / 'page.md'
    page.write_text('# One, two\n[a](page.md) [b](#one-two) [c](page.md#three) [d](gone.md) [e](https://example.org)\n')
    assert list(faults_of_links(page)) == ['page.md#three', 'gone.md']
