import json

import pytest
import scipy.stats

from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.listening import listening_scores


def write(path, answers, **changes):
    results = {'test_id': 'a-b', 'started': str(path), 'answers': [
        {'systems': systems, 'score': score} for systems, score in answers], **changes}
    path.write_text(json.dumps(results))
    return path


def test_wins_and_ties_whichever_was_named_first(tmp_path):
    path = write(tmp_path / 'r.json', [(['a', 'b'], 2), (['b', 'a'], 1), (['b', 'a'], -2), (['a', 'b'], 0)])
    comparison, = listening_scores.compare(listening_scores.read([path]))
    assert (comparison.systems, comparison.wins, comparison.ties) == (('a', 'b'), (2, 1), 1)


def test_the_test_is_wilcoxons_and_ties_do_not_count():
    scores = [2, 2, 1, 1, 2, 1, -1, 2, 1, 2]
    found, = listening_scores.compare([('a', 'b', score) for score in [*scores, 0, 0]])
    assert found.p_value == scipy.stats.wilcoxon(scores).pvalue < 0.05


def test_no_preference_is_no_significance():
    even, = listening_scores.compare([('a', 'b', score) for score in [1, -1, 2, -2] * 5])
    ties, = listening_scores.compare([('a', 'b', 0)] * 20)
    assert even.p_value > 0.9 and ties.p_value == 1


def test_several_comparisons_are_corrected():
    answers = [('a', 'b', score) for score in [2, 2, 1, 1, 2, 1, 1, 2]] + [('c', 'd', 1), ('c', 'd', -1)]
    first, second = listening_scores.compare(answers)
    alone, = listening_scores.compare(answers[:8])
    assert first.p_value == pytest.approx(2 * alone.p_value) and second.p_value == 1


def test_the_table(tmp_path):
    text = listening_scores.markdown(listening_scores.compare([('a', 'b', 1), ('b', 'c', -1), ('c', 'a', 1)]))
    assert text.splitlines()[2:5] == ['| c | 2 |', '| a | 1 |', '| b | 0 |']


@pytest.mark.parametrize('answers', [[(['a', 'a'], 1)], [(['a', 'b'], 3)], [(['a'], 1)], [(['a', 'b'], 'x')],
                                     [([None, 'b'], 1)], [(['\ud800', 'b'], 1)], [(['\x1b[2J', 'b'], 1)],
                                     [(['a', 'b'], 1.5)], [(['a', 'b'], True)]])
def test_answers_that_the_page_cannot_have_given(tmp_path, answers):
    with pytest.raises(InputError, match=r'Cannot read the results: .* Received: .*r\.json'):
        listening_scores.read([write(tmp_path / 'r.json', answers)])


def test_other_files_and_the_same_file_twice(tmp_path):
    (tmp_path / 'other.json').write_text('[]')
    for name in ('other.json', 'none.json'):
        with pytest.raises(InputError, match=r'expected a file that the listening test saved'):
            listening_scores.read([tmp_path / name])
    path = write(tmp_path / 'r.json', [(['a', 'b'], 1)])
    with pytest.raises(InputError, match=r'Results given twice'):
        listening_scores.read([path, path])


@pytest.mark.parametrize('text', ['{"test_id": ["t"], "started": "s", "answers": []}', '[' * 100_000, '{"test_id": 1}',
                                  '{"test_id": "t", "started": "s", "answers": [1]}', '\x00', ''])
def test_damaged_files(tmp_path, text):
    (tmp_path / 'r.json').write_text(text)
    with pytest.raises(InputError, match=r'expected a file that the listening test saved'):
        listening_scores.read([tmp_path / 'r.json'])
