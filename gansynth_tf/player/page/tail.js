/**
 * From the network's pictures to waves, as the package's `spectral` room has it: denormalised, from mel to linear
 * frequencies, instantaneous frequencies summed (partial by partial where phases are locked), inverse Fourier transform,
 * frames added where they overlap. float32 where TensorFlow has it, so that both decide alike.
 */

import {Fft} from './fft.js';
import {midiToHz} from './music.js';

const NEIGHBOURS = 2, REACH = 6;
const FAINTEST = 10 ** (-70 / 20), JUMP = 10 ** (8 / 20), LOBE = 2, BETWEEN = 10 ** (-4 / 20);

export class Tail {
  /**
   * @param spec {frames, bins (of pictures), down, across (how often a pixel of the network's image is repeated),
   *   linear_bins, audio_length, sample_rate, slopes, offsets ([2] or [bins][2]), mel (null, or from each linear bin to
   *   [first mel bin, weights]), power (whether the picture is of power), floor, phase_locking}
   */
  constructor(spec) {
    this.spec = spec;
    this.size = 2 * spec.linear_bins;
    this.hop = this.size / 4;
    this.fft = new Fft(this.size);
    const hann = Float64Array.from({length: this.size}, (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / this.size));
    this.window = hann.map((value, n) => {
      let sum = 0;
      for (let at = n % this.hop; at < this.size; at += this.hop) sum += hann[at] ** 2;
      return value / sum;
    });
  }

  /** float32 [image height, image width, 2], normalised, and its MIDI pitch -> float32 [audio_length]. */
  wave(image, pitch) {
    const {magnitude, ifreq} = this.#channels(image);
    const fundamental = Math.fround(midiToHz(pitch) * this.size / this.spec.sample_rate);
    const phase = this.spec.phase_locking ? this.#lock(magnitude, ifreq, fundamental) : this.#summedPhase(ifreq);
    return this.#overlapAdd(magnitude, phase);
  }

  /** Magnitude and instantaneous frequency, float32 [frames, linear_bins] each. */
  #channels(image) {
    const {frames, bins, down, across, slopes, offsets, linear_bins: linearBins} = this.spec;
    const perBin = Array.isArray(slopes[0]);
    const magnitude = new Float32Array(frames * linearBins), ifreq = new Float32Array(frames * linearBins);
    const loudness = new Float32Array(bins), steps = new Float32Array(bins);
    for (let frame = 0; frame < frames; frame += 1) {
      const row = Math.floor(frame / down) * (bins / across);
      for (let bin = 0; bin < bins; bin += 1) {
        const at = 2 * (row + Math.floor(bin / across));
        const a = perBin ? slopes[bin] : slopes, b = perBin ? offsets[bin] : offsets;
        loudness[bin] = Math.exp(Math.fround((image[at] - Math.fround(b[0])) / Math.fround(a[0])));
        steps[bin] = (image[at + 1] - Math.fround(b[1])) / Math.fround(a[1]);
      }
      this.#toLinear(loudness, steps, magnitude.subarray(frame * linearBins, (frame + 1) * linearBins),
        ifreq.subarray(frame * linearBins, (frame + 1) * linearBins));
    }
    return {magnitude, ifreq};
  }

  #toLinear(loudness, steps, magnitude, ifreq) {
    const {mel, floor} = this.spec;
    if (!mel) {
      magnitude.set(loudness);
      ifreq.set(steps);
      return;
    }
    mel.forEach(([first, weights], bin) => {
      let power = 0, step = 0;
      for (let index = 0; index < weights.length; index += 1) {
        power += loudness[first + index] * weights[index];
        step += steps[first + index] * weights[index];
      }
      magnitude[bin] = Math.sqrt(Math.fround(power) + floor);
      ifreq[bin] = step;
    });
  }

  /** Half turns, float32 [frames, bins], summed bin by bin. */
  #summedPhase(ifreq) {
    const bins = this.spec.linear_bins, phase = new Float32Array(ifreq.length);
    for (let bin = 0; bin < bins; bin += 1) {
      let sum = 0;
      for (let at = bin; at < ifreq.length; at += bins) phase[at] = wrap(sum += ifreq[at]);
    }
    return phase;
  }

  /**
   * Half turns, float32 [frames, bins], where every partial is of one piece; `spectral/phase_locking.py` says how.
   * Makes the magnitudes between partials softer.
   */
  #lock(magnitude, ifreq, fundamental) {
    const {linear_bins: bins, frames} = this.spec;
    const threshold = Math.fround(Math.fround(FAINTEST) * magnitude.reduce((most, value) => Math.max(most, value), 0));
    const phase = new Float32Array(ifreq.length), plain = new Float32Array(bins);
    const isPeak = new Uint8Array(bins), nearest = new Int32Array(bins), steps = new Float32Array(bins);
    let before = new Float32Array(bins), levelBefore = 0, wasAttack = false;
    for (let frame = 0; frame < frames; frame += 1) {
      const part = (values) => values.subarray(frame * bins, (frame + 1) * bins);
      const levels = part(magnitude), turns = part(ifreq), now = part(phase);
      markPeaks(levels, threshold, isPeak);
      findNearest(isPeak, nearest);
      for (let bin = 0; bin < bins; bin += 1) steps[bin] = isPeak[bin] ? lobeStep(levels, turns, bin) : turns[bin];
      const found = drawToMultiples(steps, isPeak, levels, fundamental);
      const level = Math.sqrt(levels.reduce((sum, value) => sum + value * value, 0));
      const isAttack = frame === 0 || level > JUMP * levelBefore;
      for (let bin = 0; bin < bins; bin += 1) {
        plain[bin] = wrap(plain[bin] + turns[bin]);
        const peak = nearest[bin];
        now[bin] = isAttack ? plain[bin]
          : wrap(Math.fround(before[peak] + steps[peak]) + Math.abs((bin - peak) % 2));
      }
      if (!isAttack && !wasAttack) soften(levels, found);
      before = now;
      levelBefore = level;
      wasAttack = isAttack;
    }
    return phase;
  }

  /** Two frames at a time: a complex transform has one in its real part, the other in its imaginary part. */
  #overlapAdd(magnitude, phase) {
    const {frames, linear_bins: bins, audio_length: audioLength} = this.spec;
    const {size, hop, window} = this;
    const total = new Float64Array(hop * (frames - 1) + size);
    const re = new Float64Array(size), im = new Float64Array(size);
    for (let frame = 0; frame < frames; frame += 2) {
      re.fill(0);
      im.fill(0);
      for (let other = 0; other < 2 && frame + other < frames; other += 1) {
        for (let bin = 1; bin <= bins; bin += 1) {
          const at = (frame + other) * bins + bin - 1;
          const a = magnitude[at] * Math.cos(Math.PI * phase[at]);
          const b = bin === bins ? 0 : magnitude[at] * Math.sin(Math.PI * phase[at]);
          // Hermitian X for the first; i X for the second.
          re[bin] += other ? -b : a;
          im[bin] += other ? a : b;
          if (bin === bins) continue;
          re[size - bin] += other ? b : a;
          im[size - bin] += other ? a : -b;
        }
      }
      this.fft.inverse(re, im);
      for (let n = 0; n < size; n += 1) {
        total[frame * hop + n] += re[n] * window[n];
        if (frame + 1 < frames) total[(frame + 1) * hop + n] += im[n] * window[n];
      }
    }
    return Float32Array.from(total.subarray(total.length - audioLength));
  }
}

