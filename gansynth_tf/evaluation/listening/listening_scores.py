"""Results of the listening test: wins of each system, and tests of significance.

Source: Engel et al. 2019 (GANSynth), section 5.4 and figure 4: wins by system over all comparisons, and pairwise
tests. No code was released. Wins and ties are counted; the test is Wilcoxon's signed-rank test on the five-point
scores (ties of both left out), two-sided, with Holm's correction for as many pairs of systems as there are.
"""

import dataclasses
import itertools
import os
from collections.abc import Iterable

import numpy as np
import scipy.stats

from gansynth_tf import files
from gansynth_tf.errors import InputError

_EXPECTED = 'a file that the listening test saved'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """The result of two systems against each other.

    Attributes:
      systems: their names.
      wins: the number of times each was judged better.
      ties: the number of times neither was.
      p_value: probability of such a difference if there is none, corrected for the number of comparisons.
    """

    systems: tuple[str, str]
    wins: tuple[int, int]
    ties: int
    p_value: float


def read(paths: Iterable[str | os.PathLike]) -> list[tuple[str, str, int]]:
    """All answers in results files: (first system, second system, score of the first over the second, -2 to 2).

    Raises:
      InputError: if a file was not saved by the page, or the same results are given twice.
    """
    answers, seen = [], set()
    for path in paths:
        results = files.read_json(files.expanded(path), expected=_EXPECTED)
        try:
            key = tuple(_text(results[name]) for name in ('test_id', 'started'))
            read_now = [_checked(answer['systems'], answer['score']) for answer in results['answers']]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f'Cannot read the results: expected {_EXPECTED} ({error!r}). '
                             f'Received: {str(path)!r}') from error
        if key in seen:
            raise InputError(f'Results given twice: expected each listener once. Received: {str(path)!r} again')
        seen.add(key)
        answers += read_now
    return answers


def compare(answers: list[tuple[str, str, int]]) -> list[Comparison]:
    """Comparisons of every pair of systems with answers."""
    by_pair: dict[tuple[str, str], list[int]] = {}
    for first, second, score in answers:
        pair, sign = ((first, second), 1) if first < second else ((second, first), -1)
        by_pair.setdefault(pair, []).append(sign * score)
    pairs = sorted(by_pair)
    p_values = _holm([_p_value(np.array(by_pair[pair])) for pair in pairs])
    return [Comparison(systems=pair, wins=(sum(score > 0 for score in by_pair[pair]),
                                           sum(score < 0 for score in by_pair[pair])),
                       ties=by_pair[pair].count(0), p_value=p_value) for pair, p_value in zip(pairs, p_values)]


def markdown(comparisons: list[Comparison]) -> str:
    """The results in Markdown: wins by system, then every pair."""
    systems = sorted(set(itertools.chain.from_iterable(comparison.systems for comparison in comparisons)))
    total = {name: sum(comparison.wins[comparison.systems.index(name)] for comparison in comparisons
                       if name in comparison.systems) for name in systems}
    lines = ['| system | wins |', '|---|---|']
    lines += [f'| {name} | {total[name]} |' for name in sorted(systems, key=lambda name: -total[name])]
    lines += ['', '| A | B | A wins | B wins | ties | p (Wilcoxon, Holm) |', '|---|---|---|---|---|---|']
    lines += [f'| {a.systems[0]} | {a.systems[1]} | {a.wins[0]} | {a.wins[1]} | {a.ties} | {a.p_value:.3g} |'
              for a in comparisons]
    return '\n'.join(lines) + '\n'


def _checked(systems: list[str], score: int) -> tuple[str, str, int]:
    first, second = map(_text, systems)
    if first == second or type(score) is not int or not -2 <= score <= 2:
        raise ValueError(f'{first}, {second}, {score}')
    return first, second, score


def _text(value) -> str:
    if not isinstance(value, str) or not value.isprintable():  # nothing that moves a terminal's cursor
        raise ValueError(f'{str(value)[:100]!r} is no name')
    return value


def _p_value(scores: np.ndarray) -> float:
    return float(scipy.stats.wilcoxon(scores[scores != 0]).pvalue) if np.any(scores) else 1.0


def _holm(p_values: list[float]) -> list[float]:
    """The p-values corrected after Holm 1979: the smallest of n times n, the next times n - 1, never decreasing."""
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1, np.maximum.accumulate(np.array(p_values)[order] * factors))
    return corrected.tolist()
