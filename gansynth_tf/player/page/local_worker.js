/** The model, away from the page's own thread: network by ONNX Runtime, then tail, loop and level. */

import {finish, matchedGain} from './loudness.js';
import {sustained} from './looping.js';
import {Tail} from './tail.js';

let model;
let last = Promise.resolve();

self.onmessage = ({data}) => {
  last = last.then(() => answer(data)); // one at a time, in the order in which they are asked for
};

async function answer({id, task, ...values}) {
  try {
    const result = await (task === 'load' ? load(values) : notes(values));
    const moved = task === 'load' ? [] : result.map(({pcm}) => pcm.buffer);
    self.postMessage({id, result}, moved);
  } catch (error) {
    self.postMessage({id, error: String(error.message ?? error)});
  }
}

/** Reads the runtime and the network, tells of its progress, and plays a first note: the first takes longest. */
async function load({base, facts}) {
  const began = performance.now();
  // With the site's id a name stands for its content, so that it need not be asked for again.
  const names = ['runtime/ort.wasm', 'model/generator.onnx'];
  const total = names.reduce((sum, name) => sum + facts.files[name], 0);
  let loaded = 0;
  const tell = (bytes) => self.postMessage({progress: {loaded: loaded += bytes, total}});
  const [wasm, network] = await Promise.all(names.map((name) => read(new URL(`${name}?${facts.id}`, base), tell)));
  const ort = await import(new URL('runtime/ort.mjs', base));
  Object.assign(ort.env.wasm, {numThreads: 1, wasmBinary: wasm});
  const session = await ort.InferenceSession.create(network, {executionProviders: ['wasm']});
  model = {ort, session, facts, tail: new Tail(facts.spec)};
  await wave(facts.timbres[0].latent, facts.pitches[0]);
  return (performance.now() - began) / 1000;
}

async function read(url, tell) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`Cannot read ${url.pathname}: ${reply.status}`);
  const parts = [], reader = reply.body.getReader();
  for (let part; !(part = await reader.read()).done;) {
    parts.push(part.value);
    tell(part.value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function notes({latent, pitches}) {
  const {sample_rate: sampleRate} = model.facts;
  const made = [];
  for (const pitch of pitches) {
    const whole = finish(await wave(latent, pitch), sampleRate);
    const gain = matchedGain(whole, sampleRate);
    const loop = gain ? sustained(whole, sampleRate) : null;
    made.push({pitch, sampleRate, gain, ...(loop ?? {pcm: whole, loopStart: null, loopEnd: null, fall: 0})});
  }
  return made;
}

/** A note as the model makes it. */
async function wave(latent, pitch) {
  const {ort, session, facts, tail} = model;
  const output = await session.run({
    latents: new ort.Tensor('float32', Float32Array.from(latent), [1, latent.length]),
    labels: new ort.Tensor('int32', Int32Array.of(facts.pitches.indexOf(pitch)), [1]),
  });
  return tail.wave(Object.values(output)[0].data, pitch);
}
