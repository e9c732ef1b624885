import numpy as np
import pytest

from gansynth_tf.errors import InputError
from gansynth_tf.evaluation import note_sets
from gansynth_tf.music import output


@pytest.fixture
def folder(tmp_path, tone):
    (tmp_path / 'more').mkdir()
    for name, wave, rate in (('generated_000_pitch60.wav', tone(60), 16000), ('Piano C#4.wav', 0.5 * tone(61), 16000),
                             ('more/flute_acoustic_001-062-100.wav', tone(62, seconds=0.5), 8000)):
        output.write_wav(tmp_path / name, wave, rate)
    return tmp_path


def gathered(note_set):
    waves, pitches, instruments = zip(*note_set.batches())
    return np.concatenate(waves), np.concatenate(pitches), np.concatenate(instruments)


def test_a_folder_of_anyones_files(folder, tone):
    notes = note_sets.of_folder(folder, sample_rate=16000, longest=64000)
    waves, pitches, _ = gathered(notes)
    assert notes.num_notes == 3 and notes.audio_length == 16000
    assert waves.shape == (3, 16000) and waves.dtype == np.float32
    by_pitch = dict(zip(pitches.tolist(), waves))
    np.testing.assert_allclose(by_pitch[60], tone(60), atol=1 / 32768)
    np.testing.assert_allclose(by_pitch[61], 0.5 * tone(61), atol=1 / 32768)
    assert np.any(by_pitch[62][8000:15000])  # 8,000 samples at 8 kHz are a second


def test_longer_files_fade_out_before_the_cut(folder):
    waves, _, _ = gathered(note_sets.of_folder(folder, sample_rate=16000, longest=4000))
    assert waves.shape == (3, 4000) and np.all(np.abs(waves[:, -1]) < 0.01)


def test_longer_notes_are_cut_as_files_are(folder):
    long, short = (note_sets.of_folder(folder, sample_rate=16000, longest=longest) for longest in (16000, 4000))
    cut = note_sets.cut(long, 4000)
    assert cut.audio_length == 4000 and cut.name == long.name
    for one, other in zip(gathered(cut), gathered(short)):
        np.testing.assert_allclose(one, other, atol=1e-7)  # the fade is multiplied before and after rounding to floats
    assert note_sets.cut(short, 16000) is short


def test_pitches_from_a_table(folder):
    (folder / 'pitches.csv').write_text('file,pitch\ngenerated_000_pitch60.wav,72\nPiano C#4.wav,C4\n')
    notes = note_sets.of_folder(folder, csv_file=folder / 'pitches.csv', sample_rate=16000, longest=64000)
    assert sorted(gathered(notes)[1]) == [60, 72]


@pytest.mark.parametrize('text', ['name,pitch\na.wav,60\n', 'file,pitch\nnone.wav,60\n',
                                  'file,pitch\nPiano C#4.wav,H9\n'])
def test_tables_that_do_not_help(folder, text):
    (folder / 'pitches.csv').write_text(text)
    with pytest.raises(InputError):
        note_sets.of_folder(folder, csv_file=folder / 'pitches.csv', sample_rate=16000, longest=64000)


def test_folders_that_do_not_help(folder, tmp_path, tone):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match='No audio files: expected a folder with wav, aiff'):
        note_sets.of_folder(tmp_path / 'empty', sample_rate=16000, longest=64000)
    output.write_wav(folder / 'nameless.wav', tone(60), 16000)
    with pytest.raises(InputError, match=r"No pitch in the file name: .* Received: 'nameless'"):
        note_sets.of_folder(folder, sample_rate=16000, longest=64000)


class Synth:
    """Plays its latents as constant waves; what is over full scale is turned down when files are written."""

    sample_rate, audio_length = 16000, 100

    def sample_latents(self, n, *, seed):
        return np.linspace(0.25, 2, n)[:, None]

    def sample_pitches(self, n, *, seed):
        return np.arange(60, 60 + n)

    def generate_batches(self, latents, pitches):
        for start in range(0, len(latents), 3):
            yield np.repeat(latents[start:start + 3], 100, axis=1)


def test_a_models_notes_are_as_its_files_would_hold_them():
    waves, pitches, _ = gathered(note_sets.of_instrument(Synth(), num_notes=8, seed=0, sample_rate=16000, name='m'))
    np.testing.assert_array_equal(pitches, range(60, 68))
    np.testing.assert_allclose(waves[:, 50], np.minimum(np.linspace(0.25, 2, 8), 1), atol=1e-4)
    np.testing.assert_array_equal(waves * 32768, np.round(waves * 32768))


def test_a_grid_has_every_timbre_at_every_pitch():
    notes = note_sets.of_grid(Synth(), num_latents=2, pitches=(60, 64, 67), seed=0, sample_rate=8000, name='m')
    waves, pitches, instruments = gathered(notes)
    assert notes.audio_length == waves.shape[1] == 50
    assert pitches.tolist() == [60, 64, 67] * 2 and instruments.tolist() == [0, 0, 0, 1, 1, 1]
