/** Keyboards that speak MIDI: notes with velocity, pedal and bend. */

const BEND_SEMITONES = 2;

export class MidiInput extends EventTarget {
  /** Tells by events: 'down' {pitch, velocity}, 'up' {pitch}, 'pedal' (bool), 'bend' (semitones), 'inputs' (names). */

  static isThere() {
    return 'requestMIDIAccess' in navigator;
  }

  async connect() {
    let access;
    try {
      access = await navigator.requestMIDIAccess();
    } catch (error) {
      throw new Error(error.name === 'NotAllowedError' || error.name === 'SecurityError'
        ? 'The browser does not allow MIDI here: allow it in its settings for this page.'
        : `The browser finds no MIDI (${error.name}).`);
    }
    access.addEventListener('statechange', () => this.#listen(access));
    this.#listen(access);
  }

  #listen(access) {
    const inputs = [...access.inputs.values()].filter((input) => input.state !== 'disconnected');
    for (const input of inputs) input.onmidimessage = ({data}) => this.#hear(data);
    this.#tell('inputs', inputs.map((input) => input.name || 'a nameless input'));
  }

  #hear([status, first, second]) {
    const kind = status & 0xf0;
    if (kind === 0x90 && second > 0) this.#tell('down', {pitch: first, velocity: second});
    else if (kind === 0x80 || kind === 0x90) this.#tell('up', {pitch: first});
    else if (kind === 0xb0 && first === 64) this.#tell('pedal', second >= 64);
    else if (kind === 0xb0 && (first === 120 || first === 123)) this.#tell('silence');
    else if (kind === 0xe0) this.#tell('bend', BEND_SEMITONES * ((second << 7 | first) - 8192) / 8192);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
