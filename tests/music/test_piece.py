import numpy as np
import pretty_midi
import pytest
import soundfile
from small_music import Sines

from gansynth_tf.errors import InputError
from gansynth_tf.music import piece, score, timbres
from gansynth_tf.music.note import Style
from gansynth_tf.music.output import Encoding
from gansynth_tf.music.performance import Performance, PlayedNote

ENCODING = Encoding(bits=24)
TWO_TRACKS = Performance(
    [PlayedNote(60 + i % 7, 60 + i, 0.4 * i, 0.4 * i + 1.5, track=1 + i % 2, program=40 * (i % 2), pan=0.5 - i % 2)
     for i in range(12)], {1: 'Flöte / 1'})


def played(tmp_path, *, encoding=ENCODING, loudness=None, **kwargs):
    """The files that are written of the two tracks, by name, and the recording."""
    sines = Sines()
    latents = sines.sample_latents(12, seed=0)
    recording, faults = piece.record(sines, TWO_TRACKS, latents, tmp_path, style=Style(), **kwargs)
    assert not faults.remarks(12)
    gain = recording.loudness_gain(loudness)[0] if loudness else recording.peak_gain()
    paths = piece.write(recording, tmp_path / 'piece', TWO_TRACKS, encoding=encoding, gain=gain,
                        tags={'title': 'piece', 'comment': 'seed: 0'})
    assert sorted(paths) == sorted(tmp_path.iterdir())
    return {path.name: soundfile.read(path)[0] for path in paths}, recording


@pytest.mark.parametrize('pan', piece.PANS)
def test_stems_add_up_to_the_mix(tmp_path, pan):
    files, _ = played(tmp_path, stems=True, pan=pan)
    assert list(files) == ['piece.wav', 'piece_01_Flote_1.wav', 'piece_02_Violin.wav']
    mix, *stems = files.values()
    assert all(len(stem) == len(mix) for stem in stems) and mix.ndim == 1 + (pan != 'none')
    np.testing.assert_allclose(sum(stems), mix, rtol=0, atol=1e-6)
    assert np.max(np.abs(mix)) == pytest.approx(0.5, abs=1e-6)
    with soundfile.SoundFile(tmp_path / 'piece_02_Violin.wav') as file:
        assert (file.title, file.subtype) == ('piece: 02_Violin', 'PCM_24')


def test_without_stems_the_mix_is_the_same(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'b').mkdir()
    np.testing.assert_allclose(played(tmp_path / 'a', stems=True)[0]['piece.wav'],
                               played(tmp_path / 'b')[0]['piece.wav'], atol=1e-6)


def test_tracks_are_spread_from_left_to_right(tmp_path):
    files, _ = played(tmp_path, stems=True, pan='spread')
    _, first, second = files.values()
    left, right = (10 * np.log10(np.sum(stem[:, 0] ** 2) / np.sum(stem[:, 1] ** 2)) for stem in (first, second))
    assert left > 12 and right == pytest.approx(-left, abs=0.01)


def test_the_tail_ends_in_silence(tmp_path):
    audio = played(tmp_path)[0]['piece.wav']
    assert 5.9 <= len(audio) / 8000 <= 4.4 + 1.5 + 0.1 + 0.01
    assert np.max(np.abs(audio[-20:])) < 2e-2 and np.max(np.abs(audio[-4:])) < 1e-2


def test_another_rate_and_loudness(tmp_path):
    files, recording = played(tmp_path, encoding=Encoding('flac', sample_rate=44100), loudness=-20.0)
    audio = files['piece.flac']
    assert len(audio) == -(-recording.num_samples * 441 // 80)
    assert soundfile.info(tmp_path / 'piece.flac').samplerate == 44100


def test_limits(tmp_path, monkeypatch):
    sines = Sines()
    with pytest.raises(InputError, match='Unknown pan: expected one of none, score, spread'):
        piece.record(sines, TWO_TRACKS, np.zeros((12, 3)), tmp_path, style=Style(), pan='left')
    monkeypatch.setattr(piece, 'MAX_STEMS', 1)
    with pytest.raises(InputError, match='Too many tracks for stems: expected at most 1. Received: 2'):
        piece.record(sines, TWO_TRACKS, np.zeros((12, 3)), tmp_path, style=Style(), stems=True)
    monkeypatch.setattr(Sines, '_note', lambda self, latent, pitch: np.full(self.audio_length, np.nan))
    with pytest.raises(InputError, match='expected finite audio. Received: NaN or infinity for all of 12 notes'):
        piece.record(sines, TWO_TRACKS, np.zeros((12, 3)), tmp_path, style=Style())
    assert list(tmp_path.iterdir()) == []


def test_an_audition_is_a_long_note_and_a_scale():
    timbre = timbres.random_timbre(Sines(), 2, 0)
    performance, latents = piece.audition(Sines(), timbre)
    assert [note.pitch for note in performance.notes] == [60, 60, 62, 64, 65, 67, 69, 71, 72]
    assert latents.shape == (9, 3)

    class Low(Sines):
        pitches = (40, 42, 43)

    assert [note.pitch for note in piece.audition(Low(), timbre)[0].notes] == [43, 43]


@pytest.mark.parametrize('style', [dict(level='loud'), dict(velocity_curve=-1), dict(velocity_curve=float('nan')),
                                   dict(release_seconds=0), dict(release_seconds=1e9)])
def test_impossible_styles(style):
    with pytest.raises(InputError, match=r'(Unknown|Impossible) .*Received: '):
        Style(**style)


def test_a_file_a_score_and_a_pretty_midi_object_sound_alike(tmp_path):
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes = [pretty_midi.Note(90, 60 + i, 0.5 * i, 0.5 * i + 0.5) for i in range(4)]
    pedal = [pretty_midi.ControlChange(64, 127, 0.25), pretty_midi.ControlChange(64, 0, 2)]
    midi.instruments[0].control_changes = pedal
    midi.write(str(tmp_path / 'a.mid'))
    clips = [piece.render_piece(Sines(), music, timbre='track', seed=1).audio
             for music in (tmp_path / 'a.mid', score.read_midi(tmp_path / 'a.mid'), midi)]
    np.testing.assert_array_equal(clips[0], clips[1])
    np.testing.assert_allclose(clips[0], clips[2], atol=1e-3)  # times of the file are whole ticks
    assert len(clips[0]) == int(2.1 * 8000)
