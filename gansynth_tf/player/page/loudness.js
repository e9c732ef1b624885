/** Levels of notes, as `instrument.finished` and `music/note.matched_gain` have them. */

import {Fft} from './fft.js';

const EDGE_SECONDS = 0.005;
const MATCHED_LEVEL = 0.1, SOFTEST = 0.03, SILENT_PEAK = 1e-6;
const WINDOW_SECONDS = 0.4;
const SHELF_HZ = 1681.97, SHELF_DB = 4, SHELF_Q = 0.7072; // ITU-R BS.1770-5, annex 1
const HIGH_PASS_HZ = 38.135, HIGH_PASS_Q = 0.5003;

const peakOf = (wave) => wave.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Turns a note over full scale down to it and fades its edges, in place. */
export function finish(wave, sampleRate) {
  const gain = 1 / Math.max(1, peakOf(wave));
  const ramp = Math.min(Math.floor(sampleRate * EDGE_SECONDS), Math.floor(wave.length / 2));
  for (let n = 0; n < wave.length; n += 1) wave[n] *= gain * Math.min(1, Math.min(n, wave.length - 1 - n) / ramp);
  return wave;
}

/** The gain that makes a note as loud as all others are; 0 of silence. */
export function matchedGain(wave, sampleRate) {
  const peak = peakOf(wave);
  if (peak < SILENT_PEAK) return 0;
  return MATCHED_LEVEL / Math.max(loudest(wave, sampleRate), SOFTEST * peak, SILENT_PEAK);
}

/** The K-weighted root mean square of the loudest 0.4 seconds. */
function loudest(wave, sampleRate) {
  const size = 2 ** Math.ceil(Math.log2(wave.length)), {fft, weights} = filterOf(size, sampleRate);
  const re = new Float64Array(size), im = new Float64Array(size);
  re.set(wave);
  fft.forward(re, im);
  for (let k = 0; k < size; k += 1) {
    re[k] *= weights[k];
    im[k] *= weights[k];
  }
  fft.inverse(re, im);
  const window = Math.min(wave.length, Math.floor(WINDOW_SECONDS * sampleRate));
  let sum = 0, most = 0;
  for (let n = 0; n < wave.length; n += 1) {
    sum += re[n] ** 2 - (n >= window ? re[n - window] ** 2 : 0);
    if (n >= window - 1) most = Math.max(most, sum);
  }
  return Math.sqrt(most / window);
}

const filters = new Map(); // by size and rate

function filterOf(size, sampleRate) {
  const key = `${size} ${sampleRate}`;
  if (!filters.has(key)) {
    const weights = Float64Array.from({length: size}, (_, k) => kWeight(Math.min(k, size - k) * sampleRate / size));
    filters.set(key, {fft: new Fft(size), weights});
  }
  return filters.get(key);
}

/** |H| of the shelf and the high-pass at a frequency. */
function kWeight(hz) {
  const amount = 10 ** (SHELF_DB / 20), shelf = hz / SHELF_HZ, low = hz / HIGH_PASS_HZ;
  // Each is a ratio of quadratics in s = i hz: real parts have the squares, imaginary parts the middle terms.
  const high = Math.hypot(1 - amount * shelf ** 2, Math.sqrt(amount) / SHELF_Q * shelf)
    / Math.hypot(1 - shelf ** 2, shelf / SHELF_Q);
  return high * low ** 2 / Math.hypot(1 - low ** 2, low / HIGH_PASS_Q);
}
