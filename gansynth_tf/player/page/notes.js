/** Notes that have been made, and those that are on their way: what is held first, then what lies around the hand. */

const REACH = 12; // semitones to each side of the last key that are made beforehand
const REACH_OF_STAND_IN = 5; // semitones
const MOST_BYTES = 128 * 2 ** 20;
const SETTLED_SECONDS = 0.25; // that a timbre stays before notes around are made

export const keyOf = (latent) => Array.from(latent, (x) => x.toPrecision(6)).join();

export class NoteStore extends EventTarget {
  /**
   * @param source see source.js
   * @param prepare from one of the source's notes to what is kept
   */
  constructor(source, prepare) {
    super();
    this.source = source;
    this.prepare = prepare;
    this.timbres = new Map(); // from keyOf(latent) to a Map from pitch to note; the one used last is the last
    this.bytes = 0;
    this.latent = null;
    this.around = null;
    this.asked = new Set();
  }

  /** Changes the timbre; `held` pitches are made first, all together. */
  async setTimbre(latent, held = []) {
    this.latent = latent;
    this.key = keyOf(latent);
    const known = this.timbres.get(this.key) ?? new Map();
    this.timbres.delete(this.key);
    this.timbres.set(this.key, known);
    clearTimeout(this.settled);
    this.settled = setTimeout(() => this.#makeAround(), 1000 * SETTLED_SECONDS);
    await this.want(held);
  }

  get(pitch) {
    return this.timbres.get(this.key)?.get(pitch) ?? null;
  }

  /** The note of a pitch, or of one near it, until it is made. */
  standIn(pitch) {
    for (let distance = 0; distance <= REACH_OF_STAND_IN; distance += 1) {
      const note = this.get(pitch - distance) ?? this.get(pitch + distance);
      if (note) return note;
    }
    return null;
  }

  /** Makes the notes of these pitches that are missing. 'note' events tell of each. */
  async want(pitches) {
    const missing = pitches.filter((pitch) => !this.get(pitch) && !this.asked.has(`${this.key}/${pitch}`));
    for (let at = 0; at < missing.length; at += 16) await this.#make(missing.slice(at, at + 16));
  }

  /** The hand is here: notes around it are made when nothing else is to be. */
  moveTo(pitch) {
    this.around = pitch;
    this.#makeAround();
  }

  async #make(pitches) {
    const {key, latent} = this;
    const asked = pitches.map((pitch) => `${key}/${pitch}`);
    asked.forEach((name) => this.asked.add(name));
    try {
      for (const made of await this.source.notes(latent, pitches)) this.#keep(key, this.prepare(made));
    } catch (error) {
      this.dispatchEvent(new CustomEvent('error', {detail: error}));
      throw error;
    } finally {
      asked.forEach((name) => this.asked.delete(name));
    }
  }

  #keep(key, note) {
    const notes = this.timbres.get(key);
    if (!notes) return; // let go in the meantime
    notes.set(note.pitch, note);
    this.bytes += 4 * note.buffer.length;
    for (const [oldest, others] of this.timbres) {
      if (this.bytes <= MOST_BYTES || oldest === this.key) break;
      this.timbres.delete(oldest);
      for (const other of others.values()) this.bytes -= 4 * other.buffer.length;
    }
    if (key === this.key) this.dispatchEvent(new CustomEvent('note', {detail: note}));
  }

  async #makeAround() {
    if (this.making || this.around === null || !this.latent) return;
    this.making = true;
    const began = performance.now();
    let made = 0;
    try {
      for (let missing; (missing = this.#missingAround()).length; made += missing.length) await this.want(missing);
    } catch {
      return; // told by the 'error' event; the next key tries again
    } finally {
      this.making = false;
    }
    if (made) this.dispatchEvent(new CustomEvent('settled', {detail: {made, seconds: (performance.now() - began) / 1000}}));
  }

  #missingAround() {
    return this.source.instrument.pitches
      .filter((pitch) => Math.abs(pitch - this.around) <= REACH && !this.get(pitch)
        && !this.asked.has(`${this.key}/${pitch}`))
      .sort((one, other) => Math.abs(one - this.around) - Math.abs(other - this.around))
      .slice(0, this.source.atOnce);
  }
}
