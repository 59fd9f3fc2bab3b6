/** What a person looks at in the network: the chosen neuron, what is under the pointer, and their connections. */

import { ChosenAsk, HoverAsk, WiringAsk } from "/assets/network_requests.js";
import { middleOfNeuron, neighbour } from "/assets/network_geometry.js";
import { curveAt } from "/assets/network_links.js";

const WIRING = 240; // connections of a graph that are always drawn
const EDGE = 40; // pixels from the edge of the canvas that the keyboard keeps the chosen neuron away from

/**
 * @typedef {import("/assets/network_scene.js").Place} Place
 * @typedef {import("/assets/network_links.js").Connection} Connection
 * @typedef {object} Told who is told what happens
 * @property {(choice: Place & {append: boolean}) => void} chooseNeuron
 * @property {(choice: {layer: number, target: number, source: number}) => void} chooseConnection
 * @property {(hovered: object | null, facts: object | null) => void} hover what is under the pointer
 * @property {(place: Place | null, facts: object | null) => void} follow the chosen neuron, and its numbers
 */

export class Attention {
  /** @type {Place | null} */
  chosen = null;
  /** @type {{place: Place | null, connection: Connection | null, x: number, y: number} | null} */
  hovered = null;
  /** @type {number[] | null} what the neuron under the pointer sees */
  hoverWindow = null;
  /** @type {number[] | null} */
  chosenWindow = null;
  /** @type {Connection[]} of the chosen neuron */
  curves = [];
  /** @type {Connection[]} of layers */
  wiring = [];
  /** @type {number | null} the layer whose strongest connections are asked for */
  strongest = null;

  /**
   * @param {import("/assets/network_scene.js").Scene} scene
   * @param {Told} told
   * @param {() => void} changed
   */
  constructor(scene, told, changed) {
    Object.assign(this, { scene, told, changed, facts: null });
    this.hoverAsk = new HoverAsk((facts, window) => this.takeHover(facts, window));
    this.chosenAsk = new ChosenAsk((...reply) => this.takeChosen(...reply));
    this.wiringAsk = new WiringAsk((found) => this.takeWiring(found));
  }

  /** There are new numbers. */
  refresh() {
    this.chosenAsk.refresh();
    this.wiringAsk.refresh();
    if (this.hovered) this.hover(this.hovered.x, this.hovered.y);
  }

  /** There are other layers. */
  reset() {
    this.letGo();
    this.leave();
    this.showStrongest(null);
  }

  stop() {
    this.hoverAsk.follow(null);
    this.chosenAsk.choose(null);
    this.wiringAsk.stop();
  }

  hover(x, y) {
    const place = this.scene.placeAt(x, y);
    const connection = place ? null : curveAt([...this.curves, ...this.shownWiring], this.scene, x, y);
    this.hovered = place || connection ? { place, connection, x, y } : null;
    this.hoverAsk.follow(place, Boolean(this.scene.layers[place?.layer]?.window));
    this.told.hover(this.hovered, this.facts);
    this.changed();
  }

  leave() {
    this.hovered = null;
    this.hoverAsk.follow(null);
    this.told.hover(null, null);
    this.changed();
  }

  takeHover(facts, window) {
    this.facts = facts;
    this.hoverWindow = window;
    this.told.hover(this.hovered, facts);
    this.changed();
  }

  /** The connections of layers that can be pointed at: not the faint ones behind those of a neuron. */
  get shownWiring() {
    return this.strongest !== null || !this.curves.length ? this.wiring : [];
  }

  click(x, y, append) {
    this.hover(x, y);
    const { place, connection } = this.hovered ?? {};
    if (place) {
      this.select(place);
      this.told.chooseNeuron({ ...place, append });
    } else if (connection) {
      const { layer, target, source } = connection;
      this.told.chooseConnection({ layer, target, source });
    } else this.letGo();
  }

  /** Enter: the neuron that the keyboard led to is added to the chosen ones. */
  confirm() {
    if (this.chosen) this.told.chooseNeuron({ ...this.chosen, append: true });
  }

  /** Follow a neuron, without telling anyone that it was chosen. @param {Place} place */
  select(place) {
    if (!this.scene.has(place)) return;
    if (place.layer !== this.chosen?.layer || place.neuron !== this.chosen.neuron) this.forget();
    this.chosen = place;
    this.chosenAsk.choose(place);
    this.told.follow(place, null);
    this.changed();
  }

  letGo() {
    this.forget();
    this.chosen = null;
    this.chosenAsk.choose(null);
    this.told.follow(null, null);
    this.changed();
  }

  forget() {
    this.curves = [];
    this.chosenWindow = null;
    this.scene.hideConnections();
  }

  takeChosen(place, facts, reply) {
    this.curves = this.scene.showConnections(place, reply);
    this.chosenWindow = reply.header.window;
    this.told.follow(place, facts);
    this.changed();
  }

  /** Draw the strongest connections into a layer; with null only those of graphs, faintly. */
  showStrongest(layer, count = 0) {
    const graphs = this.scene.layers.flatMap(({ kind }, number) => (kind === "graph" ? [number] : []));
    this.strongest = count > 0 ? layer : null;
    if (this.strongest !== null) this.wiringAsk.choose([{ layer, count }]);
    else this.wiringAsk.choose(graphs.map((graph) => ({ layer: graph, count: Math.ceil(WIRING / graphs.length) })));
    this.changed();
  }

  takeWiring(found) {
    this.wiring = found.flatMap(({ layer, arrays: { sources, targets, weights } }) =>
      Array.from(weights.data, (weight, index) => this.scene.connection(layer, targets.data[index], sources.data[index], weight)),
    ).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    this.changed();
  }

  /** An arrow key. */
  step(across, down) {
    const { chosen } = this;
    if (!chosen) this.lookAt(this.first());
    else this.lookAt({ ...chosen, neuron: neighbour(this.scene.blocks[chosen.layer], chosen.neuron, across, down) });
  }

  /** To the next layer, or the one before, as far along it as in this one. */
  changeLayer(change) {
    const { layers } = this.scene;
    const { chosen } = this;
    if (!chosen) return this.lookAt(this.first());
    const layer = Math.max(0, Math.min(layers.length - 1, chosen.layer + change));
    const share = chosen.neuron / layers[chosen.layer].neurons;
    return this.lookAt({ layer, neuron: Math.floor(share * layers[layer].neurons) });
  }

  /** Where the keyboard begins: in the code, or else in the first layer that computes. */
  first() {
    const { layers } = this.scene;
    const code = layers.findIndex((layer) => layer.code);
    return { layer: code >= 0 ? code : layers.findIndex(({ kind }) => kind !== "input"), neuron: 0 };
  }

  /** Choose by keyboard: the neuron is brought into sight. @param {Place} place */
  lookAt(place) {
    if (!this.scene.has(place) || !this.scene.isReady) return;
    this.select(place);
    const { camera, blocks, size } = this.scene;
    const { x, y } = camera.project(middleOfNeuron(blocks[place.layer], place.neuron));
    const out = (where, length) => Math.max(0, EDGE - where) - Math.max(0, where - (length - EDGE));
    const [across, down] = [out(x, size.width), out(y, size.height)];
    if (!camera.fits && (across || down)) camera.pan(across, down, true);
  }
}
