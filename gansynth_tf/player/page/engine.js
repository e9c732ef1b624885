/**
 * What sounds: voices that loop as long as they are held, and go over to another timbre without a gap.
 *
 * It works in any BaseAudioContext, so that an OfflineAudioContext can render what it plays.
 */

export const ATTACK_SECONDS = 0.006;
export const RELEASE_SECONDS = 0.3;
export const CROSSFADE_SECONDS = 0.05;
const STOLEN_SECONDS = 0.01;
const LATEST_TAP_SECONDS = 1.0; // a note that comes later than this after its key was let go does not sound
const MOST_VOICES = 24;
const LIMITER_RANGE = 8; // times full scale, beyond which it does not look
const NEPER_DB = 20 / Math.LN10;

export class Engine {
  /** @param {BaseAudioContext} context */
  constructor(context, {mostVoices = MOST_VOICES} = {}) {
    Object.assign(this, {context, mostVoices});
    this.voices = new Map(); // by pitch: those whose key or pedal is down
    this.fading = new Set();
    this.bend = 1;
    this.mix = new GainNode(context, {gain: 1 / LIMITER_RANGE});
    this.limited = new WaveShaperNode(context, {curve: limiterCurve()});
    this.volume = context.createGain();
    this.analyser = new AnalyserNode(context, {fftSize: 4096, smoothingTimeConstant: 0.5, minDecibels: -100});
    this.mix.connect(this.limited).connect(this.volume).connect(this.analyser).connect(context.destination);
  }

  /** A note as this engine plays it, from one of a source. */
  prepare({pitch, pcm, sampleRate, loopStart, loopEnd, gain, fall}) {
    const buffer = new AudioBuffer({length: pcm.length, sampleRate, numberOfChannels: 1});
    buffer.copyToChannel(pcm, 0);
    const loop = loopEnd == null ? null : [loopStart / sampleRate, loopEnd / sampleRate];
    return {pitch, buffer, loop, gain, fallSeconds: fall > 0 ? NEPER_DB / fall : Infinity};
  }

  /** Key down. `note` may be null, or that of another pitch: `replace` then brings the true one. */
  start(pitch, velocity, note, when = this.context.currentTime) {
    this.#end(this.voices.get(pitch), when, STOLEN_SECONDS);
    const envelope = new GainNode(this.context, {gain: 0});
    envelope.connect(this.mix);
    const voice = {pitch, velocity, envelope, layer: null, began: when, heldSeconds: null};
    this.voices.set(pitch, voice);
    if (note) this.#sound(voice, note, when);
    this.#steal(when);
  }

  /** Another note for a held key: the same key's in another timbre, or the one that was waited for. */
  replace(pitch, note, when = this.context.currentTime) {
    const voice = this.voices.get(pitch);
    if (voice) this.#replace(voice, note, when);
    for (const tapped of this.fading) {
      if (tapped.pitch === pitch && !tapped.layer) this.#playTap(tapped, note, when);
    }
  }

  /** Key up, pedal up. */
  release(pitch, when = this.context.currentTime) {
    const voice = this.voices.get(pitch);
    if (!voice) return;
    this.voices.delete(pitch);
    this.#end(voice, when, RELEASE_SECONDS);
  }

  releaseAll(when = this.context.currentTime) {
    for (const pitch of [...this.voices.keys()]) this.release(pitch, when);
  }

  setBend(semitones) {
    this.bend = 2 ** (semitones / 12);
    for (const voice of [...this.voices.values(), ...this.fading]) {
      voice.layer?.source.playbackRate.setTargetAtTime(voice.layer.rate * this.bend, this.context.currentTime, 0.01);
    }
  }

  setVolume(amount) {
    this.volume.gain.setTargetAtTime(amount ** 2, this.context.currentTime, 0.02);
  }

  isHeld(pitch) {
    return this.voices.has(pitch);
  }

