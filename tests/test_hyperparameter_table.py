"""docs/hyperparameters.md says of every hyperparameter what its field says.

Run as a program, this writes the page: `python tests/test_hyperparameter_table.py`.
"""

import pathlib

from gansynth_tf.config import Config
from gansynth_tf.hyperparameters import FIXED, FREE, LATER, Hyperparameters

PAGE = pathlib.Path(__file__).parents[1] / 'docs' / 'hyperparameters.md'
ON_RESUME = {FIXED: 'no', FREE: 'yes', LATER: 'of stages to come'}
HEAD = """# Hyperparameters

Those of a GANSynth, with Magenta's names and defaults. Change them with `--hparams='{"fmap_max": 64}'`. The last column
says whether a run can go on with another value. Written from the fields of `gansynth_tf/config.py`.

| name | default | what it is | limits | may change in a run |
|---|---|---|---|---|
"""


def limits(facts):
    """The limits of a value in words."""
    if facts.choices:
        return ', '.join(facts.choices)
    bounds = (('above', facts.above), ('at least', facts.at_least), ('below', facts.below), ('at most', facts.at_most))
    return ', '.join(f'{words} {bound:,}' for words, bound in bounds if bound is not None)


def page(kind: type[Hyperparameters] = Config):
    defaults = kind().to_dict()
    return HEAD + ''.join(f'| `{name}` | `{defaults[name]!r}` | {facts.doc} | {limits(facts)} | '
                          f'{ON_RESUME[facts.on_resume]} |\n' for name, facts in kind.facts().items())


def test_the_page_is_written_from_the_fields():
    assert PAGE.read_text() == page()


if __name__ == '__main__':
    PAGE.write_text(page())
