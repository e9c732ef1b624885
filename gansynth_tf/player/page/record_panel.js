/** The record button, and what came of it. */

import {byId, clear, download, element, inSeconds, press, say} from './dom.js';

export function setUpRecording(recorder) {
  const button = byId('record'), time = byId('record-time'), made = byId('recordings');
  let ticking;
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if (recorder.isRecording) await stop();
      else await start();
    } catch (error) {
      say(`Recording does not work here: ${error.message}`, {isError: true});
    } finally {
      button.disabled = false;
    }
  });

  async function start() {
    await recorder.start();
    press(button, true);
    button.textContent = 'Stop';
    ticking = setInterval(() => { time.textContent = inSeconds(recorder.seconds); }, 200);
  }

  async function stop() {
    clearInterval(ticking);
    const {midi, wav, seconds} = await recorder.stop();
    press(button, false);
    button.textContent = 'Record';
    time.textContent = '';
    clear(made);
    made.append(element('span', {textContent: `${inSeconds(seconds)}: `}), download(wav, 'gansynth_take.wav', 'Save as wav'),
      download(midi, 'gansynth_take.mid', 'Save as MIDI'));
  }
}
