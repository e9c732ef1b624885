/** Records what is played, as MIDI events and as sound. */

import {writeMidi} from './smf.js';
import {writeWav} from './wav.js';

export class Recorder {
  /** @param engine whose sound is recorded, before its volume control */
  constructor(engine) {
    this.engine = engine;
    this.events = null;
  }

  get isRecording() {
    return this.events !== null;
  }

  get seconds() {
    return this.isRecording ? this.engine.context.currentTime - this.began : 0;
  }

  async start() {
    const {context} = this.engine;
    this.loaded ??= context.audioWorklet.addModule(new URL('capture.js', import.meta.url));
    await this.loaded;
    this.node = new AudioWorkletNode(context, 'capture', {numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit'});
    this.parts = [];
    this.ended = new Promise((resolve) => {
      this.node.port.onmessage = ({data}) => data === null ? resolve() : this.parts.push(data);
    });
    this.engine.limited.connect(this.node);
    this.began = context.currentTime;
    this.events = [];
    for (const {pitch, velocity} of this.engine.voices.values()) this.note([0x90, pitch, velocity]);
  }

  /** A channel message, if recording. */
  note(bytes) {
    this.events?.push({seconds: this.seconds, bytes});
  }

  bend(semitones) {
    const value = Math.max(0, Math.min(16383, Math.round(8192 + 8192 * semitones / 2)));
    this.note([0xe0, value & 0x7f, value >> 7]);
  }

  /** Ends the recording: {midi, wav}, two Blobs, and its seconds. */
  async stop() {
    for (const pitch of this.engine.voices.keys()) this.note([0x80, pitch, 0]);
    const {events, seconds, node} = this;
    this.events = null;
    node.port.postMessage('stop');
    await this.ended;
    this.engine.limited.disconnect(node);
    return {
      midi: new Blob([writeMidi(events)], {type: 'audio/midi'}),
      wav: writeWav(this.parts, this.engine.context.sampleRate),
      seconds,
    };
  }
}
