/** MIDI files of what was played: format 0, 960 ticks a second. */

const TICKS_PER_BEAT = 480;
const MICROSECONDS_PER_BEAT = 500_000;
const TICKS_PER_SECOND = TICKS_PER_BEAT * 1e6 / MICROSECONDS_PER_BEAT;

/**
 * @param events [{seconds, bytes}], bytes of a channel message, in order of time
 * @returns {Uint8Array}
 */
export function writeMidi(events) {
  const track = [0, 0xff, 0x51, 3, ...bigEndian(MICROSECONDS_PER_BEAT, 3)];
  let tick = 0;
  for (const {seconds, bytes} of events) {
    const next = Math.max(tick, Math.round(seconds * TICKS_PER_SECOND));
    track.push(...variableLength(next - tick), ...bytes);
    tick = next;
  }
  track.push(0, 0xff, 0x2f, 0);
  return Uint8Array.from([...ascii('MThd'), ...bigEndian(6, 4), ...bigEndian(0, 2), ...bigEndian(1, 2),
    ...bigEndian(TICKS_PER_BEAT, 2), ...ascii('MTrk'), ...bigEndian(track.length, 4), ...track]);
}

function variableLength(number) {
  const bytes = [number & 0x7f];
  while ((number >>>= 7)) bytes.unshift(number & 0x7f | 0x80);
  return bytes;
}

export function bigEndian(number, size) {
  return Array.from({length: size}, (_, index) => Math.floor(number / 256 ** (size - 1 - index)) % 256);
}

export const ascii = (text) => [...text].map((character) => character.charCodeAt(0));
