/** The page: opens a source and puts its parts together. */

import {byId, inSeconds, press, say} from './dom.js';
import {Engine} from './engine.js';
import {Keyboard} from './keyboard.js';
import {setUpMidiFiles, setUpSamplers} from './midi_file.js';
import {MidiInput} from './midi_input.js';
import {noteName} from './music.js';
import {NoteStore} from './notes.js';
import {Play} from './play.js';
import {setUpRecording} from './record_panel.js';
import {Recorder} from './recorder.js';
import {Scope} from './scope.js';
import {openSource} from './source.js';
import {Timbre} from './timbre.js';
import {TimbrePanel} from './timbre_panel.js';

async function begin() {
  const began = performance.now();
  say('Loading the instrument …');
  const source = await openSource(say);
  const {instrument} = source;
  byId('instrument').textContent = `${instrument.name}, ${instrument.backend}, loaded in ${inSeconds(instrument.loadSeconds)}`;
  const engine = new Engine(openAudio(instrument.sampleRate));
  const store = new NoteStore(source, (note) => engine.prepare(note));
  const recorder = new Recorder(engine);
  const play = new Play(engine, store, recorder);
  const timbre = new Timbre();
  const keyboard = new Keyboard(byId('keyboard'), instrument.pitches);

  connectKeyboard(keyboard, play);
  connectMidi(play);
  connectTimbre(timbre, play, store);
  connectControls(engine, play);
  setUpRecording(recorder);
  setUpMidiFiles(source, timbre);
  if (source.features.samplers) setUpSamplers(source, timbre);
  new Scope(byId('scope'), engine.analyser);

  say('Loading the timbres …');
  await new TimbrePanel(source, timbre).begin();
  say('Making the first notes …');
  store.moveTo(keyboard.nearest(keyboard.base));
  await store.want([keyboard.nearest(keyboard.base)]);
  keyboard.showOctave();
  for (const part of document.querySelectorAll('[inert]')) part.inert = false;
  document.documentElement.dataset.ready = 'true';
  say(`Ready after ${inSeconds((performance.now() - began) / 1000)}. Play with the mouse, the letters A to P or MIDI.`);
  Object.assign(window, {gansynth: {source, engine, store, play, recorder, timbre}}); // for the browser's console
}

/** At the instrument's rate its samples need no interpolation; the browser converts the mix once, and well. */
function openAudio(sampleRate) {
  let context;
  try {
    context = new AudioContext({sampleRate, latencyHint: 'interactive'});
  } catch { // a rate that this browser does not do
    context = new AudioContext({latencyHint: 'interactive'});
  }
  // Browsers let a page sound only after the first touch.
  const wake = () => context.state === 'suspended' && context.resume();
  for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, wake, {capture: true});
  return context;
}

function connectKeyboard(keyboard, play) {
  keyboard.addEventListener('down', ({detail}) => play.down(detail.pitch, detail.velocity));
  keyboard.addEventListener('up', ({detail}) => play.up(detail.pitch));
  play.addEventListener('key', ({detail}) => keyboard.show(detail.pitch, detail.isDown));
  const shift = (octaves) => {
    if (keyboard.shift(octaves)) byId('octave').textContent = `from ${noteName(keyboard.base)}`;
  };
  keyboard.addEventListener('octave', ({detail}) => shift(detail));
  byId('octave-down').addEventListener('click', () => shift(-1));
  byId('octave-up').addEventListener('click', () => shift(1));
  shift(0);
}

function connectMidi(play) {
  const button = byId('connect-midi'), inputs = byId('midi-inputs');
  if (!MidiInput.isThere()) {
    button.disabled = true;
    inputs.textContent = 'This browser has no Web MIDI; Chromium, Edge and Firefox have.';
    return;
  }
  const midi = new MidiInput();
  midi.addEventListener('down', ({detail}) => play.down(detail.pitch, detail.velocity));
  midi.addEventListener('up', ({detail}) => play.up(detail.pitch));
  midi.addEventListener('pedal', ({detail}) => play.setPedal(detail));
  midi.addEventListener('bend', ({detail}) => play.setBend(detail));
  midi.addEventListener('silence', () => play.silence());
  midi.addEventListener('inputs', ({detail}) => {
    inputs.textContent = detail.length ? detail.join(', ') : 'No MIDI keyboard is plugged in; one that is will be heard.';
  });
  button.addEventListener('click', () => {
    midi.connect().catch((error) => { inputs.textContent = error.message; });
  });
}

function connectTimbre(timbre, play, store) {
  // While held notes are being made, only the latest of what comes meanwhile matters.
  let wanted = null, isChanging = false;
  timbre.addEventListener('change', async () => {
    wanted = timbre.current.latent;
    if (isChanging) return;
    isChanging = true;
    while (wanted) {
      const latent = wanted;
      wanted = null;
      await play.setTimbre(latent).catch(() => {}); // the store's 'error' event tells
    }
    isChanging = false;
  });
  store.addEventListener('error', ({detail}) => say(detail.message, {isError: true}));
  store.addEventListener('settled', ({detail: {made, seconds}}) => {
    say(`${made} notes around the hand made in ${inSeconds(seconds)}.`);
  });
}

function connectControls(engine, play) {
  const volume = byId('volume'), sustain = byId('sustain');
  const setVolume = () => engine.setVolume(Number(volume.value) / 100);
  volume.addEventListener('input', setVolume);
  setVolume();
  sustain.addEventListener('click', () => {
    const isDown = sustain.getAttribute('aria-pressed') !== 'true';
    press(sustain, isDown);
    play.setPedal(isDown);
  });
}

begin().catch((error) => {
  say(error.message, {isError: true});
  throw error;
});