  #sound(voice, note, when) {
    voice.began = when;
    voice.layer = this.#layer(voice, note, when, 0, 0);
    voice.envelope.gain.setValueAtTime(0, when);
    voice.envelope.gain.linearRampToValueAtTime(levelOf(voice), when + ATTACK_SECONDS);
  }

  #replace(voice, note, when) {
    if (!voice.layer) {
      this.#sound(voice, note, when);
      return;
    }
    const before = voice.layer;
    voice.layer = this.#layer(voice, note, when, when - voice.began, CROSSFADE_SECONDS);
    before.gain.gain.cancelScheduledValues(when);
    before.gain.gain.setValueAtTime(gainIn(before.note, when - voice.began), when);
    before.gain.gain.linearRampToValueAtTime(0, when + CROSSFADE_SECONDS);
    before.source.stop(when + CROSSFADE_SECONDS);
  }

  /** A source of a note, `elapsed` seconds after its beginning. */
  #layer(voice, note, when, elapsed, fadeSeconds) {
    const rate = 2 ** ((voice.pitch - note.pitch) / 12);
    const source = new AudioBufferSourceNode(this.context, {buffer: note.buffer, playbackRate: rate * this.bend});
    if (note.loop) Object.assign(source, {loop: true, loopStart: note.loop[0], loopEnd: note.loop[1]});
    const gain = new GainNode(this.context, {gain: fadeSeconds ? 0 : note.gain});
    if (fadeSeconds) {
      gain.gain.setValueAtTime(0, when);
      gain.gain.linearRampToValueAtTime(gainIn(note, elapsed + fadeSeconds), when + fadeSeconds);
    }
    if (note.loop && note.fallSeconds < Infinity) { // the loop is level; the note itself would go on falling
      const begins = when + Math.max(fadeSeconds, note.loop[0] - elapsed);
      gain.gain.setTargetAtTime(0, begins, note.fallSeconds);
    }
    source.connect(gain).connect(voice.envelope);
    source.start(when, placeIn(note, elapsed));
    return {source, gain, note, rate};
  }

  #end(voice, when, seconds) {
    if (!voice) return;
    this.voices.delete(voice.pitch);
    this.fading.add(voice);
    voice.heldSeconds = when - voice.began;
    voice.released = when;
    if (voice.layer) this.#fadeOut(voice, when, seconds);
    else setTimeout(() => voice.layer || this.#forget(voice), 1000 * LATEST_TAP_SECONDS);
  }

  #fadeOut(voice, when, seconds) {
    const {gain} = voice.envelope;
    const reached = levelOf(voice) * Math.min(1, (when - voice.began) / ATTACK_SECONDS);
    gain.cancelScheduledValues(when);
    gain.setValueAtTime(reached, when);
    gain.linearRampToValueAtTime(0, when + seconds);
    voice.layer.source.stop(when + seconds);
    voice.layer.source.onended = () => this.#forget(voice);
  }

  /** A key that was let go before its note was there still sounds, for as long as it was held. */
  #playTap(voice, note, when) {
    if (when - voice.released > LATEST_TAP_SECONDS) return;
    const end = when + Math.max(voice.heldSeconds, 2 * ATTACK_SECONDS);
    this.#sound(voice, note, when);
    const {gain} = voice.envelope;
    gain.setValueAtTime(levelOf(voice), end);
    gain.linearRampToValueAtTime(0, end + RELEASE_SECONDS);
    voice.layer.source.stop(end + RELEASE_SECONDS);
    voice.layer.source.onended = () => this.#forget(voice);
  }

  #steal(when) {
    if (this.voices.size + this.fading.size <= this.mostVoices) return;
    const [fading] = this.fading;
    if (!fading) this.#end(this.voices.values().next().value, when, STOLEN_SECONDS);
    else if (fading.layer) this.#fadeOutNow(fading, when);
    else this.#forget(fading);
  }

  #fadeOutNow(voice, when) {
    voice.envelope.gain.cancelScheduledValues(when);
    voice.envelope.gain.setTargetAtTime(0, when, STOLEN_SECONDS / 4);
    voice.layer.source.stop(when + 2 * STOLEN_SECONDS);
  }

  #forget(voice) {
    this.fading.delete(voice);
    voice.envelope.disconnect();
  }
}

/** As of the renderer: loudness follows the velocity's square. */
function levelOf(voice) {
  return (voice.velocity / 127) ** 2;
}

/** A note's gain after so many seconds. */
function gainIn(note, elapsed) {
  return note.loop ? note.gain * Math.exp(-Math.max(0, elapsed - note.loop[0]) / note.fallSeconds) : note.gain;
}

/** Where in a note's buffer its sound is after so many seconds. */
export function placeIn(note, elapsed) {
  if (!note.loop) return Math.min(Math.max(elapsed, 0), note.buffer.duration);
  const [start, end] = note.loop;
  return elapsed < end ? Math.max(elapsed, 0) : start + (elapsed - start) % (end - start);
}

/** Straight up to 0.8, then bent towards 1. */
function limiterCurve() {
  const knee = 0.8, size = 8193;
  const bend = (x) => x < knee ? x : knee + (1 - knee) * Math.tanh((x - knee) / (1 - knee));
  // A WaveShaperNode clips its input to -1..1, so the curve is that of a signal scaled down by LIMITER_RANGE.
  return Float32Array.from({length: size}, (_, index) => {
    const x = LIMITER_RANGE * (2 * index / (size - 1) - 1);
    return Math.sign(x) * bend(Math.abs(x));
  });
}
