/** The piano: drawn keys for mouse, touch and Tab, and the letters of the computer's keyboard. */

import {element} from './dom.js';
import {hueOf, isBlack, noteName, octaveOf, spokenName} from './music.js';

// By place, not by letter, so that it is the same hand on every layout.
const CODES = ['KeyA', 'KeyW', 'KeyS', 'KeyE', 'KeyD', 'KeyF', 'KeyT', 'KeyG', 'KeyY', 'KeyH', 'KeyU', 'KeyJ', 'KeyK',
  'KeyO', 'KeyL', 'KeyP'];
const LETTER_VELOCITY = 96;
const TAP_MS = 600;
const SOFTEST = 48, LOUDEST = 120;

export class Keyboard extends EventTarget {
  /** Tells of keys by 'down' events, with detail {pitch, velocity}, and 'up' events, with detail {pitch}. */
  constructor(root, pitches) {
    super();
    this.root = root;
    this.pitches = pitches;
    this.keys = new Map(pitches.map((pitch) => [pitch, drawKey(pitch)]));
    this.root.replaceChildren(...this.keys.values());
    this.pointers = new Map(); // from pointer id to pitch
    this.letters = new Map(); // from code to pitch
    this.base = 12 * Math.round((pitches[0] + pitches.at(-1) - 12) / 24);
    this.#letterKeys();
    this.focusOn(this.nearest(this.base));
    root.addEventListener('pointerdown', (event) => this.#pointerDown(event));
    root.addEventListener('pointermove', (event) => this.#pointerMove(event));
    for (const end of ['pointerup', 'pointercancel']) window.addEventListener(end, (event) => this.#pointerUp(event));
    root.addEventListener('keydown', (event) => this.#move(event));
    root.addEventListener('click', (event) => this.#tap(event));
    window.addEventListener('keydown', (event) => this.#letterDown(event));
    window.addEventListener('keyup', (event) => this.#letterUp(event));
    window.addEventListener('blur', () => this.#letGo());
  }

  nearest(pitch) {
    return this.pitches.reduce((best, known) => Math.abs(known - pitch) < Math.abs(best - pitch) ? known : best);
  }

  /** Which octave the letters play, by one up or down; false if there is none. */
  shift(octaves) {
    const base = this.base + 12 * octaves;
    if (base < this.pitches[0] - 11 || base > this.pitches.at(-1)) return false;
    this.base = base;
    this.#letterKeys();
    this.showOctave();
    return true;
  }

  showOctave() {
    const key = this.keys.get(this.nearest(this.base + 6));
    const left = key.offsetLeft - this.root.clientWidth / 2;
    this.root.scrollTo({left, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth'});
  }

  get octave() {
    return octaveOf(this.base);
  }

  show(pitch, isDown) {
    this.keys.get(pitch)?.classList.toggle('down', isDown);
  }

  focusOn(pitch) {
    for (const key of this.keys.values()) key.tabIndex = -1;
    this.focused = pitch;
    this.keys.get(pitch).tabIndex = 0;
  }

  #down(pitch, velocity) {
    this.dispatchEvent(new CustomEvent('down', {detail: {pitch, velocity}}));
  }

  #up(pitch) {
    this.dispatchEvent(new CustomEvent('up', {detail: {pitch}}));
  }

  #pointerDown(event) {
    const pitch = pitchAt(event);
    if (pitch === null || event.button) return;
    event.preventDefault();
    // A touch is bound to the key that it begins on; let go, it can slide to others.
    if (event.target.hasPointerCapture(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
    this.#press(event, pitch);
  }

  #pointerMove(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const pitch = pitchAt(event);
    if (pitch !== null && pitch !== this.pointers.get(event.pointerId)) this.#press(event, pitch);
  }

  #press(event, pitch) {
    this.#pointerUp(event);
    this.pointers.set(event.pointerId, pitch);
    this.focusOn(pitch);
    this.#down(pitch, touchVelocity(event, this.keys.get(pitch)));
  }

  #pointerUp({pointerId}) {
    if (!this.pointers.has(pointerId)) return;
    this.#up(this.pointers.get(pointerId));
    this.pointers.delete(pointerId);
  }

  /** A click without a pointer is a screen reader's: a short note. */
  #tap({detail, target}) {
    const pitch = Number(target.closest('.key')?.dataset.pitch);
    if (detail || !this.keys.has(pitch)) return;
    this.#down(pitch, LETTER_VELOCITY);
    setTimeout(() => this.#up(pitch), TAP_MS);
  }

  #move(event) {
    const at = this.pitches.indexOf(this.focused);
    const to = {ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 12, ArrowUp: at + 12, Home: 0,
      End: this.pitches.length - 1}[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const pitch = this.pitches[Math.max(0, Math.min(this.pitches.length - 1, to))];
    this.focusOn(pitch);
    this.keys.get(pitch).focus();
  }

  #letterDown(event) {
    if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    const pitch = this.#pitchOf(event);
    if (pitch !== null) {
      event.preventDefault();
      if (this.letters.has(event.code)) return;
      this.letters.set(event.code, pitch);
      this.#down(pitch, LETTER_VELOCITY);
    } else if (event.code === 'KeyZ') this.dispatchEvent(new CustomEvent('octave', {detail: -1}));
    else if (event.code === 'KeyX') this.dispatchEvent(new CustomEvent('octave', {detail: 1}));
  }

  #pitchOf({code, target}) {
    if ((code === 'Enter' || code === 'Space') && this.root.contains(target)) return Number(target.dataset.pitch);
    const offset = CODES.indexOf(code);
    return offset >= 0 && this.keys.has(this.base + offset) ? this.base + offset : null;
  }

  #letterUp({code}) {
    if (!this.letters.has(code)) return;
    this.#up(this.letters.get(code));
    this.letters.delete(code);
  }

  /** The window is left: keys that go up elsewhere are never heard of. */
  #letGo() {
    for (const pitch of [...this.letters.values(), ...this.pointers.values()]) this.#up(pitch);
    this.letters.clear();
    this.pointers.clear();
  }

  #letterKeys() {
    for (const key of this.keys.values()) key.firstChild.textContent = '';
    CODES.forEach((code, offset) => {
      const key = this.keys.get(this.base + offset);
      if (key) key.firstChild.textContent = code.slice(3);
    });
  }
}

function drawKey(pitch) {
  const key = element('button', {type: 'button', className: isBlack(pitch) ? 'key black' : 'key white', tabIndex: -1,
    'aria-label': spokenName(pitch)}, element('span', {className: 'letter', 'aria-hidden': 'true'}));
  if (pitch % 12 === 0) key.append(element('span', {className: 'note', textContent: noteName(pitch), 'aria-hidden': 'true'}));
  key.dataset.pitch = pitch;
  key.style.setProperty('--hue', hueOf(pitch));
  return key;
}

function pitchAt({clientX, clientY}) {
  const key = document.elementFromPoint(clientX, clientY)?.closest('.key');
  return key ? Number(key.dataset.pitch) : null;
}

/** The further down a key is touched, the louder. */
function touchVelocity({clientY}, key) {
  const box = key.getBoundingClientRect();
  const depth = Math.max(0, Math.min(1, (clientY - box.top) / box.height));
  return Math.round(SOFTEST + (LOUDEST - SOFTEST) * depth);
}

function isTyping(target) {
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
    || (target instanceof HTMLInputElement && !['range', 'checkbox', 'file'].includes(target.type));
}