/** Half turns modulo a whole turn, in -1..1. */
function wrap(halfTurns) {
  return halfTurns - 2 * Math.round(halfTurns / 2);
}

function markPeaks(levels, threshold, isPeak) {
  isPeak.fill(0);
  for (let bin = NEIGHBOURS; bin < levels.length - NEIGHBOURS; bin += 1) {
    const level = levels[bin];
    isPeak[bin] = level > threshold && level > levels[bin - 1] && level > levels[bin + 1]
      && level > levels[bin - 2] && level > levels[bin + 2];
  }
}

/** The peak that each bin follows, the lower of two equally near; itself if none is within reach. */
function findNearest(isPeak, nearest) {
  let below = -Infinity;
  for (let bin = 0; bin < isPeak.length; bin += 1) {
    if (isPeak[bin]) below = bin;
    nearest[bin] = bin - below <= REACH ? below : -1;
  }
  let above = Infinity;
  for (let bin = isPeak.length - 1; bin >= 0; bin -= 1) {
    if (isPeak[bin]) above = bin;
    const isBelow = nearest[bin] >= 0 && bin - nearest[bin] <= above - bin;
    if (!isBelow) nearest[bin] = above - bin <= REACH ? above : bin;
  }
}

/** The mean step of a bin and its two neighbours, weighted by power and unwrapped against its own. */
function lobeStep(levels, turns, bin) {
  let weight = levels[bin] ** 2, excess = 0;
  for (const other of [bin - 1, bin + 1]) {
    const power = levels[other] ** 2;
    weight += power;
    excess += power * wrap(Math.fround(turns[other] - turns[bin]));
  }
  return turns[bin] + (weight ? excess / weight : 0);
}

/**
 * Draws the steps of peaks that are near a multiple of the fundamental, in bins from 0 Hz, onto it; returns the frame's own
 * fundamental.
 */
function drawToMultiples(steps, isPeak, levels, fundamental) {
  const peaks = [];
  let sum = 0, total = 0;
  for (let bin = 0; bin < steps.length; bin += 1) {
    if (!isPeak[bin]) continue;
    const frequency = Math.fround(bin + 1 + 2 * wrap(Math.fround(steps[bin] - (bin + 1) / 2)));
    const {number, deviation} = fromMultiple(frequency, fundamental);
    const weight = levels[bin] ** 2 * nearness(deviation) * number;
    sum += weight * deviation;
    total += weight * number;
    peaks.push([bin, frequency]);
  }
  const found = Math.fround(fundamental + (total ? sum / total : 0));
  for (const [bin, frequency] of peaks) {
    const {deviation} = fromMultiple(frequency, found);
    steps[bin] -= nearness(deviation) * deviation / 2;
  }
  return found;
}

/** Makes a frame's magnitudes softer where they are not of the lobe of a multiple of the fundamental. */
function soften(levels, fundamental) {
  for (let bin = 0; bin < levels.length; bin += 1) {
    const distance = Math.abs(fromMultiple(bin + 1, fundamental).deviation) - LOBE;
    levels[bin] *= 1 - (1 - BETWEEN) * Math.min(1, Math.max(0, distance));
  }
}

/** The number of the nearest multiple of the fundamental, at least 1, and the deviation from it. */
function fromMultiple(frequency, fundamental) {
  const number = Math.max(1, Math.round(frequency / fundamental));
  return {number, deviation: frequency - number * fundamental};
}

/** 1 for deviations up to half a bin, falling to 0 at a bin. */
function nearness(deviation) {
  return Math.min(1, Math.max(0, 2 - 2 * Math.abs(deviation)));
}
