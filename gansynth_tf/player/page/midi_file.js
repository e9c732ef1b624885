/** The panel of MIDI files: dropped or chosen, rendered, listened to, saved. */

import {byId, download, element, fileName} from './dom.js';
import {showJob} from './jobs.js';

export function setUpMidiFiles(source, timbre) {
  const drop = byId('drop');
  const {wandering, stems, formats} = source.features;
  byId('render-timbre').closest('label').hidden = !wandering;
  byId('render-stems').closest('label').hidden = !stems;
  byId('render-format').closest('label').hidden = formats.length < 2;
  byId('file').addEventListener('change', ({target}) => {
    const [file] = target.files;
    if (file) render(file);
    target.value = '';
  });
  // Anywhere on the page, so that a file that misses the field is not opened instead of the page.
  window.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  window.addEventListener('dragleave', (event) => event.relatedTarget || drop.classList.remove('over'));
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const [file] = event.dataTransfer.files;
    if (file) render(file);
  });

  function render(file) {
    const format = byId('render-format').value, stems = byId('render-stems').checked;
    const latent = byId('render-timbre').value === 'this' ? timbre.current.latent : null;
    const name = fileName(file.name.replace(/\.midi?$/i, ''));
    return showJob(byId('midi-job'), () => source.renderMidi(file, {latent, stems, format}), {
      what: `Rendering ${file.name}`,
      async results(job) {
        const audio = await job.audio();
        const made = [element('audio', {controls: true, src: URL.createObjectURL(audio)}),
          download(audio, `${name}.${format}`, `Save as ${format}`)];
        if (stems) made.push(download(await job.stems(), `${name}_stems.zip`, 'Save the tracks'));
        return made;
      },
    });
  }
}

export function setUpSamplers(source, timbre) {
  const button = byId('export-sfz');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const name = byId('keep-name').value.trim() || timbre.current.name;
    button.disabled = true;
    await showJob(byId('sfz-job'), () => source.exportSampler(name, timbre.current.latent), {
      what: `Sampling ${name}`,
      results: async (job) => [download(await job.audio(), `${fileName(name)}.zip`, 'Save the SFZ instrument')],
    });
    button.disabled = false;
  });
}
