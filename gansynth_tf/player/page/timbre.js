/** The timbre that is played, and those before it. */

const MOST_STEPS = 100;

export class Timbre extends EventTarget {
  constructor() {
    super();
    this.current = null; // {latent, name, position}: position on the pad, or null
    this.past = [];
  }

  /**
   * Changes to another timbre and tells by a 'change' event.
   * @param next {latent, name, position}
   * @param step false while the hand is still moving: only where it began can be gone back to
   */
  set(next, {step = true} = {}) {
    if (this.current && step) this.remember();
    this.current = next;
    this.dispatchEvent(new Event('change'));
  }

  /** Keeps the current timbre as one that `undo` goes back to. */
  remember() {
    this.past.push(this.current);
    if (this.past.length > MOST_STEPS) this.past.shift();
  }

  undo() {
    if (!this.past.length) return;
    this.current = this.past.pop();
    this.dispatchEvent(new Event('change'));
  }
}
