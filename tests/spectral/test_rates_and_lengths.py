"""Sample rates and lengths of other instruments than NSynth's, at shapes that docs/data.md names."""

import numpy as np
import pytest

from gansynth_tf.config import Config
from gansynth_tf.errors import InputError
from gansynth_tf.spectral import representations

# Rate in Hz, seconds, and the start_height (with a start_width of 16, 7 resolutions) that holds them.
LENGTHS = [(16000, 1, 2), (16000, 4, 2), (16000, 8, 4), (22050, 1, 2), (22050, 4, 3), (22050, 8, 6), (44100, 1, 2),
           (44100, 2, 3), (44100, 4, 6), (48000, 1, 2), (48000, 4, 6)]


def tone(rate, seconds):
    """float32 [1, samples, 1]: three partials that die away."""
    t = np.arange(rate * seconds) / rate
    wave = sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 1000.0, 5000.0)) * np.exp(-t) / 4
    return wave.astype(np.float32)[np.newaxis, :, np.newaxis]


@pytest.mark.parametrize(('rate', 'seconds', 'start_height'), LENGTHS)
def test_a_note_of_that_rate_and_length_comes_back(rate, seconds, start_height):
    config = Config(data_type='linear', sample_rate=rate, audio_length=rate * seconds, start_height=start_height)
    representation = representations.from_config(config)
    wave = tone(rate, seconds)
    specgrams = representation.waves_to_specgrams(wave)
    assert specgrams.shape == (1, 64 * start_height, 1024, 2)
    # The last frames, which fewer windows cover, are left out.
    difference = representation.specgrams_to_waves(specgrams).numpy() - wave
    assert np.abs(difference[:, :-2048]).max() < 0.01


@pytest.mark.parametrize(('audio_length', 'longest', 'start_height'), [
    (67073, '67072 samples (4.19 s)', 3), (99841, '67072 samples (4.19 s)', 4), (128000, '67072 samples (4.19 s)', 4)])
def test_a_length_that_does_not_fit_is_refused_with_the_nearest_height_that_does(audio_length, longest, start_height):
    with pytest.raises(InputError) as refused:
        Config(audio_length=audio_length)
    assert longest in str(refused.value) and f'(nearest: start_height {start_height})' in str(refused.value)
    Config(audio_length=audio_length, start_height=start_height)
    if start_height > 3:
        with pytest.raises(InputError):
            Config(audio_length=audio_length, start_height=start_height - 1)
