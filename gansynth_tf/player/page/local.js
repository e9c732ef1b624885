/** Notes and timbres without a server: the model runs in this browser, in a worker. */

import {inSeconds} from './dom.js';
import {renderMidi} from './midi_render.js';
import {mix, timbreAt} from './mixing.js';
import {keyOf} from './notes.js';

const MOST_KEPT = 128; // notes, of 170 kB each
const KEPT = 'gansynth timbres of '; // in localStorage, by model

export async function openSource(say) {
  const base = new URL('../', import.meta.url);
  const facts = await (await fetch(new URL('model/instrument.json', base))).json();
  const worker = new Asked(new Worker(new URL('local_worker.js', import.meta.url), {type: 'module'}));
  worker.tell = ({loaded, total}) => {
    const [now, all] = [loaded, total].map((bytes) => (bytes / 1e6).toFixed(1));
    say(loaded < total ? `Loading the model: ${now} of ${all} MB …` : 'Starting the model …');
  };
  const seconds = await worker.ask({task: 'load', base: base.href, facts});
  say(`The model is ready after ${inSeconds(seconds)}.`);
  // Without it, where a browser or host has none, the page needs its host each time it is opened.
  navigator.serviceWorker?.register(new URL(`offline.js?${facts.id}`, base)).catch(() => {});
  return new LocalSource(facts, worker, seconds);
}

class LocalSource {
  features = {wandering: false, stems: false, formats: ['wav'], samplers: false};
  atOnce = 1; // note of a request for what may be played next: each takes a while, and a key is not to wait for long

  constructor(facts, worker, loadSeconds) {
    Object.assign(this, {facts, worker, made: new Map()});
    this.instrument = {
      name: facts.name, backend: 'in this browser', sampleRate: facts.sample_rate, audioLength: facts.audio_length,
      pitches: facts.pitches, latentSize: facts.latent_size, latentScale: facts.latent_scale, loadSeconds,
    };
  }

  notes(latent, pitches) {
    return Promise.all(pitches.map((pitch) => this.#note(latent, pitch)));
  }

  /** A note, from those made last: keys and pieces ask for the same ones. */
  #note(latent, pitch) {
    const key = `${pitch} ${keyOf(latent)}`;
    if (!this.made.has(key)) {
      const note = this.worker.ask({task: 'notes', latent, pitches: [pitch]}).then(([made]) => made);
      note.catch(() => this.made.delete(key));
      this.made.set(key, note);
      if (this.made.size > MOST_KEPT) this.made.delete(this.made.keys().next().value);
    }
    return this.made.get(key);
  }

  async timbres() {
    return {timbres: [...this.facts.timbres, ...this.#kept()], axes: this.facts.axes};
  }

  async sample() {
    const {random} = this.facts;
    return random[Math.floor(Math.random() * random.length)];
  }

  async mix(latents, weights) {
    return mix(latents, weights);
  }

  async at(position) {
    return timbreAt(this.facts.timbres, position);
  }

  renderMidi(file, {latent}) {
    return renderMidi(this, file, latent);
  }

  async keep(name, latent) {
    const kept = [...this.#kept().filter((timbre) => timbre.name !== name), {name, latent, words: [], position: null}];
    try {
      localStorage.setItem(KEPT + this.facts.id, JSON.stringify(kept));
    } catch {
      throw new Error('The browser has no room for it, or does not let this page keep anything.');
    }
    return name;
  }

  #kept() {
    try {
      return JSON.parse(localStorage.getItem(KEPT + this.facts.id)) ?? [];
    } catch {
      return [];
    }
  }
}

/** A worker that is asked and answers. */
class Asked {
  constructor(worker) {
    this.worker = worker;
    this.open = new Map();
    worker.onmessage = ({data: {id, result, error, progress}}) => {
      if (progress) {
        this.tell(progress);
        return;
      }
      const {resolve, reject} = this.open.get(id);
      this.open.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    };
    worker.onerror = (event) => {
      for (const {reject} of this.open.values()) reject(new Error(event.message || 'The model could not be started.'));
      this.open.clear();
    };
  }

  ask(message) {
    const id = this.asked = (this.asked ?? 0) + 1;
    return new Promise((resolve, reject) => {
      this.open.set(id, {resolve, reject});
      this.worker.postMessage({id, ...message});
    });
  }
}
