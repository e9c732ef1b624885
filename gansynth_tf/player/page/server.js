/** Notes and timbres from the server that sent the page. */

const TOKEN = new URLSearchParams(location.search).get('token') ?? '';

export async function openSource() {
  const told = await askJson('instrument');
  return new ServerSource({
    name: told.name, backend: told.backend, sampleRate: told.sample_rate, audioLength: told.audio_length,
    pitches: told.pitches, latentSize: told.latent_size, latentScale: told.latent_scale,
    loadSeconds: told.load_seconds,
  });
}

class ServerSource {
  features = {wandering: true, stems: true, formats: ['wav', 'flac'], samplers: true};
  atOnce = 4;

  constructor(instrument) {
    this.instrument = instrument;
  }

  async notes(latent, pitches) {
    const reply = await ask('notes', {latent, pitches, loop: true});
    return unpackNotes(await reply.arrayBuffer());
  }

  timbres() {
    return askJson('timbres');
  }

  async sample() {
    const {timbres} = await askJson('timbres/sample', {n: 1, seed: Math.floor(Math.random() * 2 ** 31)});
    return timbres[0].latent;
  }

  async mix(latents, weights) {
    return (await askJson('timbres/mix', {latents, weights})).latent;
  }

  async keep(name, latent) {
    return (await askJson('timbres/keep', {name, latent})).name;
  }

  at(position) {
    return askJson('timbres/at', {position});
  }

  async renderMidi(file, settings) {
    const form = new FormData();
    form.append('file', file);
    form.append('settings', JSON.stringify(settings));
    return new Job((await (await send('midi', {method: 'POST', body: form})).json()).job);
  }

  async exportSampler(name, latent) {
    return new Job((await askJson('sfz', {name, latent})).job);
  }
}

/** A piece of work that the server does while the page goes on. */
class Job {
  constructor(id) {
    this.path = `midi/${encodeURIComponent(id)}`; // whatever it makes
  }

  status() {
    return askJson(this.path);
  }

  async audio() {
    return (await ask(`${this.path}/audio`)).blob();
  }

  async stems() {
    return (await ask(`${this.path}/stems`)).blob();
  }

  async cancel() {
    await send(this.path, {method: 'DELETE'});
  }
}

/** Notes as the server packs them: length of a JSON header, the header, float32 samples of one note after another. */
export function unpackNotes(buffer) {
  const headerBytes = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerBytes)));
  let at = 4 + headerBytes;
  return header.notes.map(({pitch, samples, loop_start: loopStart, loop_end: loopEnd, gain, fall_db_per_second: fall}) => {
    const pcm = new Float32Array(buffer, at, samples);
    at += 4 * samples;
    return {pitch, pcm, sampleRate: header.sample_rate, loopStart, loopEnd, gain, fall};
  });
}

async function askJson(path, body) {
  return (await ask(path, body)).json();
}

/** A GET, or a POST of JSON where there is a body. */
function ask(path, body) {
  return send(path, body === undefined ? {} : {
    method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'}});
}

async function send(path, {headers = {}, ...options}) {
  let reply;
  try {
    reply = await fetch(path, {...options, headers: {...headers, 'X-Token': TOKEN}, cache: 'no-store'});
  } catch {
    throw new Error('The server does not answer. Is gansynth_play still running?');
  }
  if (reply.ok) return reply;
  let message;
  try {
    message = (await reply.json()).error;
  } catch { /* no JSON: its status has to do */ }
  throw new Error(message || `The server answers ${reply.status}.`);
}
