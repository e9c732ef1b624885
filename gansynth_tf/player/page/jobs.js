/** A job's panel: progress with the time that is left, a way to cancel, and what came of it. */

import {clear, element, inSeconds} from './dom.js';

const EVERY_MS = 300;

/**
 * Shows a job until it ends.
 * @param panel where
 * @param start from nothing to the promise of a job, as a source starts them
 * @param what e.g. 'Rendering piece.mid'
 * @param results from a job that is done to the promise of nodes to show
 */
export async function showJob(panel, start, {what, results}) {
  clear(panel);
  panel.hidden = false;
  const bar = element('progress', {max: 1, 'aria-label': what});
  bar.removeAttribute('value');
  const line = element('p', {role: 'status', textContent: `${what} …`});
  const cancel = element('button', {type: 'button', textContent: 'Cancel'});
  panel.append(line, bar, cancel);
  panel.setAttribute('aria-busy', 'true');
  try {
    const job = await start();
    let cancelled = false;
    cancel.addEventListener('click', () => {
      cancelled = true;
      cancel.disabled = true;
      job.cancel().catch(() => {}); // it may have ended by itself
    });
    const status = await followed(job, () => cancelled, (now) => {
      if (now.total) Object.assign(bar, {max: now.total, value: now.done});
      line.textContent = progressText(what, now);
    });
    bar.remove();
    cancel.remove();
    line.textContent = cancelled ? `${what}: cancelled.` : `${what}: done.`;
    if (!cancelled) panel.append(...await results(job), reportOf(status.report ?? []));
  } catch (error) {
    bar.remove();
    cancel.remove();
    line.textContent = error.message;
    line.classList.add('error');
  } finally {
    panel.removeAttribute('aria-busy');
  }
}

async function followed(job, isCancelled, tell) {
  for (;;) {
    const status = await job.status().catch((error) => {
      if (isCancelled()) return {state: 'cancelled'};
      throw error;
    });
    if (isCancelled() || ['done', 'cancelled'].includes(status.state)) return status;
    if (status.state === 'failed') throw new Error(status.error || 'It failed.');
    tell(status);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function progressText(what, {done, total, seconds_left: left}) {
  if (!total) return `${what} …`;
  const time = left === null || left === undefined ? '' : `, ${inSeconds(left)} left`;
  return `${what}: ${done} of ${total} notes${time}`;
}

function reportOf(lines) {
  return element('ul', {className: 'report'}, ...lines.map((text) => element('li', {textContent: text})));
}
