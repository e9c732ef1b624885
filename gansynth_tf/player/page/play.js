/** Hands and sound: what goes down and up on any keyboard, with pedal and bend, and what the engine plays of it. */

export class Play extends EventTarget {
  /**
   * Tells by 'key' events, with detail {pitch, isDown}, what sounds.
   * @param engine plays
   * @param store has the notes
   * @param recorder hears of everything
   */
  constructor(engine, store, recorder) {
    super();
    Object.assign(this, {engine, store, recorder});
    this.keys = new Map(); // from pitch to how many hold it: a finger and a letter may at once
    this.pedal = false;
    store.addEventListener('note', ({detail: note}) => engine.replace(note.pitch, note));
  }

  down(pitch, velocity) {
    if (!this.store.latent || !this.store.source.instrument.pitches.includes(pitch)) return;
    this.keys.set(pitch, (this.keys.get(pitch) ?? 0) + 1);
    this.engine.start(pitch, velocity, this.store.standIn(pitch));
    this.recorder.note([0x90, pitch, velocity]);
    this.#tell(pitch, true);
    this.store.want([pitch]).catch(() => {}); // the store's 'error' event tells
    this.store.moveTo(pitch);
  }

  up(pitch) {
    const held = this.keys.get(pitch);
    if (!held) return;
    if (held > 1) {
      this.keys.set(pitch, held - 1);
      return;
    }
    this.keys.delete(pitch);
    this.recorder.note([0x80, pitch, 0]);
    if (!this.pedal) this.#release(pitch);
  }

  setPedal(isDown) {
    this.pedal = isDown;
    this.recorder.note([0xb0, 64, isDown ? 127 : 0]);
    if (isDown) return;
    for (const pitch of [...this.engine.voices.keys()]) {
      if (!this.keys.has(pitch)) this.#release(pitch);
    }
  }

  setBend(semitones) {
    this.engine.setBend(semitones);
    this.recorder.bend(semitones);
  }

  silence() {
    this.keys.clear();
    for (const pitch of [...this.engine.voices.keys()]) this.#release(pitch);
  }

  /** Goes over to another timbre: what is held first. */
  async setTimbre(latent) {
    const held = [...this.engine.voices.keys()];
    const made = this.store.setTimbre(latent, held);
    for (const pitch of held) { // those that are there already
      const note = this.store.get(pitch);
      if (note) this.engine.replace(pitch, note);
    }
    await made;
  }

  #release(pitch) {
    this.engine.release(pitch);
    this.#tell(pitch, false);
  }

  #tell(pitch, isDown) {
    this.dispatchEvent(new CustomEvent('key', {detail: {pitch, isDown}}));
  }
}
