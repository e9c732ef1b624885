/**
 * A rainbow of what sounds: time runs to the left, pitch goes up, brightness is level, and each note of the octave has
 * its colour. Where reduced motion is wished for, the spectrum stands still instead and is drawn four times a second.
 */

import {hueOf, hzToMidi, midiToHz} from './music.js';

const LOWEST_PITCH = 24, HIGHEST_PITCH = 119; // C1 to B8
const ROWS_PER_SEMITONE = 2;
const FLOOR_DB = -85, TOP_DB = -25;
const PIXELS_PER_FRAME = 2;
const STILL_MS = 250;

export class Scope {
  constructor(canvas, analyser) {
    Object.assign(this, {canvas, analyser, context: canvas.getContext('2d', {alpha: false})});
    this.levels = new Float32Array(analyser.frequencyBinCount);
    this.still = matchMedia('(prefers-reduced-motion: reduce)');
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.rows = rowsOf(analyser);
    this.#fit();
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.dark.addEventListener('change', () => this.#fit());
    this.last = 0;
    requestAnimationFrame((time) => this.#frame(time));
  }

  #fit() {
    const scale = Math.min(2, devicePixelRatio);
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * scale));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * scale));
    this.#blank(0, this.canvas.width);
  }

  #frame(time) {
    requestAnimationFrame((next) => this.#frame(next));
    if (this.still.matches && time - this.last < STILL_MS) return;
    this.last = time;
    this.analyser.getFloatFrequencyData(this.levels);
    const {width, height} = this.canvas;
    if (this.still.matches) {
      this.#blank(0, width);
      this.#draw((amount) => [0, width * amount]);
      return;
    }
    const context = this.context;
    context.drawImage(this.canvas, PIXELS_PER_FRAME, 0, width - PIXELS_PER_FRAME, height, 0, 0, width - PIXELS_PER_FRAME, height);
    this.#blank(width - PIXELS_PER_FRAME, PIXELS_PER_FRAME);
    this.#draw(() => [width - PIXELS_PER_FRAME, PIXELS_PER_FRAME]);
  }

  #blank(left, width) {
    this.context.fillStyle = this.dark.matches ? '#10141b' : '#fbfaf6';
    this.context.fillRect(left, 0, width, this.canvas.height);
  }

  #draw(across) {
    const {context, canvas, levels, rows} = this;
    const high = canvas.height / rows.length;
    rows.forEach(({hue, first, last}, index) => {
      let level = -Infinity;
      for (let bin = first; bin <= last; bin += 1) level = Math.max(level, levels[bin]);
      const amount = Math.max(0, Math.min(1, (level - FLOOR_DB) / (TOP_DB - FLOOR_DB)));
      if (!amount) return;
      const [left, width] = across(amount);
      const light = this.dark.matches ? 20 + 50 * amount : 94 - 44 * amount;
      context.fillStyle = `hsl(${hue} ${40 + 40 * amount}% ${light}%)`;
      context.fillRect(left, canvas.height - (index + 1) * high, width, high + 0.5);
    });
  }
}

/** For each row, from the lowest: its colour and the analyser's bins that belong to it. */
function rowsOf(analyser) {
  const hzPerBin = analyser.context.sampleRate / analyser.fftSize;
  const highest = Math.min(HIGHEST_PITCH, Math.floor(hzToMidi(analyser.context.sampleRate / 2)));
  const count = (highest - LOWEST_PITCH + 1) * ROWS_PER_SEMITONE;
  return Array.from({length: count}, (_, index) => {
    const pitch = LOWEST_PITCH - 0.5 + (index + 0.5) / ROWS_PER_SEMITONE;
    const half = 0.5 / ROWS_PER_SEMITONE;
    const first = Math.round(midiToHz(pitch - half) / hzPerBin);
    return {hue: hueOf(Math.round(pitch)), first, last: Math.max(first, Math.round(midiToHz(pitch + half) / hzPerBin) - 1)};
  });
}
