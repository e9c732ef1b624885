/** A plane on which one point is moved, by pointer or arrow keys; [x, y] in -1..1, y upwards. */

import {element} from './dom.js';

const STEP = 0.1, SMALL_STEP = 0.02;
const LEFT_BEYOND = 0.1; // a name stands to the left of its mark there
const INSIDE = 0.9; // of the pad; around it there is room for marks at the edge

export class Pad extends EventTarget {
  /** Tells of moves by 'move' events, with detail {position, isFirst}: the first one of a drag, or a key's. */
  constructor(root) {
    super();
    this.root = root;
    this.position = [0, 0];
    this.marks = element('div', {className: 'marks', 'aria-hidden': 'true'});
    this.point = element('div', {className: 'point', 'aria-hidden': 'true'});
    this.ends = element('div', {className: 'ends', 'aria-hidden': 'true'});
    root.replaceChildren(this.ends, this.marks, this.point);
    root.addEventListener('pointerdown', (event) => this.#grab(event));
    root.addEventListener('pointermove', (event) => this.#drag(event));
    root.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => makeRoom(root, this.marks)).observe(root);
    this.show([0, 0], '');
  }

  /** Names at places: [{name, position, isCorner}]. */
  setMarks(marks) {
    this.marks.replaceChildren(...marks.map(({name, position, isCorner}) => {
      const mark = element('span', {className: isCorner ? 'mark corner' : 'mark'},
        element('span', {className: 'label', textContent: name}));
      place(mark, position);
      mark.classList.toggle('left', position[0] > LEFT_BEYOND);
      mark.classList.toggle('upper', position[1] > 0);
      return mark;
    }));
    makeRoom(this.root, this.marks);
  }

  /** What lies at the ends of the axes: [[left, right], [bottom, top]], or undefined. */
  setAxes(axes) {
    const [[left, right], [bottom, top]] = axes ?? [['', ''], ['', '']];
    this.ends.replaceChildren(...Object.entries({left, right, bottom, top})
      .map(([where, text]) => element('span', {className: where, textContent: text})));
    makeRoom(this.root, this.marks);
    this.root.setAttribute('aria-label', axes ? `Timbre pad: ${left} to ${right} across, ${bottom} to ${top} up` : 'Timbre pad');
  }

  /** Puts the point somewhere; null if the timbre has no place on the pad. */
  show(position, words) {
    this.point.hidden = position === null;
    if (position === null) {
      this.root.setAttribute('aria-valuetext', `not on the pad, ${words}`);
      return;
    }
    this.position = position;
    place(this.point, position);
    const [x, y] = position.map((value) => Math.round(100 * value));
    this.root.setAttribute('aria-valuenow', x);
    this.root.setAttribute('aria-valuetext', `${x} across, ${y} up${words ? `, ${words}` : ''}`);
  }

  #grab(event) {
    if (event.button) return;
    this.root.setPointerCapture(event.pointerId);
    this.#move(this.#placeOf(event), true);
  }

  #drag(event) {
    if (this.root.hasPointerCapture(event.pointerId)) this.#move(this.#placeOf(event), false);
  }

  #key(event) {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (event.key === 'Home') this.#move([0, 0], true);
    else if (way) this.#move(this.position.map((value, axis) => value + way[axis] * (event.shiftKey ? SMALL_STEP : STEP)), true);
    else return;
    event.preventDefault();
  }

  #placeOf(event) {
    const box = this.root.getBoundingClientRect();
    return [(2 * (event.clientX - box.left) / box.width - 1) / INSIDE,
      (1 - 2 * (event.clientY - box.top) / box.height) / INSIDE];
  }

  #move(to, isFirst) {
    const position = to.map((value) => Math.max(-1, Math.min(1, Math.round(value * 1000) / 1000)));
    this.show(position, '');
    this.dispatchEvent(new CustomEvent('move', {detail: {position, isFirst}}));
  }
}

/** Hides names that would cover another's, or another mark, or leave the pad. */
function makeRoom(root, marks) {
  const labels = [...marks.querySelectorAll('.label')];
  for (const label of labels) label.hidden = false;
  const pad = root.getBoundingClientRect();
  const taken = [...root.querySelectorAll('.ends span')].map((end) => end.getBoundingClientRect());
  const points = labels.map((label) => [label, label.parentElement.getBoundingClientRect()]);
  const hidden = labels.filter((label) => {
    const box = label.getBoundingClientRect();
    const isFree = box.left >= pad.left && box.right <= pad.right && box.top >= pad.top && box.bottom <= pad.bottom
      && taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top
        || box.top > other.bottom)
      && points.every(([other, {x, y}]) => other === label || x < box.left || x > box.right || y < box.top || y > box.bottom);
    if (isFree) taken.push(box);
    return !isFree;
  });
  for (const label of hidden) label.hidden = true;
}

function place(node, [x, y]) {
  node.style.left = `${50 + 50 * INSIDE * x}%`;
  node.style.top = `${50 - 50 * INSIDE * y}%`;
}

/** Weights of four corners (upper left, upper right, lower left, lower right) at a position. */
export function cornerWeights([x, y]) {
  const right = (x + 1) / 2, up = (y + 1) / 2;
  return [(1 - right) * up, right * up, (1 - right) * (1 - up), right * (1 - up)];
}
export const CORNERS = [[-1, 1], [1, 1], [-1, -1], [1, -1]];
