"""Conversion of recordings to the stored form: one channel, one sample rate, at most one length, 16 bits."""

import fractions

import numpy as np
from scipy import signal

from gansynth_tf.errors import InputError

FADE_SECONDS = 0.02  # before a cut: long enough not to click, too short to be heard as a fade

_SILENCE = 1e-4  # -80 dB of full scale: three steps of 16 bits
_FULL_SCALE = 0.999
_MOST_CLIPPED = 0.5  # of the samples that sound; a sine twice as loud as full scale has two thirds
_ONSET = 1e-3  # -60 dB of a note's peak
_BEFORE_ONSET_SECONDS = 0.005
_CANCELLED = 1e-4  # of the louder channel's energy: what is left of channels in antiphase
_LARGEST_FACTOR = 100_000  # of a change of rate, which costs a filter of 20 times as many taps


def conform(samples: np.ndarray, rate: int, *, sample_rate: int, audio_length: int,
            fade_seconds: float = FADE_SECONDS) -> np.ndarray:
    """A recording as it is stored.

    Channels become one, another rate is converted (polyphase filter), what is too long fades out before it is cut,
    and what then goes beyond full scale is scaled down to it. Nothing is added to what is too short.

    Args:
      samples: float32 [samples, channels], full scale 1.
      rate: theirs, in Hz.
      sample_rate: the one wanted, in Hz.
      audio_length: how many samples there may be.
      fade_seconds: length of the linear fade-out before a cut.

    Returns:
      int16 [samples]; mono samples of 16 bits at `sample_rate` that are not too long are unchanged.

    Raises:
      InputError: if there are no samples, or they are not finite, silent or clipped.
    """
    if not samples.size:
        raise InputError('Audio file empty: expected samples. Received: none')
    if not np.isfinite(samples).all():
        raise InputError('Audio not finite: expected numbers. Received: NaN or infinity')
    _refuse_clipped(samples)
    wave = resample(mono(samples), rate, sample_rate)
    if len(wave) > audio_length:
        wave = wave[:audio_length] * fade_out(audio_length, round(fade_seconds * sample_rate))
    peak = np.abs(wave).max()
    if peak < _SILENCE or wave.min() == wave.max():
        raise InputError(f'Audio silent: expected sound. Received: {len(wave)} samples from {wave.min():.2g} to '
                         f'{wave.max():.2g}')
    return np.clip(np.round(wave * (32768.0 / max(peak, 1.0))), -32768, 32767).astype(np.int16)


def mono(samples: np.ndarray) -> np.ndarray:
    """float64 [samples]: the mean of the channels [samples, channels], or the loudest where they cancel each other."""
    samples = np.asarray(samples, np.float64)
    wave = samples.mean(axis=1)
    energies = np.sum(samples ** 2, axis=0)
    if np.sum(wave ** 2) < _CANCELLED * energies.max(initial=0.0):
        return samples[:, int(np.argmax(energies))]
    return wave


def resample(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Waves [..., samples] at another rate, by a polyphase filter; odd rates are met to a millionth."""
    if rate == wanted:
        return wave
    ratio = fractions.Fraction(wanted, rate).limit_denominator(_LARGEST_FACTOR)
    return signal.resample_poly(wave, ratio.numerator, ratio.denominator, axis=-1)


def fade_out(num_samples: int, fade_samples: int) -> np.ndarray:
    """float64 [num_samples]: 1, and over the last `fade_samples` a straight line towards 0."""
    return np.minimum(1.0, np.arange(num_samples, 0, -1) / (fade_samples + 1))


def trim_start(samples: np.ndarray, rate: int) -> np.ndarray:
    """[samples, channels] without the silence before the note's onset, but for 5 ms of it."""
    loudness = np.abs(np.nan_to_num(samples)).max(axis=1, initial=0.0)
    if not loudness.size:
        return samples
    sounding = loudness > _ONSET * loudness.max()
    return samples[max(0, int(np.argmax(sounding)) - round(_BEFORE_ONSET_SECONDS * rate)):]


def _refuse_clipped(samples: np.ndarray) -> None:
    magnitudes = np.abs(samples)
    share = int(np.sum(magnitudes >= _FULL_SCALE)) / max(1, int(np.sum(magnitudes > _ONSET)))
    # Floating-point samples beyond full scale are loud, but not cut off there.
    if share > _MOST_CLIPPED and magnitudes.max() <= 1.0:
        raise InputError(f'Audio clipped: expected at most {_MOST_CLIPPED:.0%} of the sound at full scale. '
                         f'Received: {share:.0%}')
