/** Small helpers for the document. Text goes in as text only: nothing here takes HTML. */

export const byId = (id) => document.getElementById(id);

/** An element with text, properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('aria-') || name === 'role') made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** A link that saves a blob under a name. */
export function download(blob, name, text) {
  return element('a', {href: URL.createObjectURL(blob), download: name, textContent: text});
}

/** Frees what the download links in an element hold, and empties it. */
export function clear(container) {
  for (const held of container.querySelectorAll('a[href^="blob:"], audio[src^="blob:"]')) {
    URL.revokeObjectURL(held.href ?? held.src);
  }
  container.replaceChildren();
}

export function press(button, pressed) {
  button.setAttribute('aria-pressed', String(pressed));
}

/** The line under the title, which screen readers read out. */
export function say(text, {isError = false} = {}) {
  const line = byId('status');
  line.textContent = text;
  line.classList.toggle('error', isError);
}

/** A file name of letters, digits, '-' and '_'. */
export function fileName(text) {
  return text.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 60) || 'gansynth';
}

export function inSeconds(seconds) {
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
