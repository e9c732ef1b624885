/** MIDI files played by the page's own voices, faster than they sound: what a page without a server renders. */

import {Engine, RELEASE_SECONDS} from './engine.js';
import {readMidi} from './midi_reader.js';
import {writeWav} from './wav.js';

const LONGEST_SECONDS = 1200;
const PEAK = 0.5; // of the piece, as of gansynth_generate

/** A job, as a source has them, that renders a file with one timbre. */
export async function renderMidi(source, file, latent) {
  const {notes, drums, bends} = readMidi(await file.arrayBuffer());
  const {placed, moved} = withinRange(notes, source.instrument.pitches);
  if (!placed.length) throw new Error('No notes: expected a MIDI file with some that are not drums.');
  const seconds = Math.max(...placed.map(({end}) => end)) + RELEASE_SECONDS;
  if (seconds > LONGEST_SECONDS) throw new Error(`Too long: expected at most ${LONGEST_SECONDS / 60} minutes.`);
  const report = [[drums, 'notes of drums left out'], [bends, 'bends left out'],
    [moved, 'notes moved by octaves into the range']].filter(([count]) => count).map((words) => words.join(' '));
  return new LocalJob(source, placed, {latent, seconds, report});
}

class LocalJob {
  constructor(source, notes, {latent, seconds, report}) {
    this.pitches = [...new Set(notes.map(({pitch}) => pitch))];
    this.state = {state: 'working', done: 0, total: this.pitches.length, seconds_left: null, error: null, report};
    this.#work(source, notes, latent, seconds).catch((error) => {
      Object.assign(this.state, {state: 'failed', error: error.message});
    });
  }

  async status() {
    return {...this.state};
  }

  async audio() {
    return this.wav;
  }

  async cancel() {
    this.state.state = 'cancelled';
  }

  async #work(source, notes, latent, seconds) {
    const {sampleRate} = source.instrument, began = performance.now();
    const context = new OfflineAudioContext(1, Math.ceil(seconds * sampleRate), sampleRate);
    const engine = new Engine(context, {mostVoices: Infinity});
    const made = new Map();
    for (const pitch of this.pitches) {
      const [note] = await source.notes(latent, [pitch]);
      if (this.state.state === 'cancelled') return;
      made.set(pitch, engine.prepare(note));
      this.state.done = made.size;
      this.state.seconds_left = (performance.now() - began) / 1000 / made.size * (this.pitches.length - made.size);
    }
    schedule(engine, notes, made);
    const wave = (await context.startRendering()).getChannelData(0);
    const peak = wave.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
    this.wav = writeWav([wave.map((x) => x * PEAK / peak)], sampleRate);
    if (this.state.state === 'working') this.state.state = 'done';
  }
}

function schedule(engine, notes, made) {
  const moments = notes.flatMap((note) => [{when: note.start, note, isStart: true}, {when: note.end, note, isStart: false}]);
  moments.sort((one, other) => one.when - other.when || one.isStart - other.isStart);
  const sounding = new Map(); // by pitch: only the note that sounds is ended, not one that has taken its place
  for (const {when, note, isStart} of moments) {
    if (isStart) {
      engine.start(note.pitch, note.velocity, made.get(note.pitch), when);
      sounding.set(note.pitch, note);
    } else if (sounding.get(note.pitch) === note) engine.release(note.pitch, when);
  }
}

function withinRange(notes, pitches) {
  let moved = 0;
  const placed = notes.map((note) => {
    let {pitch} = note;
    while (pitch < pitches[0]) pitch += 12;
    while (pitch > pitches.at(-1)) pitch -= 12;
    if (!pitches.includes(pitch)) pitch = pitches.reduce((best, one) => Math.abs(one - pitch) < Math.abs(best - pitch) ? one : best);
    moved += pitch !== note.pitch;
    return {...note, pitch};
  });
  return {placed, moved};
}
