"""Pieces and sampler instruments, and what is left of them."""

import io
import time
import zipfile

import numpy as np
import pytest
import soundfile

pytest.importorskip('starlette', reason="needs pip install '.[play]'")
from served import LATENT, Served, assert_error
from tiny_instrument import KEYS, midi_file

from gansynth_tf.music import piece


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path / 'user') as made:
        yield made


@pytest.fixture
def slow(tmp_path):
    with Served(tmp_path / 'user', seconds=0.02) as made:
        yield made


@pytest.mark.parametrize('kind', ['wav', 'flac'])
def test_a_piece(served, kind):
    job = served.render(midi_file(tracks=2), name='<b>my piece.mid', latent=LATENT, stems=True, format=kind)
    assert served.ended(job) == {'state': 'done', 'done': 8, 'total': 8, 'seconds_left': None, 'error': None,
                                 'report': []}
    reply = served.ask('GET', f'/midi/{job}/audio')
    assert f'filename="b_my_piece.{kind}"' in reply.headers['content-disposition']
    mix, rate = soundfile.read(io.BytesIO(reply.content))
    assert rate == 4000 and np.max(np.abs(mix)) == pytest.approx(0.5, abs=1e-3) and 7500 < len(mix) < 9000
    with zipfile.ZipFile(io.BytesIO(served.ask('GET', f'/midi/{job}/stems').content)) as archive:
        stems = [soundfile.read(io.BytesIO(archive.read(name)))[0] for name in archive.namelist()]
    assert len(stems) == 2
    np.testing.assert_allclose(sum(stems), mix, atol=1e-5)


def test_a_piece_is_that_of_the_command_line(served, tmp_path):
    (tmp_path / 'a.mid').write_bytes(midi_file())
    expected = piece.render_piece(served.instrument, tmp_path / 'a.mid').audio  # wandering, seed 0
    job = served.render(latent=None)
    assert served.ended(job)['state'] == 'done'
    played, _ = soundfile.read(io.BytesIO(served.ask('GET', f'/midi/{job}/audio').content))
    np.testing.assert_allclose(played, expected[:len(played)], atol=1e-4)
    assert_error(served.ask('GET', f'/midi/{job}/stems'), 404, 'No stems')


def test_what_of_a_piece_is_moved_is_reported(served):
    low = midi_file().replace(bytes([0x90, 48]), bytes([0x90, 12])).replace(bytes([0x80, 48]), bytes([0x80, 12]))
    report = served.ended(served.render(low))['report']
    assert len(report) == 1 and 'octave' in report[0]


@pytest.mark.parametrize('data, complaint', [(b'', 'too early'), (b'nothing', 'too early'), (b'x' * 100, 'MThd'),
                                             (midi_file(0), 'with notes')])
def test_files_that_cannot_be_played(served, data, complaint):
    reply = served.ask('POST', '/midi', files={'file': ('<i>.mid', data)})
    assert_error(reply, 400, complaint)
    assert '<i>.mid' in reply.json()['error']


def test_impossible_settings(served):
    for settings in ('', '[]', '{', '{"latent": [1]}', '{"stems": 1}', '{"format": "exe"}', '{"format": null}',
                     '{"seed": -1}', '{"more": 1}', '{"format": ["wav"]}'):
        assert_error(served.ask('POST', '/midi', files={'file': ('a.mid', midi_file())}, data={'settings': settings}),
                     400)


def test_forms_that_are_none(served):
    form = {'Content-Type': 'multipart/form-data; boundary=x'}
    for kwargs in (dict(data=b'abc'), dict(files={'other': ('a.mid', b'')}), dict(data={'file': 'text'}),
                   dict(files=[('file', ('a', b'')), ('file', ('b', b''))]), dict(data=b'--', headers=form),
                   dict(data=b'--x\r\n\r\n', headers=form),
                   dict(data=b'--', headers={'Content-Type': 'multipart/form-data'}),
                   dict(files={'file': ('a', b'')}, data={'settings': '1' * 100_000})):
        assert_error(served.ask('POST', '/midi', **kwargs), 400)


def test_a_sampler_instrument(served):
    job = served.post('/sfz', name='../my/timbré', latent=LATENT)['job']
    assert served.ended(job)['state'] == 'done'
    assert served.get(f'/sfz/{job}')['done'] == len(KEYS)
    with zipfile.ZipFile(io.BytesIO(served.ask('GET', f'/sfz/{job}/audio').content)) as archive:
        names = archive.namelist()
    assert 'my_timbr.sfz' in names and 'my_timbr_samples/my_timbr_060.wav' in names
    assert len(names) == 1 + len(KEYS)


def test_a_job_that_is_cancelled_leaves_nothing(slow):
    job = slow.render(midi_file(500), latent=None)
    status = slow.begun(job)
    assert status['state'] == 'working' and status['total'] == 500 and status['seconds_left'] > 0
    assert_error(slow.ask('GET', f'/midi/{job}/audio'), 404, 'working')
    assert slow.ask('DELETE', f'/midi/{job}').status_code == 200
    assert_error(slow.ask('GET', f'/midi/{job}'), 404)
    following = slow.render()
    assert slow.ended(following)['state'] == 'done'
    assert [path.name for path in slow.directory.glob('.pieces.*/*')] == [following]


def test_a_player_that_is_closed_in_mid_render_leaves_nothing(slow):
    slow.begun(slow.render(midi_file(500), latent=None))
    slow.player.close()
    assert list(slow.directory.iterdir()) == [] and slow.instrument.num_generated < 400


def test_few_jobs_wait(slow):
    jobs = [slow.render(midi_file(500), latent=None) for _ in range(5)]
    assert_error(slow.ask('POST', '/midi', files={'file': ('a.mid', midi_file())}), 400, 'Too much to do')
    for job in jobs[1:]:
        slow.ask('DELETE', f'/midi/{job}')
    slow.render()


def test_files_of_old_jobs_are_dropped(served):
    jobs = []
    for _ in range(11):
        jobs.append(served.render(midi_file(1)))
        served.ended(jobs[-1])
    assert_error(served.ask('GET', f'/midi/{jobs[0]}'), 404)
    assert served.ask('GET', f'/midi/{jobs[-2]}/audio').status_code == 200
    assert len(list(served.directory.glob('.pieces.*/*'))) == 9


def test_a_fault_ends_a_job_and_not_the_next(served, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(served.instrument, 'generate_batches', lambda *_: 1 / 0)
        status = served.ended(served.render())
        assert status['state'] == 'failed' and 'fault of the program' in status['error']
    assert served.ended(served.render())['state'] == 'done'


def test_a_key_does_not_wait_for_a_piece(slow):
    job = slow.render(midi_file(500), latent=None)
    waits = []
    for number in range(8):
        begin = time.perf_counter()
        slow.ask('POST', '/notes', json={'latent': [number, 0, 0, 0], 'pitches': [50]})
        waits.append(time.perf_counter() - begin)
    assert slow.get(f'/midi/{job}')['state'] == 'working'
    assert np.median(waits) < 0.3
