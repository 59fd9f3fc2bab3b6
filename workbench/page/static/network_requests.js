/** Requests of the network view to the run: throttled, and one of each kind at a time. */

import { request } from "/assets/live.js";

const HOVER_PAUSE = 100;
const CHOSEN_PAUSE = 1000;
const WIRING_PAUSE = 3000;

/**
 * Make a function that calls another with its latest arguments: one call at a time, with a pause after each unless
 * the next is urgent. Arguments that are replaced while they wait are skipped, the latest never. Errors are
 * ignored: what is drawn stays as it is.
 * @param {(...args: any[]) => Promise<void>} load
 * @param {number} pause milliseconds
 */
export function throttled(load, pause) {
  let [waiting, timer, busy, urgentNext] = [null, 0, false, false];
  const run = async () => {
    const values = waiting;
    waiting = null;
    urgentNext = false;
    busy = true;
    await load(...values).catch(() => {});
    busy = false;
    timer = setTimeout(resume, urgentNext ? 0 : pause);
  };
  const resume = () => {
    timer = 0;
    if (waiting) run();
  };
  return (values, urgent = false) => {
    waiting = values;
    urgentNext ||= urgent;
    if (busy) return;
    if (urgent) clearTimeout(timer);
    if (urgent || !timer) run();
  };
}

/** Requests the numbers of the neuron under the pointer, and the window that it sees. */
export class HoverRequests {
  /** @param {(facts: object | null, window: number[] | null) => void} onReply */
  constructor(onReply) {
    this.onReply = onReply;
    this.place = null;
    this.window = null;
    this.send = throttled((place, local) => this.load(place, local), HOVER_PAUSE);
  }

  /** @param {{layer: number, neuron: number} | null} place @param {boolean} local whether it sees only a window */
  point(place, local) {
    const moved = place?.layer !== this.place?.layer || place?.neuron !== this.place?.neuron;
    if (moved) {
      this.place = place;
      this.window = null;
      this.onReply(null, null);
    }
    if (place) this.send([this.place, local]);
  }

  async load(place, local) {
    const { header: facts } = await request("neuron", place);
    if (place !== this.place) return;
    this.onReply(facts, this.window);
    if (!local || this.window) return;
    const { header } = await request("connections", place);
    if (place !== this.place) return;
    this.window = header.window;
    this.onReply(facts, this.window);
  }
}

/** Requests the numbers and the connections of the chosen neuron, again whenever they may have changed. */
export class ChosenRequests {
  /** @param {(place: object, facts: object, connections: object) => void} onReply */
  constructor(onReply) {
    this.onReply = onReply;
    this.place = null;
    this.send = throttled((place) => this.load(place), CHOSEN_PAUSE);
  }

  choose(place) {
    this.place = place;
    if (place) this.send([place], true);
  }

  /** Something may have changed. */
  refresh() {
    if (this.place) this.send([this.place]);
  }

  async load(place) {
    const [facts, connections] = await Promise.all([request("neuron", place), request("connections", place)]);
    if (place === this.place) this.onReply(place, facts.header, connections);
  }
}

/** Requests the strongest connections of layers. */
export class StrongestRequests {
  /** @param {(curves: {layer: number, arrays: object}[]) => void} onReply */
  constructor(onReply) {
    this.onReply = onReply;
    this.wanted = [];
    this.send = throttled((wanted) => this.load(wanted), WIRING_PAUSE);
  }

  /** @param {{layer: number, count: number}[]} wanted */
  choose(wanted) {
    this.wanted = wanted;
    if (wanted.length) this.send([wanted], true);
    else this.onReply([]);
  }

  refresh() {
    if (this.wanted.length) this.send([this.wanted]);
  }

  async load(wanted) {
    const found = [];
    for (const place of wanted) found.push({ ...place, arrays: (await request("strongest", place)).arrays });
    if (wanted === this.wanted) this.onReply(found);
  }

  stop() {
    this.wanted = [];
  }
}
