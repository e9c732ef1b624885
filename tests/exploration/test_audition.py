import html.parser

import numpy as np
import pytest
import soundfile
from tones import Tones

from gansynth_tf.errors import InputError
from gansynth_tf.exploration import audition, audition_page
from gansynth_tf.music.timbres import Timbre

HOSTILE = '</th><script>alert(1)</script> $rows "\'\x1b[2J'


class Cells(html.parser.HTMLParser):
    """The text of a page's rows, and its tags."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.tags = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == 'tr':
            self.rows.append([])
        elif tag in ('td', 'th') and self.rows:
            self.rows[-1].append('')

    def handle_data(self, text):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += text.strip()


@pytest.fixture(scope='module')
def sample(tmp_path_factory):
    timbres = [Timbre('plain', np.array([0.5, 0, 0], np.float32)), Timbre(HOSTILE, np.array([-1, 0, 0], np.float32))]
    directory = tmp_path_factory.mktemp('sample')
    return audition_page.write(Tones(), timbres, directory, model='<b>', seed=5), directory


def test_a_page_has_players_a_picture_and_measurements(sample):
    paths, _ = sample
    assert [path.name for path in paths] == ['index.html', 'sheet.png', '001_scale.flac', '001_riff.flac',
                                             '002_scale.flac', '002_riff.flac']
    page = paths[0].read_text()
    cells = Cells(page).rows
    assert [row[0] for row in cells[1:3]] == ['1', '2'] and cells[1][1] == 'plain'
    assert len(cells[0]) == len(cells[1]) and float(cells[1][5]) > float(cells[2][5])  # brightness
    assert all(f'src="{path.name}"' in page for path in paths[2:])
    assert 'http' not in page and 'keep --ckpt_dir=&#x27;&lt;b&gt;&#x27; --seed=5 --number=NUMBER' in page


def test_names_are_text_whatever_they_hold(sample):
    paths, _ = sample
    page = Cells(paths[0].read_text())
    assert page.tags.count('script') == 1 and 'b' not in page.tags
    assert page.rows[2][1] == HOSTILE.replace('\x1b', '\\x1b')


def test_sounds_are_equally_loud_and_end(sample):
    import pyloudnorm
    for path in sample[0][2:]:
        audio, rate = soundfile.read(path)
        assert np.abs(audio).max() < 1
        assert pyloudnorm.Meter(rate).integrated_loudness(audio) == pytest.approx(-20, abs=0.2)
        assert abs(audio[-1]) < 1e-3


def test_notes_are_moved_into_the_instruments_range():
    for kind in audition.KINDS:
        notes = audition.notes(Tones(), kind)
        assert all(note.pitch in Tones().pitches for note in notes)
        assert min(note.start_seconds for note in notes) == 0


def test_nothing_to_listen_to(tmp_path):
    with pytest.raises(InputError, match='expected timbres. Received: none'):
        audition_page.write(Tones(), [], tmp_path)
