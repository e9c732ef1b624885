/** The panel of timbres: pad, names, random, undo, keep. */

import {byId, element, press, say} from './dom.js';
import {CORNERS, Pad, cornerWeights} from './pad.js';
import {keyOf} from './notes.js';

const PLACES = ['Upper left', 'Upper right', 'Lower left', 'Lower right'];

export class TimbrePanel {
  constructor(source, timbre) {
    Object.assign(this, {source, timbre});
    this.known = []; // named timbres
    this.corners = [];
    this.isMap = true;
    this.pad = new Pad(byId('pad'));
    this.pad.addEventListener('move', ({detail}) => this.#moved(detail));
    byId('as-map').addEventListener('click', () => this.#setMode(true));
    byId('as-corners').addEventListener('click', () => this.#setMode(false));
    byId('named').addEventListener('change', ({target}) => this.#choose(target));
    byId('random').addEventListener('click', () => this.#random());
    byId('undo').addEventListener('click', () => timbre.undo());
    byId('keep').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#keep(byId('keep-name').value.trim());
    });
    timbre.addEventListener('change', () => this.#show());
  }

  /** Loads the names and begins with the first of them, or with a random timbre. */
  async begin() {
    await this.#loadNames();
    const [first] = this.known;
    this.timbre.set(first ? asStep(first) : {latent: await this.source.sample(), name: 'Random', position: null});
    this.corners = this.#cornerNames();
    this.#drawCorners();
  }

  async #loadNames() {
    const {timbres, axes} = await this.source.timbres();
    Object.assign(this, {known: timbres, axes});
    for (const select of [byId('named'), ...byId('corners').querySelectorAll('select')]) this.#fill(select);
    this.#mark();
  }

  #fill(select) {
    const options = this.known.map(({name, words}, index) => element('option', {
      value: String(index), textContent: withWords(name, words ?? [])}));
    select.replaceChildren(select.firstElementChild, ...options);
  }

  #mark() {
    const marks = this.isMap ? this.known.filter(({position}) => position)
      : CORNERS.map((position, index) => ({name: this.corners[index]?.name ?? '', position, isCorner: true}));
    this.pad.setMarks(marks);
    this.pad.setAxes(this.isMap ? this.axes : undefined);
  }

  #setMode(isMap) {
    this.isMap = isMap;
    press(byId('as-map'), isMap);
    press(byId('as-corners'), !isMap);
    byId('corners').hidden = isMap;
    this.#mark();
    this.pad.show(isMap ? this.timbre.current.position : [0, 0], this.timbre.current.name);
  }

  /** Four named timbres far from each other: the nearest to each corner of the map. */
  #cornerNames() {
    const free = this.known.filter(({position}) => position);
    return CORNERS.map(([x, y]) => {
      free.sort((one, other) => Math.hypot(one.position[0] - x, one.position[1] - y)
        - Math.hypot(other.position[0] - x, other.position[1] - y));
      return free.shift() ?? this.timbre.current;
    });
  }

  #drawCorners() {
    byId('corners').replaceChildren(...PLACES.map((place, index) => {
      const select = element('select', {}, element('option', {value: 'this', textContent: 'the one that plays'}));
      this.#fill(select);
      select.value = String(this.known.indexOf(this.corners[index]));
      if (select.selectedIndex < 0) select.value = 'this';
      select.addEventListener('change', () => {
        this.corners[index] = select.value === 'this' ? this.timbre.current : this.known[Number(select.value)];
        this.#mark();
        this.#moved({position: this.pad.position, isFirst: true});
      });
      return element('label', {className: 'field'}, `${place} `, select);
    }));
  }

  /** Only the latest place matters, and one is asked for at a time. */
  async #moved({position, isFirst}) {
    if (isFirst) this.timbre.remember();
    this.wanted = position;
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.wanted) {
        const place = this.wanted;
        this.wanted = null;
        const {latent, nearest} = await this.#at(place);
        this.timbre.set({latent, name: nearest ? `near ${nearest}` : 'between', position: this.isMap ? place : null},
          {step: false});
      }
    } catch (error) {
      say(error.message, {isError: true});
    } finally {
      this.asking = false;
    }
  }

  async #at(position) {
    if (this.isMap) return this.source.at(position);
    const weights = cornerWeights(position);
    const latent = await this.source.mix(this.corners.map((corner) => corner.latent), weights);
    return {latent, nearest: this.corners[weights.indexOf(Math.max(...weights))].name};
  }

  #choose(select) {
    if (select.value === '') return;
    if (!select.matches(':focus-visible')) select.blur(); // chosen by mouse: letters are to play again
    this.timbre.set(asStep(this.known[Number(select.value)]));
  }

  async #random() {
    try {
      this.timbre.set({latent: await this.source.sample(), name: 'random', position: null});
    } catch (error) {
      say(error.message, {isError: true});
    }
  }

  async #keep(wanted) {
    try {
      const name = await this.source.keep(wanted, this.timbre.current.latent);
      await this.#loadNames();
      this.timbre.current = {...this.timbre.current, name};
      this.#show();
      say(`Kept as ${name}.`);
    } catch (error) {
      say(error.message, {isError: true});
    }
  }

  #show() {
    const {name, position, latent} = this.timbre.current;
    byId('timbre-name').textContent = name;
    byId('undo').disabled = !this.timbre.past.length;
    if (this.isMap) this.pad.show(position, name);
    const key = keyOf(latent);
    const index = this.known.findIndex((one) => keyOf(one.latent) === key);
    byId('named').value = index < 0 ? '' : String(index);
  }
}

/** A name with the words that it does not have in it. */
function withWords(name, words) {
  const others = words.filter((word) => !name.includes(word));
  return others.length ? `${name} (${others.join(', ')})` : name;
}

function asStep({latent, name, position}) {
  return {latent, name, position: position ?? null};
}
