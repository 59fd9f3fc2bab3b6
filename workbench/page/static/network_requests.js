/** What the network view asks the run for: no more often than can be seen, and never twice at once. */

import { request } from "/assets/live.js";

const HOVER_PAUSE = 100;
const CHOSEN_PAUSE = 1000;
const WIRING_PAUSE = 3000;

/**
 * Make a function that asks with its last arguments: one at a time, with a pause after each unless it is urgent;
 * those that came in between are skipped, but never the last. A refusal is left to those who changed something:
 * what is drawn stays as it is.
 * @param {(...args: any[]) => Promise<void>} work
 * @param {number} pause milliseconds
 */
export function paced(work, pause) {
  let [waiting, timer, busy, hurry] = [null, 0, false, false];
  const run = async () => {
    const values = waiting;
    waiting = null;
    hurry = false;
    busy = true;
    await work(...values).catch(() => {});
    busy = false;
    timer = setTimeout(rest, hurry ? 0 : pause);
  };
  const rest = () => {
    timer = 0;
    if (waiting) run();
  };
  return (values, urgent = false) => {
    waiting = values;
    hurry ||= urgent;
    if (busy) return;
    if (urgent) clearTimeout(timer);
    if (urgent || !timer) run();
  };
}

/** Asks for what is known of the neuron under the pointer, and for the window that it sees. */
export class HoverAsk {
  /** @param {(facts: object | null, window: number[] | null) => void} told */
  constructor(told) {
    this.told = told;
    this.place = null;
    this.window = null;
    this.ask = paced((place, local) => this.work(place, local), HOVER_PAUSE);
  }

  /** @param {{layer: number, neuron: number} | null} place @param {boolean} local whether it sees a window only */
  follow(place, local) {
    const moved = place?.layer !== this.place?.layer || place?.neuron !== this.place?.neuron;
    if (moved) {
      this.place = place;
      this.window = null;
      this.told(null, null);
    }
    if (place) this.ask([this.place, local]);
  }

  async work(place, local) {
    const { header: facts } = await request("neuron", place);
    if (place !== this.place) return;
    this.told(facts, this.window);
    if (!local || this.window) return;
    const { header } = await request("connections", place);
    if (place !== this.place) return;
    this.window = header.window;
    this.told(facts, this.window);
  }
}

/** Asks for the numbers and the connections of the chosen neuron, again and again while they change. */
export class ChosenAsk {
  /** @param {(place: object, facts: object, connections: object) => void} told */
  constructor(told) {
    this.told = told;
    this.place = null;
    this.ask = paced((place) => this.work(place), CHOSEN_PAUSE);
  }

  choose(place) {
    this.place = place;
    if (place) this.ask([place], true);
  }

  /** Something may have changed. */
  refresh() {
    if (this.place) this.ask([this.place]);
  }

  async work(place) {
    const [facts, connections] = await Promise.all([request("neuron", place), request("connections", place)]);
    if (place === this.place) this.told(place, facts.header, connections);
  }
}

/** Asks for the strongest connections of layers. */
export class WiringAsk {
  /** @param {(curves: {layer: number, arrays: object}[]) => void} told */
  constructor(told) {
    this.told = told;
    this.wanted = [];
    this.ask = paced((wanted) => this.work(wanted), WIRING_PAUSE);
  }

  /** @param {{layer: number, count: number}[]} wanted */
  choose(wanted) {
    this.wanted = wanted;
    if (wanted.length) this.ask([wanted], true);
    else this.told([]);
  }

  refresh() {
    if (this.wanted.length) this.ask([this.wanted]);
  }

  async work(wanted) {
    const found = [];
    for (const place of wanted) found.push({ ...place, arrays: (await request("strongest", place)).arrays });
    if (wanted === this.wanted) this.told(found);
  }

  stop() {
    this.wanted = [];
  }
}
