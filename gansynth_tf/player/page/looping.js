/** Loops that repeat exactly: `music/samplers/looping.py`, which says how, in JavaScript. */

import {Fft} from './fft.js';

const MOST_FRAMES = 60, FEWEST_FRAMES = 40, STEP_FRAMES = 5;
const FRAME_SECONDS = 0.128, START_SECONDS = 0.9;
const OVERLAP = 4, BLENDED = 16, LOBE = 2;
const AUDIBLE = 1e-4, TINY = 1e-12;
const DIED_DB = -50, FASTEST_DB_PER_SECOND = 40;

/**
 * The note with a loop in it, or null if it ends by itself, or before a loop could.
 * @param wave Float32Array
 * @returns {{pcm: Float32Array, loopStart: number, loopEnd: number, fall: number}|null}
 */
export function sustained(wave, sampleRate) {
  const size = 2 ** Math.floor(Math.log2(FRAME_SECONDS * sampleRate)), hop = size / OVERLAP;
  const start = Math.max(BLENDED + 1, Math.round(START_SECONDS * sampleRate / hop));
  const spectrum = stft(wave, size, hop);
  const most = Math.min(MOST_FRAMES, spectrum.length - OVERLAP - start);
  if (most < FEWEST_FRAMES) return null;
  const {pcm, length, slope} = looped(spectrum, {start, most, size, hop});
  const loopStart = (start - 1) * hop + size / 2, loopEnd = loopStart + length;
  const fall = Math.max(0, -slope * 20 / Math.LN10 * sampleRate / hop);
  const peak = wave.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  const level = Math.sqrt(pcm.subarray(loopStart, loopEnd).reduce((sum, x) => sum + x * x, 0) / length);
  if (20 * Math.log10(level / peak + TINY) < DIED_DB || fall > FASTEST_DB_PER_SECOND) return null;
  return {pcm: Float32Array.from(pcm.subarray(0, loopEnd + hop)), loopStart, loopEnd, fall};
}

function looped(spectrum, {start, most, size, hop}) {
  const logmag = spectrum.map(({re, im}) => re.map((x, bin) => Math.log(Math.sqrt(x * x + im[bin] * im[bin]) + TINY)));
  const turns = turnsOf(spectrum, hop, size);
  const count = bestLength(logmag.slice(start), turns.slice(start), most);
  const slope = level(logmag, start, count);
  const loud = blended(logmag, start, count), turning = blended(turns, start, count);
  makeWhole(loud, turning);
  // Once more from the loop's beginning, so that its last samples have all the frames that are over them.
  const phase = spectrum[start - 1].re.map((x, bin) => Math.atan2(spectrum[start - 1].im[bin], x));
  const frames = spectrum.slice(0, start);
  for (let index = 0; index < count + 2 * OVERLAP; index += 1) {
    const magnitude = loud[index % count].map(Math.exp), turn = turning[index % count];
    for (let bin = 0; bin < phase.length; bin += 1) phase[bin] += 2 * Math.PI * turn[bin];
    frames.push({re: magnitude.map((x, bin) => x * Math.cos(phase[bin])),
      im: magnitude.map((x, bin) => x * Math.sin(phase[bin]))});
  }
  return {pcm: istft(frames, size, hop), length: count * hop, slope};
}

function hann(size) {
  return Float64Array.from({length: size}, (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / size));
}

/** Frames {re, im} of size / 2 + 1 bins; frame n is centred at sample n * hop. */
function stft(wave, size, hop) {
  const fft = new Fft(size), window = hann(size), frames = [];
  for (let first = -size / 2; first + size <= wave.length + size / 2; first += hop) {
    const re = window.map((weight, n) => weight * (wave[first + n] ?? 0)), im = new Float64Array(size);
    fft.forward(re, im);
    im[0] = im[size / 2] = 0; // but for rounding, on which the sign of half a turn would hang
    frames.push({re: re.slice(0, size / 2 + 1), im: im.slice(0, size / 2 + 1)});
  }
  return frames;
}

function istft(frames, size, hop) {
  const fft = new Fft(size), window = hann(size), length = size + (frames.length - 1) * hop;
  const total = new Float64Array(length), weight = new Float64Array(length);
  const re = new Float64Array(size), im = new Float64Array(size);
  frames.forEach((frame, index) => {
    for (let bin = 0; bin <= size / 2; bin += 1) {
      re[bin] = re[(size - bin) % size] = frame.re[bin];
      im[bin] = frame.im[bin];
      im[(size - bin) % size] = -frame.im[bin];
    }
    im[0] = im[size / 2] = 0;
    fft.inverse(re, im);
    for (let n = 0; n < size; n += 1) {
      total[index * hop + n] += re[n] * window[n];
      weight[index * hop + n] += window[n] ** 2;
    }
  });
  return total.map((x, n) => x / Math.max(weight[n], TINY)).subarray(size / 2);
}

