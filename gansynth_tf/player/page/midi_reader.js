/** MIDI files as notes: tempo, running status and the sustain pedal are read; drums and bends are counted and left out. */

const DRUMS = 9;
const DEFAULT_TEMPO = 500_000; // microseconds a beat
const ORDER = {off: 0, pedal: 1, on: 2}; // of what comes at the same time

/**
 * @param {ArrayBuffer} buffer
 * @returns {{notes: {start, end, pitch, velocity}[], drums: number, bends: number}} seconds, in order of start
 */
export function readMidi(buffer) {
  const bytes = new Uint8Array(buffer), view = new DataView(buffer);
  if (bytes.length < 14 || text(bytes, 0) !== 'MThd') throw new Error('This is no MIDI file.');
  const division = view.getInt16(12);
  if (view.getUint16(8) === 2) throw new Error('This MIDI file holds several pieces (format 2), of which none can be chosen here.');
  if (division <= 0) throw new Error('This MIDI file counts in film frames, which are not read here.');
  const events = [];
  for (let at = 8 + view.getUint32(4); at + 8 <= bytes.length;) {
    const end = Math.min(at + 8 + view.getUint32(at + 4), bytes.length);
    if (text(bytes, at) === 'MTrk') readTrack(bytes, at + 8, end, events);
    at = end;
  }
  events.sort((one, other) => one.tick - other.tick || (ORDER[one.type] ?? -1) - (ORDER[other.type] ?? -1));
  return pair(timed(events, division));
}

function text(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function readTrack(bytes, start, end, events) {
  let at = start, tick = 0, status = 0;
  const number = () => {
    let value = 0, byte;
    do {
      byte = bytes[at++];
      value = value << 7 | byte & 0x7f;
    } while (byte & 0x80 && at < end);
    return value;
  };
  while (at < end) {
    tick += number();
    if (bytes[at] & 0x80) status = bytes[at++];
    if (status >= 0xf0) {
      const kind = status === 0xff ? bytes[at++] : null, length = number();
      if (kind === 0x51) events.push({tick, type: 'tempo', value: bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2]});
      at += length;
      continue;
    }
    if (!status) throw new Error('This MIDI file is damaged: a track begins within an event.');
    const first = bytes[at++], second = [0xc0, 0xd0].includes(status & 0xf0) ? 0 : bytes[at++];
    if (at <= end) events.push({tick, channel: status & 15, ...meaning(status & 0xf0, first, second)});
  }
}

function meaning(kind, first, second) {
  if (kind === 0x90 && second) return {type: 'on', pitch: first, velocity: second};
  if (kind === 0x80 || kind === 0x90) return {type: 'off', pitch: first};
  if (kind === 0xb0 && first === 64) return {type: 'pedal', isDown: second >= 64};
  if (kind === 0xe0 && (first || second !== 64)) return {type: 'bend'};
  return {type: 'other'};
}

/** The same events with `seconds`; all tracks have one tempo. */
function timed(events, division) {
  let tempo = DEFAULT_TEMPO, tick = 0, seconds = 0;
  return events.map((event) => {
    seconds += (event.tick - tick) * tempo / division / 1e6;
    tick = event.tick;
    if (event.type === 'tempo') tempo = event.value;
    return {...event, seconds};
  });
}

/** Notes of events: of two at one pitch the first ends first; a pedal holds what is let go until it goes up. */
function pair(events) {
  const notes = [], down = new Map(), pedals = new Set();
  let held = [], drums = 0, bends = 0;
  const last = events.at(-1)?.seconds ?? 0;
  for (const {type, channel, seconds, pitch, velocity, isDown} of events) {
    const key = channel * 128 + pitch;
    if (type === 'bend') bends += 1;
    else if (type === 'on' && channel === DRUMS) drums += 1;
    else if (type === 'on') {
      const note = {start: seconds, end: last, pitch, velocity, channel};
      notes.push(note);
      for (const other of held.filter((one) => one.channel === channel && one.pitch === pitch)) other.end = seconds;
      held = held.filter((one) => one.channel !== channel || one.pitch !== pitch);
      down.set(key, [...down.get(key) ?? [], note]);
    } else if (type === 'off' && down.get(key)?.length) {
      const note = down.get(key).shift();
      if (pedals.has(channel)) held.push(note);
      else note.end = seconds;
    } else if (type === 'pedal' && isDown) pedals.add(channel);
    else if (type === 'pedal') {
      pedals.delete(channel);
      for (const note of held.filter((one) => one.channel === channel)) note.end = seconds;
      held = held.filter((one) => one.channel !== channel);
    }
  }
  return {notes, drums, bends};
}