/** Turns of every bin's phase from the frame before; the whole ones, too, nearest to its centre. */
function turnsOf(spectrum, hop, size) {
  let before = new Float64Array(spectrum[0].re.length);
  return spectrum.map(({re, im}) => {
    const angles = re.map((x, bin) => Math.atan2(im[bin], x));
    const turns = angles.map((angle, bin) => {
      const centre = bin * hop / size, step = (angle - before[bin]) / (2 * Math.PI) - centre;
      return centre + step - roundHalfToEven(step);
    });
    before = angles;
    return turns;
  });
}

/** Adds a row to a sum; of logarithms of magnitudes their powers. */
function add(sum, row, isLog) {
  for (let bin = 0; bin < row.length; bin += 1) sum[bin] += isLog ? Math.exp(2 * row[bin]) : row[bin];
}

function roundHalfToEven(x) {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}

function sumsOf(rows, isLog = false) {
  const sum = new Float64Array(rows[0].length);
  for (const row of rows) add(sum, row, isLog);
  return sum;
}

/** The number of frames after which partials have come closest to whole turns, relative to all their turns. */
function bestLength(logmag, turns, most) {
  const total = new Float64Array(logmag[0].length), power = new Float64Array(logmag[0].length);
  let best = most, least = Infinity;
  for (let count = 1; count <= most; count += 1) {
    add(total, turns[count - 1]);
    add(power, logmag[count - 1], true);
    if (count < FEWEST_FRAMES || (most - count) % STEP_FRAMES) continue;
    let moved = 0, weight = 0;
    for (const peak of peaksOf(power)) {
      if (total[peak] <= 1) continue;
      moved += power[peak] * Math.abs(Math.round(total[peak]) - total[peak]) / total[peak];
      weight += power[peak];
    }
    const detuning = weight ? moved / weight : 0;
    if (detuning <= least) [best, least] = [count, detuning]; // of equals the longest
  }
  return best;
}

/** Takes the trend of the loop's level out of all log magnitudes; returns it, in nepers a frame. */
function level(logmag, start, count) {
  const levels = logmag.slice(start, start + count)
    .map((row) => 0.5 * Math.log(row.reduce((sum, x) => sum + Math.exp(2 * x), 0) + TINY));
  const middle = (count - 1) / 2, mean = levels.reduce((sum, x) => sum + x, 0) / count;
  let products = 0, squares = 0;
  levels.forEach((x, index) => {
    products += (index - middle) * (x - mean);
    squares += (index - middle) ** 2;
  });
  const slope = products / squares;
  logmag.forEach((row, frame) => {
    const trend = slope * (frame - start);
    for (let bin = 0; bin < row.length; bin += 1) row[bin] -= trend;
  });
  return slope;
}

/** The loop's frames, of which the last become those that were before its first. */
function blended(values, start, count) {
  const loop = values.slice(start, start + count).map((row) => row.slice());
  for (let index = 0; index < BLENDED; index += 1) {
    const weight = (index + 1) / BLENDED, earlier = values[start - BLENDED + index];
    const row = loop[count - BLENDED + index];
    row.forEach((x, bin) => { row[bin] = x + weight * (earlier[bin] - x); });
  }
  return loop;
}

/** Adds a constant to each bin's turns, so that over the loop they are whole. */
function makeWhole(logmag, turns) {
  const total = sumsOf(turns), power = sumsOf(logmag, true), wanted = total.map(Math.round);
  for (const peak of peaksOf(power)) {
    let sum = 0, weight = 0;
    for (let bin = Math.max(peak - 1, 0); bin <= Math.min(peak + 1, power.length - 1); bin += 1) {
      sum += power[bin] * total[bin];
      weight += power[bin];
    }
    // Bins further than a turn from their partial belong to another sound.
    const together = Math.round(sum / weight);
    for (let bin = Math.max(peak - LOBE, 0); bin <= Math.min(peak + LOBE, power.length - 1); bin += 1) {
      if (Math.abs(total[bin] - together) <= 1.5) wanted[bin] = together;
    }
  }
  for (const row of turns) row.forEach((x, bin) => { row[bin] = x + (wanted[bin] - total[bin]) / turns.length; });
}

/** Bins louder than two neighbours on each side, the faintest first, so that the louder have the last word. */
function peaksOf(power) {
  const least = AUDIBLE ** 2 * power.reduce((most, x) => Math.max(most, x), 0);
  const peaks = [];
  power.forEach((x, bin) => {
    if (x > least && x > (power[bin - 1] ?? 0) && x > (power[bin + 1] ?? 0) && x > (power[bin - 2] ?? 0)
      && x > (power[bin + 2] ?? 0)) peaks.push(bin);
  });
  return peaks.sort((one, other) => power[one] - power[other]);
}
